"""`tenantry year`: check years, and fold closed ones into yearly tables."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.group import Group
from tenantry.cli.load.load import chosen_feeds
from tenantry.cli.options import AsJson, Everyone, Template, Tenants
from tenantry.cli.output import human_seconds, notes, print_json, print_table, raise_failures, step
from tenantry.cli.shapes import failures_of_tenants, folded_year
from tenantry.cli.target import open_warehouse
from tenantry.core.days import Span, today_utc
from tenantry.core.errors import DatabaseError, InputError, TenantryError
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.flow.slice.year import Folded

app = typer.Typer(
    cls=Group, help="Check years, and fold closed years into yearly tables.", no_args_is_help=True
)

_SPACING = "10m"
"""The pause between two yearly jobs in the operations manual."""

Year = Annotated[int, typer.Argument(metavar="YEAR", help="The year (UTC).", min=1, max=9999)]


@app.command()
def check(
    template: Template,
    year: Year,
    tenant: Tenants = None,
    everyone: Everyone = False,
    as_json: AsJson = False,
) -> None:
    """Check whether a year has all of its days.

    Name the tenants with --tenant or --all. The current year must have every
    day up to today. A day without rows counts as present once it was loaded.

    Exits with status 1 if days are missing.
    """

    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds):
        results = [warehouse.check_year(feed, year) for feed in feeds]
    if as_json:
        print_json(
            years=[
                {
                    "tenant": r.feed.schema,
                    "template": r.feed.template,
                    "year": r.year,
                    "status": "folded" if r.folded else r.status,
                    "complete": r.complete,
                    "days": r.found_days,
                    "expected_days": r.expected_days,
                    "missing": r.missing,
                    "next": r.next,
                }
                for r in results
            ]
        )
    else:
        print_table(
            None,
            ("tenant", "year", "status", "days#", "of#", "missing"),
            [
                (
                    r.feed.schema,
                    str(year),
                    "folded" if r.folded else r.status,
                    r.found_days,
                    r.expected_days,
                    _ranges(r.missing),
                )
                for r in results
            ],
        )
        for result in results:
            if result.next:
                notes.print(f"{result.feed.schema}: {result.next}")
    if not all(result.complete for result in results):
        raise typer.Exit(1)


@app.command("list")
def list_years(
    template: Annotated[
        str | None,
        typer.Argument(
            metavar="[TEMPLATE]", help="The template. Default: all.", autocompletion=complete.templates
        ),
    ] = None,
    tenant: Tenants = None,
    as_json: AsJson = False,
) -> None:
    """List the years of each tenant: number of days, and whether they are folded.

    Folded: one yearly table holds all days. Ready to fold: the year is over and
    complete, and January is past (until then late rows of December still
    arrive). Complete: the year is over, but it is still January. Daily: the
    current year. Incomplete: days are missing.
    """
    with open_warehouse() as warehouse:
        found = warehouse.years(template or None, tenant)
    if as_json:
        print_json(years=found)
        return
    print_table(
        None,
        ("tenant", "template", "year", "days#", "of#", "state"),
        [(y.tenant, y.template, str(y.year), y.days, y.expected, y.state) for y in found],
        empty="No years yet. Next: tenantry status",
    )


@app.command()
def fold(
    template: Template,
    year: Year,
    tenant: Tenants = None,
    everyone: Everyone = False,
    spacing: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Time between the start of one tenant and the next, such as 90s or 10m. Default: 10m with "
            "--all, otherwise 0s.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fold a complete, closed year into one yearly table.

    Name the tenants with --tenant or --all. They are folded one after the
    other. With --all they start ten minutes apart, as scheduled jobs do, to
    spread the load; --spacing 0s folds them without a break. Reports continue
    meanwhile, and see every row exactly once. Days of the year can still be
    loaded again later. Do not fold in January: late rows of December still
    arrive.

    You can stop it at any time; run it again to finish. With --all, folded
    years are skipped. Exits with status 1 if a year could not be folded; the
    others are.
    """

    from tenantry.cli.progress import Progress

    rest = _seconds(spacing or (_SPACING if everyone else "0s"))
    next_begin = time.monotonic()
    results: list[Folded] = []
    failures: list[tuple[str, TenantryError]] = []
    there: list[str] = []
    with chosen_feeds(template, tenant, everyone) as (warehouse, feeds), Progress() as progress:
        bar = progress.bar(f"folding {year}", len(feeds), "tenant")
        for number, feed in enumerate(feeds, 1):
            bar.reach(number - 1)
            bar.doing = feed.schema
            try:
                if everyone and year < today_utc().year and warehouse.check_year(feed, year).folded:
                    there.append(feed.schema)
                    continue
                if (wait := next_begin - time.monotonic()) > 0:
                    notes.print(
                        f"{feed.schema} ({number} of {len(feeds)}) starts in {human_seconds(wait)}; --spacing 0s does not wait"
                    )
                    bar.doing = f"{feed.schema} waits for its turn"
                    time.sleep(wait)
                    bar.doing = feed.schema
                begun = time.monotonic()
                result = warehouse.fold_year(feed, year)
            except (DatabaseError, InputError) as error:
                failures.append((feed.schema, error))
                continue
            next_begin = begun + rest
            results.append(result)
            if not as_json:
                step(
                    feed.schema,
                    f"{count(result.days, 'slice')}, {count(result.rows, 'row')} in {result.table}, {result.seconds:.1f} s",
                )
        progress.remove(bar)
    if as_json:
        print_json(
            folded=[folded_year(result) for result in results],
            folded_before=there,
            failed=len(failures),
            failures=failures_of_tenants(failures),
        )
    elif there:
        notes.print(f"already folded: {', '.join(there)}")
    raise_failures(failures)


def _seconds(text: str) -> float:
    """A time such as 90s, 10m or 1h in seconds. Raises InputError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if found is None:
        raise InputError(f"{text!r} is not a time", hint="Write it as 90s, 10m or 1h.")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


def _ranges(missing: Sequence[Span]) -> str:
    return ", ".join(map(str, missing[:5])) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
