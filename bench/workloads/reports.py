"""What reports wait for, by storage and number of tenants, next to plain tables of the same rows.

Tenants have four years, and few rows a day: the number of tables matters, not their size.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import psycopg

from bench.lab import Lab
from bench.report import Table, paired
from bench.reports import fill, plain, settings
from bench.reports.asking import Answer, ask_in_turns
from bench.reports.queries import PUBLIC, TENANTS_OWN, of_all, of_one
from bench.stage import EMPTY, PARTITIONS
from tenantry.core.words import count

DAYS = fill.YEARS * 366
TENANTS = (1, 50, 200)
MATVIEW_TENANTS = (1, 10)
BY_HAND_TENANTS = (1, 2)
"""If this many run out of locks, more do as well: a view locks everything that it reads."""

HEADINGS = (
    *("", "planning ms", "first planning ms", "execution ms"),
    *(
        "together ms",
        "plain ms",
        "/ plain",
        "client ms",
        "plain ms",
        "/ plain",
        "relations locked",
        "server MiB",
    ),
)


def measure(lab: Lab) -> list[Table]:
    """Two tables for each storage: reports of one tenant, and of all; for partitions, a third about settings."""
    tables: list[Table] = []
    partitions = fill.by_table("partition")
    for title, start, numbers, make in (
        ("Partition storage: a table for each year", PARTITIONS, TENANTS, partitions),
        (
            "Shared storage: a table for each year of all tenants",
            PARTITIONS,
            TENANTS,
            fill.by_table("shared"),
        ),
        (
            "Matview storage: closed years folded, a view for each day of this one",
            EMPTY,
            MATVIEW_TENANTS,
            fill.matviews,
        ),
        ("By hand: a UNION ALL of a view for each day", EMPTY, BY_HAND_TENANTS, fill.by_hand),
    ):
        tables += _measure(lab, title, start, numbers, make, with_settings=make is partitions)
    return tables


def _measure(
    lab: Lab, title: str, start: str, numbers: Sequence[int], make: fill.Fill, with_settings: bool
) -> list[Table]:
    stage = lab.stage
    stage.reset(start)
    found: dict[str, list[tuple[int, str, Answer, Answer]]] = {"one": [], "all": []}
    have = 0
    wanted_numbers = sorted({lab.at_most(number) for number in numbers})
    ends = {wanted_numbers[0], wanted_numbers[-1]}
    for wanted in wanted_numbers:
        make(stage, [f"tenant_{number:03}" for number in range(have + 1, wanted + 1)])
        have = wanted
        plain.make(stage)
        with psycopg.connect(stage.administrator, autocommit=True) as admin:
            admin.execute("VACUUM (ANALYZE)")
            admin.execute("CHECKPOINT")
        for scope, ours, theirs in (
            # What the other tenants have makes no difference here; the first and the last number show that.
            *([("one", of_one(TENANTS_OWN, PUBLIC), of_one(plain.ONE))] if wanted in ends else []),
            ("all", of_all(PUBLIC), of_all(plain.ALL)),
        ):
            for name, query in ours.items():
                answers = ask_in_turns(stage, {"tenantry": query, "plain": theirs[name]})
                asked = wanted, name, answers["tenantry"], answers["plain"]
                found[scope].append(asked)
                ratios = _ratios(*asked[2:])
                lab.tell(f"{count(wanted, 'tenant')}, rows of {scope}, {name}: {ratios or asked[2].refused}")
    tables = [
        _table(f"{title}; rows of one tenant, from its own view", found["one"]),
        _table(f"{title}; rows of all tenants, from the public view", found["all"]),
    ]
    if with_settings:
        tables.append(settings.measure(stage, f"{title}; settings, with {count(have, 'tenant')}"))
    return tables


def _table(title: str, found: Sequence[tuple[int, str, Answer, Answer]]) -> Table:
    lines: list[list[str]] = []
    results: list[dict[str, Any]] = []
    for tenants, name, ours, theirs in found:
        ratios = _ratios(ours, theirs)
        lines.append([f"{name}, {count(tenants, 'tenant')}", *_cells(ours, theirs, ratios)])
        results.append(
            {"name": name, "tenants": tenants, "ratios": ratios, **asdict(ours), "plain": asdict(theirs)}
        )
    return Table(title, HEADINGS, lines, results)


def _ratios(ours: Answer, theirs: Answer) -> dict[str, float]:
    """Those to the plain table's times of the same rounds; none if one of them was refused."""
    if ours.refused or theirs.refused:
        return {}
    return {
        "planning and execution": paired(ours.both_ms, theirs.both_ms),
        "client": paired(ours.client_ms, theirs.client_ms),
    }


def _cells(ours: Answer, theirs: Answer, ratios: Mapping[str, float]) -> list[str]:
    if not ratios:
        return [ours.refused or f"plain: {theirs.refused}", *[""] * (len(HEADINGS) - 2)]
    return [
        f"{ours.planning_ms:.2f}",
        f"{ours.first_planning_ms:.2f}",
        f"{ours.execution_ms:.2f}",
        f"{statistics.median(ours.both_ms):.2f}",
        f"{statistics.median(theirs.both_ms):.2f}",
        f"{ratios['planning and execution']:.2f}",
        f"{statistics.median(ours.client_ms):.2f}",
        f"{statistics.median(theirs.client_ms):.2f}",
        f"{ratios['client']:.2f}",
        f"{ours.locks:,}",
        "" if ours.memory_mib is None else f"{ours.memory_mib:.0f}",
    ]
