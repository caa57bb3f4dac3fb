"""What reports will lack once the feeds of a plan are loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import psycopg

from tenantry.core.days import Span, today_utc
from tenantry.core.storage import of_template
from tenantry.fleet.change import Change
from tenantry.fleet.model import Fleet
from tenantry.flow.slice import room
from tenantry.flow.template.file import merged


def shortages(
    session: psycopg.Connection, wanted: Fleet, live: Fleet, changes: Sequence[Change]
) -> Iterator[room.Shortage]:
    """Yield what reports will lack, by template.

    A plan asks no source. It takes new tenants to have as many days as the template's other tenants, or this year and the
    last.
    """
    new: dict[str, list[str]] = {}
    for change in changes:
        if (change.action, change.kind) == ("create", "feed") and change.template:
            new.setdefault(change.template, []).append(change.name)
    if not new:
        return
    server = room.room(session)
    readings = {reading.template: reading for reading in room.readings(session, new)}
    for name, tenants in sorted(new.items()):
        before = (live.templates or {}).get(name)
        template = (wanted.templates or {}).get(name) or before
        if template is None:
            continue
        if before is not None:
            template = merged(template, before)
        reading = readings.get(name) or room.Reading(
            name,
            2,
            daily=False,
            indexes=sum(bool(text.strip()) for text in (template.indexes or "").split(";")),
            period=template.partition_by or "year",
            has_time_column=bool(template.time_column),
        )
        today = today_utc()
        span = Span(min(reading.first or date(today.year - 1, 1, 1), today), today)
        begins = of_template(template.storage, template.time_column)
        storages = [(wanted.tenants or {})[tenant].feeds[name].storage or begins for tenant in tenants]
        relations = sum(reading.of_span(span, storage=storage, server=server) for storage in storages)
        found = server.shortage(
            name,
            reading.relations + relations,
            tenants=reading.tenants + len(tenants),
            daily=reading.daily or any(storage in server.daily for storage in storages),
            movable=reading.has_time_column,
        )
        if found:
            yield found
