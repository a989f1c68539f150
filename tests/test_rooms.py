"""The house rules that no single room can keep: who may know of whom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_no_room_knows_of_one_it_should_not() -> None:
    """The import contracts of pyproject.toml, as `make lint` checks them."""
    ran = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    assert "0 broken" in ran.stdout
