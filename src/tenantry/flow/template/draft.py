"""Drafting a template from a bare query: the source describes its columns, and its keys suggest the indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from tenantry.core.days import today_utc
from tenantry.core.errors import InputError, TemplateError
from tenantry.core.model import OWNER, Template
from tenantry.db.connect import acting
from tenantry.db.queries import one_row, query
from tenantry.flow.template import asking
from tenantry.flow.template.asking import Field
from tenantry.flow.template.header import index_statements
from tenantry.flow.template.lint import day, placeholders, statement, tree
from tenantry.flow.template.lint.finding import ERROR, Text


@dataclass(frozen=True)
class Draft:
    """A template, and what its author should know about it."""

    template: Template
    remarks: Sequence[str]


def draft(
    session: psycopg.Connection,
    name: str,
    text: str,
    connection: str,
    *,
    time_column: str | None = None,
    storage: str | None = None,
    origin: str = "the query",
) -> Draft:
    """Describe a query by its source, and suggest the rest of a template.

    Raises:
        TemplateError: the query cannot be a template's; the hint says what to write instead.
        InputError: there is no such connection, or no such time column.
        SourceError: the source refuses the query or cannot be reached.
    """
    sql = text.strip().rstrip(";").rstrip()
    select = _select(sql, origin)
    about = {"query": sql, "schema": connection, "day": today_utc() - timedelta(days=1)}
    if acting(session) == OWNER:
        rendered = one_row(session, query("template", "rendered"), about)[0]
        with asking.asked(session, asking.connection_of(session, connection), 60) as source:
            fields = asking.fields(
                session,
                source,
                f"SELECT * FROM ({rendered}\n) AS q LIMIT 0",  # noqa: S608 - it is what they ask for
            )
            time = _time_field(select, fields, time_column, origin)
            key, remark = _key(source, select, fields, time)
    else:
        yesterday = today_utc() - timedelta(days=1)
        fields = asking.fields_by_warehouse(session, name, sql, connection, yesterday, 60)
        time = _time_field(select, fields, time_column, origin)
        key, remark = _key(None, select, fields, time)
    asking.refuse_unnamed(fields, origin)
    remarks = [remark] if remark else []
    if time is None:
        remarks.append(
            "no column determines the day: add one to the query and name it as time_column, "
            "so that reports read only their days. Without it, each day is kept in a materialized view, not in partitions"
        )
    remarks += [
        f"{field.name} is {field.own} at the source, and {field.declared} in the warehouse"
        for field in fields
        if field.own != field.declared
    ]
    indexes = [f"UNIQUE ({', '.join(key)})"] if key else []
    if time:
        indexes.append(f"({time.identifier})")
    return Draft(
        Template(
            name,
            sql,
            ",\n".join(f"{field.identifier} {field.declared}" for field in fields),
            indexes=index_statements(indexes),
            storage=storage,
            time_column=time.name if time else "",
        ),
        remarks,
    )


def _select(sql: str, origin: str) -> Any:
    text = Text(sql)
    wrong = [finding for finding in placeholders.check(text) if finding.severity == ERROR]
    select, refused = statement.the_query(text)
    for finding in wrong + refused:
        raise TemplateError(f"{origin}:{finding.line}: {finding.message}", hint=finding.fix or None)
    return select


def _time_field(select: Any, fields: Sequence[Field], wanted: str | None, origin: str) -> Field | None:
    """The column that decides the day: the named one, or the one that is compared with the placeholders."""
    times = [field for field in fields if field.is_time]
    chosen = [field for field in times if field.name == wanted]
    if wanted is not None and not chosen:
        names = ", ".join(field.name for field in times) or "none"
        raise InputError(
            f'{origin}: "{wanted}" is not a date or timestamp column',
            hint=f"Those are: {names}.",
        )
    values = {output.name: output.value for output in tree.outputs(select) if output.name and not output.star}
    if not any(placeholder in text for text in tree.strings(select) for placeholder in placeholders.DAYS):
        candidates = chosen or times
        column = _as_written(values, candidates[0]) if len(candidates) == 1 else "column"
        raise TemplateError(
            f"{origin} does not select a day",
            hint=f"Add WHERE {column} >= '{{START_TIME}}'::timestamptz AND {column} < '{{END_TIME}}'::timestamptz.",
        )
    compared = {comparison.name for comparison in day.comparisons(select)}
    deciding = chosen or [field for field in times if _as_written(values, field) in compared]
    if not deciding:
        bare = {name.rpartition(".")[2] for name in compared}
        deciding = [field for field in times if field.identifier in bare]
    return deciding[0] if len(deciding) == 1 else None


def _as_written(values: dict[str, Any], field: Field) -> str:
    return tree.written(values[field.name]) if field.name in values else field.identifier


def _key(
    source: psycopg.Connection | None, select: Any, fields: Sequence[Field], time: Field | None
) -> tuple[list[str], str | None]:
    """The columns that tell rows apart, as identifiers, or none with the reason. Only the source knows the keys of its tables."""
    none = "no unique index was found: add one over the columns that identify a row, otherwise refreshes are slow"
    if select.larg is not None or select.distinctClause:
        return [], none
    if select.groupClause:
        return _grouped(select, fields), None
    tables = [field.origin[0] for field in ([time] if time else []) + list(fields) if field.origin[0]]
    if not tables or source is None:
        return [], none
    numbers = [row[0] for row in source.execute(query("template", "source_key"), (tables[0],))]
    by_number = {field.origin[1]: field.identifier for field in fields if field.origin[0] == tables[0]}
    if not numbers or not set(numbers) <= by_number.keys():
        return [], none
    alone = len(select.fromClause) == 1 and tree.is_table(select.fromClause[0])
    remark = "the unique index is the primary key of one table: make sure that no join duplicates its rows"
    return [by_number[number] for number in numbers], None if alone else remark


def _grouped(select: Any, fields: Sequence[Field]) -> list[str]:
    """The columns of GROUP BY, if the query returns all of them."""
    outputs = tree.outputs(select)
    places = []
    for item in select.groupClause:
        number = tree.integer(item)
        same = [n for n, output in enumerate(outputs) if tree.written(output.value) == tree.written(item)]
        named = [n for n, output in enumerate(outputs) if output.name and output.name == tree.written(item)]
        place = [number - 1] if number is not None else same or named
        if not place or place[0] >= len(fields):
            return []
        places.append(place[0])
    return [fields[place].identifier for place in dict.fromkeys(places)]
