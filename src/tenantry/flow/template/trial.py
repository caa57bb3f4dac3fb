"""Trying a template on one day of a source, without storing anything."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tenantry.core.model import OWNER, Template
from tenantry.db.connect import acting
from tenantry.db.queries import one_row, query
from tenantry.flow.template import load
from tenantry.flow.template.asking import asked, connection_of, fields, texts, tried
from tenantry.flow.template.file import merged
from tenantry.flow.template.insert import COLUMNS
from tenantry.flow.template.stored import find

LARGE = 4 * 1024 * 1024
"""The number of bytes from which reading a whole table is worth mentioning."""


@dataclass(frozen=True)
class Scan:
    """A table that is read from end to end; `by_time` if that is how the day's rows are found."""

    table: str
    rows: int
    bytes: int
    by_time: bool


@dataclass(frozen=True)
class OtherType:
    """A column whose type at the source differs from the declared one; its values go through text."""

    column: str
    declared: str
    source: str


@dataclass(frozen=True)
class Trial:
    """What a day of a source is like: rows, rows outside the day, bytes, seconds, and the plan.

    `time_index` says whether an index finds the day; None if the plan does not show how it is found.
    """

    connection: str
    day: date
    rows: int
    strays: int
    bytes: int
    seconds: float
    cost: float
    estimated_rows: int
    time_index: bool | None
    scans: Sequence[Scan]
    other_types: Sequence[OtherType]
    columns: Sequence[str]
    sample: Sequence[Sequence[str | None]]


def run(
    session: psycopg.Connection,
    template: Template,
    tenant: str,
    day: date,
    *,
    rows: int = 5,
    seconds: int = 60,
) -> Trial:
    """Query the source of a tenant (or of a connection) for a day of a template, which need not be stored.

    If the session acts as whadmin, this machine queries the source. For a template author, who gets no login, the
    warehouse does.

    Raises:
        InputError: there is no such tenant.
        SourceError: the source refuses, cannot be reached, or takes more than `seconds` for a statement.
        TemplateError: the source returns columns that do not match the template's.
        psycopg.Error: the warehouse would refuse the template.
    """
    if acting(session) != OWNER:
        return _by_warehouse(session, template, tenant, day, rows, seconds)
    connection = connection_of(session, tenant)
    about: dict[str, Any] = {"name": template.name, "schema": tenant, "day": day, "rows": rows}
    with session.transaction(force_rollback=True):
        load.put(session, template)
        describe = one_row(session, query("template", "trial_columns"), about)[0]
    with asked(session, connection, seconds) as source:
        own = fields(session, source, describe)
    with session.transaction(force_rollback=True):
        load.put(session, template)
        about["names"] = [field.name for field in own]
        plan, sample, measure, places, columns, declared = one_row(session, query("template", "trial"), about)
    with asked(session, connection, seconds) as source:
        explained = source.execute(plan.encode()).fetchall()[0][0]
        top = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
        nodes = list(_nodes(top))
        first = texts(source, sample)
        started = time.monotonic()
        count, size, strays = source.execute(measure.encode()).fetchall()[0]
        took = time.monotonic() - started
        scans = _scans(source, nodes, day)
    return Trial(
        connection,
        day,
        rows=count,
        strays=strays,
        bytes=int(size),
        seconds=took,
        cost=top["Total Cost"],
        estimated_rows=top["Plan Rows"],
        time_index=_time_index(nodes, day),
        scans=scans,
        other_types=[
            OtherType(name, wanted, given)
            for name, wanted, given in zip(columns, declared, (own[n - 1].own for n in places), strict=True)
            if wanted != given
        ],
        columns=columns,
        sample=first,
    )


def _by_warehouse(
    session: psycopg.Connection, template: Template, tenant: str, day: date, rows: int, seconds: int
) -> Trial:
    before = find(session, template.name)
    wanted = merged(template, before) if before else template
    parts = {column: getattr(wanted, name) or None for column, name in COLUMNS.items()}
    about = {
        "name": template.name,
        "tenant": tenant,
        "day": day,
        "rows": rows,
        "seconds": min(seconds, 3600),
        "draft": None if wanted == before else Jsonb(parts),
    }
    found = tried(session, about)
    columns, nodes = found["columns"], found["plan"]
    whole = _whole(nodes, day)
    return Trial(
        tenant,
        day,
        rows=found["rows"],
        strays=found["strays"],
        bytes=found["bytes"],
        seconds=found["seconds"],
        cost=nodes[0]["Total Cost"],
        estimated_rows=nodes[0]["Plan Rows"],
        time_index=_time_index(nodes, day),
        scans=[
            Scan(
                f"{s['schema']}.{s['table']}",
                s["rows"],
                s["bytes"],
                whole.get((s["schema"], s["table"]), False),
            )
            for s in found["scans"]
            if s["bytes"] >= LARGE
        ],
        # The source reports neither length nor precision of a type here.
        other_types=[
            OtherType(c["name"], c["type"], c["source"])
            for c in columns
            if c["source"] not in (c["type"], re.sub(r"\(.*?\)", "", c["type"]))
        ],
        columns=[column["name"] for column in columns],
        sample=found["sample"],
    )


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _says(node: Mapping[str, Any], key: str, day: date) -> bool:
    return str(day) in node.get(key, "")


def _time_index(nodes: Sequence[Mapping[str, Any]], day: date) -> bool | None:
    if any(_says(node, "Index Cond", day) for node in nodes):
        return True
    return (
        False
        if any(_says(node, "Filter", day) or _says(node, "Join Filter", day) for node in nodes)
        else None
    )


def _whole(nodes: Sequence[Mapping[str, Any]], day: date) -> dict[tuple[str, str], bool]:
    """Schema and name of the tables that are read as a whole, and whether that is to find the day."""
    return {
        (node["Schema"], node["Relation Name"]): _says(node, "Filter", day)
        for node in nodes
        if node["Node Type"] == "Seq Scan"
    }


def _scans(source: psycopg.Connection, nodes: Sequence[Mapping[str, Any]], day: date) -> list[Scan]:
    """The large tables that are read as a whole."""
    whole = _whole(nodes, day)
    names = {"schemas": [schema for schema, _ in whole], "names": [name for _, name in whole]}
    return [
        Scan(f"{schema}.{name}", rows, size, whole[schema, name])
        for schema, name, rows, size in source.execute(query("template", "source_sizes"), names)
        if size >= LARGE
    ]
