"""Moving feeds between storages without the source: copy, compare, then swap."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tenantry.db.queries import one_row, query

_DROP_AT_ONCE = 200
"""How many materialized views are dropped per transaction: each takes about seven locks, of some 6,400 by default."""


@dataclass(frozen=True)
class Step:
    """What a move does next: `phase` is wait, copy, hold, compare, swap, release or done.

    `left` years of `years` are still to be copied or compared, the next one first. `bytes` is the present size of the
    feed, `pid` the session that the move waits for.
    """

    phase: str
    left: Sequence[int] = ()
    years: int = 0
    bytes: int = 0
    pid: int | None = None


@dataclass(frozen=True)
class Moved:
    """How a move ended: rows compared, and days that changed while they were copied. `moved` is False if the feed was
    already in that storage.
    """

    tenant: str
    template: str
    storage: str
    moved: bool
    years: int
    rows: int
    days_again: int
    seconds: float


def plan(session: psycopg.Connection, template: str, storage: str, tenant: str | None = None) -> list[str]:
    """Return the tenants to move: one, or all. For all, the template's storage changes as well, so new tenants begin in
    it.

    Raises InputError (through the session's errors) for an unknown name, or for a template that cannot be moved.
    """
    names = {"template": template, "storage": storage, "schema": tenant}
    return list(one_row(session, query("storage", "move_plan"), names)[0])


def run(
    session: psycopg.Connection, template: str, storage: str, tenant: str, watch: Callable[[Step], None]
) -> Moved:
    """Move one tenant, in steps that are committed one by one; `watch` is called before each step.

    You can interrupt it at any time and run it again: copied years are not copied again, only compared.

    Raises psycopg.Error; reports then read what they read before.
    """
    started = time.monotonic()
    state: dict[str, Any] | None = None
    while True:
        parameters = {
            "template": template,
            "schema": tenant,
            "storage": storage,
            "state": Jsonb(state) if state else None,
        }
        state = dict(one_row(session, query("storage", "move_step"), parameters)[0])
        watch(Step(**{name: state[name] for name in Step.__dataclass_fields__ if name in state}))
        if state["phase"] == "done":
            result = {name: state[name] for name in ("moved", "years", "rows", "days_again")}
            return Moved(tenant, template, storage, **result, seconds=time.monotonic() - started)


def drop_old(session: psycopg.Connection, template: str, tenant: str) -> int:
    """Drop what a move has put aside for a tenant; return the number of relations."""
    total = 0
    names = {"template": template, "schema": tenant, "most": _DROP_AT_ONCE}
    while dropped := int(one_row(session, query("storage", "drop_old"), names)[0]):
        total += dropped
    return total
