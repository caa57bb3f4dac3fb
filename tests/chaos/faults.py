"""What goes wrong while an operation is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.chaos.world import PASSWORD, READER, TENANTS, World
from tests.support.launcher import Running

Process = subprocess.Popen[str] | Running


def _kill(world: World, process: Process) -> None:
    process.kill()


def _interrupt(world: World, process: Process) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGINT)


def _terminate(world: World, process: Process) -> None:
    process.terminate()


_OURS: LiteralString = (
    "SELECT {}(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    " AND datname = {} ORDER BY random() LIMIT 1"
)


def _backend(function: LiteralString, source: bool) -> Callable[[World, Process], None]:
    def strike(world: World, process: Process) -> None:
        tenant = world.dice.choice(TENANTS)
        opened = world.source(tenant) if source else world.admin()
        with opened as session:
            statement = sql.SQL(_OURS).format(
                sql.SQL(function), sql.Literal(tenant if source else "warehouse")
            )
            session.execute(statement)

    return strike


def _cut(world: World, process: Process) -> None:
    world.line.cut()


def _stall(world: World, process: Process) -> None:
    world.line.stall(world.dice.choice([0.2, 1.0, 2.5]))


def _revoke(world: World, process: Process) -> None:
    _at_source(world, "REVOKE SELECT ON events FROM {}", "GRANT SELECT ON events TO {}")


def _no_login(world: World, process: Process) -> None:
    _at_source(world, "ALTER ROLE {} NOLOGIN", "ALTER ROLE {} LOGIN")


def _one_login(world: World, process: Process) -> None:
    _at_source(world, "ALTER ROLE {} CONNECTION LIMIT 1", "ALTER ROLE {} CONNECTION LIMIT -1")


def _impatient(world: World, process: Process) -> None:
    _at_source(world, "ALTER ROLE {} SET statement_timeout = '3ms'", "ALTER ROLE {} RESET statement_timeout")


def _other_password(world: World, process: Process) -> None:
    tenant = TENANTS[0]
    with world.source(tenant) as session:
        change = sql.SQL("ALTER ROLE {} PASSWORD {}")
        role = sql.Identifier(READER)
        session.execute(change.format(role, sql.Literal("another")))
        time.sleep(world.dice.random())
        session.execute(change.format(role, sql.Literal(PASSWORD)))


def _at_source(world: World, break_it: LiteralString, mend_it: LiteralString) -> None:
    role = sql.Identifier(READER)
    for tenant in TENANTS:
        with world.source(tenant) as session:
            session.execute(sql.SQL(break_it).format(role))
    time.sleep(world.dice.random())
    for tenant in TENANTS:
        with world.source(tenant) as session:
            session.execute(sql.SQL(mend_it).format(role))


def _locked_table(world: World, process: Process) -> None:
    with world.source(world.dice.choice(TENANTS)) as session, session.transaction():
        session.execute("SET lock_timeout = '2s'; LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        time.sleep(world.dice.random() * 2)


def _crash_warehouse(world: World, process: Process) -> None:
    _crash(world.warehouse.pid)
    world.warehouse.start()


def _crash_sources(world: World, process: Process) -> None:
    _crash(world.sources.pid)
    world.sources.start()


def _crash(pid: int | None) -> None:
    if pid is None:
        return
    os.kill(pid, signal.SIGQUIT)
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            time.sleep(0.02)


FAULTS: dict[str, tuple[int, Callable[[World, Process], None]]] = {
    "kill the client": (6, _kill),
    "interrupt the client": (4, _interrupt),
    "terminate the client": (2, _terminate),
    "terminate a backend of the warehouse": (5, _backend("pg_terminate_backend", False)),
    "cancel a backend of the warehouse": (4, _backend("pg_cancel_backend", False)),
    "terminate a backend of a source": (5, _backend("pg_terminate_backend", True)),
    "cancel a backend of a source": (4, _backend("pg_cancel_backend", True)),
    "cut the line": (5, _cut),
    "stall the line": (3, _stall),
    "revoke the right to read": (2, _revoke),
    "refuse logins": (2, _no_login),
    "allow one login": (2, _one_login),
    "cancel slow statements": (2, _impatient),
    "change the password for a moment": (2, _other_password),
    "lock the source's table": (2, _locked_table),
    "crash the warehouse": (1, _crash_warehouse),
    "crash the sources": (1, _crash_sources),
}


@contextmanager
def striking(world: World, process: Process, struck: list[str]) -> Iterator[None]:
    """A fault, or none, that happens at some moment of the block; `struck` gets its name."""
    if world.dice.random() < 0.15:
        yield
        return
    names = sorted(FAULTS)
    name = world.dice.choices(names, [FAULTS[name][0] for name in names])[0]
    delay = world.dice.random() ** 2 * 0.8

    def strike() -> None:
        time.sleep(delay)
        if process.poll() is None:
            struck.append(name)
            with suppress(psycopg.Error):
                FAULTS[name][1](world, process)

    thread = threading.Thread(target=strike, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def heal(world: World) -> None:
    """Put everything right that a fault may have left wrong."""
    for server in (world.warehouse, world.sources):
        if not server.running:
            server.start()
    with world.source(TENANTS[0]) as session:
        role = sql.Identifier(READER)
        session.execute(
            sql.SQL("ALTER ROLE {0} LOGIN CONNECTION LIMIT -1 PASSWORD {1}").format(
                role, sql.Literal(PASSWORD)
            )
        )
        session.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(role))
    for tenant in TENANTS:
        with world.source(tenant) as session:
            session.execute(sql.SQL("GRANT SELECT ON events TO {}").format(sql.Identifier(READER)))
