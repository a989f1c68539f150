"""The app opens at once: what is heavy comes when it is needed."""

from __future__ import annotations

import subprocess
import sys


def test_the_home_screen_needs_no_torch() -> None:
    """Asked in a fresh interpreter, since this one may have loaded anything."""
    asked = (
        "import sys, trainer.tui.app\n"
        "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.strip() == "[]"
