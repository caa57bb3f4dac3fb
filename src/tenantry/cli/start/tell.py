"""What `tenantry start` shows: tables to choose from, a trial, estimates, and the report, in 80 columns."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenantry.cli.output import data, human_bytes, human_seconds, print_table
from tenantry.cli.start.ask import WIDTH, Asking, say
from tenantry.cli.start.candidate import tell_tables
from tenantry.core.errors import InputError
from tenantry.core.model import READER, Template
from tenantry.core.storage import traits
from tenantry.core.syntax import identifier
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.embedded.server import Server
    from tenantry.flow.source.catalog import SourceTable
    from tenantry.flow.template.prospect import Prospect
    from tenantry.flow.template.trial import Trial
    from tenantry.warehouse import Warehouse


def chosen_table(
    asking: Asking, tables: Sequence[SourceTable], table: str | None, time: str | None
) -> tuple[SourceTable, str]:
    """The table and its time column, asked for if they are not given."""
    from tenantry.warehouse.files import find_table

    if not tables:
        raise InputError(
            "the source has no table with a date or timestamp column that its login may read",
            hint="Grant SELECT on a table to the login, or give a query: --query FILE.",
        )
    if table is None:
        tell_tables(tables)
        table = asking.text("Table (number or name)", "--table", "1" if len(tables) == 1 else None)
        if table.isdigit() and 1 <= int(table) <= len(tables):
            table = tables[int(table) - 1].written
    chosen = find_table(tables, table)
    names = [column.name for column in chosen.times]
    if time is None and len(names) > 1:
        time = asking.text(f"Time column ({', '.join(names)})", "--time", names[0])
    return chosen, time or names[0]


def trial(found: Trial) -> None:
    """Some rows of a day, a column a line, and how the source finds them."""
    size = f", {found.bytes / found.rows:,.0f} bytes each" if found.rows else ""
    say(f"{found.day}: {count(found.rows, 'row')} in {found.seconds:.2f} s{size}")
    if found.sample:
        width = max(16, (WIDTH - 4 - max(map(len, found.columns))) // len(found.sample))
        print_table(
            None,
            ("column", *(f"row {number}" for number in range(1, len(found.sample) + 1))),
            [
                (column, *(_cut(row[place], width) for row in found.sample))
                for place, column in enumerate(found.columns)
            ],
        )
    if found.time_index is False:
        say("No index at the source helps to find a day: each load reads the whole table.")


def _cut(value: str | None, width: int) -> str | None:
    if value is None or len(value) <= width:
        return value
    return value[: width - 1] + "…"


def estimate(prospect: Prospect, storage: str) -> None:
    """Days, rows, space and time, and the storage with the reason for it."""
    if prospect.span is None:
        say("The source has no rows yet, or cannot tell when they begin, so there is no estimate.")
    else:
        span = prospect.span
        say(f"To load: {span}, {count(len(span), 'day')}")
        size, time = human_bytes(prospect.bytes), human_seconds(max(prospect.seconds, 1))
        say(f"Expected: {count(prospect.rows, 'row')}, {size}, {time}")
    why = (
        "which is fastest, because there is a time column"
        if traits(storage).needs_time_column
        else "because no column says to which day a row belongs"
    )
    say(f"Storage: {storage}, {why}.")


def report(warehouse: Warehouse, template: Template, prospect: Prospect) -> None:
    """A report that works, and its rows."""
    view = f"public.{identifier(template.name)}"
    column = identifier(template.time_column) if template.time_column else None
    if column is None or prospect.span is None:
        say(f"Reports read {view}.")
        return
    day = prospect.trial.day
    since = day.replace(month=1, day=1)
    zoned = any(
        line.startswith(f"{column} ") and "with time zone" in line for line in template.columns.split("\n")
    )
    moment = f"{column} AT TIME ZONE 'UTC'" if zoned else column
    lines = [
        "SELECT schema_name,",
        f"  date_trunc('month', {moment})::date AS month,",
        "  count(*)",
        f"FROM {view}",
        f"WHERE {column} >= '{since} 00:00Z'",
        "GROUP BY 1, 2 ORDER BY 1, 2",
    ]
    data.print("\nA report:", style="bold")
    for line in lines:
        data.print(f"  {line}")
    data.print()
    with warehouse.session() as session:
        rows = session.execute("\n".join(lines).encode()).fetchall()
    print_table(None, ("tenant", "month", "rows#"), rows)


def reader(warehouse: Warehouse, server: Server | None) -> None:
    """How reports log in, and what to do next."""
    data.print("\nReports log in as phood_ro:", style="bold")
    if server is not None:
        psql = "psql" if shutil.which("psql") else str(server.program("psql"))
        conninfo = server.conninfo(user=READER)
    else:
        psql, conninfo = "psql", warehouse.connect_strings(READER).libpq
    data.print(f'  {psql} "{conninfo}"')
    data.print("\nTry next", style="bold")
    lines = [
        ("tenantry status", "the state of each tenant"),
        ("tenantry reader add NAME --all", "a login of their own for each reader"),
        ("tenantry start", "another tenant, or another table"),
        ("tenantry scheduler", "keep the tenants up to date"),
    ]
    if server is not None:
        lines.append(("tenantry server stop", "stop the embedded server"))
    for command, why in lines:
        data.print(f"  {command:<32}# {why}")
