"""A template of cheap rows, and days at the source that misbehave when told to."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

from tests.support.databases import Source, Warehouse

QUERY: LiteralString = """
SELECT id, at, CASE value
    WHEN 'lost' THEN pg_terminate_backend(pg_backend_pid())::int
    WHEN 'slow' THEN length(pg_sleep(0.3)::text)
    ELSE value::int END
FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'
"""
"""A row whose value is no number is an error of the source; `lost` ends its session, `slow` takes 0.3 seconds."""

COLUMNS: LiteralString = "id int, at timestamptz, value int"

INDEXES: LiteralString = "CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id)"


def make_ticks(source: Source, first: date, days: int, per_day: int = 2) -> None:
    """A table `ticks` at the source with `per_day` rows a day, spread from 00:00 UTC; values count from 0."""
    source.run("CREATE TABLE ticks (id int, at timestamptz NOT NULL, value text)")
    source.run("GRANT SELECT ON ticks TO source_reader")
    source.run(
        "INSERT INTO ticks SELECT (%(first)s::date - DATE '2000-01-01' + d) * 10 + n,"
        " (%(first)s::date + d)::timestamp AT TIME ZONE 'UTC' + n * interval '24 hours' / %(per_day)s, n"
        " FROM generate_series(0, %(days)s - 1) d, generate_series(0, %(per_day)s - 1) n",
        {"first": first, "days": days, "per_day": per_day},  # type: ignore[arg-type]
    )


def spoil(source: Source, day: date, value: str = "broken") -> None:
    """Give every row of a day this value: see QUERY."""
    source.run("UPDATE ticks SET value = %s WHERE (at AT TIME ZONE 'UTC')::date = %s", (value, day))


def mend(source: Source) -> None:
    """Make every row a good one."""
    source.run("UPDATE ticks SET value = 1 WHERE value !~ '^[0-9]+$'")


def define(
    warehouse: Warehouse,
    name: str = "ticks",
    *,
    query: str = QUERY,
    columns: str = COLUMNS,
    indexes: str | None = INDEXES,
    time_column: str | None = "at",
) -> str:
    """Insert or change a template, kept in daily views unless it is changed later; returns its name."""
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes, time_column, storage)"
        " VALUES (%s, %s, %s, %s, %s, 'matview') ON CONFLICT (template_name) DO UPDATE SET query_template = excluded.query_template,"
        " column_definitions = excluded.column_definitions, indexes = excluded.indexes, time_column = excluded.time_column",
        (name, query, columns, indexes, time_column),
    )
    return name
