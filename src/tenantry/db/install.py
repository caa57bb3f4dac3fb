"""Making a database a warehouse, and bringing one up to date: repeatable at any time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg import sql

from tenantry import __version__
from tenantry.core.errors import NotInstalled
from tenantry.core.model import OWNER
from tenantry.db.build import build, cron_files, entrances, function_files, release
from tenantry.db.connect import OLDEST_SERVER
from tenantry.db.migrations import Migration, migrate, refuse_newer
from tenantry.db.passwords import verifier
from tenantry.db.queries import SQL, one_row, query, sql_text
from tenantry.db.roles import require_admin_option

OVERLOAD = "schedule_named_database.sql"
"""The one file of sql/cron that pg_cron's own schema gets."""


def function_script() -> list[LiteralString]:
    """What makes every function, with its rights: to run in this order, in one transaction of whadmin's administrator."""
    return [
        "SET LOCAL ROLE whadmin;",
        sql_text(SQL / "install" / "lock.sql"),
        _filled("refuse_older.sql", release=".".join(map(str, release(__version__))), version=__version__),
        # A function may call one of a later file; PostgreSQL would refuse the body of an SQL function.
        "SET LOCAL check_function_bodies = off;",
        # Defaults of parameters mean what they mean where the function is made.
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
        sql_text(SQL / "install" / "6_template_indexes.sql"),
    ]


def _filled(name: str, **facts: str) -> LiteralString:
    """A file of sql/install with what this program knows of itself in the place of {names}."""
    text: LiteralString = sql_text(SQL / "install" / name)
    for word, fact in facts.items():
        text = text.replace(f"{{{word}}}", fact)
    return text


def install(connection: psycopg.Connection, passwords: Mapping[str, str]) -> list[str]:
    """Create or upgrade everything of Tenantry in the session's database, as its administrator.

    `passwords` maps a role name to the password to set; roles that are not named keep theirs. Returns what was
    done, a line each. All of it is one transaction. The script create.sql, then functions.sql and
    template-foodlogstats.sql, do the same with psql alone, in several.

    Raises:
        NotInstalled: the server is older than PostgreSQL 15, or the warehouse newer than the program.
    """
    version = connection.info.server_version
    if version < OLDEST_SERVER:
        raise NotInstalled(
            f"the server is PostgreSQL {version // 10000}; Tenantry needs 15 or newer",
        )
    refuse_newer(connection)
    with connection.transaction():
        connection.execute(sql_text(SQL / "install" / "lock.sql"))
        applied = _install(connection, passwords)
    return [f"migration {m.version} ({m.name}) applied" for m in applied]


def _install(connection: psycopg.Connection, passwords: Mapping[str, str]) -> list[Migration]:
    connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    for name in ("1_roles.sql", "2_database.sql", "2_cron.sql"):
        connection.execute(sql_text(SQL / "install" / name))
    require_admin_option(connection, passwords)
    for role, password in passwords.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(role), verifier(connection, role, password)
            )
        )
    own_cron, add_overload = one_row(connection, query("install", "cron_files"))
    if add_overload:
        connection.execute(sql_text(SQL / "cron" / OVERLOAD))
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(OWNER)))
    connection.execute(sql_text(SQL / "install" / "3_migrations.sql"))
    applied = migrate(connection)
    if own_cron:
        with connection.transaction():
            connection.execute("SET LOCAL check_function_bodies = off")
            for file in cron_files():
                connection.execute(sql_text(file))
    apply_functions(connection)
    connection.execute(sql_text(SQL / "templates" / "foodlogstats.sql"))
    connection.execute("RESET ROLE")
    return applied


def apply_functions(connection: psycopg.Connection) -> int:
    """Create or replace every function, in one transaction, as whadmin; returns how many files."""
    with connection.transaction():
        for statements in function_script():
            connection.execute(statements)
    return len(function_files())
