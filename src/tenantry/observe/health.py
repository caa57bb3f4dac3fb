"""Whether the warehouse is healthy: every check, in an order in which the first failure explains those after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import psycopg

from tenantry.core.errors import InputError
from tenantry.db.errors import translate
from tenantry.observe.checks import (
    activity,
    cluster,
    grants,
    installation,
    jobs,
    passwords,
    publications,
    rights,
    secrets,
    server,
    slices,
    sources,
    storage,
    templates,
    views,
    workspaces,
)
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity

CHECKS = (
    installation.MIGRATIONS,
    installation.FUNCTIONS,
    rights.ROLES,
    rights.RIGHTS,
    grants.GRANTS,
    workspaces.WORKSPACES,
    server.SERVER,
    server.CONNECTIONS,
    server.LOCKS,
    server.SESSIONS,
    cluster.CLUSTER,
    sources.SOURCES,
    passwords.PASSWORDS,
    secrets.SECRETS,
    jobs.JOBS,
    templates.TEMPLATES,
    slices.SLICES,
    slices.RECORDS,
    slices.FRESHNESS,
    slices.ROWS,
    slices.GROWTH,
    slices.YEARS,
    views.VIEWS,
    publications.PUBLICATIONS,
    storage.VACUUM,
    storage.LEFTOVERS,
    activity.LOG,
    activity.QUERIES,
)

_ABSENT = (psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
"""Missing parts of an installation."""


@dataclass(frozen=True)
class Outcome:
    """The findings of a check, and the time it took, in seconds."""

    check: Check
    findings: tuple[Finding, ...]
    seconds: float


def chosen(names: Collection[str], *, of_tenants: bool = False) -> list[Check]:
    """The checks with these names, or all, or all that are about tenants. Raises InputError for an unknown name."""
    unknown = sorted(set(names) - {check.name for check in CHECKS})
    if unknown:
        raise InputError(
            f'there is no check "{unknown[0]}"',
            hint=f"Checks: {', '.join(check.name for check in CHECKS)}.",
        )
    if names:
        return [check for check in CHECKS if check.name in names]
    return [check for check in CHECKS if check.of_tenants or not of_tenants]


def examine(
    examined: Examined,
    checks: Collection[Check] = CHECKS,
    watch: Callable[[Check], None] = lambda check: None,
) -> Iterator[Outcome]:
    """Run the checks, one after the other; `watch` is called before each.

    A check that cannot run, because functions of the warehouse or rights are missing, is itself a finding.
    """
    for check in checks:
        watch(check)
        began = time.monotonic()
        findings: list[Finding] = []
        try:
            findings.extend(check.run(examined))
        except psycopg.Error as error:
            if examined.session.closed or examined.login.closed:
                raise
            mend = "tenantry init" if isinstance(error, _ABSENT) else None
            reason = f"the check failed: {translate(error).message}"
            findings.append(Finding(Severity.ERROR, check.name, reason, mend))
        yield Outcome(check, tuple(findings), time.monotonic() - began)
