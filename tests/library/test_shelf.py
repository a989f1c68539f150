"""Content comes from three places; the nearest to the user wins, and nothing broken spreads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from trainer import locations
from trainer.errors import ContentInvalid, UnreadableInput
from trainer.library import Shelf

from .content import PERSONA, RUBRIC, SCENARIO, write_library


def _persona(id: str, **replaced: str) -> str:
    text = PERSONA.replace("id: careful", f"id: {id}").replace("Careful", id.capitalize())
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text


def test_a_new_user_finds_what_is_bundled(bundled: Path) -> None:
    """With no library of their own, the bundled content is all there, with its files."""
    shelf = Shelf.load()
    assert list(shelf.personas) == ["careful"]
    assert list(shelf.scenarios) == ["leaky-roof"]
    assert list(shelf.rubrics) == ["plain"]
    assert shelf.findings == []
    assert shelf.paths["rubric", "plain"] == bundled / "scenarios/rubrics/plain.yaml"


def test_my_own_persona_wins_over_the_bundled_one(
    bundled: Path, home: Path, tmp_path: Path
) -> None:
    """Bundled gives way to the user's library, and that to --library DIR, id by id."""
    for root, word in ((home / "library", "mine"), (tmp_path / "team", "ours")):
        (root / "personas").mkdir(parents=True)
        (root / "personas" / "careful.yml").write_text(PERSONA.replace("slow", word))
    assert "mine" in Shelf.load().persona("careful").summary
    shelf = Shelf.load(tmp_path / "team")
    assert "ours" in shelf.persona("careful").summary
    assert shelf.paths["persona", "careful"].parent.parent == tmp_path / "team"
    assert "leaky-roof" in shelf.scenarios


def test_one_broken_file_is_left_out_and_the_rest_stays(bundled: Path, home: Path) -> None:
    """A typing mistake in a scenario of mine is reported; the bundled one of that id stays."""
    mine = home / "library" / "scenarios"
    mine.mkdir(parents=True)
    (mine / "leaky-roof.yaml").write_text(SCENARIO.replace("title:", "titel:"))
    (mine / "other.yaml").write_text(SCENARIO.replace("leaky-roof", "other"))
    shelf = Shelf.load()
    assert set(shelf.scenarios) == {"leaky-roof", "other"}
    assert [(one.line, one.level) for one in shelf.findings] == [(2, "error")]
    assert shelf.findings[0].path == str(mine / "leaky-roof.yaml")


def test_even_broken_bundled_content_does_not_keep_the_app_from_opening(bundled: Path) -> None:
    """What is bundled is read as carefully as what is not."""
    (bundled / "personas" / "careful.yaml").write_bytes(b"\xff\xfe\x00")
    shelf = Shelf.load()
    assert shelf.personas == {}
    assert shelf.scenarios
    assert "UTF-16" in shelf.findings[0].message


def test_new_hires_see_their_scenarios_first(bundled: Path) -> None:
    """Onboarding scenarios come in their order, the rest by title."""
    folder = bundled / "scenarios"
    for id, title, order in (("zz", "Zebra", 1), ("yy", "Aardvark", 2), ("aa", "Bee", None)):
        text = SCENARIO.replace("leaky-roof", id).replace("A leaky roof", title)
        (folder / f"{id}.yaml").write_text(text + (f"onboarding: {order}\n" if order else ""))
    assert list(Shelf.load().scenarios) == ["zz", "yy", "leaky-roof", "aa"]


def test_two_files_with_one_id_in_a_folder_are_a_mistake(bundled: Path) -> None:
    """The first by name is kept and the second reported at its id."""
    text = PERSONA.replace("slow", "second")
    (bundled / "personas" / "zcopy.yaml").write_text(text)
    shelf = Shelf.load()
    assert "slow" in shelf.persona("careful").summary
    (finding,) = shelf.findings
    assert (Path(finding.path).name, finding.line, finding.column) == ("zcopy.yaml", 1, 5)
    assert "careful.yaml" in finding.message


def test_a_misspelt_id_is_answered_with_the_near_ones(bundled: Path) -> None:
    """The message says what was probably meant, and where to see everything."""
    shelf = Shelf.load()
    for ask, id, near in (
        (shelf.persona, "carefull", "'careful'"),
        (shelf.scenario, "leaky-rof", "'leaky-roof'"),
        (shelf.rubric, "plane", "'plain'"),
    ):
        with pytest.raises(UnreadableInput) as error:
            ask(id)
        assert near in str(error.value)
        assert "trainer check" in str(error.value)
    with pytest.raises(UnreadableInput, match="there are: careful"):
        shelf.persona("zzz\x1b[2J")


def test_asking_for_a_file_that_was_left_out_says_why(bundled: Path) -> None:
    """Not 'no such persona' but the mistake in its file."""
    (bundled / "personas" / "grumpy.yaml").write_text(_persona("grumpy", medium="mild"))
    with pytest.raises(UnreadableInput, match=r"grumpy\.yaml:\d+:\d+: error: patience"):
        Shelf.load().persona("grumpy")


def test_a_title_will_do_for_an_id(bundled: Path) -> None:
    """What the list shows can be typed."""
    assert Shelf.load().scenario("a leaky roof").id == "leaky-roof"


def test_a_file_can_be_named_in_place_of_an_id(bundled: Path, tmp_path: Path) -> None:
    """A scenario not on the shelf yet can be tried out by its path."""
    path = tmp_path / "draft.yaml"
    path.write_text(SCENARIO.replace("leaky-roof", "draft"))
    assert Shelf.load().cast(str(path)).scenario.id == "draft"
    path.write_text(SCENARIO.replace("title:", "titel:"))
    with pytest.raises(ContentInvalid) as error:
        Shelf.load().scenario(str(path))
    assert f"{path}:2:1: error: unknown key 'titel'" in str(error.value)
    with pytest.raises(ContentInvalid, match="no such file"):
        Shelf.load().scenario(str(tmp_path / "gone.yaml"))


def test_any_persona_can_be_cast(bundled: Path) -> None:
    """The scenario's own persona plays it, unless another one is named."""
    (bundled / "personas" / "hasty.yaml").write_text(_persona("hasty"))
    shelf = Shelf.load()
    casting = shelf.cast("leaky-roof")
    assert (casting.persona.id, casting.rubric.id) == ("careful", "plain")
    assert shelf.cast("leaky-roof", "hasty").persona.id == "hasty"


@pytest.mark.parametrize(("key", "name"), [("persona", "careful"), ("rubric", "plain")])
def test_a_scenario_that_names_nobody_says_where(bundled: Path, key: str, name: str) -> None:
    """A cast that can't be made names the scenario's file and the line of the key."""
    path = bundled / "scenarios" / "leaky-roof.yaml"
    path.write_text(SCENARIO.replace(f"{key}: {name}", f"{key}: {name}x"))
    line = 3 if key == "persona" else 4
    with pytest.raises(UnreadableInput) as error:
        Shelf.load().cast("leaky-roof")
    assert error.value.line == line
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert f"'{name}'?" in str(error.value)


def test_a_scenario_whose_persona_is_missing_can_still_be_cast_with_another(bundled: Path) -> None:
    """Naming a persona for the call gets round a scenario's mistake."""
    path = bundled / "scenarios" / "leaky-roof.yaml"
    path.write_text(SCENARIO.replace("persona: careful", "persona: gone"))
    assert Shelf.load().cast("leaky-roof", "careful").persona.id == "careful"


def test_a_library_that_is_no_folder_is_refused(bundled: Path, tmp_path: Path) -> None:
    """--library wants a folder; one without content is remarked on."""
    with pytest.raises(UnreadableInput, match="no such folder"):
        Shelf.load(tmp_path / "nowhere")
    (tmp_path / "bare").mkdir()
    (finding,) = Shelf.load(tmp_path / "bare").findings
    assert finding.level == "warning"


def test_the_bundled_content_is_whole() -> None:
    """Everything shipped loads without an error, and every scenario can be cast."""
    if not any((locations.bundled() / "scenarios").glob("*.yaml")):
        pytest.skip("no scenarios are written yet")
    shelf = Shelf.load()
    assert [str(one) for one in shelf.findings if one.level == "error"] == []
    for scenario in shelf.scenarios:
        for persona in shelf.personas:
            shelf.cast(scenario, persona)


def test_content_needs_neither_models_nor_screens() -> None:
    """Loading the shelf and reading transcripts imports no torch, transformers or textual."""
    code = (
        "import sys, trainer.transcripts\nfrom trainer.library import Shelf\n"
        "from trainer.library.lint import check_paths\nassert 'ruamel.yaml' not in sys.modules\n"
        "Shelf.load(); check_paths()\n"
        "assert not {'torch', 'transformers', 'textual'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_right_content_of_these_tests_is_right(tmp_path: Path) -> None:
    """Guards the other tests: what they break was whole before."""
    shelf = Shelf.load(write_library(tmp_path / "one"))
    assert shelf.rubric("plain").title in RUBRIC
