"""The family of errors a user can cause, each with the exit code the contract promises.

Anything else that escapes is a defect of ours and may show a traceback; these never do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class TrainerError(Exception):
    """Something the user can mend. The message says what happened, where, and what to do."""

    exit_code = 2


class UnreadableInput(TrainerError):
    """A file or an argument could not be read as what it should be (exit 2)."""

    def __init__(
        self, message: str, *, path: Path | str | None = None, line: int | None = None
    ) -> None:
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(where + message)
        self.path = path
        self.line = line


class ModelUnavailable(TrainerError):
    """A model is missing or damaged (exit 3). The message names the file and the mending."""

    exit_code = 3


class EngineFailed(TrainerError):
    """An engine could not produce words: server gone, generation broke (exit 3)."""

    exit_code = 3


class StoreUnavailable(TrainerError):
    """The data folder can't be read or written: read-only, full, damaged (exit 2)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a content file, as ``trainer check`` prints it."""

    path: str
    line: int
    column: int
    level: str  # "error" or "warning"
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.level}: {self.message}"


class ContentInvalid(TrainerError):
    """Content files with errors; ``findings`` holds each with file, line and column (exit 2)."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings
