"""`sizes`, `logs` and `queries`: what takes the space, what was done, what goes on."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from datetime import date, timedelta

import psycopg
import pytest

from tenantry.db import log
from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.embedded import Server
from tenantry.observe import activity
from tests.support.databases import Database, Source, Warehouse
from tests.support.program import command, environment, hear_signals, run, succeed
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server


@pytest.fixture
def grown(acme: Warehouse, source: Source, today: date) -> Warehouse:
    """Two rows in the month before last, six in the last."""
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    before_that = (last_month - timedelta(days=1)).replace(day=1)
    source.fill(before_that, 1, per_day=2)
    source.fill(last_month, 2, per_day=3)
    for day in (before_that, last_month, last_month + timedelta(days=1)):
        acme.load(day, day)
    return acme


def test_sizes_tell_rows_space_and_growth(grown: Warehouse) -> None:
    (size,) = succeed(grown, "sizes", "--json").json["feeds"]
    facts = ("tenant", "storage", "rows", "relations", "last_month_rows", "month_before_rows")
    assert [size[fact] for fact in facts] == ["acme", "matview", 8, 3, 6, 2]
    on_disk = grown.value(
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relkind = 'm' AND relnamespace = 'acme'::regnamespace"
    )
    assert size["size_bytes"] == size["data_bytes"] + size["index_bytes"] == on_disk
    table = succeed(grown, "sizes", "--tenant", "acme").out.splitlines()
    assert table[1].split()[:3] == ["acme", "foodlogstats", "8"]
    assert table[1].endswith("+200 %")
    absent = run(grown, "sizes", "--tenant", "acmee")
    assert (absent.code, absent.errors) == (2, ['tenant "acmee" does not exist, or has no data'])


def write(warehouse: Database, *messages: str) -> None:
    """Entries of two tenants in turns, one of them an error."""
    with session(warehouse.conninfo) as opened:
        for number, message in enumerate(messages):
            level, tenant = ("ERROR", "brook") if number % 2 else ("INFO", "acme")
            log.write(opened, "backfill", level, message, schema_name=tenant)  # type: ignore[arg-type]


def entries(warehouse: Database, **wanted: object) -> list[str]:
    """The messages of the entries that are wanted."""
    with session(warehouse.conninfo) as opened:
        return [entry.message for entry in activity.logs(opened, activity.Wanted(**wanted))]  # type: ignore[arg-type]


def test_entries_are_chosen_by_tenant_level_age_function_and_pattern(warehouse: Warehouse) -> None:
    write(warehouse, "one", "two", "three", "four")
    warehouse.run(
        "UPDATE _wh.function_logs SET created_at = now() - interval '2 hours' WHERE message = 'one'"
    )
    assert entries(warehouse) == ["one", "two", "three", "four"]
    assert entries(warehouse, tenant="acme") == ["one", "three"]
    assert entries(warehouse, levels=["WARNING", "ERROR"]) == ["two", "four"]
    assert entries(warehouse, since=timedelta(hours=1)) == ["two", "three", "four"]
    assert entries(warehouse, function="refresh_window") == []
    assert entries(warehouse, pattern="^T|acme") == ["one", "two", "three"]


def test_a_load_removes_entries_older_than_90_days(warehouse: Warehouse) -> None:
    write(warehouse, "old", "young")
    warehouse.run(
        "UPDATE _wh.function_logs SET created_at = now() - interval '91 days' WHERE message = 'old'"
    )
    warehouse.run(
        "UPDATE _wh.function_logs SET created_at = now() - interval '89 days' WHERE message = 'young'"
    )
    warehouse.run("SELECT _wh_internal.prune_logs()")
    assert entries(warehouse) == ["young"]


def test_the_log_is_printed_for_people_and_for_programs(warehouse: Warehouse) -> None:
    write(warehouse, "one [of two]", "two")
    lines = succeed(warehouse, "logs").out.splitlines()
    assert lines[0].endswith("Z  INFO     acme: backfill: one [of two]")
    (entry,) = succeed(warehouse, "logs", "--json", "--level", "warning").json["entries"]
    assert (entry["level"], entry["message"], entry["context"]) == ("ERROR", "two", {"schema_name": "brook"})
    for arguments, told in (
        (("--since", "yesterday"), "'yesterday' is not an age"),
        (
            ("--grep", "("),
            "'(' is not a regular expression: invalid regular expression: parentheses () not balanced",
        ),
    ):
        outcome = run(warehouse, "logs", *arguments)
        assert (outcome.code, outcome.errors) == (2, [told])


def test_the_log_calls_a_load_by_its_command_and_its_feed_by_one_name(
    acme: Warehouse, source: Source
) -> None:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    source.fill(date(2024, 3, 10), 1)
    succeed(acme, "refresh", "foodlogstats", "--all", "--date", "2024-03-10")

    entry = succeed(acme, "logs", "--function", "refresh").out

    assert entry.endswith("acme.foodlogstats: refresh: 1 slice loaded, 0 failed, 0 not tried  rows=3\n")


def test_following_shows_what_comes_and_ends_cleanly(warehouse: Warehouse) -> None:
    """Also an entry that was numbered before one that is there already, and is committed after it."""
    write(warehouse, "before")
    following = command(warehouse, "logs", "--follow", "--json")
    with (
        subprocess.Popen(
            following,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=hear_signals,  # noqa: PLW1509 - calls nothing that locks
        ) as follower,
        session(warehouse.conninfo) as slow,
    ):
        assert follower.stdout is not None
        messages = (json.loads(line)["data"]["entries"][0]["message"] for line in follower.stdout)
        assert next(messages) == "before"
        with slow.transaction():
            log.write(slow, "load_slice", "INFO", "numbered first")
            write(warehouse, "committed first")
            assert next(messages) == "committed first"
        assert next(messages) == "numbered first"
        follower.send_signal(signal.SIGINT)
        assert list(messages) == []
    assert follower.returncode == 0


def test_running_statements_are_shown_with_their_tenant(acme: Warehouse) -> None:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    with acme.connect() as working:
        working.pgconn.send_query(b"SELECT pg_sleep(600) -- acme.foodlogstats")
        wait_until(lambda: _running(acme) != [])
        (shown,) = _running(acme)
        assert (shown.pid, shown.user, shown.tenant, shown.state) == (
            working.info.backend_pid,
            "whadmin",
            "acme",
            "active",
        )
        assert "pg_sleep(600)" in succeed(acme, "queries").out
        succeed(acme, "queries", "--cancel", shown.pid)
        result = working.pgconn.get_result()
        assert result is not None
        assert b"canceling statement due to user request" in result.error_message
        assert working.pgconn.get_result() is None
    assert _running(acme) == []
    both = run(acme, "queries", "--slow", "--cancel", 1)
    assert (both.code, both.errors) == (2, ["--slow and --cancel cannot be combined"])


def _running(warehouse: Warehouse) -> list[activity.Running]:
    """What logins do: the server may clear a table up meanwhile."""
    with session(warehouse.conninfo, role=None) as opened:
        return [one for one in activity.running(opened) if one.user != AUTOVACUUM]


AUTOVACUUM = "autovacuum worker"


def test_what_the_server_does_by_itself_has_no_login_and_is_called_by_its_kind(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(autovacuum_naptime="1s")
    server.start()
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        install(admin, {"whadmin": "whadmin-password", "phood_ro": "reader-password"})
        admin.execute("GRANT pg_read_all_stats TO whadmin")
        # It takes a tenth of a second for each page.
        admin.execute(
            "CREATE TABLE public.large (text text) WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,"
            " autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0)"
        )
        admin.execute("INSERT INTO public.large SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
        admin.execute("DELETE FROM public.large")
    server.save_password("whadmin", "whadmin-password")
    warehouse = Database(server, "postgres", "whadmin")

    def shown() -> list[str]:
        running = succeed(warehouse, "queries", "--json").json["running"]
        return [one["user"] for one in running if "public.large" in one["query"]]

    wait_until(lambda: shown() == [AUTOVACUUM])
