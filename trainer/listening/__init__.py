"""Listening: one rep turn in context becomes a Reading of moves."""

from trainer.listening.reading import Listener, Reading

__all__ = ["Listener", "Reading"]
