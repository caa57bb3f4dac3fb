"""`tenantry doctor`: what is wrong, why, and what fixes it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantry.cli.look.alike import Alike, grouped, named
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, step
from tenantry.cli.progress import spinner
from tenantry.cli.target import open_warehouse
from tenantry.cli.terminal.text import Text
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.observe.checks.finding import Check, Finding
    from tenantry.observe.health import Outcome

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}


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
    everything: Annotated[
        bool, typer.Option("--all", help="Show each finding, even if many are alike.")
    ] = False,
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
    # Without a terminal nobody watches the progress.
    with (
        open_warehouse(current=False) as warehouse,
        spinner() if notes.watched else nullcontext() as show,
    ):

        def watch(check: Check) -> None:
            if show:
                show(check.asks)

        def examine() -> list[Outcome]:
            return warehouse.doctor(
                only or [],
                tenant=tenant,
                count_rows=count_rows,
                password_days=password_days,
                watch=watch,
            )

        outcomes = examine()
        mended = warehouse.mend(outcomes, tenant=tenant, told=_tell, watch=watch) if fix else None
        if fix:
            outcomes = examine()
    findings = [(outcome.check, finding) for outcome in outcomes for finding in outcome.findings]
    findings.sort(key=lambda pair: list(_COLOURS).index(pair[1].severity))
    if as_json:
        print_json(
            findings=[_plain(check, finding) for check, finding in findings],
            checks=[
                {"check": o.check.name, "asks": o.check.asks, "duration_seconds": o.seconds} for o in outcomes
            ],
            mended=[_plain(check, finding) for check, finding in (mended.mended if mended else ())],
            not_mended=[
                {"command": command, "error": reason}
                for command, reason in (mended.refused if mended else {}).items()
            ],
        )
    else:
        _print(findings, outcomes, everything=everything)
    found = {finding.severity.value for _, finding in findings}
    if "error" in found or (strict and "warning" in found):
        raise typer.Exit(1)


def _tell(finding: Finding, refused: str | None) -> None:
    if refused is None:
        step(finding.subject, finding.command or "")
    else:
        notes.print(Text.assemble(("✗ ", "red"), (finding.subject, "bold"), f"  {finding.command} {refused}"))


def _plain(check: Check, finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "check": check.name,
        "subject": finding.subject,
        "reason": finding.reason,
        "command": finding.command,
        "safe": finding.safe,
    }


def _print(findings: list[tuple[Check, Finding]], outcomes: list[Outcome], *, everything: bool) -> None:
    each = (Alike(check, [finding]) for check, finding in findings)
    for alike in each if everything else grouped(findings):
        word = alike.findings[0].severity.value
        data.print(
            Text.assemble(
                (f"{word:<8}", _COLOURS[word]),
                (alike.subjects, "bold"),
                f": {alike.findings[0].reason}",
                (f"  [{alike.check.name}]", "dim"),
            ),
            hang=8,
        )
        for command in alike.commands:
            data.print(Text(" " * 8 + command), raw=True)
        if alike.left:
            names = named([finding.subject for finding in alike.left])
            data.print(
                f"        and {len(alike.left):,} more like these: {names}; --all or --json shows each"
            )
    counted = [sum(finding.severity.value == word for _, finding in findings) for word in _COLOURS]
    told = [count(number, word) for word, number in zip(_COLOURS, counted, strict=True)]
    seconds = sum(outcome.seconds for outcome in outcomes)
    notes.print(f"{count(len(outcomes), 'check')} in {seconds:.1f} s: {', '.join(told)}")
