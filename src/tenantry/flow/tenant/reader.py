"""Readers: logins for reports that see all tenants, or only some."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString

import psycopg
from psycopg import sql

from tenantry.core.errors import InputError
from tenantry.core.model import OWNER, READER
from tenantry.db.connect import owner_session
from tenantry.db.passwords import verifier
from tenantry.db.queries import one_row, query
from tenantry.db.roles import on_all_nodes, require_admin_option

MARK = "Tenantry: a reader"
"""The comment of the roles that are created here."""


@dataclass(frozen=True)
class Reader:
    """A login for reports. `tenants` None: all of them, and the public views.

    Its password is valid until `valid_until` (None: forever). `connections` is the maximum number of sessions (-1: no
    limit), `statement_timeout` PostgreSQL's setting of that name or None. `sessions` are open now; `exists` is False if
    somebody dropped the role by hand. `workspace` is the schema in which it may create tables and views, or None.
    """

    name: str
    tenants: tuple[str, ...] | None
    connections: int
    statement_timeout: str | None
    sessions: int
    exists: bool
    created_at: datetime
    valid_until: datetime | None = None
    workspace: str | None = None


def readers(session: psycopg.Connection, name: str | None = None) -> list[Reader]:
    """All readers by name, or the reader with that name."""
    return [
        Reader(row[0], tuple(row[1]) if row[1] is not None else None, *row[2:])
        for row in session.execute(query("reader", "readers"), {"name": name})
    ]


def get(session: psycopg.Connection, name: str) -> Reader:
    """The reader with that name. Raises InputError if there is none, also if it is a role of another kind."""
    found = readers(session, name)
    if not found:
        known = ", ".join(reader.name for reader in readers(session)) or "none"
        raise InputError(f'"{name}" is not a reader of this warehouse', hint=f"Known readers: {known}.")
    return found[0]


def put(
    session: psycopg.Connection,
    name: str,
    tenants: Collection[str] | None,
    password: str | None,
    *,
    connections: int | None = None,
    statement_timeout: str | None = None,
    owner: psycopg.Connection | None = None,
    valid_until: datetime | Literal["infinity"] | None = None,
    workspace: str | None = None,
) -> bool:
    """Create a reader, or change one to see exactly these tenants (None: all); True if it was created.

    The session is the administrator's, who creates the role. Then whadmin gives it the right to read, in the session
    `owner` if given. Other values that are None stay as they are; a new reader needs a password. If whadmin's part
    fails, a new role is dropped again.

    Raises InputError for an unknown tenant, and for an existing role that is not a reader of this warehouse.
    """
    if len(name.encode()) > 63:
        raise InputError(
            f'reader name "{name[:40]}…" is longer than 63 bytes, the limit for names in PostgreSQL',
            hint="Choose a shorter name.",
        )
    require_administrator(session)
    require_admin_option(session, (READER, name))
    wanted = None if tenants is None else sorted(set(tenants))
    with nullcontext(owner) if owner else owner_session(session) as acting:
        exists = _require_free(session, acting, name)
        with session.transaction(), on_all_nodes(session):
            put_role(session, name, exists, password, connections, statement_timeout, valid_until)
            let_in(session, name, wanted)
        try:
            with acting.transaction():
                acting.execute(query("reader", "set_reader"), {"name": name, "tenants": wanted})
                if workspace is not None:
                    acting.execute(query("reader", "give_workspace"), {"name": name, "workspace": workspace})
        except BaseException:
            if not exists:
                with session.transaction():
                    _drop_role(session, name)
            raise
    return not exists


def put_role(
    session: psycopg.Connection,
    name: str,
    exists: bool,
    password: str | None = None,
    connections: int | None = None,
    statement_timeout: str | None = None,
    valid_until: datetime | Literal["infinity"] | None = None,
) -> None:
    """Create or change a reader's role, as the administrator; values that are None stay as they are."""
    role = sql.Identifier(name)
    if not exists:
        _run(session, "CREATE ROLE {} LOGIN", role)
        _run(session, "COMMENT ON ROLE {} IS {}", role, sql.Literal(MARK))
    if password is not None:
        _run(session, "ALTER ROLE {} PASSWORD {}", role, verifier(session, name, password))
    # A role's settings are not inherited from phood_ro.
    _run(session, "ALTER ROLE {} SET constraint_exclusion = on", role)
    if connections is not None:
        _run(session, "ALTER ROLE {} CONNECTION LIMIT {}", role, sql.Literal(connections))
    if statement_timeout is not None:
        _run(session, "ALTER ROLE {} SET statement_timeout = {}", role, sql.Literal(statement_timeout))
    if valid_until is not None:
        _run(session, "ALTER ROLE {} VALID UNTIL {}", role, sql.Literal(str(valid_until)))


def let_in(session: psycopg.Connection, name: str, tenants: list[str] | None) -> None:
    """Let a reader into the database, to see these tenants (None: all): the grants that only the administrator can make."""
    role = sql.Identifier(name)
    _run(session, "GRANT CONNECT ON DATABASE {} TO {}", sql.Identifier(session.info.dbname), role)
    member = "GRANT {} TO {}" if tenants is None else "REVOKE {} FROM {}"
    _run(session, member, sql.Identifier(READER), role)
    for (schema,) in session.execute(query("reader", "foreign_schemas"), {"tenants": tenants or []}):
        _run(session, "GRANT USAGE ON SCHEMA {} TO {}", sql.Identifier(schema), role)


def require_free(session: psycopg.Connection, name: str) -> None:
    """Raise InputError if a role of that name exists that is not a reader of this warehouse."""
    with owner_session(session) as owner:
        _require_free(session, owner, name)


def _require_free(session: psycopg.Connection, owner: psycopg.Connection, name: str) -> bool:
    # whadmin's records prove nothing about roles, because they could name any role.
    exists, marked = one_row(session, query("reader", "role"), {"name": name, "mark": MARK})
    if exists and not (marked and readers(owner, name)):
        raise InputError(
            f'role "{name}" exists and is not a reader of this warehouse', hint="Choose another name."
        )
    # PostgreSQL's default search_path would lead the role's sessions into it.
    other = owner.execute(query("reader", "workspace_named"), {"name": name}).fetchone()
    if other:
        raise InputError(f'"{name}" is the workspace of reader "{other[0]}"', hint="Choose another name.")
    return bool(exists)


def drop(session: psycopg.Connection, name: str, *, drop_workspace: bool = False) -> None:
    """Drop a reader: its sessions, its rights and the role, in one transaction of the administrator's.

    An empty workspace is dropped with it; with `drop_workspace` also one that holds something.

    Raises:
        InputError: it is not a reader, or owns something, which the error names, or somebody else owns something in its
            workspace.
        psycopg.Error: it has rights in another database of the server, or somebody else's objects depend on its own.
    """
    require_administrator(session)
    with owner_session(session) as owner:
        reader = get(owner, name)
        if reader.workspace is not None:
            _require_own(session, name, reader.workspace)
        if reader.exists:
            _require_free(session, owner, name)
            with session.transaction():
                _drop_role(session, name, reader.workspace, drop_workspace=drop_workspace)
        with owner.transaction():
            owner.execute(query("reader", "forget_reader"), {"name": name})
            owner.execute(query("reader", "limit_readers"))
            if reader.workspace is not None:
                _run(owner, "DROP SCHEMA IF EXISTS {}", sql.Identifier(reader.workspace))


def _require_own(session: psycopg.Connection, name: str, workspace: str) -> None:
    """Raise InputError if a reader's workspace holds something of somebody else."""
    found = session.execute(query("reader", "others_in"), {"name": name, "workspace": workspace})
    if others := [row[0] for row in found]:
        raise InputError(
            f'the workspace of reader "{name}" holds what belongs to others: {_some(others)}',
            hint=f"Move it to another schema, or drop it: {OWNER} may drop everything in the workspace.",
        )


def _some(things: list[str]) -> str:
    return ", ".join(things[:3]) + (" and more" if len(things) > 3 else "")


def _drop_role(
    session: psycopg.Connection, name: str, workspace: str | None = None, *, drop_workspace: bool = False
) -> None:
    user, superuser = require_administrator(session)
    role = sql.Identifier(name)
    found = session.execute(query("reader", "owned_by"), {"name": name, "workspace": workspace}).fetchall()
    elsewhere = [thing for thing, within in found if not within]
    if elsewhere or (found and not drop_workspace):
        owned = elsewhere or [thing for thing, _ in found]
        raise InputError(
            f'reader "{name}" owns {_some(owned)}',
            hint="Give it to another role first (REASSIGN OWNED BY … TO …), or drop it."
            if elsewhere
            else "To drop its workspace with it: --drop-workspace. To keep it: REASSIGN OWNED BY … TO another login.",
        )
    if not superuser:
        require_admin_option(session, (name,))
        _run(session, "GRANT {} TO {}", role, sql.Identifier(user))
    session.execute(query("reader", "end_sessions_of"), {"name": name})
    with on_all_nodes(session):
        _run(session, "DROP OWNED BY {}", role)
        _run(session, "DROP ROLE {}", role)


def require_administrator(session: psycopg.Connection) -> tuple[str, bool]:
    """The login's name, and whether it is a superuser. Raises InputError if it may not create roles."""
    user, superuser, may = one_row(session, query("session", "administrator"))
    if not may:
        raise InputError(
            f'role "{user}" cannot create or drop roles',
            hint="Log in as the server's administrator: --dsn, or TENANTRY_ADMIN_DSN.",
        )
    return user, superuser


def _run(session: psycopg.Connection, statement: LiteralString, *parts: sql.Composable) -> None:
    session.execute(sql.SQL(statement).format(*parts))
