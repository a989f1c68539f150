"""The event log on disk: one SQLite file in the user's data folder, appended and never rewritten.

An event is committed and flushed before anything shows it, so a killed process loses at most the
keystrokes not yet sent.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from trainer import locations
from trainer.calls.events import EVENT, CallState, Ended, Event, Graded, Logged, Opened
from trainer.errors import StoreUnavailable, UnreadableInput
from trainer.grading.scorecard import Scorecard
from trainer.pathway import Mode, Outcome, Verdict

FILE_NAME = "calls.sqlite3"


@dataclass(frozen=True, slots=True)
class CallSummary:
    """One call in a list."""

    id: str
    started: dt.datetime
    scenario_id: str
    title: str
    persona_id: str
    prospect: str
    mode: Mode
    turns: int
    """Turns said by both speakers."""
    outcome: Outcome | None
    """None while the call can be resumed."""
    verdict: Verdict | None
    score: int | None


class Store:
    """The call log. Safe to use from several threads; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(_unwritable(path, error)) from error
        try:
            with self._explained():
                self._db.execute("PRAGMA busy_timeout = 5000")
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.execute("PRAGMA foreign_keys = ON")
                self._migrate()
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def open(cls, path: Path | None = None) -> Store:
        """The store at ``path``, or in the user's data folder; made and migrated as needed.

        Raises ``StoreUnavailable`` where it can't be read or written, or was written by a newer
        version of the program.
        """
        return cls(path or locations.data() / FILE_NAME)

    def close(self) -> None:
        """Close the file; the store can't be used afterwards."""
        self._db.close()

    def _migrate(self) -> None:
        """Bring the schema up to date: each migration once, in order, each in a transaction."""
        steps = sorted(
            (step for step in (resources.files("trainer.calls") / "migrations").iterdir()
             if step.name.endswith(".sql")),
            key=lambda step: step.name,
        )  # fmt: skip
        version = self._version()
        if version > len(steps):
            raise StoreUnavailable(
                f"{self.path}: was written by a newer version of trainer (schema {version}, "
                f"this one knows {len(steps)}); get a newer one, or set TRAINER_HOME to "
                "another folder"
            )
        if version == len(steps):
            return  # nothing is written, so that a full disk can still be read
        self._db.execute("BEGIN IMMEDIATE")  # of two processes that start at once, one migrates
        try:
            for step in steps[self._version() :]:
                for statement in _statements(step.read_text("utf-8")):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {len(steps)}")
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite rolls back by itself when the disk is full
                self._db.execute("ROLLBACK")
            raise

    def _version(self) -> int:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        return int(version)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreUnavailable(_unwritable(self.path, error)) from error

    def new_id(self) -> str:
        """An id for a new call: short enough to type, new in this store."""
        return uuid.uuid4().hex[:8]

    def append(self, call_id: str, event: Event) -> Logged:
        """Write the next event of a call and flush it to disk; returns it as logged."""
        at = dt.datetime.now(dt.UTC)
        body = EVENT.dump_json(event).decode()
        with self._lock, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                (seq,) = self._db.execute(
                    "SELECT coalesce(max(seq), 0) + 1 FROM events WHERE call_id = ?", (call_id,)
                ).fetchone()
                self._db.execute(
                    "INSERT INTO events (call_id, seq, at, type, body) VALUES (?, ?, ?, ?, ?)",
                    (call_id, seq, at.isoformat(), event.type, body),
                )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return Logged(seq=seq, at=at, event=event)

    def events(self, call_id: str) -> list[Logged]:
        """All events of a call, in order.

        Raises ``UnreadableInput`` if there is no such call, ``StoreUnavailable`` if one of its
        events can't be read.
        """
        with self._lock, self._explained():
            rows = self._db.execute(
                "SELECT seq, at, body FROM events WHERE call_id = ? ORDER BY seq", (call_id,)
            ).fetchall()
        if not rows:
            raise UnreadableInput(
                f"no call {call_id!r} in {self.path}; `trainer resume --list` shows those there are"
            )
        try:
            return [
                Logged(seq=seq, at=dt.datetime.fromisoformat(at), event=EVENT.validate_json(body))
                for seq, at, body in rows
            ]
        except ValidationError as error:
            raise StoreUnavailable(
                f"{self.path}: call {call_id} can't be read ({error.error_count()} fields do not "
                "fit); it may come from a newer version of trainer"
            ) from error

    def state(self, call_id: str) -> CallState:
        """What the events of a call add up to."""
        state = CallState()
        for logged in self.events(call_id):
            state.apply(logged.event)
        return state

    def scorecard(self, call_id: str) -> Scorecard | None:
        """The latest scorecard of a call, if it was graded."""
        cards = [e.event.scorecard for e in self.events(call_id) if isinstance(e.event, Graded)]
        return cards[-1] if cards else None

    def calls(self) -> list[CallSummary]:
        """All calls, the newest first; one that can't be read is left out."""
        with self._lock, self._explained():
            rows = self._db.execute(
                "SELECT call_id, type, at, body FROM events "
                "WHERE type IN ('opened', 'ended', 'graded') ORDER BY call_id, seq"
            ).fetchall()
            counts = dict(
                self._db.execute(
                    "SELECT call_id, count(*) FROM events WHERE type IN ('heard', 'spoke') "
                    "GROUP BY call_id"
                ).fetchall()
            )
        by_call: dict[str, list[tuple[str, str, str]]] = {}
        for call_id, kind, at, body in rows:
            by_call.setdefault(call_id, []).append((kind, at, body))
        found = (_summary(one, by_call[one], counts.get(one, 0)) for one in by_call)
        return sorted((s for s in found if s), key=lambda s: s.started, reverse=True)

    def unfinished(self) -> list[CallSummary]:
        """Calls that can be resumed, the newest first."""
        return [call for call in self.calls() if call.outcome is None]


def _statements(script: str) -> Iterator[str]:
    """The statements of a migration one by one (``executescript`` would commit in between)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _summary(call_id: str, rows: list[tuple[str, str, str]], turns: int) -> CallSummary | None:
    opened: Opened | None = None
    started = ""
    outcome: Outcome | None = None
    card: Scorecard | None = None
    try:
        for _, at, body in rows:
            match EVENT.validate_json(body):
                case Opened() as event:
                    opened, started = event, at
                case Ended() as event:
                    outcome = event.outcome
                case Graded() as event:
                    card = event.scorecard
    except ValidationError:
        return None
    if opened is None:
        return None
    return CallSummary(
        id=call_id,
        started=dt.datetime.fromisoformat(started),
        scenario_id=opened.scenario.id,
        title=opened.scenario.title,
        persona_id=opened.persona.id,
        prospect=opened.scenario.prospect.name,
        mode=opened.mode,
        turns=turns,
        outcome=outcome,
        verdict=card.verdict if card else None,
        score=card.score if card else None,
    )


def _unwritable(path: Path, error: Exception) -> str:
    text = str(error).lower()
    if "disk is full" in text or "no space" in text or "disk i/o" in text:
        what = "no space left on the disk; free some"
    elif "not a database" in text or "malformed" in text:
        what = "the file is damaged or not a call log; move it away to begin a new one"
    elif "locked" in text:
        what = "another trainer is writing to it; close that one and try again"
    elif path.is_dir():
        what = "there is a folder of that name; move it away"
    elif isinstance(error, FileExistsError | NotADirectoryError):
        what = "its folder is a file; set TRAINER_HOME to a folder"
    elif isinstance(error, PermissionError) or "readonly" in text or "unable to open" in text:
        what = "the folder can't be written"
        if not os.environ.get("TRAINER_HOME"):
            what += "; set TRAINER_HOME to a folder that can"
        else:
            what += "; TRAINER_HOME points there, set it to a folder that can"
    else:
        what = str(error)
    return f"the call log {path}: {what}"
