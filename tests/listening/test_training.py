"""Training: honest splits, honest thresholds, and a card that no hand fills in."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.errors import UnreadableInput
from trainer.listening import card
from trainer.listening.classifier import OUTPUTS
from trainer.listening.features import Situation
from trainer.listening.measures import average_precision, best_threshold, f1, figure
from trainer.listening.rows import read_corpus, read_shared
from trainer.listening.training import Data, cross_mixed, fit, fit_mix, folds_by, raw_scores
from trainer.pathway import Move


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def corpus_row(number: int, text: str, moves: list[str]) -> dict[str, object]:
    return {
        "id": f"t-{number}",
        "call": f"c-{number // 2}",
        "industry": "payroll",
        "channel": "phone",
        "context": [["prospect", "It went out wrong."]],
        "text": text,
        "moves": moves,
    }


@given(st.lists(st.sampled_from("abcdefghij"), min_size=10, max_size=60), st.integers(0, 99))
def test_a_call_is_never_on_both_sides(groups: list[str], seed: int) -> None:
    """Rows of one call look alike; split apart they would flatter the figures."""
    parts = list(folds_by(groups, 3, seed))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))
    homes = [{groups[index] for index in part} for part in parts]
    assert sum(len(home) for home in homes) == len(set(groups))


def test_the_threshold_with_the_highest_f1_is_found() -> None:
    truth = np.array([True, True, False, True, False, False])
    scores = np.array([3.0, 2.0, 1.5, 1.0, 0.5, -1.0])
    limit = best_threshold(truth, scores)
    assert 0.5 < limit < 1.0
    assert f1(truth, scores >= limit) == pytest.approx(6 / 7)


def test_a_costly_false_alarm_asks_for_more_certainty() -> None:
    """``ask_for_sale`` takes away an earned close, so it is held only when sure."""
    truth = np.array([True, True, False, True, False, False])
    scores = np.array([3.0, 2.0, 1.5, 1.0, 0.5, -1.0])
    limit = best_threshold(truth, scores, precision=0.95)
    assert figure(truth, scores >= limit, scores).precision == 1
    assert limit > best_threshold(truth, scores)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=1, max_size=40),
    st.none() | st.floats(0.5, 1),
)
def test_no_threshold_does_better(drawn: list[tuple[bool, int]], precision: float | None) -> None:
    truth = np.array([there for there, _ in drawn])
    scores = np.array([float(score) for _, score in drawn])
    limit = best_threshold(truth, scores, precision=precision)
    if precision is None:
        best = max(f1(truth, scores >= score) for score in scores)
        assert f1(truth, scores >= limit) == pytest.approx(best)
    elif not truth.any():
        assert not (scores >= limit).any()


def test_average_precision_of_a_perfect_order_is_one() -> None:
    truth = np.array([True, True, False])
    assert average_precision(truth, np.array([3.0, 2.0, 1.0])) == 1
    assert average_precision(truth, np.array([1.0, 2.0, 3.0])) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_heads_learn_what_the_rows_show(tmp_path: Path) -> None:
    """A handful of rows is enough to tell an ask from a story, on words never seen together."""
    asks = [f"Would you like to go ahead with {word}?" for word in ("it", "us", "this", "that")]
    stories = [f"The {word} was late that week." for word in ("truck", "check", "boat", "mail")]
    rows = [corpus_row(k, text, ["ask_for_sale"]) for k, text in enumerate(asks * 3)]
    rows += [corpus_row(k + 50, text, []) for k, text in enumerate(stories * 3)]
    data = Data.of(read_corpus([write_lines(tmp_path / "part-a.jsonl", rows)]))
    heads = fit(data)
    unheard = np.zeros(len(OUTPUTS))
    ask = heads.probabilities(Situation("Would you like to go ahead on Monday?"), unheard)
    story = heads.probabilities(Situation("The driver was late."), unheard)
    assert ask[Move.ASK_FOR_SALE] > 0.5 > story[Move.ASK_FOR_SALE]
    alone = heads.scores(data.rows[0].situation)
    assert raw_scores(heads, data)[0] == pytest.approx(alone, abs=1e-9)


def test_labels_are_chosen_without_looking_at_the_row_itself(tmp_path: Path) -> None:
    """A part whose scores are shifted up can't set its own threshold."""
    rows = [corpus_row(k, f"Line {k}.", ["candor"] if k % 2 else []) for k in range(16)]
    data = Data.of(read_corpus([write_lines(tmp_path / "part-a.jsonl", rows)]))
    candor = list(Move).index(Move.CANDOR)
    scores = np.where(data.truth, 1.0, -1.0)
    scores[8:] += 5
    tuned = np.zeros((16, len(OUTPUTS)))
    odds, held = cross_mixed(data, scores, tuned, [np.arange(8), np.arange(8, 16)])
    assert held[8:, candor].all()
    assert not held[:8, candor].any()
    assert (odds[9:16:2, candor] > odds[8:16:2, candor]).all()


def test_the_mixture_trusts_whoever_was_right(tmp_path: Path) -> None:
    """A head that guesses and a classifier that knows: the weight goes to the one that knows."""
    rows = [corpus_row(k, f"Line {k}.", ["candor"] if k % 2 else []) for k in range(60)]
    data = Data.of(read_corpus([write_lines(tmp_path / "part-a.jsonl", rows)]))
    candor = list(Move).index(Move.CANDOR)
    random = np.random.default_rng(3)
    scores = random.normal(size=(60, len(Move)))
    tuned = np.zeros((60, len(OUTPUTS)))
    tuned[:, OUTPUTS.index(("own", Move.CANDOR))] = np.where(data.truth[:, candor], 2.0, -2.0)
    mix, _ = fit_mix(data, scores, tuned)
    assert mix[0, candor, 1] > 4 * abs(mix[0, candor, 0])
    assert (mix[1:, candor] == mix[0, candor]).all(), "nobody else labelled it: read as ours"


def test_rows_with_unknown_moves_name_file_and_line(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "part-a.jsonl", [corpus_row(1, "Hi", []), corpus_row(2, "Hi", ["dance"])]
    )
    with pytest.raises(UnreadableInput, match=r"part-a\.jsonl:2: not a labelled turn.*dance"):
        read_corpus([path])
    path.write_text("{}\n")
    with pytest.raises(UnreadableInput, match=r"part-a\.jsonl:1"):
        read_corpus([path])
    path.write_text("nonsense\n")
    with pytest.raises(UnreadableInput, match=r"part-a\.jsonl:1: not JSON"):
        read_corpus([path])


def test_shared_rows_know_only_what_their_annotators_labelled(tmp_path: Path) -> None:
    (tmp_path / "moves").mkdir()
    for name in ("annomi", "p4g", "casino"):
        row: dict[str, object] = {
            "group": "g",
            "id": "1",
            "context": [],
            "text": "Hm?",
            "known": {"empathy": 1, "small_talk": 0},
        }
        write_lines(tmp_path / "moves" / f"{name}.jsonl", [row])
    rows = read_shared(tmp_path)
    assert [row.origin for row in rows] == ["annomi", "p4g", "casino"]
    assert rows[0].known == {Move.EMPATHY, Move.SMALL_TALK}
    assert rows[0].moves == {Move.EMPATHY}
    assert rows[2].known == {Move.SMALL_TALK}, "CaSiNo's empathy is another thing than ours"


def test_the_card_keeps_what_people_wrote(tmp_path: Path) -> None:
    path = tmp_path / "CARD.md"
    path.write_text(f"# Words\n{card.BEGIN}\nold\n{card.END}\nmore\n")
    card.write(path, ["new figures"])
    text = path.read_text()
    assert text.startswith("# Words\n")
    assert text.endswith("\nmore\n")
    assert "new figures" in text
    assert "old" not in text
    path.write_text("no marks")
    with pytest.raises(UnreadableInput, match="marks"):
        card.write(path, ["new figures"])
    with pytest.raises(UnreadableInput, match="could not be read"):
        card.write(tmp_path / "none.md", [])
