"""Engines: where tokens come from. Importing this loads no model library."""

from trainer.engines.base import Cancellation, Engine, Message, Prompt, Sampling
from trainer.engines.opening import KINDS, open_engine

__all__ = ["KINDS", "Cancellation", "Engine", "Message", "Prompt", "Sampling", "open_engine"]
