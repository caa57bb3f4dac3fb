"""`tenantry template new|test`: templates and the sources that they query."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.options import AsJson, ended_or_today
from tenantry.cli.output import data, human_bytes, notes, print_json, print_table
from tenantry.cli.target import open_warehouse
from tenantry.cli.template.file import as_path, show_findings
from tenantry.core.errors import InputError, SliceError
from tenantry.core.storage import BUILT_IN

if TYPE_CHECKING:
    from tenantry.flow.template.trial import Trial


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new template.")],
    query: Annotated[Path, typer.Argument(metavar="FILE", help="File that holds only the query.")],
    connection: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A connection or tenant whose source can answer the query.",
            autocompletion=complete.tenants,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write. Default: standard output.")
    ] = None,
    time_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The time column. Default: the column that the query compares with the placeholders.",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="STORAGE",
            help="matview or partition. Default: partition with a time column, otherwise matview.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a template from a query that the source describes.

    Columns get the source's own types; enums and types of extensions become
    text. The time column is the one that is compared with '{START_TIME}' and
    '{END_TIME}'. A unique index comes from the primary key of its table, or
    from GROUP BY. An index on the time column is added.

    Nothing is stored in the warehouse, and the source is only asked for the
    columns. A query that does not select a day is refused, with what to add.

    Exits with status 1 if the source refuses the query, and with status 2 if
    the output file exists.
    """
    from tenantry.warehouse.files import parse_template, read_query, template_as_file

    if storage is not None and storage not in BUILT_IN:
        raise InputError(f"storage is {' or '.join(BUILT_IN)}, not {storage!r}")
    if output is not None and output.exists():
        raise InputError(f"{output} already exists", hint="Choose another file.")
    text = read_query(query)
    with open_warehouse() as warehouse:
        draft = warehouse.draft_template(
            name, text, connection, time_column=time_column, storage=storage, origin=str(query)
        )
        written = template_as_file(draft.template)
        findings = warehouse.lint([parse_template(written, str(output or name))])
    if output is not None:
        output.write_text(written, encoding="utf-8")
    if as_json:
        print_json(
            {
                "file": output,
                "template": draft.template,
                "remarks": draft.remarks,
                "findings": [finding for _, finding in findings],
            }
        )
        return
    if output is None:
        data.print(written, end="", markup=False)
    for remark in draft.remarks:
        notes.print(f"note: {remark}", markup=False)
    show_findings(findings, notes)
    path = shlex.quote(str(output or "FILE"))
    notes.print(
        f"next: tenantry template test {path} --tenant {shlex.quote(connection)}, then tenantry template load {path}",
        markup=False,
    )


def try_template(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME",
            help="A template file, or the name of a stored template.",
            autocompletion=complete.templates,
        ),
    ],
    tenant: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The tenant or connection whose source to query.",
            autocompletion=complete.tenants,
        ),
    ],
    day: Annotated[
        str, typer.Option(metavar="DAY", help="The day (UTC): YYYY-MM-DD, today or yesterday.")
    ] = "yesterday",
    rows: Annotated[int, typer.Option(metavar="NUMBER", min=0, max=1000, help="Number of rows to show.")] = 5,
    timeout: Annotated[
        int, typer.Option(metavar="SECONDS", min=1, help="Maximum time for each query to the source.")
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Try a template on one day of a source, without storing anything.

    Shows the first rows, the number of rows, their size, the time the source
    took, the cost it expects, whether an index finds the day, and which large
    tables are read as a whole. Columns whose type differs at the source are
    named. This machine queries the source in a read-only transaction; --timeout
    ends a query that takes too long.

    Exits with status 1 if the source refuses the query or does not answer, or
    if rows lie outside the day, which a load would refuse.
    """
    from tenantry.warehouse.files import read_templates

    wanted = ended_or_today(day)
    path = as_path(what)
    files = read_templates([path]) if path else []
    if len(files) > 1:
        raise InputError(
            f"{what} holds {len(files)} templates", hint="To try one, put it into a file of its own."
        )
    with open_warehouse() as warehouse:
        trial = warehouse.try_template(
            files[0] if files else what, tenant, wanted, rows=rows, timeout=timeout
        )
    if as_json:
        print_json(trial)
    else:
        _show(trial)
    if trial.strays:
        raise SliceError(
            f"{trial.strays} of {trial.rows} rows are outside {wanted}: a load would refuse the day",
            hint="The predicate and time_column must agree: column >= '{START_TIME}' AND column < '{END_TIME}'.",
        )


def _show(trial: Trial) -> None:
    each = f", {trial.bytes / trial.rows:,.0f} bytes each" if trial.rows else ""
    data.print(
        f"{trial.connection}, {trial.day}: {trial.rows:,} rows in {trial.seconds:.2f} s, "
        f"{human_bytes(trial.bytes)}{each}",
        markup=False,
    )
    found = {
        True: "an index finds the day",
        False: "no index finds the day",
        None: "it is not known how the day is found",
    }
    data.print(
        f"plan: cost {trial.cost:,.0f}, {trial.estimated_rows:,} rows expected; {found[trial.time_index]}",
        markup=False,
    )
    for scan in trial.scans:
        rows = f"{scan.rows:,} rows, " if scan.rows >= 0 else ""
        why = ", to find the day" if scan.by_time else ""
        data.print(f"reads all of {scan.table} ({rows}{human_bytes(scan.bytes)}){why}", markup=False)
    for column in trial.other_types:
        data.print(
            f"{column.column} is {column.source} at the source, declared as {column.declared}", markup=False
        )
    if trial.sample:
        print_table(None, trial.columns, trial.sample)
