"""`tenantry year`: check years, and fold closed ones into yearly tables."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tenantry.cli.load import AsJson, Everyone, Template, Tenants, chosen_feeds
from tenantry.cli.output import notes, print_json, print_table, raise_failures, step
from tenantry.cli.target import warehouse
from tenantry.core.errors import DatabaseError, InputError, TenantryError

app = typer.Typer(help="Check years, and fold those that are over into yearly tables.", no_args_is_help=True)

Year = Annotated[int, typer.Argument(metavar="YEAR", help="The year (UTC).", min=1, max=9999)]


@app.command()
def check(
    template: Template,
    year: Year,
    tenant: Tenants = None,
    everyone: Everyone = False,
    as_json: AsJson = False,
) -> None:
    """Tell whether a year has all of its days; ends with 1 if it has not.

    Name the tenants with --tenant or --all. The present year has to have every
    day up to today. A day without rows counts as there, once it was loaded.
    """
    from tenantry.db.connect import session
    from tenantry.flow import yearly

    with warehouse() as conninfo:
        feeds = chosen_feeds(conninfo, template, tenant, everyone)
        with session(conninfo) as opened:
            results = [yearly.check(opened, feed, year) for feed in feeds]
    if as_json:
        print_json(results)
    else:
        print_table(
            None,
            ("tenant", "year", "status", "days#", "of#", "missing"),
            [
                (r["schema"], str(year), r["status"], r["found_days"], r["expected_days"], _ranges(r))
                for r in results
            ],
        )
        for result in results:
            if result["next"]:
                notes.print(f"{result['schema']}: {result['next']}", markup=False)
    if not all(result["success"] for result in results):
        raise typer.Exit(1)


@app.command()
def convert(
    template: Template,
    year: Year,
    tenant: Tenants = None,
    everyone: Everyone = False,
    as_json: AsJson = False,
) -> None:
    """Fold a complete year that is over into one yearly table.

    Name the tenants with --tenant or --all. Reports can go on meanwhile: they
    see every row exactly once throughout. Days of the year can still be pulled
    again afterwards. In January wait: late rows of December still come in.

    Ends with 1 if a year could not be folded; the others are.
    """
    from tenantry.db.connect import session
    from tenantry.flow import yearly

    results: list[dict[str, Any]] = []
    failures: list[tuple[str, TenantryError]] = []
    with warehouse() as conninfo:
        for feed in chosen_feeds(conninfo, template, tenant, everyone):
            try:
                with session(conninfo) as opened:
                    result = yearly.convert(opened, feed, year)
            except (DatabaseError, InputError) as error:
                failures.append((feed.schema, error))
                continue
            results.append(result)
            if not as_json:
                step(
                    feed.schema,
                    f"{result['processed_mvs']} slices, {result['total_records']:,} rows in {result['yearly_table']}, "
                    f"{result['duration_seconds']:.1f} s",
                )
    if as_json:
        print_json({"converted": results, "failed": {name: error.message for name, error in failures}})
    raise_failures(failures)


def _ranges(result: dict[str, Any]) -> str:
    spans = [f"{r['from']} to {r['to']}" if r["days"] > 1 else r["from"] for r in result["missing_ranges"]]
    return ", ".join(spans[:5]) + (f" and {len(spans) - 5} more" if len(spans) > 5 else "")
