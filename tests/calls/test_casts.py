"""Anyone in any scenario: whoever picks up, a good rep can win them and a pushy one can't."""

from __future__ import annotations

import pytest

from tests.readings import PUSHY, SKILLED, MarkedListener
from trainer.calls.rehearsal import Rehearsal, rehearse
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.library.shelf import Casting, Shelf
from trainer.pathway import Outcome, Speaker, Verdict
from trainer.prospect.guard import MAX_WORDS

SHELF = Shelf.load()
SCENARIOS = list(SHELF.scenarios.values())
RUBRIC = SHELF.rubrics["authentic-persuasion"]
CASTS = [SHELF.cast(scenario.id) for scenario in SCENARIOS] + [
    Casting(SCENARIOS[number % len(SCENARIOS)], persona, RUBRIC)
    for number, persona in enumerate(SHELF.personas.values(), start=3)
]


def played(cast: Casting, lines: tuple[str, ...], seed: int = 5) -> Rehearsal:
    return rehearse(lines, cast, listener=MarkedListener(), engine=ScriptedEngine([]), seed=seed)


@pytest.mark.parametrize("cast", CASTS, ids=lambda c: f"{c.scenario.id}/{c.persona.id}")
class TestEveryCast:
    def test_a_skilled_rep_wins_and_the_grader_who_knows_no_mind_sees_it(
        self, cast: Casting
    ) -> None:
        won = played(cast, SKILLED)
        assert won.outcome is Outcome.AGREED
        assert won.scorecard.verdict is Verdict.EARNED_CLOSE, won.scorecard.sentence

    def test_a_pushy_rep_is_shown_the_door_and_graded_so(self, cast: Casting) -> None:
        lost = played(cast, PUSHY * 3)
        assert lost.outcome in (Outcome.HUNG_UP, Outcome.DECLINED)
        assert not lost.scorecard.earned
        assert lost.scorecard.verdict in (Verdict.ASKED, Verdict.NOT_EARNED, Verdict.UNSCORED)
        assert "did not force it" not in lost.scorecard.sentence  # no flattery

    def test_the_close_alone_wins_nobody(self, cast: Casting) -> None:
        soon = played(cast, (SKILLED[0], SKILLED[1], SKILLED[-1], SKILLED[2]))
        assert soon.outcome is not Outcome.AGREED
        assert soon.scorecard.verdict is Verdict.ASSUMED_TOO_SOON

    def test_the_prospects_own_lines_are_short_and_whole(self, cast: Casting) -> None:
        for turn in played(cast, SKILLED).state.turns:
            if turn.speaker is Speaker.PROSPECT:
                assert len(turn.text.split()) <= MAX_WORDS
                assert turn.text[0].isupper() or not turn.text[0].isalpha()
                assert "{" not in turn.text
                assert turn.text[-1] in ".?!…"
