"""A source's password comes into no log, whenever the statement that keeps it is ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry.core.model import Connection
from tenantry.flow.source import connection as connections
from tests.support.databases import Warehouse
from tests.support.waiting import wait_until

NEW = "brand-new-secret"

ENDS: list[LiteralString] = ["pg_cancel_backend", "pg_terminate_backend"]

HOLDERS: dict[str, LiteralString] = {
    "the mapping": "ALTER USER MAPPING FOR PUBLIC SERVER {} OPTIONS (SET user 'somebody')",
    "all mappings": "LOCK TABLE pg_catalog.pg_user_mapping IN ACCESS EXCLUSIVE MODE",
    "writing mappings": "LOCK TABLE pg_catalog.pg_user_mapping IN SHARE MODE",
    "the connection": "SELECT FROM _wh.tenant_connections FOR UPDATE",
}


@contextmanager
def held(warehouse: Warehouse, statement: LiteralString) -> Iterator[None]:
    with warehouse.admin.connect() as session, session.transaction(force_rollback=True):
        session.execute(statement.format(warehouse.server_of()))
        yield


def change(warehouse: Warehouse, told: list[str]) -> None:
    changed = Connection(
        "acme", "127.0.0.1", warehouse.server.port or 0, "source", "source_reader", {"connect_timeout": "7"}
    )
    with warehouse.connect() as session:
        session.execute("SET application_name = 'changes'")
        try:
            connections.put(session, changed, NEW)
        except psycopg.Error as error:
            told.append(f"{error} {error.diag.message_detail} {error.diag.context}")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_change_of_password_that_is_ended_while_it_waits_shows_it_to_nobody(
    acme: Warehouse, holder: str, end: LiteralString
) -> None:
    log = acme.server.directory / "server.log"
    begin = log.stat().st_size
    told: list[str] = []
    with acme.admin.connect() as session:
        session.execute(
            sql.SQL("ALTER DATABASE {} SET log_parameter_max_length_on_error TO -1").format(
                sql.Identifier(acme.name)
            )
        )
    with held(acme, HOLDERS[holder]):
        thread = threading.Thread(target=change, args=(acme, told))
        thread.start()
        waiting: LiteralString = (
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'changes' AND wait_event_type = 'Lock'"
        )
        wait_until(lambda: bool(acme.admin.rows(waiting)))
        acme.admin.run("SELECT " + end + "(pid) FROM pg_stat_activity WHERE application_name = 'changes'")
        thread.join()
    with log.open(encoding="utf-8", errors="replace") as file:
        file.seek(begin)
        written = file.read()
    assert told
    assert NEW not in "".join(told)
    assert "to " in written
    assert NEW not in written
    assert (
        acme.value(
            "SELECT answer FROM public.dblink(_wh_internal.source_login(%s), 'SELECT ''works''') AS t(answer text)",
            (acme.server_of(),),
        )
        == "works"
    )
