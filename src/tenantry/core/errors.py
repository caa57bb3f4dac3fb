"""Every error that Tenantry raises on purpose.

An error is one line that says what is wrong, and a hint that says what to do next. The command line prints both and
exits with `exit_code`. Any other exception is a bug and keeps its traceback.
"""

from __future__ import annotations


class TenantryError(Exception):
    """The base class: a one-line message, with the next step as a hint.

    For other programs, `code` names its kind, and `sqlstate` is PostgreSQL's five-character code, if it came from there.
    """

    code = "failed"
    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.sqlstate = sqlstate

    def add(self, line: str) -> None:
        """Put another line after the hint."""
        self.hint = f"{self.hint.rstrip()}\n{line}" if self.hint else line


class InputError(TenantryError):
    """The input is invalid, such as an unknown name or a first day after the last one."""

    code = "invalid_input"
    exit_code = 2


class WarehouseUnreachable(TenantryError):
    """No session with the warehouse could be opened, or the session was lost."""

    code = "warehouse_unreachable"
    exit_code = 3


class NotInstalled(TenantryError):
    """The database holds no warehouse, or one that this program cannot use."""

    code = "not_installed"
    exit_code = 4


class SourceError(TenantryError):
    """A source refused, failed or could not be reached. `connection` is the name of its connection."""

    code = "source_failed"

    def __init__(
        self, message: str, *, connection: str, hint: str | None = None, sqlstate: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, sqlstate=sqlstate)
        self.connection = connection


class SliceError(TenantryError):
    """At least one slice could not be loaded; the others are kept."""

    code = "slices_failed"


class DatabaseError(TenantryError):
    """The warehouse refused a statement."""

    code = "database_refused"


class TemplateError(TenantryError):
    """Reading a template found errors in it."""

    code = "invalid_template"


class ServerError(TenantryError):
    """The embedded PostgreSQL server could not be created, started or stopped."""

    code = "server_failed"
