"""What linting finds."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True)
class Finding:
    """A rule that a template breaks: on which line, why that matters, and what to write instead.

    An error gives wrong data or none; a warning costs time or causes surprises; a note is advice.
    """

    rule: str
    severity: str
    line: int
    message: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.line}: {self.severity}: {self.message} [{self.rule}]"


@dataclass(frozen=True)
class Text:
    """One of a template's texts, and the line on which it begins in its file."""

    sql: str
    first_line: int = 1

    def line(self, offset: int) -> int:
        """The line of a character, counted from 0."""
        return self.first_line + self.sql.count("\n", 0, offset)

    def find(self, rule: str, severity: str, offset: int, message: str, fix: str = "") -> Finding:
        """A finding at a character."""
        return Finding(rule, severity, self.line(offset), message, fix)
