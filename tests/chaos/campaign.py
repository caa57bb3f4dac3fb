"""The campaign: operation after operation, a fault in most, and now and then a comparison of every row."""

from __future__ import annotations

import math
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg

from tests.chaos import changes, faults, operations
from tests.chaos.faults import Process
from tests.chaos.model import NOTHING, State
from tests.chaos.operations import Operation
from tests.chaos.world import TENANTS, World
from tests.support.program import hear_signals, start

PATIENCE = 180
"""Seconds that an operation may take before it counts as hung."""


@dataclass
class Report:
    """What a campaign did and found."""

    operations: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    comparisons: int = 0
    violations: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            (
                f"{sum(self.operations.values())} operations, {sum(self.faults.values())} faults,"
                f" {self.comparisons} comparisons of every row, {len(self.violations)} violations"
            )
        ]
        lines += [f"  {count:>4} {name}" for name, count in self.faults.most_common()]
        return "\n".join(lines)


def run(world: World, seconds: float, *, most_violations: int = 1, most_faults: float = math.inf) -> Report:
    """Play for so many seconds, or until there are violations, or so many faults."""
    report = Report()
    end = time.monotonic() + seconds
    turn = 0
    while (
        time.monotonic() < end
        and len(report.violations) < most_violations
        and report.faults.total() < most_faults
    ):
        turn += 1
        for _ in range(world.dice.randint(0, 3)):
            report.log.append(changes.change_source(world))
        roll = world.dice.random()
        if roll < 0.06 and (done := changes.remove_by_hand(world)):
            report.log.append(done)
        elif roll < 0.10:
            report.log.append(changes.forget_by_hand(world))
        _play(world, operations.choose(world), report)
        _look(world, report)
        if turn % 25 == 0:
            _settle(world, report)
    if not report.violations:
        _settle(world, report)
    return report


def _play(world: World, operation: Operation, report: Report) -> None:
    since = {tenant: world.models[tenant].now() for tenant in TENANTS}
    lost = {tenant: set(world.models[tenant].lost) for tenant in TENANTS}
    struck: list[str] = []
    process = _start(world, operation)
    with process, faults.striking(world, process, struck):
        if world.dice.random() < 0.3:
            time.sleep(world.dice.random() * 0.5)
            report.log.append(changes.change_source(world))
        try:
            out, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate(timeout=PATIENCE)
            report.violations.append(f"{operation.name} hangs")
    report.operations[operation.name] += 1
    report.faults.update(struck)
    report.log.append(f"{' '.join(operation.arguments)}: {process.returncode} {struck or ''}")
    if (
        "Traceback" in out and "tenantry/cli" in out
    ):  # the start of Python, and a job's session, are not Tenantry's
        report.violations.append(f"{operation.name} prints a traceback: {out[-600:]}")
    if process.returncode == 0:
        for tenant, days in operation.fresh.items():
            world.models[tenant].expect_current(days, since[tenant])
        for tenant, days in operation.completed.items():
            world.models[tenant].lost.difference_update(lost[tenant] & set(days))
            for day in days:
                if world.models[tenant].seen.get(day, 0) == 0:
                    world.models[tenant].seen[day] = 1 if day in since[tenant] and since[tenant][day] else 0


def _start(world: World, operation: Operation) -> Process:
    first, *_ = operation.arguments
    if first != "SQL":
        return start(world.dsn, *operation.arguments)
    return subprocess.Popen(
        [world.warehouse.program("psql"), "-X", "-q", world.dsn, "-c", operation.arguments[1]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_signals,  # noqa: PLW1509 - calls nothing that locks
    )


def _look(world: World, report: Report) -> None:
    """Whether reports see a state that was, and none older than before."""
    for server in (world.warehouse, world.sources):
        if not server.running:
            server.start()
    for tenant in TENANTS:
        try:
            shown = world.shown(tenant)
        except psycopg.Error as error:
            # A slice that somebody has made unpopulated, or dropped with the views on it, of both tenants; or none is there yet.
            models = world.models.values()
            shown_before = any(n for model in models for n in model.seen.values())
            if error.sqlstate in {"55000", "42P01"} and (
                any(model.lost for model in models) or not shown_before
            ):
                continue
            report.violations.append(f"a report fails: {error}")
            continue
        report.violations += [f"{tenant} {found}" for found in world.models[tenant].violations(shown)]


def _settle(world: World, report: Report) -> None:
    """With nothing in the way: what is missing is loaded, what has changed is pulled, and then each row is the source's."""
    faults.heal(world)
    last = world.today - timedelta(days=1)
    backfill = world.run("backfill", "events", "--all", "--from", world.first, "--json")
    window = world.run("refresh", "events", "--all", "--days", (last - world.first).days + 1)
    today = world.run("refresh", "events", "--all")
    verified = world.run("verify", "events", "--all", "--from", world.first)
    for name, outcome in (
        ("backfill", backfill),
        ("refresh window", window),
        ("refresh", today),
        ("verify", verified),
    ):
        if outcome.code:
            report.violations.append(f"{name} fails with nothing in the way: {outcome.err[-600:]}")
    for tenant in TENANTS:
        world.note(tenant)
        model = world.models[tenant]
        model.lost.clear()
        model.seen = dict.fromkeys(model.states, 0)
        wanted = {day: states[-1] for day, states in model.states.items() if states[-1] != NOTHING}
        shown = world.shown(tenant)
        report.violations += [
            f"{tenant} {day}: after all was loaded it shows {shown.get(day, 'nothing')}, the source has {wanted.get(day, 'nothing')}"
            for day in _differing(wanted, shown)
        ]
        model.seen = model.now()
    report.comparisons += 1
    status = world.run("status", "--json")
    report.log.append(f"settled: {status.code}")
    left = _leftovers(world)
    if left:
        report.violations.append(f"left over: {', '.join(left)}")


def _differing(wanted: dict[date, State], shown: dict[date, State]) -> list[date]:
    return sorted(day for day in {*wanted, *shown} if wanted.get(day) != shown.get(day))


def _leftovers(world: World) -> list[str]:
    with world.operator() as session:
        rows = session.execute(
            "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class"
            " WHERE relname ~ '^tenantry_[^f]' AND relnamespace::regnamespace::text IN ('north', 'south', 'public')"
        )
        return [row[0] for row in rows]
