"""Turning a database into a warehouse, and upgrading one. Can be repeated at any time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import LiteralString

import psycopg
from psycopg import sql

from tenantry import __version__
from tenantry.core.errors import DatabaseError, NotInstalled
from tenantry.core.model import OWNER
from tenantry.db.build import build, cron_files, entrances, function_files, release
from tenantry.db.connect import OLDEST_SERVER, open_owner_session, owner_session
from tenantry.db.migrations import migrate, refuse_newer
from tenantry.db.passwords import verifier
from tenantry.db.queries import SQL, one_row, query, sql_text
from tenantry.db.roles import may_not_act, require_admin_option

OVERLOAD = "schedule_named_database.sql"
"""The only file of sql/cron that goes into pg_cron's own schema."""


def function_script() -> list[LiteralString]:
    """The statements that create every function, with its rights. whadmin's administrator runs them in this order, in one transaction."""
    return [
        "SET LOCAL ROLE whadmin;",
        sql_text(SQL / "install" / "lock.sql"),
        _filled("refuse_older.sql", release=".".join(map(str, release(__version__))), version=__version__),
        # A function may call one from a later file; PostgreSQL would refuse the body of an SQL function.
        "SET LOCAL check_function_bodies = off;",
        # The defaults of parameters are interpreted when the function is created.
        "SET LOCAL search_path = pg_catalog, pg_temp;",
        "SET LOCAL plpgsql.extra_errors = 'none';",
        "SET LOCAL standard_conforming_strings = on;",
        sql_text(SQL / "install" / "drop_internal.sql"),
        *(sql_text(file) for file in function_files()),
        sql_text(SQL / "install" / "4_rights.sql"),
        sql_text(SQL / "install" / "5_connections.sql"),
        _filled(
            "6_record.sql",
            entrances=f"{{{','.join(entrances())}}}",
            version=__version__,
            functions=build().functions,
        ),
        sql_text(SQL / "install" / "6_template_parts.sql"),
        sql_text(SQL / "install" / "6_cluster.sql"),
    ]


def _filled(name: str, **facts: str) -> LiteralString:
    """A file of sql/install, with this program's values in place of {names}."""
    text: LiteralString = sql_text(SQL / "install" / name)
    for word, fact in facts.items():
        text = text.replace(f"{{{word}}}", fact)
    return text


def install(connection: psycopg.Connection, passwords: Mapping[str, str]) -> list[str]:
    """Create or upgrade everything of Tenantry in the session's database, as its administrator.

    `passwords` maps role names to the passwords to set; other roles keep theirs. Returns what was done, a line each.
    The administrator's part is one transaction. whadmin's part is another, in its own session. The scripts do the same
    with psql alone: create.sql does the administrator's part, functions.sql and template-foodlogstats.sql do whadmin's.

    Raises:
        NotInstalled: the server is older than PostgreSQL 15, or the warehouse is newer than the program.
        DatabaseError: whadmin exists but cannot log in.
    """
    if not one_row(connection, query("session", "has_role"), {"role": OWNER})[0]:
        prepare(connection, passwords)
        with owner_session(connection, passwords.get(OWNER)) as owner:
            return fill(owner)
    with closing(owner_login(connection, passwords)) as owner:
        # Check before anything is changed: a newer warehouse is left alone.
        refuse_newer(owner)
        prepare(connection, passwords)
        return fill(owner)


def owner_login(connection: psycopg.Connection, passwords: Mapping[str, str]) -> psycopg.Connection:
    """A session of whadmin's beside the administrator's. If whadmin cannot log in, the password that it should get is set first."""
    try:
        return open_owner_session(connection)
    except DatabaseError:
        if OWNER not in passwords:
            raise
    _set_password(connection, OWNER, passwords[OWNER])
    return open_owner_session(connection, passwords[OWNER])


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(
            sql.Identifier(role), verifier(connection, role, password)
        )
    )


def prepare(connection: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    """The administrator's part: roles, rights, extensions and schemas. It reads and runs nothing that whadmin can change."""
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise NotInstalled(
            f"the server is PostgreSQL {version // 10000}; Tenantry needs 15 or newer",
        )
    with connection.transaction():
        _prepare(connection, passwords)


def _prepare(connection: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    stranger, user = one_row(connection, query("install", "no_member"))
    if stranger:
        raise may_not_act(user)
    connection.execute(sql_text(SQL / "install" / "lock.sql"))
    for name in ("1_roles.sql", "2_database.sql", "2_cron.sql"):
        connection.execute(sql_text(SQL / "install" / name))
    require_admin_option(connection, passwords)
    for role, password in passwords.items():
        _set_password(connection, role, password)
    connection.execute(sql_text(SQL / "install" / "2_audit.sql"))
    if one_row(connection, query("install", "cron_files"))[1]:
        connection.execute(sql_text(SQL / "cron" / OVERLOAD))


def fill(owner: psycopg.Connection) -> list[str]:
    """whadmin's part, in one transaction: tables, functions and the template of the manual. Returns what was done, a line each."""
    with owner.transaction():
        owner.execute("SET LOCAL search_path = pg_catalog, pg_temp")
        owner.execute(sql_text(SQL / "install" / "lock.sql"))
        refuse_newer(owner)
        owner.execute(sql_text(SQL / "install" / "3_migrations.sql"))
        applied = migrate(owner)
        if one_row(owner, query("install", "cron_files"))[0]:
            with owner.transaction():
                owner.execute("SET LOCAL check_function_bodies = off")
                for file in cron_files():
                    owner.execute(sql_text(file))
        apply_functions(owner)
        if any(m.version == 1 for m in applied) or one_row(owner, query("install", "has_example"))[0]:
            # Whoever has dropped it does not want it back.
            owner.execute(sql_text(SQL / "templates" / "foodlogstats.sql"))
        owner.execute(query("template", "describe"), {"names": None})
    return [f"migration {m.name} applied" for m in applied]


def apply_functions(connection: psycopg.Connection) -> int:
    """Create or replace every function, in one transaction, as whadmin; return the number of files."""
    with connection.transaction():
        for statements in function_script():
            connection.execute(statements)
    return len(function_files())
