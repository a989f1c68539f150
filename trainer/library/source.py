"""One content file, read safely, with the line of everything in it.

Trainers write YAML by hand and are not programmers, so a mistake has to come back as "line 12:
unknown key 'patiance'; did you mean 'patience'?". The file is read as a stream of YAML events
rather than loaded: that keeps the line and column of every key and value (loaded scalars carry
none), builds nothing but text, numbers, lists and mappings whatever tags the file holds, and
stops early at nesting or sizes that no content file has.
"""

from __future__ import annotations

import difflib
import re
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from trainer import plaintext
from trainer.errors import Finding

if TYPE_CHECKING:
    from ruamel.yaml.error import StringMark

MAX_BYTES = 1_000_000
"""The largest content file that is read; real ones are a few thousand bytes."""
MAX_DEPTH = 20
"""Lists and mappings inside one another; content needs four."""
MAX_NODES = 10_000
"""Keys and values in one file; content needs a few hundred."""

_MAX_REPORTED = 50

ModelT = TypeVar("ModelT", bound=BaseModel)

Loc = Sequence[int | str]
"""The way to a value: keys and list positions from 0, as pydantic gives them."""


@dataclass(slots=True)
class Node:
    """A value of the file and where it begins (line and column from 1).

    ``content`` is a scalar, a list of nodes, or a mapping of key to node; ``keys`` holds where
    each key of a mapping stands.
    """

    line: int
    column: int
    content: Any = None
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    def plain(self) -> Any:
        """The value without positions."""
        if isinstance(self.content, dict):
            return {key: node.plain() for key, node in self.content.items()}
        if isinstance(self.content, list):
            return [node.plain() for node in self.content]
        return self.content


@dataclass(slots=True)
class Document:
    """A file as read: its tree where it could be read, and what is wrong with it so far."""

    path: Path
    root: Node | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def data(self) -> Any:
        """The plain value of the whole file; None where it could not be read."""
        return None if self.root is None else self.root.plain()

    @property
    def broken(self) -> bool:
        """Whether an error was found, so that the file can't be used."""
        return any(finding.level == "error" for finding in self.findings)

    def get(self, key: str) -> Any:
        """The plain value of a key at the top, or None."""
        content = self.root.content if self.root else None
        node = content.get(key) if isinstance(content, dict) else None
        return None if node is None else node.plain()

    def position(self, loc: Loc, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value at ``loc``, or of its key.

        Where the way leads nowhere (a missing key), the nearest mapping or list on it.
        """
        node, at = self.root, (1, 1)
        if node is None:
            return at
        at = (node.line, node.column)
        for step in loc:
            content = node.content
            if isinstance(content, dict) and step in content:
                key_at, node = node.keys[str(step)], content[step]
            elif isinstance(content, list) and isinstance(step, int) and 0 <= step < len(content):
                node = content[step]
                key_at = (node.line, node.column)
            else:
                break
            at = key_at if of_key else (node.line, node.column)
        return at

    def find(
        self, message: str, loc: Loc = (), *, level: str = "error", of_key: bool = False
    ) -> Finding:
        """A finding at ``loc``, added to ``findings``."""
        line, column = self.position(loc, of_key=of_key)
        return self.find_at(message, line, column, level=level)

    def find_at(self, message: str, line: int, column: int, *, level: str = "error") -> Finding:
        """A finding at a line and column, added to ``findings``."""
        finding = Finding(shown(self.path), line, column, level, message)
        self.findings.append(finding)
        return finding


def shown(path: Path | str) -> str:
    """A path fit to print: file names can hold terminal escapes too."""
    return plaintext.clean(str(path)) or "?"


def quoted(value: object) -> str:
    """A short, printable quotation of something the user wrote."""
    return "'" + plaintext.clip(plaintext.clean(str(value)), 60) + "'"


def nearest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """The known names that ``word`` was probably meant to be, the likeliest first."""
    names = {name.casefold(): name for name in known}
    folded = word[:80].casefold().replace(" ", "_")
    close = difflib.get_close_matches(folded, list(names), n=count, cutoff=0.6)
    return [names[name] for name in close]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'patience'?"``, or nothing where no name is near."""
    close = nearest(word, known)
    return f"; did you mean '{close[0]}'?" if close else ""


def read_document(path: Path) -> Document:
    """Read one file. Never raises for anything in it: whatever is wrong is a finding."""
    document = Document(path)
    text = _text(document)
    if text is not None:
        _parse(document, text)
    return document


def read(path: Path, model: type[ModelT]) -> tuple[ModelT | None, Document]:
    """Read one file as ``model``. The value is None when the document has errors."""
    document = read_document(path)
    return validate(document, model), document


def validate(document: Document, model: type[ModelT]) -> ModelT | None:
    """The document as ``model``, or None with the reasons added to its findings."""
    from trainer.library.complaint import complain

    if document.root is None:
        return None
    try:
        value = model.model_validate(document.data)
    except ValidationError as invalid:
        complain(document, model, invalid)
        return None
    return None if document.broken else value


# -- bytes to text ---------------------------------------------------------------------------

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# What no text file holds. The C1 range is left out of YAML's own "printable" too.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def _text(document: Document) -> str | None:
    raw = _bytes(document)
    if raw is None:
        return None
    if len(raw) > MAX_BYTES:
        document.find(
            f"larger than {MAX_BYTES // 1_000_000} MB; a content file is a few thousand bytes"
        )
        return None
    if raw.startswith(_UTF16):
        document.find("saved as UTF-16; save it again as UTF-8")
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = _place(before, len(before))
        document.find_at("not UTF-8 text; save the file as UTF-8", line, column)
        return None
    if text.startswith("\ufeff"):
        text = text[1:]
        document.find(
            "begins with a byte-order mark; it is read all the same, but save it as plain UTF-8",
            level="warning",
        )
    control = list(_first(_CONTROL.finditer(text), _MAX_REPORTED))
    for match in control:
        document.find_at(
            f"holds the control character {_named(match[0])}; take it out",
            *_place(text, match.start()),
        )
    if control:
        return None
    if not text.strip():
        document.find("the file is empty")
        return None
    return text


def _bytes(document: Document) -> bytes | None:
    try:
        status = document.path.stat()
        if stat.S_ISDIR(status.st_mode):
            document.find("is a folder, not a file")
            return None
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited on for ever
            document.find("is not a plain file")
            return None
        with document.path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        document.find("there is no such file")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        document.find(f"can't be read: {plaintext.clean(reason)}")
    return None


def _first(items: Iterable[re.Match[str]], count: int) -> Iterable[re.Match[str]]:
    for _, item in zip(range(count), items, strict=False):
        yield item


def _place(text: str, index: int) -> tuple[int, int]:
    line = text.count("\n", 0, index) + 1
    return line, index - (text.rfind("\n", 0, index) + 1) + 1


def _named(char: str) -> str:
    name = unicodedata.name(char, "")
    return f"U+{ord(char):04X}" + (f" ({name.lower()})" if name else "")


# -- text to tree ----------------------------------------------------------------------------


class _Stop(Exception):
    """The rest of the file is not worth reading."""


def _parse(document: Document, text: str) -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    reader = YAML(typ="safe", pure=True)
    try:
        document.root = _Tree(document, reader.parse(text), reader.resolver).build()
    except _Stop:
        document.root = None
    except MarkedYAMLError as error:
        document.root = None
        _syntax(document, error)
    except (YAMLError, ValueError, RecursionError) as error:
        document.root = None
        document.find(f"not valid YAML: {plaintext.clip(plaintext.clean(str(error)), 200)}")
        return
    if document.root is not None and not isinstance(document.root.content, dict):
        what = "a list" if isinstance(document.root.content, list) else "a single value"
        document.find(f"should be a mapping of 'key: value' lines, but the file holds {what}")
        document.root = None


class _Tree:
    """Nodes out of YAML events, with a finding for whatever content may not hold."""

    def __init__(self, document: Document, events: Iterable[Any], resolver: Any) -> None:
        self._document = document
        self._events = iter(events)
        self._resolver = resolver
        self._count = 0

    def build(self) -> Node | None:
        from ruamel.yaml.events import DocumentStartEvent

        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self._find(event.start_mark, "a second document begins here; one file, one")
                    raise _Stop
                root = self._node(next(self._events), 1)
        if root is None:
            self._document.find("the file holds nothing but comments")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        from ruamel.yaml.events import AliasEvent, MappingStartEvent, ScalarEvent

        mark = event.start_mark
        self._count += 1
        if depth > MAX_DEPTH:
            self._find(mark, f"lists and mappings nested more than {MAX_DEPTH} deep")
            raise _Stop
        if self._count > MAX_NODES:
            self._find(mark, f"more than {MAX_NODES} keys and values; no content file is so long")
            raise _Stop
        node = Node(mark.line + 1, mark.column + 1)
        if isinstance(event, AliasEvent):
            self._find(
                mark,
                f"{quoted('*' + str(event.anchor))}: a text that begins with * needs quotes "
                "(YAML references are not read here)",
            )
            node.content = ""
            return node
        self._plain_only(event, mark)
        if isinstance(event, ScalarEvent):
            node.content = self._scalar(event)
        elif isinstance(event, MappingStartEvent):
            self._mapping(node, depth)
        else:
            self._list(node, depth)
        return node

    def _plain_only(self, event: Any, mark: StringMark) -> None:
        if event.anchor is not None:
            self._find(
                mark,
                f"{quoted('&' + str(event.anchor))}: a text that begins with & needs quotes "
                "(YAML anchors are not read here)",
            )
        if event.tag is not None:
            self._find(
                mark,
                f"{quoted(event.tag)}: a text that begins with ! needs quotes "
                "(YAML tags are not read here)",
            )

    def _list(self, node: Node, depth: int) -> None:
        from ruamel.yaml.events import SequenceEndEvent

        node.content = items = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                return
            items.append(self._node(event, depth + 1))

    def _mapping(self, node: Node, depth: int) -> None:
        from ruamel.yaml.events import MappingEndEvent

        node.content = content = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                return
            mark = event.start_mark
            key = self._node(event, depth + 1).content
            value = self._node(next(self._events), depth + 1)
            if value.content is None and value.line != mark.line + 1:
                # YAML puts an empty value where the next thing begins; it is missing here.
                value.line, value.column = mark.line + 1, mark.column + 1
            if isinstance(key, (dict, list)) or key is None:
                what = "{slots} and [brackets] at the start of a text need quotes"
                self._find(mark, f"a key has to be a word; {what}")
                continue
            name = key if isinstance(key, str) else str(event.value)
            if name in content:
                first = node.keys[name][0]
                self._find(mark, f"the key {quoted(name)} stands here twice, first at line {first}")
                continue
            content[name] = value
            node.keys[name] = (mark.line + 1, mark.column + 1)

    def _scalar(self, event: Any) -> Any:
        from ruamel.yaml.nodes import ScalarNode

        value: str = event.value
        if event.implicit[0] and event.style is None:
            tag = str(self._resolver.resolve(ScalarNode, value, (True, False)))
            match tag.rpartition(":")[2]:
                case "null":
                    return None
                case "bool":
                    return value.lower() == "true"
                case "int" | "float":
                    return _number(value)
        return self._words(event.start_mark, value)

    def _words(self, mark: StringMark, value: str) -> str:
        """Text as the models take it: one line, and a finding where it holds what can't be seen.

        Refused rather than cleaned in silence: whoever wrote the file wants to know.
        """
        bad = next((char for char in value if _unseen(char)), None)
        if bad is not None:
            self._find(mark, f"the text holds the unseen character {_named(bad)}; take it out")
        return plaintext.clean(value)

    def _find(self, mark: StringMark, message: str) -> None:
        self._document.find_at(message, mark.line + 1, mark.column + 1)
        if len(self._document.findings) >= _MAX_REPORTED:
            raise _Stop


def _number(value: str) -> int | float | str:
    """A YAML number; one that Python will not take stays text, for the model to refuse."""
    digits = value.replace("_", "")
    try:
        return int(digits, 0) if len(digits) < 400 else value
    except ValueError:
        pass
    try:
        return float(digits.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return value


def _unseen(char: str) -> bool:
    return char not in "\t\n\r\x85\u2028\u2029\u200d" and unicodedata.category(char) in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
    }


# What the parser says, and what a trainer can do about it.
_SYNTAX = (
    ("found character '\\t'", "a tab stands here; indent with spaces"),
    ("that cannot start any token", "a text that begins with this sign needs quotes"),
    ("mapping values are not allowed", "a text with a colon in it needs quotes"),
    ("could not find expected ':'", "a key needs a colon after it: 'key: value'"),
    ("found unknown escape", "a backslash in double quotes; use single quotes, or two of them"),
    ("expected ',' or", "a bracket opened in this place is not closed, or a comma is missing"),
    ("expected <block end>", "this line does not line up with the ones above; check the indent"),
    ("expected the node content", "a value is missing here"),
)


def _syntax(document: Document, error: Any) -> None:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context or "not valid YAML")
    if "unexpected end of stream" in problem and error.context_mark:
        mark, message = error.context_mark, "a quote is opened here and never closed"
    else:
        message = next((words for sign, words in _SYNTAX if sign in problem), "")
        if message.startswith(("a bracket", "a key")) and error.context_mark:
            mark = error.context_mark
    reason = f"not valid YAML: {plaintext.clip(plaintext.clean(problem), 120)}"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    document.find_at(message or reason, line, column)
