"""`tenantry template new|test`: templates and the sources that they query."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.options import AsJson, PasswordFile, SourceOptions, UnstoredSource, ended_or_today
from tenantry.cli.output import data, human_bytes, notes, print_json, print_table
from tenantry.cli.start.candidate import candidate
from tenantry.cli.target import open_warehouse
from tenantry.cli.template.file import as_path, show_findings
from tenantry.core.errors import InputError, SliceError
from tenantry.core.storage import BUILT_IN
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.core.model import TemplateFile
    from tenantry.flow.template.draft import Draft
    from tenantry.flow.template.lint import Finding
    from tenantry.flow.template.trial import Trial


def new(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="Name of the new template. Default: the table's, or the example's."
        ),
    ] = None,
    query: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="File that holds only the query.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(metavar="TABLE", help="Instead of a query: pull this table of the source.")
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Print an example that comes with the program: orders or foodlogstats. No source is queried.",
        ),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A connection or tenant whose source can answer the query.",
            autocompletion=complete.tenants,
        ),
    ] = None,
    source: UnstoredSource = None,
    password_file: PasswordFile = None,
    option: SourceOptions = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write. Default: standard output.")
    ] = None,
    time_column: Annotated[
        str | None,
        typer.Option(
            "--time-column",
            "--time",
            metavar="COLUMN",
            help="The time column. Default: the column that the query compares with the placeholders; for a table, "
            "the most likely one.",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            metavar="STORAGE",
            help="matview, partition, shared or distributed. Default: partition with a time column, "
            "otherwise matview.",
            autocompletion=complete.storages,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a template from a query or a table that the source describes.

    Columns get the source's own types; enums and types of extensions become
    text. The time column is the one that is compared with '{START_TIME}' and
    '{END_TIME}'. A unique index comes from the primary key of its table, from
    another unique index there, or from GROUP BY. An index on the time column is
    added.

    Name the source by a stored connection, or by its address with --source,
    which stores nothing. The password for --source comes from --password-file
    or TENANTRY_SOURCE_PASSWORD, or is asked for. Without a query or --table,
    the command fails and names the tables to choose from.

    Nothing is stored in the warehouse, and the source is only asked for the
    columns. A query that does not select a day is refused, and the hint says
    what to add.

    Exits with status 1 if the source refuses the query, and with status 2 if
    the output file exists.
    """
    from tenantry.warehouse.files import example_template, parse_template, read_query, template_as_file

    if storage is not None and storage not in BUILT_IN:
        raise InputError(f"storage is one of {', '.join(BUILT_IN)}, not {storage!r}")
    if output is not None and output.exists():
        raise InputError(f"{output} already exists", hint="Choose another file.")
    if example is not None:
        if query or table or connection or source:
            raise InputError("--example cannot be combined with a query, a table or a source")
        _write(example_template(example, name), output, (), None, as_json=as_json)
        return
    if query and table:
        raise InputError("a query and --table cannot be combined", hint="Give one of them.")
    if (connection is None) == (source is None):
        raise InputError(
            "a source is needed to describe the columns", hint="Give either --connection or --source."
        )
    named = name or (table or "").rpartition(".")[2]
    text = read_query(query) if query else None
    asked = candidate(source, password_file, option) if source else connection or ""
    with open_warehouse() as warehouse:
        if text is not None:
            draft = warehouse.draft_template(
                named, text, asked, time_column=time_column, storage=storage, origin=str(query)
            )
        elif table is not None:
            draft = warehouse.draft_from_table(named, asked, table, time_column=time_column, storage=storage)
        else:
            known = warehouse.look_at_source(asked).tables
            names = ", ".join(map(str, known[:20])) or "none"
            raise InputError(
                "neither a query nor a table was given",
                hint=f"Give a file, or --table with one of the tables that have a date or timestamp column: {names}.",
            )
        findings = warehouse.lint([parse_template(template_as_file(draft.template), str(output or named))])
    _write(draft, output, findings, connection, as_json=as_json)


def _write(
    draft: Draft,
    output: Path | None,
    findings: Sequence[tuple[TemplateFile, Finding]],
    tenant: str | None,
    *,
    as_json: bool,
) -> None:
    """Write a draft to its file, or print it, and say what to do next."""
    from tenantry.warehouse.files import template_as_file

    written = template_as_file(draft.template)
    if output is not None:
        try:
            # Somebody may have made it since the command began.
            with output.open("x", encoding="utf-8") as file:
                file.write(written)
        except OSError as error:
            raise InputError(f"{output} cannot be written: {error.strerror}") from None
    if as_json:
        print_json(
            template=draft.template.name,
            text=draft.template,
            file=output,
            remarks=draft.remarks,
            findings=[finding for _, finding in findings],
        )
        return
    if output is None:
        data.print(written, end="", raw=True)
    for remark in draft.remarks:
        notes.print(f"note: {remark}")
    show_findings(findings, notes)
    path = shlex.quote(str(output or "FILE"))
    where = f"--tenant {shlex.quote(tenant)}" if tenant else "--source …"
    notes.print(
        f"next: tenantry template test {path} {where}, then tenantry template load {path}",
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
        str | None,
        typer.Option(
            metavar="NAME",
            help="The tenant or connection whose source to query.",
            autocompletion=complete.tenants,
        ),
    ] = None,
    source: UnstoredSource = None,
    password_file: PasswordFile = None,
    option: SourceOptions = None,
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
    if (tenant is None) == (source is None):
        raise InputError("a source is needed to try it on", hint="Give either --tenant or --source.")
    asked = candidate(source, password_file, option) if source else tenant or ""
    with open_warehouse() as warehouse:
        trial = warehouse.try_template(files[0] if files else what, asked, wanted, rows=rows, timeout=timeout)
    if as_json:
        print_json(trial=trial)
    else:
        _show(trial)
    if trial.strays:
        raise SliceError(
            f"{trial.strays:,} of {trial.rows:,} rows are outside {wanted}: a load would refuse the day",
            hint="The predicate and time_column must agree: column >= '{START_TIME}' AND column < '{END_TIME}'.",
        )


def _show(trial: Trial) -> None:
    each = f", {trial.bytes / trial.rows:,.0f} bytes each" if trial.rows else ""
    data.print(
        f"{trial.connection}, {trial.day}: {count(trial.rows, 'row')} in {trial.seconds:.2f} s, "
        f"{human_bytes(trial.bytes)}{each}",
    )
    found = {
        True: "an index finds the day",
        False: "no index finds the day",
        None: "it is not known how the day is found",
    }
    data.print(
        f"plan: cost {trial.cost:,.0f}, {count(trial.estimated_rows, 'row')} expected; {found[trial.time_index]}",
    )
    for scan in trial.scans:
        rows = f"{count(scan.rows, 'row')}, " if scan.rows >= 0 else ""
        why = ", to find the day" if scan.by_time else ""
        data.print(f"reads all of {scan.table} ({rows}{human_bytes(scan.bytes)}){why}")
    for column in trial.other_types:
        data.print(f"{column.column} is {column.source} at the source, declared as {column.declared}")
    if trial.sample:
        print_table(None, trial.columns, trial.sample)
