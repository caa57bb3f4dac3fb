"""`tenantry init`: make a database a warehouse, or repair one."""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json, print_table, step
from tenantry.cli.target import administrator
from tenantry.core.errors import InputError, NotInstalled
from tenantry.core.model import OWNER, READER

if TYPE_CHECKING:
    from tenantry.embedded.server import Server
    from tenantry.flow.slice.room import Shortage
    from tenantry.observe.status import Installation

_VARIABLES = {OWNER: "TENANTRY_WHADMIN_PASSWORD", READER: "TENANTRY_READER_PASSWORD"}


def init(
    generate: Annotated[
        bool, typer.Option("--generate", help="Generate passwords instead of asking for them.")
    ] = False,
    tenants: Annotated[
        int,
        typer.Option(
            "--tenants",
            metavar="NUMBER",
            min=1,
            max=100_000,
            help="Tenants you plan for: says which settings their reports need.",
        ),
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """Make the database a warehouse, or repair one.

    Functions and rights are applied again; you can run this at any time. A
    warehouse of an older version is upgraded, as by tenantry upgrade.

    Connect as the server's administrator (a superuser, or the master user on
    RDS): --dsn, or TENANTRY_ADMIN_DSN. That session creates roles, schemas and
    rights. Everything else is created by whadmin in a second session. There are
    two roles: whadmin owns and runs the warehouse, and phood_ro only reads
    reports.

    Their passwords come from TENANTRY_WHADMIN_PASSWORD and
    TENANTRY_READER_PASSWORD. A password that is not set there is asked for. It
    is generated instead with --generate, without a terminal, or on an embedded
    server. An existing role keeps its password unless its variable is set.

    A report over all tenants locks every table and index, and the server's
    lock table has a fixed size. If it is too small for the planned number of
    tenants, the setting to make is printed. Nothing is changed.
    """
    from tenantry.cli.progress import working
    from tenantry.db import upgrade
    from tenantry.db.adopt.plan import is_by_hand
    from tenantry.db.connect import owner_session, session
    from tenantry.db.install import install
    from tenantry.db.passwords import keep_generated, require_place
    from tenantry.flow.slice import room
    from tenantry.observe.status import installation
    from tenantry.warehouse import Warehouse

    with administrator(installed=False) as (conninfo, server), session(conninfo, role=None) as connection:
        if is_by_hand(connection):
            raise NotInstalled(
                "this database holds a warehouse by the operations manual's own scripts",
                hint="Take it over as it is: tenantry adopt --dry-run",
            )
        present = {role.name for role in Warehouse(conninfo).roles()}
        passwords, generated = role_passwords(present, generate=generate or server is not None)
        if generated and not server:
            require_place()
        with working("installing"):
            if upgrade.is_installed(connection):
                done = upgrade.run(connection, passwords).lines()
            else:
                done = install(connection, passwords)
        if server:
            for role, password in passwords.items():
                server.save_password(role, password)
        elif generated:
            file = keep_generated(connection, {role: passwords[role] for role in generated})
            notes.print(
                f"generated passwords of {', '.join(generated)} are in {file} (libpq's pgpass format)",
            )
        with owner_session(connection, passwords.get(OWNER)) as owner:
            facts = installation(owner)
            lacks = room.planned(owner, tenants)
    if replaced := [] if as_json else sorted(passwords.keys() & present):
        step("password", f"{' and '.join(replaced)}: replaced, for all warehouses of this server")
    _report(facts, done, lacks, as_json=as_json)


def make_embedded(server: Server) -> None:
    """Make an embedded server a warehouse without templates, with generated passwords."""
    from tenantry.db.connect import session
    from tenantry.db.install import install
    from tenantry.warehouse import Warehouse

    with server.lease():
        with session(server.login(), role=None) as connection:
            passwords, _ = role_passwords(set(), generate=True)
            install(connection, passwords)
        for role, password in passwords.items():
            server.save_password(role, password)
        warehouse = Warehouse(server.login(user=OWNER))
        for template in warehouse.templates():
            warehouse.drop_template(template.name)


def role_passwords(present: set[str], *, generate: bool) -> tuple[dict[str, str], list[str]]:
    """The passwords to set, by role, and which of them were generated."""
    chosen: dict[str, str] = {}
    generated: list[str] = []
    for role, variable in _VARIABLES.items():
        given = os.environ.get(variable)
        if given is not None:
            if not given:
                raise InputError(f"{variable} is empty", hint="Set it, or unset it.")
            chosen[role] = given
        elif role in present:
            continue
        elif not generate and sys.stdin.isatty():
            chosen[role] = typer.prompt(
                f"Password for {role}", hide_input=True, confirmation_prompt=True, err=True
            )
        else:
            chosen[role] = secrets.token_urlsafe(24)
            generated.append(role)
    return chosen, generated


def _report(facts: Installation, done: list[str], lacks: Shortage | None, *, as_json: bool) -> None:
    if as_json:
        print_json(done=done, installation=facts, shortage=lacks)
        return
    for line in done or ["everything was in place; functions and rights were applied again"]:
        step("install", line)
    print_table(
        "Roles",
        ("role", "superuser", "createdb", "createrole", "login"),
        [(r.name, r.superuser, r.createdb, r.createrole, r.login) for r in facts.roles],
    )
    data.print(
        f"{facts.functions} functions in _wh, migration {facts.migration}, templates: {', '.join(facts.templates)}"
    )
    if lacks:
        step("warning", str(lacks))
    data.print("Next: tenantry start, which sets up a tenant and a report")
