"""Where things lie, and how a user moves all of it with one setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer import locations


def test_one_setting_moves_everything_that_belongs_to_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path))
    assert locations.data() == tmp_path
    assert locations.library() == tmp_path / "library"
    assert locations.cache() == tmp_path / "cache"
    assert list(tmp_path.iterdir()) == []  # asking makes nothing


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINER_HOME", "~/practice")
    assert locations.data() == Path.home() / "practice"


def test_without_it_they_lie_where_the_system_keeps_such_things(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRAINER_HOME", "")
    for place in (locations.data(), locations.library(), locations.cache()):
        assert "earned-close" in str(place)


def test_in_a_checkout_content_lies_beside_the_package_and_in_a_wheel_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("personas", "scenarios", "models"):
        assert (locations.bundled() / folder).is_dir()
    monkeypatch.setattr(locations, "__file__", str(tmp_path / "trainer" / "locations.py"))
    assert locations.bundled() == tmp_path
    (tmp_path / "trainer" / "_content").mkdir(parents=True)
    assert locations.bundled() == tmp_path / "trainer" / "_content"
