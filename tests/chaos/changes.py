"""What happens at a source, and what somebody does to the warehouse by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.chaos.world import TENANTS, World

_ADD: LiteralString = (
    "INSERT INTO events SELECT %(id)s + n, (%(day)s::date)::timestamp AT TIME ZONE 'UTC' + %(at)s + n * interval '1 minute',"
    " 'late', n + 0.5, NULL, 'c' FROM generate_series(1, %(rows)s) n"
)
_ON: LiteralString = "(at AT TIME ZONE 'UTC')::date = %(day)s"
_SOME: LiteralString = "id IN (SELECT id FROM events WHERE (at AT TIME ZONE 'UTC')::date = %(day)s ORDER BY md5(id::text || %(salt)s) LIMIT %(rows)s)"

CHANGES: dict[str, LiteralString] = {
    "add rows": _ADD,
    "change a value": "UPDATE events SET amount = coalesce(amount, 0) + 1.00 WHERE " + _SOME,
    "change only a scale": "UPDATE events SET amount = amount + 0.000 WHERE " + _SOME,
    "make a value NULL": "UPDATE events SET item = NULL WHERE " + _SOME,
    "make a NULL empty": "UPDATE events SET note = '' WHERE note IS NULL AND " + _SOME,
    "delete rows": "DELETE FROM events WHERE " + _SOME,
    "empty a day": "DELETE FROM events WHERE " + _ON,
    "move rows to the next day": "UPDATE events SET at = at + interval '1 day' WHERE " + _SOME,
    "move rows to the day before": "UPDATE events SET at = at - interval '1 day' WHERE " + _SOME,
    "give rows other keys": "UPDATE events SET id = id + 500000 WHERE id < 500000 AND " + _SOME,
}

_KEEPING: tuple[LiteralString, ...] = ("ALTER TABLE {} SET (fillfactor = 90)", "VACUUM FULL {}")
"""What somebody does to a table that leaves its rows."""


def change_source(world: World) -> str:
    """Change some rows of a recent day, mostly, of a tenant's source; what was done."""
    tenant = world.dice.choice(TENANTS)
    back = world.dice.randint(1, 7 if world.dice.random() < 0.8 else world.days - 2)
    day = world.today - timedelta(days=back)
    what = world.dice.choice(sorted(CHANGES))
    world.last_id += 100
    values = {
        "id": world.last_id,
        "day": day,
        "at": timedelta(minutes=world.dice.randint(0, 1300)),
        "rows": world.dice.randint(1, 5),
        "salt": str(world.dice.random()),
    }
    with world.source(tenant) as session:
        session.execute(CHANGES[what], values)
    world.note(tenant)
    return f"{tenant} {day}: {what}"


def remove_by_hand(world: World) -> str | None:
    """Somebody drops or empties what holds some days of a tenant; what was done, None if there was nothing."""
    tenant = world.dice.choice(TENANTS)
    schema, stem = world.holders(tenant)
    kind = "m" if world.storage == "matview" else "r"
    with world.operator() as session:
        found = session.execute(
            "SELECT relname::text, substr(relname, length(%(stem)s) + 2) FROM pg_class"
            " WHERE relnamespace = to_regnamespace(%(schema)s) AND relkind = %(kind)s AND starts_with(relname, %(stem)s)"
            " AND substr(relname, length(%(stem)s) + 1) ~ '^_[0-9_]+$' ORDER BY 1",
            {"schema": schema, "stem": stem, "kind": kind},
        ).fetchall()
        if not found:
            return None
        name, period = world.dice.choice(found)
        relation = sql.Identifier(schema, name)
        ways: list[LiteralString] = (
            ["DROP MATERIALIZED VIEW {} CASCADE", "REFRESH MATERIALIZED VIEW {} WITH NO DATA"]
            if kind == "m"
            else ["DROP TABLE {} CASCADE", "TRUNCATE {}", *_KEEPING]
        )
        way = world.dice.choice(ways)
        # Said before it is done: a load that meets it may show the days empty already.
        if way not in _KEEPING:
            for each in world.neighbours(tenant):
                world.models[each].lost.update(_days_of(period))
        session.execute("SET lock_timeout = '5s'; SET citus.enable_ddl_propagation = on")
        try:
            session.execute(sql.SQL(way).format(relation))
        except psycopg.Error as error:
            return f"{name}: {way}: {error.sqlstate}"
    return f"{name}: {way}"


def forget_by_hand(world: World) -> str:
    """Somebody deletes records of some days."""
    tenant = world.dice.choice(TENANTS)
    day = world.today - timedelta(days=world.dice.randint(1, world.days - 1))
    with world.operator() as session:
        session.execute(
            "DELETE FROM _wh.slices WHERE schema_name = %s AND slice_date BETWEEN %s AND %s::date + 2",
            (tenant, day, day),
        )
    return f"{tenant} {day}: delete records"


def _days_of(period: str) -> list[date]:
    parts = [int(part) for part in period.split("_")]
    if len(parts) == 3:
        return [date(*parts)]
    first = date(parts[0], parts[1] if len(parts) > 1 else 1, 1)
    length = 31 if len(parts) > 1 else 366
    days = [first + timedelta(days=n) for n in range(length)]
    return [day for day in days if day.year == first.year and (len(parts) == 1 or day.month == first.month)]
