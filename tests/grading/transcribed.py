"""Transcripts written as lines, the rep's marked with their moves."""

from __future__ import annotations

from collections.abc import Sequence

from tests.readings import MarkedListener
from trainer.grading.checks import RepTurn
from trainer.grading.grader import Grader
from trainer.grading.scorecard import Scorecard
from trainer.library import Rubric, Scenario
from trainer.library.shelf import Shelf
from trainer.pathway import Speaker
from trainer.transcripts import Transcript, Turn

RUBRIC: Rubric = Shelf.load().rubrics["authentic-persuasion"]

AGREES = "Yes. Monday works."
TELLS = "Well, the dough went off overnight and nobody noticed until four."


def transcript(lines: Sequence[str], replies: str | Sequence[str] = TELLS) -> Transcript:
    """The rep's lines in order, each answered by the reply of its place, or by the last."""
    said = [replies] if isinstance(replies, str) else list(replies)
    turns: list[Turn] = []
    for number, line in enumerate(lines):
        turns.append(Turn(Speaker.REP, line))
        turns.append(Turn(Speaker.PROSPECT, said[min(number, len(said) - 1)]))
    return Transcript(tuple(turns))


def closed(lines: Sequence[str], reply: str = AGREES) -> Transcript:
    """A transcript whose last line, the close, gets this reply."""
    return transcript(lines, [*[TELLS] * (len(lines) - 1), reply])


def graded(
    talk: Transcript, scenario: Scenario | None = None, rubric: Rubric = RUBRIC
) -> Scorecard:
    return Grader(MarkedListener()).grade(talk, rubric, scenario)


def rep_turns(*lines: str) -> list[RepTurn]:
    """Rep turns with nothing said between, numbered as in a transcript."""
    return Grader(MarkedListener()).listen(transcript(lines))
