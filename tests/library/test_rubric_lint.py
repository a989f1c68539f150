"""A trainer who edits a rubric is told what it would do to every call, with line and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer import locations
from trainer.errors import Finding
from trainer.library.lint import check_paths, describe

from .content import RUBRIC

Check = Callable[..., tuple[str, list[Finding]]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Check the rubric after replacements, or with more checks at its end."""

    def go(*changes: tuple[str, str], more: str = "") -> tuple[str, list[Finding]]:
        text = RUBRIC
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "rubrics" / "plain.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + more)
        return text + more, check_paths([path])

    return go


def extra(**keys: object) -> str:
    """One more check, of the whole call unless told otherwise."""
    given = {"id": "extra", "asks": "And more?", "missed": "No.", "kept": "It was so."} | keys
    if "at_least" in given:
        given = {"instead": "Well then."} | given
    return "  - {" + ", ".join(f"{key}: {value}" for key, value in given.items()) + "}\n"


PROOF = "any_of: [proof]"
ONCE = "any_of: [proof], at_least: 1"
TWICE = extra(any_of="[reflection]", at_least=2)


@pytest.mark.parametrize(
    ("old", "new", "at", "level", "words"),
    [
        (ONCE, "any_of: [proof], at_least: 3, within_first: 2", "{id: trust", "error",
         "3 turns don't fit into the first 2; raise within_first"),
        (PROOF, "any_of: [proof], before: [proof, candor]", "{id: trust",
         "error", "can never pass: it looks before"),
        (ONCE, "any_of: [proof], at_most: 2, within_first: 2", "2, within",
         "error", "can never fail: the first 2 turns"),
        (ONCE, "any_of: [proof], at_most: 0, before: [proof]", "[proof], missed", "error",
         "can never fail: it looks before"),
        (PROOF, "any_of: [proof], after: [candor], before: [candor]", "[candor], before",
         "error", "is never answered"),
        (PROOF, "any_of: [proof], after: [candor], needed_to_earn: true", "true",
         "warning", "without 'candor'"),
        (PROOF, "any_of: [proof, proof]", "proof], at", "warning", "listed twice"),
        ("asks: Was trust there?", "asks: was EMPATHY there", "was EMPATHY", "warning",
         "'empathy' asks the same"),
        ("kept: It was., instead: So it leaks?}", "kept: It was.}", "{id: rapport", "warning",
         "no example line"),
        ("pass_mark: 60", "pass_mark: 0", "0\n", "warning", "every call passes"),
        ("asked: 50", "asked: 60", "60, pressured", "warning", "asked can pass: its cap is 60"),
        ("asked: 50, ", "", "60\ncaps", "warning", "its cap is missing"),
    ],
)  # fmt: skip
def test_a_fault_is_found_where_it_stands(  # noqa: PLR0917
    check: Check, old: str, new: str, at: str, level: str, words: str
) -> None:
    text, findings = check((old, new))
    matching = [one for one in findings if words in one.message]
    assert len(matching) == 1, describe(findings)
    (finding,) = matching
    assert finding.level == level
    place = text.index(at) - 1 if text[text.index(at) - 1] == "{" else text.index(at)
    assert finding.line == text.count("\n", 0, place) + 1, describe(findings)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (extra(any_of="[pressure]", at_least=1), "rewards 'pressure', which works against"),
        (extra(any_of="[cement]", at_least=1, needed_to_earn="true"), "'cement' comes only after"),
        (extra(any_of="[reflection]", at_least=1), "counts the same turns as 'empathy'"),
        (
            extra(any_of="[reflection, empathy]", at_most=0),
            "can't pass together with 'extra', which allows at most 0 of 'reflection'; change one",
        ),
    ],
)
def test_a_check_added_at_the_end(check: Check, more: str, words: str) -> None:
    _, findings = check(more=more)
    assert any(words in one.message for one in findings), describe(findings)
    assert check(more=extra(any_of="[answer]", at_least=1))[1] == []
    assert check(more=extra(any_of="[reflection]", at_most=9))[1] == []
    assert check(more=TWICE)[1] == []


def test_a_blocker_that_contradicts_a_needed_check_is_told_with_all_that_follows(
    check: Check,
) -> None:
    needed = (ONCE, "any_of: [proof], at_least: 1, needed_to_earn: true")
    block = extra(any_of="[proof]", at_most=0, needed_to_earn="true", weight=3)
    text, findings = check(needed, more=block)
    trust = text[: text.index("id: trust")].count("\n") + 1
    stages = text[: text.index("trust: {weight")].count("\n") + 1
    said = {(one.line, one.level, one.message.split(":")[0]) for one in findings}
    assert said == {
        (trust, "error", "can't pass together with 'extra', which allows at most 0 of 'proof', "
         "and both are needed to earn the close; change one of them"),
        (trust, "error", "the close can never be earned"),
        (stages, "error", "the close can never be earned"),
    }  # fmt: skip


def test_a_mark_that_no_call_reaches(check: Check) -> None:
    hopeless = (PROOF, "any_of: [proof], before: [proof]")
    _, findings = check(hopeless, ("pass_mark: 60", "pass_mark: 81"))
    assert any(one.message.startswith("no call can pass: the best comes to 80") for one in findings)
    assert [one.line for one in findings if "no call can pass" in one.message] == [4]
    _, findings = check(hopeless, ("pass_mark: 60", "pass_mark: 80"))
    assert not any("no call can pass" in one.message for one in findings)


def test_a_level_that_can_not_be_reached(check: Check) -> None:
    high = ("trust: {weight: 20}", "trust: {weight: 20, high: 75, to_earn: high}")
    hopeless = extra(stage="trust", any_of="[candor]", at_least=1, before="[candor]", weight=2)
    _, findings = check(high, more=hopeless)
    assert any("trust comes to 33 at most, and to_earn: high begins at 75" in one.message
               for one in findings)  # fmt: skip


def test_a_rubric_that_lets_everything_be_earned(check: Check) -> None:
    low = [(f"{stage}: {{weight: 20}}", f"{stage}: {{weight: 20, to_earn: low}}")
           for stage in ("rapport", "empathy", "trust", "hope", "urgency")]  # fmt: skip
    text, findings = check(*low)
    (finding,) = findings
    assert "every close counts as earned" in finding.message
    assert finding.line == text[: text.index("stages:")].count("\n") + 1
    needed = (PROOF, "any_of: [proof], needed_to_earn: true")
    assert check(*low, needed)[1] == []


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        (PROOF, "any_of: [prof]", "prof]", "unknown move 'prof'; did you mean 'proof'?"),
        ("trust: {weight: 20}", "trust: {weight: 0}", "trust: {", "more than 0"),
        ("stage: hope", "stage: trust", "checks:", "no check counts towards hope; add one with"),
        ("  hope: {weight: 20}\n", "", "stages:", "nothing is said of hope"),
        ("id: trust", "id: empathy", "checks:", "two checks have the id 'empathy'"),
        (ONCE, PROOF, "{id: trust", "can never fail: give"),
        (ONCE, "any_of: [proof], at_least: 2, at_most: 1", "{id: trust",
         "can never pass: at_most is below"),
        ("kept: It was.", "kept: 7", "7, instead", "put it in quotes"),
        ("kept: It was.", "kept: yes", "yes, instead", None),
    ],
)  # fmt: skip
def test_what_the_schema_sees_is_told_by_line_too(
    check: Check, old: str, new: str, at: str, words: str | None
) -> None:
    text, findings = check((old, new))
    if words is None:
        assert findings == []  # in YAML 1.2 a yes is a word
        return
    (finding,) = findings
    assert finding.level == "error"
    assert words in finding.message
    line = text[: text.index(at)].count("\n") + 1
    assert finding.line in (line, line + 1)  # a list begins on the line after its key


def test_the_rubric_that_ships_has_nothing_to_mend() -> None:
    folder = locations.bundled() / "scenarios" / "rubrics"
    assert describe(check_paths([folder])) == ""
