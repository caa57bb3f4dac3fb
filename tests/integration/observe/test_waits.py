"""Waits: each says after three seconds what it is for and who holds it, and a dead line ends."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import date, timedelta

import psycopg
import pytest

from tenantry.db.connect import session
from tests.support.databases import Source, Warehouse
from tests.support.program import running, succeed
from tests.support.samples.healthy import findings

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with one day of foodlogstats."""
    source.fill(DAY, 1)
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    succeed(acme, "refresh", "foodlogstats", "--all", "--date", DAY)
    return acme


SLICE = "SELECT _wh_internal.lock_slice(f, '2024-03-10') FROM _wh.feeds f"
WAITING = {
    "refresh": (SLICE, ("refresh", "foodlogstats", "--all", "--date", DAY), "a lock of Tenantry's"),
    "table": ("LOCK _wh.slices", ("refresh", "foodlogstats", "--all", "--date", DAY), "_wh.slices"),
}


@pytest.mark.parametrize("case", WAITING)
def test_a_command_that_waits_says_for_whom(loaded: Warehouse, case: str) -> None:
    hold, command, what = WAITING[case]
    with psycopg.connect(loaded.admin.conninfo, application_name="night watch") as holder:
        holder.execute(hold.encode())
        pid = holder.info.backend_pid
        with running(loaded, *command) as process:
            assert process.stderr is not None
            line = _line(process.stderr.readline, "waiting for ")
            holder.commit()
            out, err = process.communicate(timeout=120)
    assert line.startswith(f"waiting for {what}, which session {pid} holds (night watch, postgres)")
    assert process.returncode == 0, out + err


def _line(read: Callable[[], str], begins: str) -> str:
    """The first line that begins so; waits for it at most 30 seconds."""
    lines: queue.Queue[str] = queue.Queue()

    def work() -> None:
        while line := read():
            if line.startswith(begins):
                lines.put(line)
                return

    threading.Thread(target=work, daemon=True).start()
    return lines.get(timeout=120)


def test_a_call_in_sql_that_waits_says_for_whom(loaded: Warehouse) -> None:
    said: queue.Queue[str] = queue.Queue()
    with (
        psycopg.connect(loaded.admin.conninfo, application_name="night watch") as holder,
        loaded.connect() as waiting,
    ):
        holder.execute(SLICE)
        waiting.add_notice_handler(lambda notice: said.put(notice.message_primary or ""))
        work = threading.Thread(
            target=waiting.execute,
            args=("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')",),
        )
        work.start()
        notice = said.get(timeout=120)
        holder.commit()
        work.join(120)
    assert notice.startswith(
        "waiting for acme.foodlogstats 2024-03-10, which another session is loading, held by session "
    )
    assert "(night watch, postgres)" in notice


def test_both_ends_of_a_session_hear_that_the_other_is_gone(acme: Warehouse) -> None:
    with session(acme.conninfo) as opened:
        here = {option.keyword: option.val for option in opened.pgconn.info}
        there = dict(
            opened.execute(
                "SELECT name, setting::int FROM pg_settings WHERE name ~ '^tcp_' OR name = 'client_connection_check_interval'"
            ).fetchall()
        )
    assert (here[b"keepalives_idle"], here[b"tcp_user_timeout"]) == (b"30", b"60000")
    assert there == {
        "tcp_keepalives_idle": 30,
        "tcp_keepalives_interval": 10,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": 60000,
        "client_connection_check_interval": 10000,
    }


def test_the_connection_string_has_the_last_word(acme: Warehouse) -> None:
    with session(f"{acme.conninfo} keepalives_idle=7") as opened:
        here = {option.keyword: option.val for option in opened.pgconn.info}
    assert here[b"keepalives_idle"] == b"7"


def test_doctor_names_an_idle_session_that_keeps_a_tenant_locked(acme: Warehouse) -> None:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    with psycopg.connect(acme.admin.conninfo, application_name="night watch", autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(_wh_internal.tenant_lock('acme'))")
        (found,) = findings(acme, "sessions", patience=timedelta(0))
        assert found.subject == f"session {holder.info.backend_pid}"
        assert found.reason.startswith("postgres, night watch: idle for ")
        assert findings(acme, "sessions") == []
