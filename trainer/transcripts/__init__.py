"""Conversations: turns, transcripts, and the readers that make them from files."""

from trainer.transcripts.readers import parse_transcript, read_rep_script, read_transcript
from trainer.transcripts.turn import Transcript, Turn

__all__ = ["Transcript", "Turn", "parse_transcript", "read_rep_script", "read_transcript"]
