"""`tenantry describe`: the data dictionary, for those who read reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, print_json
from tenantry.cli.target import open_warehouse
from tenantry.core.markdown import block, code, table, text
from tenantry.core.syntax import identifier

if TYPE_CHECKING:
    from tenantry.observe.dictionary import Described, DescribedColumn


def describe(
    template: Annotated[
        str | None,
        typer.Argument(
            metavar="TEMPLATE",
            help="Only this template.",
            autocompletion=complete.templates,
            show_default="all",
        ),
    ] = None,
    samples: Annotated[
        bool,
        typer.Option("--samples", help="Show up to three values of each column. They may be personal data."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Describe what reports can read, as Markdown.

    For each template, shows what its rows and columns mean, as the template's
    descriptions and the views' comments say, and each tenant's days and last
    load. The share of NULL and the values of --samples come from PostgreSQL's
    statistics; no rows are read.
    """
    with open_warehouse() as warehouse:
        found = warehouse.describe(template, samples=samples)
    if as_json:
        print_json(templates=found)
    else:
        data.print("\n\n".join(part for one in found for part in _parts(one)))


def _parts(described: Described) -> Iterator[str]:
    yield f"# {text(described.template)}"
    if described.description:
        yield text(described.description)
    if described.time_column:
        yield f"A row belongs to the UTC day of its {code(described.time_column)}."
    yield "## Columns"
    sampled = any(column.samples is not None for column in described.columns)
    yield table(
        ("column", "type", "description", "NULL", *(["samples"] if sampled else [])),
        [_column(column, sampled=sampled) for column in described.columns],
    )
    yield "## Tenants"
    if not described.feeds:
        yield "No tenant uses this template."
        return
    yield table(
        ("view", "storage", "from", "to", "rows", "state", "last load (UTC)"),
        [
            (
                code(f"{identifier(feed.tenant)}.{identifier(described.relation)}"),
                text(feed.storage),
                str(feed.first_day or "-"),
                str(feed.last_day or "-"),
                f"{feed.rows:,}",
                text(feed.state),
                f"{feed.last_load:%Y-%m-%d %H:%M}" if feed.last_load else "-",
            )
            for feed in described.feeds
        ],
    )
    yield "## Query"
    yield f"{code(_public(described))} holds all tenants; the column `schema_name` names the tenant."
    yield block("sql", _query(described))


def _column(column: DescribedColumn, *, sampled: bool) -> tuple[str, ...]:
    share = "" if column.null_share is None else f"{column.null_share:.0%}"
    if column.null_share and share == "0%":
        share = "<1%"
    cells = (code(column.name), code(column.type), text(column.description or ""), share.replace("<", "&lt;"))
    return (*cells, ", ".join(code(value) for value in column.samples or ())) if sampled else cells


def _query(described: Described) -> Iterator[str]:
    """A report over the last loaded day, with constants, so that PostgreSQL reads only that day."""
    last = max((feed.last_day for feed in described.feeds if feed.last_day), default=None)
    by_day = any(column.name == "day" and column.type == "date" for column in described.columns)
    groups = "schema_name, day" if by_day else "schema_name"
    yield f"SELECT {groups}, count(*)"
    where = _days(described.time_column, last) if described.time_column and last else ""
    yield f"FROM {_public(described)}"
    if where:
        yield where
    yield f"GROUP BY {groups};"


def _days(column: str, day: date) -> str:
    name = identifier(column)
    return f"WHERE {name} >= '{day} 00:00Z' AND {name} < '{day + timedelta(days=1)} 00:00Z'"


def _public(described: Described) -> str:
    return f"{described.schema}.{identifier(described.relation)}"
