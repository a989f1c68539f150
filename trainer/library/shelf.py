"""All content there is, by id: the one way in for personas, scenarios and rubrics.

What is bundled comes first, then the user's library folder, then a folder given for this run;
later ones win by id. A file with errors is left out and reported in ``findings``: one typing
mistake in one scenario must not keep a rep from practising the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, cast

from pydantic import BaseModel

from trainer import locations
from trainer.errors import ContentInvalid, Finding, UnreadableInput
from trainer.library.persona import Persona
from trainer.library.rubric import Rubric
from trainer.library.scenario import Scenario
from trainer.library.source import Document, nearest, quoted, read, shown

Kind = Literal["persona", "scenario", "rubric"]

FOLDERS: dict[Kind, str] = {
    "persona": "personas",
    "scenario": "scenarios",
    "rubric": "scenarios/rubrics",
}
"""Where each kind lies below a library root."""
MODELS: dict[Kind, type[BaseModel]] = {
    "persona": Persona,
    "scenario": Scenario,
    "rubric": Rubric,
}
SUFFIXES = (".yaml", ".yml")

Item = Persona | Scenario | Rubric

_ItemT = TypeVar("_ItemT", Persona, Scenario, Rubric)


def content_files(root: Path) -> Iterator[tuple[Kind, Path]]:
    """The content files below a library root, kind by kind, in the order of their names.

    Raises ``OSError`` when a folder that exists can't be listed.
    """
    for kind, folder in FOLDERS.items():
        place = root / folder
        if place.is_dir():
            names = sorted(path for path in place.iterdir() if not path.name.startswith("."))
            yield from ((kind, path) for path in names if path.suffix.lower() in SUFFIXES)


def read_item(kind: Kind, path: Path) -> tuple[Item | None, Document]:
    """One content file as what its kind says it is; None where it has errors."""
    item, document = read(path, MODELS[kind])
    return cast("Item | None", item), document


def roots(extra: Path | None = None) -> list[Path]:
    """The library roots that count, the first giving way to the later ones."""
    return [locations.bundled(), locations.library(), *([] if extra is None else [extra])]


@dataclass(frozen=True, slots=True)
class Casting:
    """What a call needs: a scenario, who plays it, and how it will be judged."""

    scenario: Scenario
    persona: Persona
    rubric: Rubric


@dataclass(slots=True)
class Shelf:
    """Personas, scenarios and rubrics by id, in the order in which lists show them."""

    personas: dict[str, Persona] = field(default_factory=dict)
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    rubrics: dict[str, Rubric] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    """What is wrong with files that were left out, and warnings about files that were not."""
    paths: dict[tuple[Kind, str], Path] = field(default_factory=dict)
    """The file each piece of content came from."""
    _names: dict[tuple[str, str], int] = field(default_factory=dict)
    """The line at which a scenario names its persona or rubric, by its id and that key."""

    @classmethod
    def load(cls, extra: Path | None = None) -> Shelf:
        """Read everything: bundled, then the user's library, then ``extra`` (``--library DIR``).

        Raises ``UnreadableInput`` only for an ``extra`` that is no folder; broken content is
        in ``findings``.
        """
        if extra is not None and not extra.is_dir():
            raise UnreadableInput(
                "no such folder; --library wants one that holds personas/ or scenarios/",
                path=shown(extra),
            )
        shelf = cls()
        for root in roots(extra):
            shelf._add_root(root, wanted=root is extra)
        shelf._sort()
        return shelf

    def persona(self, id: str) -> Persona:
        """The persona with this id, or in this file.

        Raises ``UnreadableInput`` for an unknown id and ``ContentInvalid`` for a bad file.
        """
        return self._take("persona", id, self.personas, lambda item: item.name)

    def scenario(self, id: str) -> Scenario:
        """The scenario with this id, or in this file. Raises as ``persona`` does."""
        return self._take("scenario", id, self.scenarios, lambda item: item.title)

    def rubric(self, id: str) -> Rubric:
        """The rubric with this id, or in this file. Raises as ``persona`` does."""
        return self._take("rubric", id, self.rubrics, lambda item: item.title)

    def cast(self, scenario_id: str, persona_id: str | None = None) -> Casting:
        """A scenario with its own persona, or with another cast in its place.

        Raises ``UnreadableInput`` with the scenario's file and line where it names a persona or
        rubric that is not there.
        """
        scenario = self.scenario(scenario_id)
        if persona_id is not None:
            persona = self.persona(persona_id)
        else:
            persona = self._named(scenario, "persona", scenario.persona, self.personas)
        rubric = self._named(scenario, "rubric", scenario.rubric, self.rubrics)
        return Casting(scenario, persona, rubric)

    # -- how it is filled ----------------------------------------------------------------

    def _add_root(self, root: Path, *, wanted: bool) -> None:
        try:
            files = list(content_files(root))
        except OSError as error:
            message = f"the folder can't be read: {error.strerror}"
            self.findings.append(Finding(shown(root), 1, 1, "error", message))
            return
        if wanted and not files:
            message = "holds no content; it should hold personas/*.yaml or scenarios/*.yaml"
            self.findings.append(Finding(shown(root), 1, 1, "warning", message))
        seen: dict[tuple[Kind, str], Path] = {}
        for kind, path in files:
            item, document = read_item(kind, path)
            if item is not None:
                self._add(kind, item, document, seen)
            self.findings.extend(document.findings)

    def _add(
        self, kind: Kind, item: Item, document: Document, seen: dict[tuple[Kind, str], Path]
    ) -> None:
        key = (kind, item.id)
        if key in seen:
            document.find(same_id(kind, item.id, seen[key]), ("id",))
            return
        seen[key] = self.paths[key] = document.path
        match item:
            case Persona():
                self.personas[item.id] = item
            case Scenario():
                self.scenarios[item.id] = item
                for name in ("persona", "rubric"):
                    self._names[item.id, name] = document.position((name,))[0]
            case Rubric():
                self.rubrics[item.id] = item

    def _sort(self) -> None:
        def place(item: Scenario) -> tuple[float, str, str]:
            order = float("inf") if item.onboarding is None else item.onboarding
            return (order, item.title.casefold(), item.id)

        scenarios = sorted(self.scenarios.values(), key=place)
        self.scenarios = {item.id: item for item in scenarios}
        personas = sorted(self.personas.values(), key=lambda item: (item.name.casefold(), item.id))
        self.personas = {item.id: item for item in personas}
        rubrics = sorted(self.rubrics.values(), key=lambda item: (item.title.casefold(), item.id))
        self.rubrics = {item.id: item for item in rubrics}

    # -- how it is asked -----------------------------------------------------------------

    def _take(
        self, kind: Kind, id: str, items: Mapping[str, _ItemT], title: Callable[[_ItemT], str]
    ) -> _ItemT:
        if id in items:
            return items[id]
        if is_path(id):
            return self._from_file(kind, Path(id))  # type: ignore[return-value]
        by_title = {title(item).casefold(): item for item in items.values()}
        if id.casefold() in by_title:
            return by_title[id.casefold()]
        raise UnreadableInput(self._unknown(kind, id, items))

    def _from_file(self, kind: Kind, path: Path) -> Item:
        item, document = read_item(kind, path.expanduser())
        if item is None:
            raise ContentInvalid([one for one in document.findings if one.level == "error"])
        self.paths[kind, item.id] = document.path
        if isinstance(item, Scenario):
            for name in ("persona", "rubric"):
                self._names[item.id, name] = document.position((name,))[0]
        return item

    def _named(
        self, scenario: Scenario, kind: Kind, id: str, items: Mapping[str, _ItemT]
    ) -> _ItemT:
        if id in items:
            return items[id]
        raise UnreadableInput(
            f"the scenario {quoted(scenario.id)} wants a {kind} that is not there: "
            + self._unknown(kind, id, items),
            path=shown(self.paths.get(("scenario", scenario.id), scenario.id)),
            line=self._names.get((scenario.id, kind)),
        )

    def _unknown(self, kind: Kind, id: str, items: Mapping[str, _ItemT]) -> str:
        message = f"no {kind} is called {quoted(id)}"
        close = nearest(id, items, 3)
        if close:
            message += "; did you mean " + " or ".join(f"'{name}'" for name in close) + "?"
        elif items:
            message += f"; there are: {', '.join(items)}"
        left_out = self._left_out(kind, id)
        if left_out:
            stop = "" if message[-1] in "?." else "."
            message += f"{stop} A file of that name was left out, for its errors: {left_out}."
        place = shown(locations.library() / FOLDERS[kind])
        return (
            f"{message}{'' if message[-1] in '?.' else '.'} They lie in "
            f"{shown(locations.bundled() / FOLDERS[kind])} and {place}; the app's home screen "
            "lists them, `trainer check` says what is wrong with any, and the path of a YAML "
            "file will do in place of an id"
        )

    def _left_out(self, kind: Kind, id: str) -> str | None:
        folder = Path(FOLDERS[kind]).name
        for finding in self.findings:
            path = Path(finding.path)
            if finding.level == "error" and path.stem == id and path.parent.name == folder:
                return str(finding)
        return None


def same_id(kind: str, id: str, first: Path) -> str:
    """The complaint about a second file with an id that another one of its folder has."""
    return f"the {kind} {quoted(id)} stands in {shown(first.name)} already; ids tell them apart"


def is_path(given: str) -> bool:
    """Whether what was given in place of an id is meant as the path of a file."""
    return "/" in given or "\\" in given or given.lower().endswith(SUFFIXES)
