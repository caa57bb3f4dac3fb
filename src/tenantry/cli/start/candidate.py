"""A source that a command asks before its connection is stored: and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tenantry.cli.output import data, human_bytes, print_table
from tenantry.cli.start.ask import say

if TYPE_CHECKING:
    from tenantry import Candidate
    from tenantry.flow.source.catalog import SourceReport, SourceTable


def candidate(
    conninfo: str, password_file: Path | None, options: Sequence[str] | None, name: str | None = None
) -> Candidate:
    """The source of a connection string, with its password from the file, the environment or the terminal.

    Without a name it is called what its database is.
    """
    from tenantry import Candidate
    from tenantry.cli.tenant.source import changed, parse, read_password

    address = changed(parse(name or "source", conninfo), options=options or [])
    return Candidate(
        replace(address, name=name or address.dbname), read_password(password_file, stored=False)
    )


def tell_login(report: SourceReport) -> None:
    """Print what answers, how safe the line is, and what the login may do."""
    facts, login = report.answered, report.login
    say(
        f"PostgreSQL {facts.server_version.split()[0]}, database {facts.database}, "
        f"answered in {facts.latency * 1000:.0f} ms"
    )
    say(f"line: {report.line or ('encrypted' if login.encrypted else 'not encrypted')}")
    if login.can_only_read:
        say("login: can only read")
    else:
        able = "a superuser" if login.superuser else f"can write to {', '.join(login.writes)}"
        say(f"login: {able}. Use a role that can only read instead.")


def tell_tables(tables: Sequence[SourceTable], most: int = 20) -> None:
    """Print tables, numbered, with the column that would decide the day."""
    if not tables:
        data.print("The login may read no table with a date or timestamp column.")
        return
    print_table(
        None,
        ("#", "table", "rows (about)#", "size#", "time column", "index"),
        [
            (
                number,
                table,
                table.rows if table.rows >= 0 else None,
                human_bytes(table.bytes) if table.bytes else None,
                _times(table),
                table.times[0].indexed if table.kind == "table" else None,
            )
            for number, table in enumerate(tables[:most], 1)
        ],
    )
    if len(tables) > most:
        data.print(f"… and {len(tables) - most} smaller tables")


def _times(table: SourceTable) -> str:
    more = len(table.times) - 1
    return table.times[0].name + (f" (+{more})" if more else "")
