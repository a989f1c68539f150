"""Where things live on disk: bundled content, the user's library, data and model cache.

``TRAINER_HOME`` puts everything that belongs to the user under one folder, which is also how
tests and a team's shared drive keep to themselves.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_APP = "earned-close"


def _home() -> Path | None:
    home = os.environ.get("TRAINER_HOME")
    return Path(home).expanduser() if home else None


def bundled() -> Path:
    """The folder that holds ``personas/``, ``scenarios/`` and ``models/`` as shipped.

    In an installed wheel they lie inside the package; in a checkout, beside it.
    """
    inside = Path(__file__).parent / "_content"
    return inside if inside.is_dir() else Path(__file__).parent.parent


def library() -> Path:
    """The user's own content folder, laid out like the bundled one. It need not exist."""
    home = _home()
    return home / "library" if home else Path(platformdirs.user_data_dir(_APP)) / "library"


def data() -> Path:
    """The folder of the call log. Created by the store when first needed."""
    return _home() or Path(platformdirs.user_data_dir(_APP))


def cache() -> Path:
    """The folder of fetched and converted models; safe to delete."""
    home = _home()
    return home / "cache" if home else Path(platformdirs.user_cache_dir(_APP))
