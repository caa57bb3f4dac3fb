"""Taking a further worker into a Citus cluster: look at it first, give it the roles that it lacks, then let Citus add it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tenantry.core.errors import DatabaseError, InputError
from tenantry.core.model import OWNER
from tenantry.db.queries import one_row, query
from tenantry.db.roles import on_all_nodes
from tenantry.flow.cluster.nodes import require_coordinator, without_prefix
from tenantry.flow.tenant.reader import MARK, readers

_SETTLED = "SET LOCAL citus.enable_ddl_propagation = off; "
"""Citus refuses statements about roles on other nodes, except those that it is told to leave alone."""

_LISTS_OF_NAMES = {
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
}
"""Settings that PostgreSQL stores as a list of quoted names (GUC_LIST_QUOTE); pg_dump has the same list."""


@dataclass(frozen=True)
class NoLogin:
    """A role that cannot log in at a node, and why."""

    role: str
    error: str


@dataclass(frozen=True)
class AddedWorker:
    """A worker: whether it is new (`made`), the roles that were created on it, and those whom it does not let in yet."""

    host: str
    port: int
    made: bool
    roles: tuple[str, ...]
    without_login: tuple[NoLogin, ...]


def add(session: psycopg.Connection, owner: psycopg.Connection, host: str, port: int) -> AddedWorker:
    """Add a worker, or finish what an earlier call began. `session` is a superuser's, `owner` whadmin's.

    No shard moves there yet; new tables get shards there.

    Raises:
        InputError: the database is not a coordinator, or the login is not a superuser.
        DatabaseError: the worker does not answer, has no Citus or another version, or does not let whadmin in. Apart from roles that were
            created on it, nothing was changed.
    """
    require_coordinator(session)
    user, superuser, _ = one_row(session, query("session", "administrator"))
    if not superuser:
        raise InputError(
            f'role "{user}" is not a superuser, and Citus lets no other role add a node',
            hint="Log in as one: --dsn, or TENANTRY_ADMIN_DSN.",
        )
    names = [reader.name for reader in readers(owner) if reader.exists]
    roles = session.execute(query("storage", "roles_of_cluster"), {"readers": names, "mark": MARK}).fetchall()
    _compare(session, host, port)
    made = _make_roles(session, host, port, roles)
    if reason := _refused(owner, host, port):
        raise DatabaseError(
            f"{host}:{port} does not let {OWNER} in: {reason}",
            hint=f"Put {OWNER}'s password into the password file of the server's account on each node, or into pg_dist_authinfo;"
            f" if it has another password there, set that one: ALTER ROLE {OWNER} PASSWORD '…'",
        )
    is_new = _join(session, host, port)
    if one_row(owner, query("storage", "has_distributed"))[0]:
        owner.execute(query("storage", "open_nodes"))
    return AddedWorker(host, port, is_new, tuple(made), tuple(_kept_out(session, host, port, names)))


def _compare(session: psycopg.Connection, host: str, port: int) -> None:
    """Raise DatabaseError unless the node answers, and has the same versions."""
    here, asked = one_row(session, query("storage", "versions"))
    answered, text = _ask(session, host, port, asked)
    if not answered:
        raise DatabaseError(
            f"{host}:{port} does not answer: {without_prefix(text)}",
            hint=f"The coordinator logs in there as {session.info.user}, to database {session.info.dbname}: it must exist and let it in.",
        )
    there: dict[str, Any] = json.loads(text)
    if there["citus"] is None:
        raise DatabaseError(
            f"{host}:{port} has no extension citus in database {session.info.dbname}",
            hint="As its superuser, in that database: CREATE EXTENSION citus; -- shared_preload_libraries must have citus",
        )
    if there["citus"] != here["citus"]:
        raise DatabaseError(
            f"{host}:{port} has Citus {there['citus']}, and the coordinator has {here['citus']}",
            hint="Install the same version on all nodes, then: ALTER EXTENSION citus UPDATE;",
        )
    if there["major"] != here["major"]:
        raise DatabaseError(
            f"{host}:{port} is PostgreSQL {there['major']}, and the coordinator is {here['major']}",
            hint="All nodes must be of the same major version.",
        )


def _make_roles(session: psycopg.Connection, host: str, port: int, roles: list[tuple[Any, ...]]) -> list[str]:
    """Create the roles that the node lacks as they are here, password included; return their names."""
    wanted = [row[0] for row in roles]
    ask = sql.SQL("SELECT pg_catalog.jsonb_agg(rolname) FROM pg_catalog.pg_roles WHERE rolname = ANY ({})")
    answered, text = _ask(session, host, port, ask.format(sql.Literal(wanted)).as_string(session))
    known = json.loads(text or "null") if answered else None
    lacking = [row for row in roles if row[0] not in (known or ())]
    for row in lacking:
        _tell(session, host, port, _creation(session, *row[:-1]))
    for name, *_, groups in lacking:
        for group in groups:
            grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(name))
            _tell(session, host, port, grant.as_string(session))
    return [row[0] for row in lacking]


def _creation(
    session: psycopg.Connection,
    name: str,
    password: str | None,
    login: bool,
    inherits: bool,
    connections: int,
    valid_until: str | None,
    comment: str | None,
    settings: list[str],
) -> str:
    role = sql.Identifier(name)
    parts = [
        sql.SQL("CREATE ROLE {} {} {} CONNECTION LIMIT {}").format(
            role,
            sql.SQL("LOGIN" if login else "NOLOGIN"),
            sql.SQL("INHERIT" if inherits else "NOINHERIT"),
            sql.Literal(connections),
        )
    ]
    if password is not None:
        parts.append(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
    if valid_until is not None:
        parts.append(sql.SQL("ALTER ROLE {} VALID UNTIL {}").format(role, sql.Literal(valid_until)))
    if comment is not None:
        parts.append(sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(comment)))
    for setting in settings:
        key, _, value = setting.partition("=")
        words = sql.SQL(", ").join(_words(key, value))
        parts.append(sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(key), words))
    return sql.SQL("; ").join(parts).as_string(session)


def _words(key: str, value: str) -> list[sql.Literal]:
    """The values of a setting as ALTER ROLE takes them. A list of names that is given as one literal would become one name."""
    if key.lower() not in _LISTS_OF_NAMES:
        return [sql.Literal(value)]
    names = re.findall(r'"((?:[^"]|"")*)"|([^\s,"]+)', value)
    return [sql.Literal(quoted.replace('""', '"') if not bare else bare.lower()) for quoted, bare in names]


def _tell(session: psycopg.Connection, host: str, port: int, statements: str) -> None:
    """Let the node carry out statements about roles."""
    block = sql.SQL("DO {}").format(sql.Literal(f"BEGIN {_SETTLED}{statements}; END"))
    answered, text = _ask(session, host, port, block.as_string(session))
    if not answered:
        raise DatabaseError(f"{host}:{port} refused to create a role: {without_prefix(text)}")


def _join(session: psycopg.Connection, host: str, port: int) -> bool:
    """Let Citus add the node, or make it active again; False if it was a node and active."""
    known = session.execute(query("storage", "known_node"), {"host": host, "port": port}).fetchone()
    if known and known[0]:
        return False
    join = query("storage", "activate_node") if known else query("storage", "add_node")
    with on_all_nodes(session):
        session.execute(join, {"host": host, "port": port})
    return True


def _kept_out(session: psycopg.Connection, host: str, port: int, names: list[str]) -> list[NoLogin]:
    """The readers whom the node does not let in, each as it will try."""
    found = []
    for name in ["phood_ro", *names]:
        with session.transaction(force_rollback=True):
            session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(name)))
            reason = _refused(session, host, port)
        if reason:
            found.append(NoLogin(name, reason))
    return found


def _refused(session: psycopg.Connection, host: str, port: int) -> str | None:
    """Why the node does not let the session's role in; None if it does."""
    answered, text = _ask(session, host, port, "SELECT 1")
    return None if answered else without_prefix(text)


def _ask(session: psycopg.Connection, host: str, port: int, command: str) -> tuple[bool, str]:
    """Whether the node carried out a command, and its one value or its error."""
    asked = {"host": host, "port": port, "command": command}
    answered, text = one_row(session, query("storage", "ask_node"), asked)
    return bool(answered), text or ""
