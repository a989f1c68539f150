"""Engines: where tokens come from."""

from trainer.engines.base import Cancellation, Engine, Message, Prompt, Sampling

__all__ = ["Cancellation", "Engine", "Message", "Prompt", "Sampling"]
