"""`trainer check` finds what is valid and still makes a poor or an impossible call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer import locations
from trainer.errors import Finding
from trainer.library.lint import check_paths, describe

from .content import PERSONA, RUBRIC, SCENARIO, write_library

_WHERE = {
    "persona": ("personas/careful.yaml", PERSONA),
    "scenario": ("scenarios/leaky-roof.yaml", SCENARIO),
    "rubric": ("scenarios/rubrics/plain.yaml", RUBRIC),
}


@pytest.fixture
def check_with(bundled: Path) -> Callable[..., tuple[str, list[Finding]]]:
    """Check the bundled content after one replacement in one file of it."""

    def check(kind: str, old: str, new: str) -> tuple[str, list[Finding]]:
        name, text = _WHERE[kind]
        broken = text.replace(old, new, 1)
        assert broken != text
        (bundled / name).write_text(broken)
        return broken, check_paths()

    return check


def test_content_without_a_fault_has_no_findings(bundled: Path) -> None:
    """Nothing to say is nothing printed."""
    assert describe(check_paths()) == ""
    assert check_paths([bundled]) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "at", "level", "words"),
    [
        ("scenario", "persona: careful", "persona: carful", "carful", "error", "'careful'?"),
        ("scenario", "rubric: plain", "rubric: fancy", "fancy", "error", "there are: plain"),
        ("scenario", "depth: deep", "depth: surface", "facts:", "warning", "no deep fact"),
        ("scenario", "depth: surface", "depth: deep", "facts:", "warning", "no surface fact"),
        ("scenario", "say: we put", "say: We put", "We put", "warning", "capital ('We')"),
        ("scenario", "about it}", "about it.}", "I lie", "warning", "full stop"),
        ("scenario", "say: that is", "say: That is", "That is", "warning", "capital"),
        ("scenario", "of money", "of {money}", "that is", "error", None),
        ("scenario", "[reflection, expectation]", "[reflection]", "[ref", "warning", "fewer than"),
        ("scenario", "reflection,", "pressure,", "pressure", "warning", "never lifts"),
        ("persona", "'Well, {fact}.'", "'Well, {foo}.'", "'Well, {foo", "error", "'{foo}'"),
        ("persona", "{fact}.'", "{fcat}.'", "'Well, {fcat", "error", "{fact}?"),
        ("persona", "{fact}.'", "{fact.'", "'Well, {fact.", "error", "lone '{'"),
        ("persona", "'Well, ", "'" + "so " * 31, "'so so", "warning", "32 words"),
        ("persona", "  greet: ['Well, {fact}.']\n", "", "lines:", "warning", "for greet"),
        ("persona", "trust: 0.8", "trust: 0.95", "0.95", "error", "nobody can win"),
        ("persona", "proof: 3", "value_link: 0\n  future_picture: -1", "0.5, urgency", "error",
         "(future_picture, value_link)"),
        ("persona", "id: careful", "id: careless", "careless", "warning", "careless.yaml"),
        ("rubric", "any_of: [proof]", "any_of: [empathy]", "trust, any", "warning", "all build"),
    ],
)  # fmt: skip
def test_a_fault_is_found_where_it_stands(  # noqa: PLR0917
    check_with: Callable[..., tuple[str, list[Finding]]],
    kind: str,
    old: str,
    new: str,
    at: str,
    level: str,
    words: str | None,
) -> None:
    """Each fault gives its one finding, at the line and column of what is at fault."""
    if words is None:  # braces in YAML text need quotes
        old, new, at, words = "that is a lot of money", '"that is {much}"', '"that', "persona's"
    text, findings = check_with(kind, old, new)
    here = [one for one in findings if words in one.message]
    assert len(here) == 1, describe(findings)
    index = text.index(at)
    assert here[0].line == text.count("\n", 0, index) + 1
    assert here[0].column == index - text.rfind("\n", 0, index)
    assert here[0].level == level
    others = {one for one in findings if one not in here}
    # Renaming the persona leaves the scenario naming nobody: that alone may be added.
    assert all("careful" in one.message for one in others), describe(others)


def test_a_scenario_without_dates_is_warned_of(bundled: Path) -> None:
    """Urgency has to come from somewhere honest."""
    text = SCENARIO.replace("dates:\n  - {on: 2027-03-01, why: the thaw begins}\n", "")
    (bundled / "scenarios/leaky-roof.yaml").write_text(text)
    (finding,) = check_paths()
    assert "no dates" in finding.message


@pytest.mark.parametrize(
    "say",
    [
        "I never sleep when it rains",
        "I'm afraid of the thaw",
        "Mira's mother fell on the stairs",
        "Old Mill has no money for it",
        "Monday is when it floods",
        "HR wants it settled",
        "Rosa says it is the gutter",
        "we call at 7 a.m.",
        "2 tenants left",
        "it goes on and on...",
    ],
)
def test_names_and_i_keep_their_capital(bundled: Path, say: str) -> None:
    """Only a capital that belongs to a sentence's beginning is remarked on."""
    text = SCENARIO.replace("we put buckets out when it rains", say)
    text = text.replace("The roof leaks again", "ask for Rosa at the desk")
    (bundled / "scenarios/leaky-roof.yaml").write_text(text)
    assert describe(check_paths()) == ""


def test_an_easy_stage_may_weigh_nothing(bundled: Path) -> None:
    """Where a stage needs next to nothing, moves that build it need not count."""
    text = PERSONA.replace("hope: 0.5", "hope: 0.1")
    text = text.replace("proof: 3", "value_link: 0\n  future_picture: 0")
    (bundled / "personas/careful.yaml").write_text(text)
    assert check_paths() == []


def test_one_file_is_checked_against_everything_there_is(bundled: Path, tmp_path: Path) -> None:
    """A scenario outside any library may name what is on the shelf."""
    path = tmp_path / "leaky-roof.yaml"
    path.write_text(SCENARIO)
    assert check_paths([path]) == []
    path.write_text(SCENARIO.replace("persona: careful", "persona: gone"))
    (finding,) = check_paths([path])
    assert str(finding).startswith(f"{path}:3:10: error: ")


def test_a_scenario_may_name_what_lies_in_its_own_library(tmp_path: Path, bundled: Path) -> None:
    """A team's library checks out on its own, file by file."""
    root = write_library(tmp_path / "team")
    for name, text in ((f, t) for f, t in _WHERE.values()):
        (root / name).write_text(text.replace("careful", "ours").replace("plain", "house"))
    (root / "personas/careful.yaml").rename(root / "personas/ours.yaml")
    (root / "scenarios/rubrics/plain.yaml").rename(root / "scenarios/rubrics/house.yaml")
    assert describe(check_paths([root / "scenarios/leaky-roof.yaml"])) == ""
    assert describe(check_paths([root])) == ""


def test_a_broken_persona_is_reported_once(bundled: Path) -> None:
    """Its scenario is not blamed as well for naming it."""
    (bundled / "personas/careful.yaml").write_text(PERSONA.replace("medium", "mild"))
    (finding,) = check_paths()
    assert finding.path.endswith("careful.yaml")


def test_a_file_s_kind_is_told_by_folder_or_keys(bundled: Path, tmp_path: Path) -> None:
    """Outside the folders the keys decide; where they can't, that is said."""
    for text, id in ((PERSONA, "careful"), (SCENARIO, "leaky-roof"), (RUBRIC, "plain")):
        path = tmp_path / f"{id}.yaml"
        path.write_text(text)
        assert check_paths([path]) == []
    path = tmp_path / "what.yaml"
    path.write_text("id: what\n")
    (finding,) = check_paths([path])
    assert "can't tell" in finding.message
    inside = tmp_path / "personas" / "what.yaml"
    inside.parent.mkdir()
    inside.write_text("id: what\n")
    assert any("'summary' is missing" in one.message for one in check_paths([inside]))


def test_two_files_with_one_id_are_an_error(bundled: Path, home: Path) -> None:
    """Within one library; the user's own may stand in for a bundled one."""
    write_library(home / "library")
    assert check_paths() == []
    (bundled / "personas" / "zz.yaml").write_text(PERSONA)
    findings = [one for one in check_paths() if one.level == "error"]
    assert [Path(one.path).name for one in findings] == ["zz.yaml"]
    assert "stands in 'careful.yaml' already" in findings[0].message or (
        "careful.yaml" in findings[0].message
    )


def test_written_reps_and_model_cards_are_not_taken_for_content(bundled: Path) -> None:
    """A folder is checked whole: scripts as scripts, cards passed by, hidden files passed by."""
    for name, text in (
        ("scenarios/reps/leaky-roof/good.yaml", "- Hello there\n"),
        ("scenarios/reps/leaky-roof/bad.yaml", "rep: []\n"),
        ("models/card.yaml", "id: x\n"),
        (".hidden/x.yaml", "id: x\n"),
    ):
        (bundled / name).parent.mkdir(parents=True, exist_ok=True)
        (bundled / name).write_text(text)
    (finding,) = check_paths([bundled])
    assert finding.path.endswith("bad.yaml")
    assert finding.message.startswith("the rep says nothing")


def test_paths_that_hold_nothing_say_so(bundled: Path, tmp_path: Path) -> None:
    """A missing file is an error; a folder without content is remarked on."""
    (tmp_path / "bare").mkdir()
    missing, bare = check_paths([tmp_path / "gone.yaml", tmp_path / "bare"])[::-1]
    assert (missing.level, bare.level) == ("error", "warning")
    assert "no such file" in missing.message


def test_findings_come_in_order_and_one_a_line(bundled: Path) -> None:
    """Sorted by file, line and column, in the form editors jump to."""
    (bundled / "personas/careful.yaml").write_text(PERSONA.replace("{fact}", "{foo}"))
    (bundled / "scenarios/leaky-roof.yaml").write_text(SCENARIO.replace("careful", "gone"))
    findings = check_paths([bundled / "scenarios", bundled / "personas", bundled])
    places = [(one.path, one.line, one.column) for one in findings]
    assert places == sorted(places)
    assert len(set(findings)) == len(findings)
    first = describe(findings).splitlines()[0]
    assert first.startswith(f"{bundled}/personas/careful.yaml:10:11: error: unknown slot")


def test_the_bundled_content_has_no_errors() -> None:
    """What ships passes its own check."""
    if not any((locations.bundled() / "scenarios").glob("*.yaml")):
        pytest.skip("no scenarios are written yet")
    assert describe(one for one in check_paths() if one.level == "error") == ""
