"""A trainer checks content before a rep meets it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Run

FINDING = re.compile(r"^(.+):(\d+):(\d+): (error|warning): .+$")


def test_everything_that_ships_is_in_order(run: Run) -> None:
    ran = run("check")
    assert (ran.code, ran.err) == (0, "")
    assert not [line for line in ran.lines if ": error: " in line]


def test_a_broken_file_is_named_with_line_and_column(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "personas" / "hasty.yaml"
    path.parent.mkdir()
    path.write_text("id: hasty\nsummary: Quick.\nwieghs:\n  proof: 3\n")
    ran = run("check", path)
    assert ran.code == 1
    found = [FINDING.match(line) for line in ran.lines]
    assert all(found)
    places = [(one[1], one[2], one[4]) for one in found if one]
    assert (str(path), "3", "error") in places


def test_escapes_in_a_file_are_told_but_never_carried_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "personas" / "evil.yaml"
    path.parent.mkdir()
    path.write_bytes(b'id: evil\n"\\e]0;x\\a[red]key": 1\n')
    ran = run("check", path)
    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err


def test_a_folder_that_is_not_there_is_bad_input(run: Run, tmp_path: Path) -> None:
    ran = run("check", tmp_path / "nowhere")
    assert ran.code in (1, 2)
    assert "nowhere" in ran.out + ran.err
    assert run("check", "--library", tmp_path / "nowhere").code == 2
