"""What a schema can't see: content that is valid and still makes a poor or an impossible call.

``trainer check`` runs this. Whatever breaks the product for the rep is an error; whatever only
makes the call worse is a warning.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trainer.errors import Finding, UnreadableInput
from trainer.library.persona import Persona
from trainer.library.rubric import Rubric
from trainer.library.rubric_lint import lint_rubric
from trainer.library.scenario import Scenario
from trainer.library.shelf import (
    MODELS,
    SUFFIXES,
    Item,
    Kind,
    content_files,
    roots,
    same_id,
)
from trainer.library.source import (
    Document,
    Loc,
    did_you_mean,
    nearest,
    quoted,
    read_document,
    shown,
    validate,
)
from trainer.pathway import Act, Move, MoveGroup

SLOTS = ("fact", "question", "objection", "first_name", "company", "city", "you")
"""What a persona's line may leave open: ``you`` is the rep's company, the rest the prospect's."""
MAX_LINE_WORDS = 30
"""A prospect's turn runs to some ten words with real people; past this it is a speech."""
UNREACHABLE_NEED = 0.95
"""A need this high is never met: levels come near 1 but not to it."""
FREE_NEED = 0.15
"""A need this low is met from the start, whatever the rep does."""
USUAL_WEIGHT = 2.0
"""What a move that helps counts with a persona that says nothing of it."""

_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_FIRST_PERSON = {"i", "i'm", "i've", "i'd", "i'll", "i’m", "i’ve", "i’d", "i’ll"}
_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december christmas easter thanksgiving".split()
)
_ABBREVIATIONS = ("a.m.", "p.m.", "inc.", "co.", "ltd.", "jr.", "sr.", "etc.", "...")


def check_paths(paths: Sequence[Path] = (), *, extra: Path | None = None) -> list[Finding]:
    """Everything wrong with the content at ``paths``, sorted by file, line and column.

    ``paths`` are files, library roots or any folders; without any, all bundled and user content
    and ``extra`` (``--library DIR``) is checked. Scenarios may name personas and rubrics of those
    roots, of the roots of the files checked, or checked beside them.
    """
    checked: list[_Checked] = []
    findings: list[Finding] = []
    seen: set[Path] = set()
    for path in paths or [root for root in roots(extra) if root.is_dir()]:
        for file in _files(path, findings):
            resolved = Path(os.path.realpath(file))
            if resolved not in seen:
                seen.add(resolved)
                checked.append(_check(file))
    known = _known(checked, extra)
    for one in checked:
        if isinstance(one.item, Scenario):
            _lint_names(one.item, one.document, known)
    _lint_ids(checked)
    findings.extend(finding for one in checked for finding in one.document.findings)
    return sorted(set(findings), key=lambda one: (one.path, one.line, one.column, one.message))


def describe(findings: Iterable[Finding]) -> str:
    """The findings, one a line, as ``trainer check`` prints them."""
    return "\n".join(str(finding) for finding in findings)


# -- which files, and what each is -----------------------------------------------------------


@dataclass(slots=True)
class _Checked:
    """A file that was checked, and what it turned out to be."""

    document: Document
    kind: Kind | None = None
    item: Item | None = None
    root: Path = field(default_factory=Path)
    """The library root it belongs to, or the folder it lies in."""


def _files(path: Path, findings: list[Finding]) -> Iterator[Path]:
    """``path``, or the content files below it; models' cards and hidden folders are passed by."""
    if not path.is_dir():
        yield path
        return
    tops = [path / name for name in ("personas", "scenarios") if (path / name).is_dir()] or [path]
    before = len(findings)
    found = False

    def unreadable(error: OSError) -> None:
        message = f"the folder can't be read: {error.strerror}"
        findings.append(Finding(shown(error.filename), 1, 1, "error", message))

    for top in tops:
        for folder, below, names in os.walk(top, onerror=unreadable):
            below[:] = sorted(name for name in below if not name.startswith((".", "_")))
            for name in sorted(names):
                content = Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
                if content and Path(folder).name != "models":
                    found = True
                    yield Path(folder) / name
    if not found and len(findings) == before:
        message = "holds no content; personas and scenarios are .yaml files"
        findings.append(Finding(shown(path), 1, 1, "warning", message))


def _check(path: Path) -> _Checked:
    parents = [part.name for part in Path(os.path.abspath(path)).parents]
    if "reps" in parents[:3] and "scenarios" in parents:
        return _Checked(_check_script(path))
    checked = _Checked(read_document(path), root=path.parent)
    document = checked.document
    match parents[:2]:
        case ["personas", *_]:
            checked.kind, checked.root = "persona", path.parent.parent
        case ["rubrics", "scenarios"]:
            checked.kind, checked.root = "rubric", path.parent.parent.parent
        case ["rubrics", *_]:
            checked.kind, checked.root = "rubric", path.parent.parent
        case ["scenarios", *_]:
            checked.kind, checked.root = "scenario", path.parent.parent
        case _:
            checked.kind = _kind_by_keys(document)
    if checked.kind is None:
        if document.root is not None:
            document.find(
                "can't tell whether this is a persona, a scenario or a rubric; put it into a "
                "folder personas/, scenarios/ or scenarios/rubrics/"
            )
        return checked
    value = validate(document, MODELS[checked.kind])
    match value:
        case Persona():
            checked.item = value
            _lint_persona(value, document)
        case Scenario():
            checked.item = value
            _lint_scenario(value, document)
        case Rubric():
            checked.item = value
            _lint_file_name(value.id, document)
            lint_rubric(value, document)
    return checked


def _check_script(path: Path) -> Document:
    """A written rep, which lies beside the scenarios and is played by ``trainer simulate``."""
    from trainer.transcripts.readers import read_rep_script

    document = Document(path)
    try:
        read_rep_script(path)
    except UnreadableInput as error:
        reason = str(error)
        for where in (f"{error.path}:{error.line}: ", f"{error.path}: "):
            reason = reason.removeprefix(where)
        document.find_at(reason, error.line or 1, 1)
    return document


def _kind_by_keys(document: Document) -> Kind | None:
    """The kind whose own keys (no other kind has them) the file shows most, if one does."""
    if document.root is None:
        return None
    keys = set(document.root.content)
    own: dict[Kind, set[str]] = {}
    for kind, model in MODELS.items():
        others = {key for one in MODELS.values() if one is not model for key in one.model_fields}
        own[kind] = set(model.model_fields) - others
    scores = sorted(((len(keys & names), kind) for kind, names in own.items()), reverse=True)
    return scores[0][1] if scores[0][0] > scores[1][0] else None


def _known(checked: Sequence[_Checked], extra: Path | None) -> dict[str, set[str]]:
    """Ids of the personas and rubrics that a scenario may name, broken files included: what is
    wrong with those is reported where it stands, not at everyone who names them."""
    known: dict[str, set[str]] = {"persona": set(), "rubric": set()}
    read = {Path(os.path.realpath(one.document.path)) for one in checked}
    for one in checked:
        if one.kind in known:
            known[one.kind].update(_id(one.document))
    if not any(isinstance(one.item, Scenario) for one in checked):
        return known
    places = dict.fromkeys([*roots(extra), *(one.root for one in checked if one.kind)])
    for root in places:
        try:
            files = [(kind, path) for kind, path in content_files(root) if kind in known]
        except OSError:
            continue
        for kind, path in files:
            resolved = Path(os.path.realpath(path))
            if resolved not in read:
                read.add(resolved)
                known[kind].update(_id(read_document(path)))
    return known


def _id(document: Document) -> set[str]:
    value = document.get("id")
    return {value} if isinstance(value, str) else set()


# -- what is looked for ----------------------------------------------------------------------


def _warn(document: Document, message: str, loc: Loc = (), *, of_key: bool = False) -> None:
    document.find(message, loc, level="warning", of_key=of_key)


def _lint_persona(persona: Persona, document: Document) -> None:
    _lint_file_name(persona.id, document)
    silent = [act.value for act in Act if not persona.lines.get(act)]
    if silent:
        _warn(document, f"no lines for {', '.join(silent)}", ("lines",), of_key=True)
    for act, lines in persona.lines.items():
        for index, line in enumerate(lines):
            loc = ("lines", act.value, index)
            _lint_slots(line, document, loc)
            words = len(line.split())
            if words > MAX_LINE_WORDS:
                _warn(document, f"{words} words; a spoken line has at most {MAX_LINE_WORDS}", loc)
    _lint_winnable(persona, document)


def _lint_slots(line: str, document: Document, loc: Loc) -> None:
    for match in _BRACES.finditer(line):
        slot = match[1]
        if slot is None:
            document.find(f"a lone '{match[0]}'; a slot is written {{fact}}", loc)
        elif slot not in SLOTS:
            close = nearest(slot, SLOTS)
            guess = f"; did you mean {{{close[0]}}}?" if close else ""
            document.find(f"unknown slot {quoted(match[0])}{guess} ({_listed(SLOTS)})", loc)


def _listed(slots: Iterable[str]) -> str:
    return "there are: " + ", ".join(f"{{{slot}}}" for slot in slots)


def _lint_winnable(persona: Persona, document: Document) -> None:
    for stage, need in persona.needs.items():
        loc = ("needs", stage.value)
        if need >= UNREACHABLE_NEED:
            document.find(
                f"nobody can win this persona: {stage.value} would have to stand at {need:g}, "
                f"and no call gets there; stay below {UNREACHABLE_NEED:g}",
                loc,
            )
        builders = [move for move in Move if move.group.stage is stage]
        if need > FREE_NEED and all(
            persona.weighs.get(move, USUAL_WEIGHT) <= 0 for move in builders
        ):
            names = ", ".join(move.value for move in builders)
            document.find(
                f"nobody can win this persona: it needs {stage.value} at {need:g}, but none of "
                f"the moves that build it ({names}) weighs more than 0",
                loc,
            )


def _lint_scenario(scenario: Scenario, document: Document) -> None:
    _lint_file_name(scenario.id, document)
    depths = {fact.depth for fact in scenario.facts}
    for depth, use in (
        ("surface", "nothing to tell for a fair question"),
        ("deep", "nothing to earn by rapport and empathy"),
    ):
        if depth not in depths:
            _warn(document, f"no {depth} fact: the prospect has {use}", ("facts",), of_key=True)
    names = _names(scenario)
    for index, fact in enumerate(scenario.facts):
        _lint_clause(fact.say, names, document, ("facts", index, "say"))
    for index, objection in enumerate(scenario.objections):
        _lint_clause(objection.say, names, document, ("objections", index, "say"))
        loc = ("objections", index, "through")
        if len(set(objection.through)) < 2:
            _warn(document, "fewer than two moves: an objection lifts through two or more", loc)
        for place, move in enumerate(objection.through):
            if move.group is MoveGroup.AGAINST:
                _warn(document, f"'{move.value}' never lifts an objection", (*loc, place))
    for index, question in enumerate(scenario.questions):
        _lint_no_slots(question.say, document, ("questions", index, "say"))
    if not scenario.dates:
        _warn(document, "no dates: urgency has no honest source in this scenario")


def _names(scenario: Scenario) -> set[str]:
    """Words that keep their capital: names given, and words written with one mid-sentence."""
    given = (scenario.prospect.name, scenario.prospect.company, scenario.prospect.city)
    names = {word for text in (*given, scenario.you.company) for word in _words(text or "")}
    said = [fact.say for fact in scenario.facts]
    said += [question.say for question in scenario.questions]
    said += [objection.say for objection in scenario.objections]
    about = [scenario.stakes, scenario.lead.saw, scenario.lead.wrote, scenario.yes_means]
    for text in [*said, *(one for one in about if one), *(date.why for date in scenario.dates)]:
        for before, word in zip(text.split(), text.split()[1:], strict=False):
            if word[:1].isupper() and before[-1:].isalpha():
                names.update(_words(word))
    return names


def _words(text: str) -> set[str]:
    return {re.sub(r"['’]s$", "", word).rstrip(".'’-").casefold() for word in _WORD.findall(text)}


def _lint_clause(say: str, names: set[str], document: Document, loc: Loc) -> None:
    """A fact or objection is set into a line, so it is a clause: no capital and no full stop."""
    _lint_no_slots(say, document, loc)
    first = say.split(maxsplit=1)[0].strip("\"'“”‘’(,;:") if say.split() else ""
    stem = next(iter(_words(first)), "")
    acronym = len(first) > 1 and first.rstrip("s'’").isupper()
    kept = first.casefold() in _FIRST_PERSON or stem in names or stem in _CALENDAR or acronym
    if first[:1].isupper() and not kept:
        message = f"begins with a capital ({quoted(first)}); it is set inside a line, so it "
        _warn(document, message + "begins small", loc)
    if say.endswith(".") and not say.casefold().endswith(_ABBREVIATIONS):
        _warn(document, "ends with a full stop; it is set inside a line, so it ends without", loc)


def _lint_no_slots(say: str, document: Document, loc: Loc) -> None:
    if "{" in say or "}" in say:
        document.find("{slots} work in a persona's lines only; write the words out here", loc)


def _lint_names(scenario: Scenario, document: Document, known: dict[str, set[str]]) -> None:
    for kind, id in (("persona", scenario.persona), ("rubric", scenario.rubric)):
        if id not in known[kind]:
            guess = did_you_mean(id, known[kind])
            listed = ", ".join(sorted(known[kind])) or "none"
            document.find(
                f"no {kind} is called {quoted(id)}" + (guess or f"; there are: {listed}"), (kind,)
            )


def _lint_file_name(id: str, document: Document) -> None:
    if document.path.stem != id:
        _warn(
            document,
            f"the file is called {quoted(document.path.name)}; {quoted(id + '.yaml')} would be "
            "found sooner",
            ("id",),
        )


def _lint_ids(checked: Sequence[_Checked]) -> None:
    first: dict[tuple[Path, Kind, str], Path] = {}
    for one in checked:
        if one.kind is None:
            continue
        for id in _id(one.document):
            key = (Path(os.path.realpath(one.root)), one.kind, id)
            if key in first:
                one.document.find(same_id(one.kind, id, first[key]), ("id",))
            else:
                first[key] = one.document.path
