"""Conversations: turns, transcripts, and the readers that make them from files."""

from trainer.transcripts.turn import Transcript, Turn

__all__ = ["Transcript", "Turn"]
