"""A trainer writes down what a rep says, to be played against a prospect."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainer.errors import TrainerError, UnreadableInput
from trainer.transcripts import read_rep_script

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below the test's folder."""

    def put(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "# a good one\nHi Dana.\n\nNote: it's late.\n"),
        ("b.txt", "Rep: Hi Dana.\nProspect: What?\nno, wait\nREP: Note:\nit's late.\n"),
        ("c.txt", "Rep: Hi Dana.\nRep: Note: it's late.\n"),
        ("d.yaml", "- Hi Dana.\n- 'Note: it''s late.'\n"),
        ("e.yml", "x: {a: [1, {b: 2}]}\nrep:\n  - Hi Dana.\n  - \"Note: it's late.\"\n"),
        ("f.json", '[{"speaker": "rep", "text": "Hi Dana."}, {"speaker": "prospect", "text": "?"},'
                   ' {"speaker": "rep", "text": "Note: it\'s late."}]'),
    ],
)  # fmt: skip
def test_a_written_rep_says_the_same_in_every_form(write: Write, name: str, text: str) -> None:
    """A turn a line, 'Rep:' lines, YAML or a transcript."""
    assert read_rep_script(write(name, text)) == ["Hi Dana.", "Note: it's late."]


def test_a_script_can_be_piped_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """'-' reads standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Hi.\n")))
    assert read_rep_script("-") == ["Hi."]


def test_numbers_and_yes_are_words_in_a_script(write: Write) -> None:
    """What stands in the list is what is said."""
    assert read_rep_script(write("x.yaml", "- 42\n- yes\n- null\n-\n")) == ["42", "yes", "null"]


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("a.txt", "", None, "says nothing"),
        ("a.txt", "# only this\n\n", None, "says nothing"),
        ("a.txt", "Rep:\nProspect: Hi\n", None, "says nothing"),
        ("a.yaml", "", None, "says nothing"),
        ("a.yaml", "[]", None, "says nothing"),
        ("a.yaml", "rep: []\n", None, "says nothing"),
        ("a.yaml", "hello\n", 1, "want a list"),
        ("a.yaml", "turns: [a]\n", 2, "want a list"),
        ("a.yaml", "x: 1\nrep: hello\n", 2, "want a list"),
        ("a.yaml", "- hi\n- Note: this\n", 2, "needs quotes"),
        ("a.yaml", "- hi\n- [a]\n", 2, "needs quotes"),
        ("a.yaml", "- &a hi\n- *a\n", 1, "needs quotes"),
        ("a.yaml", "- !!python/name:os.system x\n", 1, "needs quotes"),
        ("a.yaml", "- 'hi\n", 2, "not valid YAML"),
        ("a.yaml", "[" * 50_000, 1, "needs quotes"),
        ("a.yaml", "x: " + "[" * 50_000, 1, "want a list"),
        ("a.yaml", "- a\x1bb\n", None, "not valid YAML"),
        ("a.txt", b"caf\xe9", 1, "UTF-8"),
        ("a.txt", b"x" * 1_000_001, None, "larger than 1 MB"),
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_a_script_that_can_t_be_played_is_refused(
    write: Write, name: str, text: str | bytes, line: int | None, words: str
) -> None:
    """With the line where there is one, and in good time."""
    path = write(name, text)
    began = time.process_time()
    with pytest.raises(UnreadableInput) as error:
        read_rep_script(path)
    assert time.process_time() - began < 20
    assert words in str(error.value)
    assert error.value.line == line
    assert str(error.value).startswith(str(path))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=80) | st.text(st.characters(codec="utf-8"), max_size=80).map(str.encode))
def test_any_bytes_are_a_script_or_a_refusal(tmp_path: Path, raw: bytes) -> None:
    """Nothing but our own errors, and never an empty turn."""
    for name in ("x.txt", "x.yaml", "x.json"):
        (tmp_path / name).write_bytes(raw)
        try:
            turns = read_rep_script(tmp_path / name)
        except TrainerError:
            continue
        assert turns
        assert all(turns)
