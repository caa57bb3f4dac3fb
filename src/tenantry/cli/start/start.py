"""`tenantry start`: from a source's address to a report."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.options import (
    FirstDay,
    NewSourceOrAsk,
    PasswordFile,
    SourceOptions,
    WithJobs,
    ended_or_today,
)
from tenantry.cli.start import tell
from tenantry.cli.start.ask import Asking, say
from tenantry.cli.start.ask import tell as tell_step
from tenantry.cli.start.candidate import candidate, tell_login
from tenantry.cli.target import embedded_server, open_warehouse, target
from tenantry.cli.tenant import added
from tenantry.core.errors import InputError, TenantryError
from tenantry.core.model import OWNER
from tenantry.core.names import check_tenant_name
from tenantry.core.storage import of_template
from tenantry.core.syntax import identifier

if TYPE_CHECKING:
    from tenantry import Candidate, Newcomer, Warehouse
    from tenantry.core.model import TemplateFile
    from tenantry.flow.source.catalog import SourceReport


def start(
    source: NewSourceOrAsk = None,
    password_file: PasswordFile = None,
    option: SourceOptions = None,
    table: Annotated[
        str | None, typer.Option(metavar="TABLE", help="The table to pull, with its schema if necessary.")
    ] = None,
    time_column: Annotated[
        str | None,
        typer.Option("--time", metavar="COLUMN", help="Its column that says to which day a row belongs."),
    ] = None,
    query: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Instead of a table: a file that holds a query for one day."),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of the new template. Default: the table's. Without --table and --query: a stored template.",
        ),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the tenant. Default: its database's.")
    ] = None,
    first: FirstDay = None,
    schedule: WithJobs = True,
    yes: Yes = False,
) -> None:
    """Set up a tenant and a report from a source's address.

    Looks at the source, drafts a template for one of its tables (or takes your
    query), tries it on the last full day that has rows, and shows some of them,
    with an estimate of days, rows, space and time. Then it adds the tenant and
    shows a report.

    On a terminal it asks for what you do not give. With --yes it takes the
    defaults. The source's password comes from --password-file or
    TENANTRY_SOURCE_PASSWORD, or is asked for. If there is no warehouse yet, it
    creates one on an embedded server.

    Nothing is created in the warehouse before the template works at the source
    and you have agreed. If adding the tenant fails before it has rows, what
    this run has created is removed again. The single steps are tenantry
    connection test, template new, template test, template load, and tenant add.
    """
    if query and table:
        raise InputError("--query and --table cannot be combined", hint="Give one of them.")
    from tenantry import Newcomer
    from tenantry.cli.tenant.source import parse

    begin = ended_or_today(first) if first else None
    asking = Asking.terminal(yes=yes)
    _require_warehouse(yes=yes)
    conninfo = source or asking.text(
        "Source (host=… dbname=… user=…)", "--source", check=lambda text: parse("source", text)
    )
    asked = candidate(conninfo, password_file, option)
    with open_warehouse() as warehouse:
        with _nothing_made():
            report = warehouse.look_at_source(asked)
            tell_login(report)
            asked = replace(asked, connection=report.connection)
            name = _tenant(warehouse, asking, tenant, report)
            asked = replace(asked, connection=replace(asked.connection, name=name))
            file, stored = _template(warehouse, asking, asked, report, template, table, time_column, query)
            say(f"Trying template {file.template.name} at the source …")
            prospect = warehouse.foresee(file, asked, first=begin)
            tell.trial(prospect.trial)
            tell.estimate(prospect, of_template(file.template.storage, file.template.time_column))
            if prospect.trial.strays:
                raise InputError(
                    f"{prospect.trial.strays} of {prospect.trial.rows} rows are outside {prospect.trial.day}",
                    hint="The time column and the query's condition must agree.",
                )
            confirm(f"Add tenant {name} with template {file.template.name}?", yes=yes, usual=True)
        newcomer = Newcomer(name, asked.connection, asked.password, [file.template.name], begin)
        _add(warehouse, newcomer, file, stored=stored, schedule=schedule)
        tell.report(warehouse, file.template, prospect)
        server = embedded_server(target())
        if server is not None:
            # For reports.
            server.keep()
        tell.reader(warehouse, server)


@contextmanager
def _nothing_made() -> Iterator[None]:
    """Let the errors of a block that only reads say that nothing was created."""
    try:
        yield
    except TenantryError as error:
        error.add("Nothing was created in the warehouse.")
        raise


def _require_warehouse(*, yes: bool) -> None:
    """Make the embedded server a warehouse, if that is what the command works on and it is none yet."""
    server = embedded_server(target())
    if server is None or (server.exists and server.password(OWNER) is not None):
        return
    say("There is no warehouse yet. Tenantry can create one on an embedded PostgreSQL server, in:")
    say(f"  {server.directory}")
    confirm("Create it? (To use a server of your own: tenantry init --help)", yes=yes, usual=True)
    from tenantry.cli.server.init import make_embedded

    make_embedded(server)
    server.keep()


def _tenant(warehouse: Warehouse, asking: Asking, given: str | None, report: SourceReport) -> str:
    """The name of the tenant. Raises InputError if it cannot be one, or exists."""
    own = re.sub(r"[^a-z0-9]+", "_", report.connection.dbname.lower()).strip("_")
    name = given or asking.text(
        "Name of the tenant",
        "--tenant",
        own if own != "postgres" else None,
        lambda text: _require_new_tenant(warehouse, text),
    )
    _require_new_tenant(warehouse, name)
    return name


def _require_new_tenant(warehouse: Warehouse, name: str) -> None:
    check_tenant_name(name)
    if _there(warehouse, "to_regnamespace", identifier(name)) or warehouse.connection(name) is not None:
        raise InputError(
            f'a tenant, schema or connection "{name}" already exists',
            hint="Choose another name with --tenant. To load more for an existing tenant: tenantry tenant add.",
        )


def _there(warehouse: Warehouse, look: Literal["to_regclass", "to_regnamespace"], name: str) -> bool:
    """Whether the warehouse has a schema or relation of that name, as SQL writes it."""
    with warehouse.session() as session:
        return session.execute(f"SELECT {look}(%s) IS NOT NULL", (name,)).fetchone() == (True,)


def _template(
    warehouse: Warehouse,
    asking: Asking,
    asked: Candidate,
    report: SourceReport,
    name: str | None,
    table: str | None,
    time_column: str | None,
    query: Path | None,
) -> tuple[TemplateFile, bool]:
    """The template to use, and whether it is already stored."""
    from tenantry.core.model import TemplateFile
    from tenantry.warehouse.files import parse_template, read_query, template_as_file

    stored = {known.name for known in warehouse.templates()}
    if name in stored and not (table or query):
        return TemplateFile(warehouse.template(name or "").text, name or ""), True
    if query:
        text = read_query(query)
        named = name or asking.text("Name of the template", "--template", _plain(query.stem))
        draft = warehouse.draft_template(named, text, asked, time_column=time_column, origin=str(query))
        storage = of_template(None, draft.template.time_column)
        draft = replace(draft, template=replace(draft.template, storage=storage))
    else:
        chosen, time = tell.chosen_table(asking, report.tables, table, time_column)
        named = name or asking.text("Name of the template", "--template", _plain(chosen.name))
        draft = warehouse.draft_from_table(named, asked, chosen.written, time_column=time)
    for remark in draft.remarks:
        say(f"note: {remark}")
    file = parse_template(template_as_file(draft.template), named)
    if named not in stored:
        _require_new_template(warehouse, named)
        return file, False
    if warehouse.template(named).text.query.strip() == draft.template.query.strip():
        say(f"template {named} is already stored with the same query")
        return file, True
    raise InputError(
        f'template "{named}" already exists with another query',
        hint=f"Name the new one with --template, or use the stored one: --template {shlex.quote(named)} without --table.",
    )


def _require_new_template(warehouse: Warehouse, name: str) -> None:
    taken = None
    if any(known.name == name for known in warehouse.templates()):
        taken = f'template "{name}" already exists'
    elif _there(warehouse, "to_regclass", f"public.{identifier(name)}"):
        taken = f'relation "{name}" already exists in public, where reports look for the template\'s rows'
    if taken:
        raise InputError(taken, hint="Choose another name with --template.")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "rows"


def _add(
    warehouse: Warehouse, newcomer: Newcomer, file: TemplateFile, *, stored: bool, schedule: bool
) -> None:
    """Store the template and add the tenant."""
    from tenantry import Limits

    name, template = newcomer.name, file.template.name
    with _nothing_made():
        # Somebody else may have made them while the questions were answered.
        _require_new_tenant(warehouse, name)
        if not stored:
            _require_new_template(warehouse, template)
    with _taken_back(warehouse, name, None if stored else template):
        if not stored:
            warehouse.load_templates([file])
        done = added.take_in(warehouse, newcomer, schedule=schedule, limits=Limits(), tell=tell_step)
    again = f"run: tenantry backfill {shlex.quote(template)} --tenant {shlex.quote(name)}"
    added.require_complete(done, again)


@contextmanager
def _taken_back(warehouse: Warehouse, name: str, template: str | None) -> Iterator[None]:
    """Drop the new tenant, if it has no rows yet, and the new template again if the block fails."""
    try:
        yield
    except BaseException as error:
        if any(known.name == name for known in warehouse.tenants()):
            if warehouse.tenant_goods(name).rows:
                if isinstance(error, TenantryError):
                    kept = f"What was loaded is kept. To remove it: tenantry tenant drop {shlex.quote(name)}"
                    error.add(kept)
                raise
            warehouse.drop_tenant(name)
        if template and any(known.name == template for known in warehouse.templates()):
            warehouse.drop_template(template)
        if isinstance(error, TenantryError) and "Nothing was created" not in (error.hint or ""):
            error.add("What this run had created was removed again.")
        raise
