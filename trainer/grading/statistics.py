"""Plain counts of a call. Hints only: on labelled interviews talk ratio and question count hardly
separate good from bad, so no verdict rests on them."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.grading.checks import RepTurn
from trainer.grading.scorecard import Statistics
from trainer.pathway import Move, Speaker
from trainer.transcripts import Transcript


def count(transcript: Transcript, turns: Sequence[RepTurn]) -> Statistics:
    """Counts over the transcript and the readings of its rep turns."""
    said = dict.fromkeys(Speaker, 0)
    for turn in transcript.turns:
        said[turn.speaker] += len(turn.text.split())
    total = sum(said.values())
    return Statistics(
        rep_turns=len(turns),
        prospect_turns=len(transcript.numbered(Speaker.PROSPECT)),
        talk_ratio=round(said[Speaker.REP] / total, 3) if total else None,
        questions=sum(turn.reading.question for turn in turns),
        open_questions=sum(turn.makes(Move.OPEN_QUESTION) for turn in turns),
        reflections=sum(turn.makes(Move.REFLECTION) for turn in turns),
        longest_turn_words=max((turn.reading.words for turn in turns), default=0),
    )
