"""`tenantry doctor`: what is wrong, why, and what mends it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.target import warehouse
from tenantry.core.errors import TenantryError, WarehouseUnreachable

if TYPE_CHECKING:
    import psycopg

    from tenantry.observe.checks.finding import Check, Examined, Finding
    from tenantry.observe.health import Outcome

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}

_ROUNDS = 3
"""How often --fix looks again: mending one thing may show another, such as a public view over a tenant's new one."""


def doctor(
    tenant: Annotated[
        str | None,
        typer.Option("--tenant", metavar="NAME", help="Check only this tenant, not the server."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="CHECK", help="Run only this check. Repeatable."),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Fix what is safe to fix: views, statistics and changed rights."),
    ] = False,
    count_rows: Annotated[
        bool,
        typer.Option("--count-rows", help="Also count all stored rows and compare with what was loaded."),
    ] = False,
    password_days: Annotated[
        int,
        typer.Option(
            metavar="DAYS",
            min=1,
            envvar="TENANTRY_PASSWORD_DAYS",
            help="Report source passwords that are older than this.",
        ),
    ] = 365,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with status 1 on warnings as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong with the warehouse, and name the command that fixes it.

    An error means that reports lack data or fail, or that loads fail. A warning
    means that they may soon. A note is good to know. Each finding is followed
    by a command of this program, or by SQL for psql as whadmin.

    Only --fix changes anything. It runs the SQL of findings about views,
    statistics and rights, shows each statement, and checks again. It never
    drops data, loads from a source, or changes a function.

    Log in as the server's administrator to also see other roles' sessions.

    Exits with status 1 if there is an error (with --strict, also if there is a
    warning), otherwise with status 0.
    """
    from tenantry.db.connect import session
    from tenantry.observe import health
    from tenantry.observe.checks.finding import Examined

    checks = health.chosen(only or [], of_tenants=tenant is not None)
    with (
        warehouse(current=False) as conninfo,
        session(conninfo, name="tenantry doctor") as opened,
        session(conninfo, role=None, name="tenantry doctor") as login,
    ):
        if tenant:
            _require(opened, tenant)
        examined = Examined(
            conninfo, opened, login, tenant, count_rows=count_rows, password_days=password_days
        )
        outcomes = _examine(examined, checks)
        mended, refused = _mend(examined, checks, outcomes) if fix else ([], [])
        if fix:
            outcomes = _examine(examined, checks)
    findings = [(outcome.check, finding) for outcome in outcomes for finding in outcome.findings]
    findings.sort(key=lambda pair: list(_COLOURS).index(pair[1].severity))
    if as_json:
        print_json(
            {
                "findings": [_plain(check, finding) for check, finding in findings],
                "checks": [
                    {"name": o.check.name, "asks": o.check.asks, "seconds": o.seconds} for o in outcomes
                ],
                "mended": [_plain(check, finding) for check, finding in mended],
                "not_mended": dict(refused),
            }
        )
    else:
        _print(findings, outcomes)
    found = {finding.severity.value for _, finding in findings}
    if "error" in found or (strict and "warning" in found):
        raise typer.Exit(1)


def _require(opened: psycopg.Connection, tenant: str) -> None:
    from tenantry.core.errors import InputError
    from tenantry.observe import status

    known = [t.name for t in status.tenants(opened)]
    if tenant not in known:
        raise InputError(
            f'tenant "{tenant}" does not exist', hint=f"Known tenants: {', '.join(known) or 'none'}"
        )


def _examine(examined: Examined, checks: list[Check]) -> list[Outcome]:
    from tenantry.observe import health

    # Anew: it keeps what it has read.
    examined = replace(examined)
    # Without a terminal there is nobody to tell what goes on.
    with notes.status("") if notes.is_terminal else nullcontext() as shown:
        return list(
            health.examine(examined, checks, lambda check: shown.update(check.asks) if shown else None)
        )


def _mend(
    examined: Examined, checks: list[Check], outcomes: list[Outcome]
) -> tuple[list[tuple[Check, Finding]], list[tuple[str, str]]]:
    """What was mended, and what could not be, by its statement, with the reason."""
    from tenantry.db.errors import translated
    from tenantry.observe import mend

    mended: list[tuple[Check, Finding]] = []
    refused: dict[str, str] = {}
    for _ in range(_ROUNDS):
        todo = [
            (outcome.check, finding)
            for outcome in outcomes
            for finding in outcome.findings
            if finding.safe and finding.command and finding.command not in refused
        ]
        if not todo:
            break
        for check, finding in todo:
            statement = finding.command or ""
            try:
                with translated():
                    mend.run(examined.session, finding.subject, statement)
            except WarehouseUnreachable:
                raise
            except TenantryError as error:
                refused[statement] = error.message
                notes.print(
                    Text.assemble(("✗ ", "red"), (finding.subject, "bold"), f"  {statement} {error.message}")
                )
            else:
                mended.append((check, finding))
                step(finding.subject, statement)
        outcomes = _examine(examined, list({check.name: check for check, _ in todo}.values()))
    return mended, list(refused.items())


def _plain(check: Check, finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "check": check.name,
        "subject": finding.subject,
        "reason": finding.reason,
        "command": finding.command,
        "safe": finding.safe,
    }


def _print(findings: list[tuple[Check, Finding]], outcomes: list[Outcome]) -> None:
    for check, finding in findings:
        word = finding.severity.value
        data.print(
            Text.assemble(
                (f"{word:<8}", _COLOURS[word]),
                (finding.subject, "bold"),
                f": {finding.reason}",
                (f"  [{check.name}]", "dim"),
            )
        )
        if finding.command:
            data.print(Text(" " * 8 + finding.command))
    counted = [sum(finding.severity.value == word for _, finding in findings) for word in _COLOURS]
    told = [
        f"{count} {word}{'s' if count != 1 else ''}" for word, count in zip(_COLOURS, counted, strict=True)
    ]
    seconds = sum(outcome.seconds for outcome in outcomes)
    notes.print(f"{len(outcomes)} checks in {seconds:.1f} s: {', '.join(told)}", markup=False)
