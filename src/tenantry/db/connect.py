"""Sessions on the warehouse."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tenantry.core.errors import InputError, NotInstalled, WarehouseUnreachable
from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR, OWNER
from tenantry.db import asking, owner
from tenantry.db.build import pins
from tenantry.db.conninfo import parse, without_values
from tenantry.db.errors import one_line, translated, unreachable
from tenantry.db.lookout import Lookout
from tenantry.db.passwords import generated_file, usable_file
from tenantry.db.queries import one_row, query
from tenantry.db.roles import may_not_act

ENCODING = "UTF8"
"""The client_encoding of all sessions, whatever PGCLIENTENCODING says, because data from a source is passed on without decoding."""

_ALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""A session notices a lost server within about a minute, unless the connection string says otherwise."""

_NOTICED = sql.SQL(
    # Not every operating system of a server supports this.
    "DO $$ BEGIN SET client_connection_check_interval = '10s'; EXCEPTION WHEN OTHERS THEN NULL; END $$;"
)
"""The server also notices during a statement that the program is gone: its transaction ends, and its locks with it."""

_lookout: list[Lookout] = []

OLDEST_SERVER = 150000
"""PostgreSQL 15, as `server_version_num`: earlier versions let everyone create objects in the schema public."""

_PROBE = 3
"""Seconds in which a pooler has to provide a second server."""

_FORM = "Write it as 'host=db.example.com dbname=warehouse user=whadmin' or as a postgresql:// URI."

_KEEPING: set[str] = set()
"""Connection strings that name a pooler which keeps one server per session."""

_GIVEN: WeakKeyDictionary[psycopg.Connection, str] = WeakKeyDictionary()
"""The connection string with which each session was requested: the administrator's, if whadmin's session was opened instead."""

_GROUPS: WeakKeyDictionary[psycopg.Connection, tuple[str, ...]] = WeakKeyDictionary()
"""The groups of Tenantry that a session acts as because its login is not a member of whadmin."""

_ACTS: dict[str, str] = {}
"""The same for the last session opened with a connection string."""

_ADMINISTRATORS: set[str] = set()
"""Connection strings that log in an administrator: whadmin's sessions are opened another way from the start."""

NO_PATH: Final = "pg_catalog, pg_temp"
"""The search_path of a session that acts as its login: whadmin may create functions in public."""


def open_session(
    conninfo: str,
    *,
    role: str | None = OWNER,
    name: str = "tenantry",
    patience: int = 10,
    path: str | None = None,
) -> psycopg.Connection:
    """Open a session in autocommit mode, acting as `role` (None: as the login itself).

    An administrator does not act as whadmin, because whadmin could get the administrator's rights back: whadmin logs in
    for that session. A member of one of Tenantry's groups acts as the group; see `acting`. `path` sets a search_path
    other than the usual one.

    `name` is its application_name; `patience` is how many seconds an answer may take. The settings of server, database,
    role and environment do not change what its statements mean (queries/session.sql), so its time zone is UTC.

    Raises:
        InputError: the connection string cannot be read, or names a pooler that changes servers between transactions.
        WarehouseUnreachable: the server does not answer, refuses the login, or is lost.
        NotInstalled: the server has no such role.
        DatabaseError: the login may not act as `role`, or is an administrator's and whadmin cannot log in.
    """
    with translated():
        connection = None
        if role != OWNER or conninfo not in _ADMINISTRATORS:
            connection = _opened(conninfo, role, name, patience)
        if connection is None:
            _ADMINISTRATORS.add(conninfo)
            connection = _open_as_owner(conninfo, name, patience)
        if role is None:
            connection.execute("SELECT pg_catalog.set_config('search_path', %s, false)", (path or NO_PATH,))
    _GIVEN[connection] = conninfo
    if role == OWNER:
        _ACTS[conninfo] = acting(connection)
    for lookout in _lookout:
        lookout.watch(connection, conninfo)
    return connection


def _opened(conninfo: str, role: str | None, name: str, patience: int) -> psycopg.Connection | None:
    """Return a session with all its settings; None if it is an administrator's and should act as whadmin."""
    connection = _log_in(conninfo, name, patience)
    try:
        if _set_up(connection, role) != connection.info.backend_pid:
            _refuse_changing_servers(connection, conninfo)
    except BaseException as error:
        connection.close()
        if isinstance(error, psycopg.Error) and error.sqlstate == owner.IS_ADMINISTRATOR:
            return None
        raise
    return connection


def _open_as_owner(
    administrator: str, name: str, patience: int, password: str | None = None
) -> psycopg.Connection:
    """Return a session as whadmin when an administrator logs in."""
    why = ""
    for conninfo in owner.conninfos(administrator, password):
        try:
            connection = _opened(conninfo, OWNER, name, patience)
        except WarehouseUnreachable as error:
            why = why or error.message
            continue
        if connection is not None:
            return connection
        why = why or "TENANTRY_DSN logs in an administrator, too"
    user = conninfo_to_dict(administrator).get("user") or os.environ.get("PGUSER") or "of the administrator"
    raise owner.refused(str(user), why)


def open_owner_session(administrator: psycopg.Connection, password: str | None = None) -> psycopg.Connection:
    """Return a session as whadmin beside one of an administrator or of whadmin. `password` is whadmin's, if known.

    Raises the same errors as `open_session`.
    """
    conninfo = given(administrator)
    if password is None:
        opened = open_session(conninfo)
        if acting(opened) != OWNER:
            user = opened.info.user
            opened.close()
            raise may_not_act(user)
        return opened
    with translated():
        return _open_as_owner(conninfo, "tenantry", 10, password)


@contextmanager
def owner_session(
    administrator: psycopg.Connection, password: str | None = None
) -> Iterator[psycopg.Connection]:
    """`open_owner_session` for a `with` block."""
    connection = open_owner_session(administrator, password)
    try:
        with translated():
            yield connection
    finally:
        connection.close()


def given(connection: psycopg.Connection) -> str:
    """The connection string with which the session was requested."""
    if connection in _GIVEN:
        return _GIVEN[connection]
    return make_conninfo(connection.info.dsn, password=connection.info.password)


def groups_of(session: psycopg.Connection) -> tuple[str, ...]:
    """The groups of Tenantry that a session acts as; none if it acts as whadmin."""
    return _GROUPS.get(session, ())


def acting(session: psycopg.Connection) -> str:
    """The role as which a session works: whadmin, or the group with the most rights among its login's groups."""
    return next(iter(groups_of(session)), OWNER)


def _role_of(groups: Sequence[str]) -> str | None:
    """The role of a session that acts as these groups; None if it needs the rights of several groups, which its login has."""
    return groups[0] if AUTHOR not in groups or len(groups) == 1 else None


def acts_as(conninfo: str) -> str:
    """The role as which the sessions of a connection string work."""
    if conninfo not in _ACTS:
        open_session(conninfo).close()
    return _ACTS[conninfo]


def _kept_alive(conninfo: str) -> str:
    wanted = {key: value for key, value in _ALIVE.items() if key not in conninfo_to_dict(conninfo)}
    return make_conninfo(conninfo, **wanted)


def look_out(tell: Callable[[str], None]) -> None:
    """From now on, report what sessions opened here wait for, once they have waited for three seconds."""
    if not _lookout:
        _lookout.append(Lookout(tell, _bystander))


def _bystander(conninfo: str) -> psycopg.Connection:
    """A session for watching, as the login itself, which may see more than whadmin."""
    connection = asking.connect(
        conninfo,
        conninfo,
        autocommit=True,
        application_name="tenantry lookout",
        connect_timeout=5,
        client_encoding=ENCODING,
    )
    connection.execute(
        f"SET TIME ZONE 'UTC'; SET statement_timeout = '5s'; SET DateStyle = ISO; SET search_path = {NO_PATH}"
    )
    return connection


def _log_in(conninfo: str, name: str, patience: int) -> psycopg.Connection:
    words = parse(conninfo, "the connection string", hint=_FORM)
    given = conninfo
    try:
        # PGOPTIONS is for other programs; a connection string or a service may have its own options.
        if not {"options", "service"} & words.keys() and "PGSERVICE" not in os.environ:
            conninfo = make_conninfo(conninfo, options="")
        # PGHOSTADDR is the address of PGHOST, not of the host that is named here.
        if "host" in words and not {"hostaddr", "service"} & words.keys():
            conninfo = make_conninfo(conninfo, hostaddr="")
        return asking.connect(
            _kept_alive(conninfo),
            given,
            autocommit=True,
            application_name=name,
            connect_timeout=patience,
            client_encoding=ENCODING,
        )
    except psycopg.ProgrammingError as error:
        raise InputError(
            f"the connection string cannot be read: {without_values(str(error), conninfo)}", hint=_FORM
        ) from None
    except psycopg.OperationalError as error:
        raise unreachable(error, _advice(error)) from error


def _advice(error: psycopg.OperationalError) -> str | None:
    """What to do if a password is missing."""
    if not asking.needs_password(error):
        return None
    _, reason = usable_file()
    if reason:
        return f"The passwords that Tenantry keeps are not used: {reason}."
    return f"Put it into ~/.pgpass, {generated_file()} or PGPASSWORD; or run the command on a terminal, which asks for it."


def _set_up(connection: psycopg.Connection, role: str | None) -> int:
    """Apply the session's settings in one message, because a warehouse may be far away; return the pid of the server's process."""
    act = sql.SQL("SET ROLE {};").format(sql.Identifier(role)) if role else sql.SQL("")
    if role == OWNER:
        act = sql.SQL(query("session", "refuse_administrator")) + act
    settings = sql.SQL("{} {} WITH pins (name, value) AS ({}) {}").format(
        _NOTICED, act, sql.SQL(pins()), sql.SQL(query("session", "settle"))
    )
    try:
        cursor = connection.execute(settings)
    except psycopg.errors.InvalidParameterValue as error:
        if not role or one_row(connection, query("session", "has_role"), {"role": role})[0]:
            raise
        # The server has no such role, so none of its databases was ever a warehouse.
        raise NotInstalled(
            f"this database holds no warehouse: {one_line(str(error))}", hint="Run: tenantry init"
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        if role != OWNER:
            raise
        groups = {row[0] for row in connection.execute(query("session", "groups"))}
        found = [group for group in (OPERATOR, AUDITOR, AUTHOR) if group in groups]
        if not found:
            raise may_not_act(connection.info.user) from error
        _GROUPS[connection] = tuple(found)
        return _set_up(connection, _role_of(found))
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _refuse_changing_servers(connection: psycopg.Connection, conninfo: str) -> None:
    # A pooler is in between and reports its own pid. If it gives the server of this idle session to another
    # session, then settings and locks do not outlast a transaction. If it has no other server and makes that
    # session wait, it keeps its servers.
    if conninfo in _KEEPING:
        return
    with suppress(psycopg.OperationalError), _log_in(conninfo, "tenantry", _PROBE) as other:
        patience = threading.Timer(_PROBE, cut, [other])
        patience.start()
        try:
            processes = [one.execute(query("session", "process")).fetchone() for one in (connection, other)]
        finally:
            patience.cancel()
        if processes[0] == processes[1]:
            raise InputError(
                "the warehouse is behind a pooler that changes servers between transactions, which loses a session's settings and locks",
                hint="Connect to the server directly, or use a pooler with pool_mode = session.",
            )
    _KEEPING.add(conninfo)


@contextmanager
def session(
    conninfo: str,
    *,
    role: str | None = OWNER,
    name: str = "tenantry",
    patience: int = 10,
    path: str | None = None,
) -> Iterator[psycopg.Connection]:
    """`open_session` for a `with` block; closes at its end, and turns PostgreSQL's errors into Tenantry's."""
    with closing(open_session(conninfo, role=role, name=name, patience=patience, path=path)) as connection:
        yield connection


@contextmanager
def closing(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Close a session at the end of the block, and turn PostgreSQL's errors in it into Tenantry's."""
    try:
        with translated():
            yield connection
    finally:
        connection.close()


def is_same_database(one: str, another: str) -> bool:
    """Whether two connection strings name the same database of the same server, whatever their logins."""
    with session(one, role=None) as first, session(another, role=None) as second:
        found = [one_row(opened, query("session", "database")) for opened in (first, second)]
    return found[0] == found[1]


@contextmanager
def as_login(opened: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A session that acts as its login, not as whadmin. For an administrator it is a separate session, with its own
    transaction.

    For an ordinary login it is the same session within a transaction, which restores the role if it fails.
    """
    if given(opened) in _ADMINISTRATORS:
        with session(given(opened), role=None) as login, login.transaction():
            yield login
        return
    opened.execute("RESET ROLE")
    yield opened
    role = _role_of(groups_of(opened) or (OWNER,))
    if role is not None:
        opened.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


def is_administrators(opened: psycopg.Connection) -> bool:
    """Whether an administrator's login requested this session of whadmin."""
    return given(opened) in _ADMINISTRATORS


def cancel(connection: psycopg.Connection) -> None:
    """Cancel a session's statement, from another thread. Does nothing if there is none, or the session is lost."""
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=5)


def forget(conninfo: str) -> None:
    """Forget what was kept about a connection string, which may hold a password."""
    _ACTS.pop(conninfo, None)
    _KEEPING.discard(conninfo)
    _ADMINISTRATORS.discard(conninfo)
    asking.forget(conninfo)


def cut(connection: psycopg.Connection) -> None:
    """Cut a session's connection, from another thread: whoever waits for its server gets an error at once."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
