"""What operators and jobs do: each as a process that a fault can meet, with what its success promises."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tests.chaos.world import TENANTS, World


@dataclass(frozen=True)
class Operation:
    """A command, and the days that are the source's if it ends with 0, by tenant.

    Of days that are only `completed`, those that were lost are there again, in whatever state.
    """

    name: str
    arguments: Sequence[str]
    fresh: dict[str, list[date]]
    completed: dict[str, list[date]]


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _refresh_window(world: World) -> Operation:
    days = world.dice.choice([2, 7, 14])
    full = world.dice.random() < 0.3
    last = world.today - timedelta(days=1)
    window = _span(last - timedelta(days=days - 1), last)
    words = ["refresh", "events", "--all", "--days", str(days), *(["--reload"] if full else [])]
    return Operation("refresh window", words, dict.fromkeys(TENANTS, window), {})


def _refresh_day(world: World) -> Operation:
    tenant = world.dice.choice(TENANTS)
    day = world.today - timedelta(days=world.dice.randint(0, 8))
    words = ["refresh", "events", "--tenant", tenant, "--date", str(day)]
    return Operation("refresh day", words, {tenant: [day]}, {})


def _backfill(world: World) -> Operation:
    words = ["backfill", "events", "--all", "--from", str(world.first)]
    return Operation("backfill", words, {}, {name: _span(world.first, world.today) for name in TENANTS})


def _backfill_by_itself(world: World) -> Operation:
    return Operation("backfill by itself", ["backfill", "events", "--all"], {}, {})


def _reload(world: World) -> Operation:
    tenant = world.dice.choice(TENANTS)
    first = world.first + timedelta(days=world.dice.randint(0, world.days - 10))
    window = _span(first, first + timedelta(days=8))
    words = [
        "backfill",
        "events",
        "--tenant",
        tenant,
        "--from",
        str(first),
        "--to",
        str(window[-1]),
        "--reload",
    ]
    return Operation("reload", words, {tenant: window}, {})


def _reload_slices(world: World) -> Operation:
    tenant = world.dice.choice(TENANTS)
    day = world.first + timedelta(days=world.dice.randint(0, world.days - 2))
    return Operation(
        "slice reload", ["slice", "reload", "events", "--tenant", tenant, str(day)], {tenant: [day]}, {}
    )


def _sql(name: str, statement: str, fresh: dict[str, list[date]]) -> Operation:
    return Operation(name, ["SQL", statement], fresh, {})


def _sql_hourly(world: World) -> Operation:
    tenant = world.dice.choice(TENANTS)
    return _sql(
        "hourly job",
        f"SELECT _wh.update_mv_by_template('events', '{tenant}', '{tenant}')",
        {tenant: [world.today]},
    )


def _sql_window(world: World) -> Operation:
    tenant = world.dice.choice(TENANTS)
    first = world.today - timedelta(days=world.dice.randint(3, 9))
    only = world.dice.choice(["true", "false"])
    statement = (
        f"SELECT 1 / (NOT (_wh.update_mv_window_by_template('events', '{tenant}', '{tenant}', '{first}', '{world.today}',"
        f" {only}) ->> 'failed')::int::boolean)::int"
    )
    return _sql("window by SQL", statement, {tenant: _span(first, world.today)})


def _sql_nightly(world: World) -> Operation:
    tenant = world.dice.choice(TENANTS)
    last = world.today - timedelta(days=1)
    only = world.dice.choice(["true", "false"])
    statement = f"CALL _wh.refresh_window('events', '{tenant}', '{tenant}', 5, {only})"
    return _sql("nightly job", statement, {tenant: _span(last - timedelta(days=4), last)})


def _doctor(world: World) -> Operation:
    return Operation("doctor --fix", ["doctor", "--fix"], {}, {})


def _publish(world: World) -> Operation:
    return _sql("publish", "SELECT _wh.update_public_view_by_template('events')", {})


_WEIGHTED: Sequence[tuple[int, Callable[[World], Operation]]] = [
    (6, _refresh_window),
    (3, _refresh_day),
    (4, _backfill),
    (1, _backfill_by_itself),
    (2, _reload),
    (1, _reload_slices),
    (4, _sql_hourly),
    (3, _sql_window),
    (3, _sql_nightly),
    (1, _doctor),
    (1, _publish),
]


def choose(world: World) -> Operation:
    """An operation by the dice."""
    weights = [weight for weight, _ in _WEIGHTED]
    return _pick(world.dice, weights)(world)


def _pick(dice: random.Random, weights: list[int]) -> Callable[[World], Operation]:
    return dice.choices([make for _, make in _WEIGHTED], weights)[0]
