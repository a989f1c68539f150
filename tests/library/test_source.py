"""A trainer makes a mistake in a content file and is told where, and what to do."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from trainer.errors import Finding
from trainer.library import Persona, Rubric, Scenario
from trainer.library.source import MAX_BYTES, MAX_NODES, read, read_document
from trainer.pathway import Act, Move

from .content import PERSONA, RUBRIC, SCENARIO

Write = Callable[[str, str | bytes], Path]


def _findings(path: Path, model: type[BaseModel]) -> list[Finding]:
    return read(path, model)[1].findings


def _only(path: Path, model: type[BaseModel] = Persona) -> tuple[int, int, str]:
    findings = [one for one in _findings(path, model) if one.level == "error"]
    assert len(findings) == 1, findings
    assert findings[0].path == str(path)
    return findings[0].line, findings[0].column, findings[0].message


def _at(text: str, needle: str) -> tuple[int, int]:
    """Line and column, from 1, of the first ``needle`` in ``text``."""
    index = text.index(needle)
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def test_a_right_file_of_each_kind_is_read_whole(write: Write) -> None:
    """Three files without a mistake come back as what they are, with nothing to say."""
    for text, model, id in (
        (PERSONA, Persona, "careful"),
        (SCENARIO, Scenario, "leaky-roof"),
        (RUBRIC, Rubric, "plain"),
    ):
        value, document = read(write("x.yaml", text), model)
        assert value is not None
        assert document.findings == []
        assert value.model_dump()["id"] == id


@pytest.mark.parametrize(
    ("text", "model", "old", "new", "at", "words"),
    [
        (PERSONA, Persona, "patience:", "patiance:", "patiance", ["'patiance'", "'patience'?"]),
        (PERSONA, Persona, "  proof: 3", "  prof: 3", "prof:", ["unknown move", "'proof'?"]),
        (PERSONA, Persona, "  greet:", "  grete:", "grete", ["unknown act", "'greet'?", "hang_up"]),
        (PERSONA, Persona, "hope: 0.5", "hop: 0.5", "hop:", ["unknown stage", "'hope'?"]),
        (PERSONA, Persona, "proof: 3", "proof: lots", "lots", ["a number", "'lots'"]),
        (PERSONA, Persona, "proof: 3", "proof: 9", "9", ["at most 4", "9"]),
        (PERSONA, Persona, "proof: 3", "proof: .nan", ".nan", ["at most 4", "nan"]),
        (PERSONA, Persona, "Careful\n", "12\n", "12", ["text", "number 12", "in quotes"]),
        (PERSONA, Persona, "[short sentences]", "short", "short\n", ["a list", "'short'"]),
        (PERSONA, Persona, "medium", "mild", "mild", ["low, medium, high", "'mild'"]),
        (PERSONA, Persona, "['Well, {fact}.']", "[{fact}]", "{fact}", ["text", "{slot}", "quotes"]),
        (SCENARIO, Scenario, "web_form", "web-form", "web-form", ["lead source", "'web_form'?"]),
        (SCENARIO, Scenario, "2027-03-01", "1 March", "1 March", ["a date", "2027-01-04"]),
        (SCENARIO, Scenario, "depth: deep", "depth: dep", "dep,", ["surface, deep", "'dep'"]),
        (SCENARIO, Scenario, "reflection,", "reflexion,", "reflexion", ["'reflection'?"]),
        (SCENARIO, Scenario, "id: leaky-roof", "id: Leaky Roof", "Leaky Roof", ["lower-case"]),
        (SCENARIO, Scenario, "name: Mira Holt, ", "", "{role", ["'name' is missing"]),
        (SCENARIO, Scenario, "  source: web_form\n", "", "wrote", ["'source' is missing"]),
        (SCENARIO, Scenario, "id: ashamed", "id: buckets", "id: leaky", ["two facts", "'buckets'"]),
        (PERSONA, Persona, "Careful\n", "true\n", "true", ["text", "true stands"]),
        (PERSONA, Persona, "Careful\n", "''\n", "''", ["is empty"]),
        (PERSONA, Persona, "Careful\n", "[]\n", "[]", ["text", "a list"]),
        (PERSONA, Persona, "title: Careful", f"title: {'x' * 601}", "xxx", ["longer than 600"]),
        (PERSONA, Persona, "[short sentences]", "[]", "[]", ["talks is empty"]),
        (PERSONA, Persona, "[short sentences]", "[a, b, c, d, e, f, g, h, i]", "[a", ["9 items"]),
        (PERSONA, Persona, "{rapport: 0.3,", "{rapport: -1,", "-1", ["at least 0", "-1"]),
        (PERSONA, Persona, "patience: medium", "moods: medium", "moods", ["known here: id, title"]),
        (PERSONA, Persona, "patience: medium", "opens_with: 3", "3\nlines", ["one of the acts"]),
        (SCENARIO, Scenario, "company: Old Mill", "hat: red", "hat", ["known here: name, role"]),
        (SCENARIO, Scenario, "yes_means", "onboarding: 1.5\nyes_means", "1.5", ["whole number"]),
        (RUBRIC, Rubric, "weight: 20", "weight: 0", "0}", ["more than 0"]),
        (RUBRIC, Rubric, "at_least: 1, ", "", "{id: rapport", ["can never fail"]),
        (RUBRIC, Rubric, "{weight: 20}", "{weight: 20, mid: 90}", "{weight", ["below high"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named_at_its_line_and_column(  # noqa: PLR0917
    write: Write,
    text: str,
    model: type[BaseModel],
    old: str,
    new: str,
    at: str,
    words: list[str],
) -> None:
    """Each single mistake gives a finding at the key or value concerned, in plain words."""
    broken = text.replace(old, new, 1)
    assert broken != text
    value, document = read(write("x.yaml", broken), model)
    assert value is None
    line, column = _at(broken, at)
    here = [one for one in document.findings if (one.line, one.column) == (line, column)]
    assert here, [str(one) for one in document.findings]
    for word in words:
        assert word in here[0].message


def test_an_unknown_move_lists_all_moves(write: Write) -> None:
    """Who invents a move is shown the moves there are."""
    _, _, message = _only(write("x.yaml", PERSONA.replace("proof: 3", "zzz: 3")))
    assert all(move.value in message for move in Move)


def test_a_misspelt_key_is_one_mistake_not_two(write: Write) -> None:
    """'sumary' for a required key is reported once, as the misspelling it is."""
    line, column, message = _only(write("x.yaml", PERSONA.replace("summary:", "sumary:")))
    assert (line, column) == (3, 1)
    assert "'summary'?" in message


def test_a_missing_key_is_reported_where_the_mapping_begins(write: Write) -> None:
    """Comments at the top do not move it: the mapping begins at its first key."""
    text = "# mine\n\n" + PERSONA.replace("summary: Wants it slow and sourced.\n", "")
    assert _only(write("x.yaml", text)) == (3, 1, "the key 'summary' is missing")


def test_an_empty_value_is_reported_at_its_key(write: Write) -> None:
    """'prospect:' with nothing after it points there, not at what comes next."""
    text = SCENARIO.replace("company: Drybeam, ", "").replace("sells: roofs", "sells:")
    findings = _findings(write("x.yaml", text), Scenario)
    assert any(one.line == _at(text, "you:")[0] for one in findings)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (b"", 1, 1, "empty"),
        (b"  \n\n", 1, 1, "empty"),
        (b"# only this\n", 1, 1, "comments"),
        (b"- a\n- b\n", 1, 1, "a list"),
        (b"hello\n", 1, 1, "single value"),
        (b"id: x\ntitle: caf\xe9\n", 2, 11, "UTF-8"),
        ("id: x\n".encode("utf-16"), 1, 1, "UTF-16"),
        (b"id: x\ntitle: a\x00b\n", 2, 9, "U+0000"),
        (b"id: x\ntitle: a\x1b[31mb\n", 2, 9, "U+001B"),
        (b'id: x\ntitle: "a\\x1b[2Jb"\n', 2, 8, "U+001B"),
        ('id: x\ntitle: "a\u202eb"\n'.encode(), 2, 8, "right-to-left override"),
        (b"id: x\nid: y\n", 2, 1, "twice, first at line 1"),
        (b"id: x\n\ttitle: y\n", 2, 1, "tab"),
        (b"id: 'x\ntitle: y\n", 1, 5, "never closed"),
        (b"id: x\ntalks: [a, b\n", 2, 8, "not closed"),
        (b"id: x\ntitle: one: two\n", 2, 11, "colon"),
        (b"id: *x\n", 1, 5, "needs quotes"),
        (b"id: &x y\n", 1, 5, "needs quotes"),
        (b"id: !!python/object/apply:os.system [ls]\n", 1, 5, "tags are not read"),
        (b"id: !mine x\n", 1, 5, "tags are not read"),
        (b"id: @x\n", 1, 5, "needs quotes"),
        (b"id: x\n---\nid: y\n", 2, 1, "second document"),
        (b"? [a]\n: b\n", 1, 3, "a key has to be a word"),
        (b"[" * 5000, 1, 21, "nested"),
        (b"id: x\nfacts: " + b"{a: " * 5000, 2, 81, "nested"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_file_that_is_no_content_says_so(
    write: Write, text: bytes, line: int, column: int, words: str
) -> None:
    """Whatever stands in the file, there is a finding with its place, and no traceback."""
    findings = _findings(write("x.yaml", text), Persona)
    assert (findings[0].line, findings[0].column) == (line, column), findings[0]
    assert words in findings[0].message


def test_a_byte_order_mark_is_read_past_with_a_warning(write: Write) -> None:
    """Notepad's mark does not keep a persona off the shelf."""
    value, document = read(write("x.yaml", b"\xef\xbb\xbf" + PERSONA.encode()), Persona)
    assert value is not None
    assert [one.level for one in document.findings] == ["warning"]


def test_places_that_are_no_file_are_findings(tmp_path: Path) -> None:
    """A folder, a missing file, a device and an impossible name each say what they are."""
    (tmp_path / "d.yaml").mkdir()
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for path, words in (
        (tmp_path / "d.yaml", "folder"),
        (tmp_path / "gone.yaml", "no such file"),
        (tmp_path / "loop.yaml", "can't be read"),
        (Path("/dev/zero"), "not a plain file"),
        (Path("a\0b.yaml"), "can't be read"),
    ):
        (finding,) = _findings(path, Persona)
        assert words in finding.message


def test_a_file_name_can_not_drive_the_terminal(write: Write) -> None:
    """An escape in a file's name is gone when the finding is printed."""
    (finding,) = _findings(write("a\x1b[2Jb.yaml", ""), Persona)
    assert "\x1b" not in str(finding)


def test_large_files_are_refused_in_good_time(write: Write) -> None:
    """Neither size, nor a bomb of references, nor a million values holds the app up."""
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    for text, words in (
        ("a: " + "x" * MAX_BYTES, "larger than 1 MB"),
        ("a:\n" + "- b\n" * (MAX_NODES + 5), "no content file is so long"),
        (bomb, "needs quotes"),
    ):
        began = time.process_time()
        findings = _findings(write("x.yaml", text), Persona)
        assert time.process_time() - began < 20
        assert words in findings[0].message
        assert len(findings) < 80


def test_text_over_several_lines_becomes_one(write: Write) -> None:
    """A folded summary is read as one plain line."""
    text = PERSONA.replace("Wants it slow and sourced.", ">\n  Wants it slow\n  and sourced.")
    value, _ = read(write("x.yaml", text), Persona)
    assert value is not None
    assert value.summary == "Wants it slow and sourced."


def test_yes_and_no_are_words(write: Write) -> None:
    """A prospect whose line is 'No' says no, not false."""
    value, _ = read(write("x.yaml", PERSONA.replace("['Well, {fact}.']", "[No, Yes]")), Persona)
    assert value is not None
    assert value.lines[Act.GREET] == ["No", "Yes"]


_TEXT = st.text(st.characters(codec="utf-8"), max_size=200)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=200)
    | st.text(st.characters(codec="utf-8"), max_size=200).map(lambda text: text.encode())
)
@example(b"a: 0b")
@example(b"a: " + b"9" * 6000)
@example(b"? - a\n: b")
@example(b"a: 0_")
def test_any_bytes_give_content_or_findings(tmp_path: Path, raw: bytes) -> None:
    """Nothing that a file can hold raises, and nothing unprintable gets into a finding."""
    path = tmp_path / "x.yaml"
    path.write_bytes(raw)
    document = read_document(path)
    assert document.root is not None or document.findings
    for model in (Persona, Scenario, Rubric):
        for finding in _findings(path, model):
            assert finding.line >= 1
            assert finding.column >= 1
            assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in str(finding))


_KEYS = st.sampled_from(
    [*Persona.model_fields, *Scenario.model_fields, *Rubric.model_fields, "what"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "say", "lines", "weighs", "proof", "facts", "needs", "x"]), inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(_KEYS, _VALUES))
def test_any_shape_of_content_is_refused_in_words(tmp_path: Path, data: dict[str, object]) -> None:
    """Keys of ours with values of any shape: always findings, each within the file."""
    from ruamel.yaml import YAML

    path = tmp_path / "x.yaml"
    with path.open("w") as file:
        YAML(typ="safe", pure=True).dump(data, file)
    lines = len(path.read_text().splitlines())
    for model in (Persona, Scenario, Rubric):
        value, document = read(path, model)
        assert value is None
        assert document.findings
        assert all(1 <= one.line <= lines + 1 for one in document.findings)
        assert all(one.message for one in document.findings)
