"""The scheduler on a warehouse with Tenantry's own schema cron."""

from __future__ import annotations

import secrets
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tenantry.core.errors import InputError, NotInstalled
from tenantry.schedule.scheduler import Limits, Scheduler
from tests.support.databases import Database, Warehouse
from tests.support.jobs import pg_cron, schedule
from tests.support.program import command, environment, run, succeed
from tests.support.waiting import wait_until


class Events:
    """What a scheduler has told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, **facts: Any) -> None:
        self.told.append((event, facts))

    def names(self) -> list[str]:
        return [name for name, _ in self.told]


@contextmanager
def serving(
    warehouse: Warehouse, grace: float = 10, patience: float = 100
) -> Iterator[tuple[Scheduler, Events]]:
    """A scheduler in a thread of its own, stopped at the end of the block."""
    events = Events()
    scheduler = Scheduler(warehouse.conninfo, events, Limits(grace=grace, poll=0.05, patience=patience))
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    try:
        yield scheduler, events
    finally:
        scheduler.stop()
        thread.join(120)
        assert not thread.is_alive()


HELD = "SELECT pg_advisory_xact_lock_shared(4711)"
"""A command that takes as long as somebody is `holding` it."""


@contextmanager
def holding(warehouse: Warehouse) -> Iterator[None]:
    """Let HELD last until the end of the block."""
    with warehouse.connect() as session:
        session.execute("SELECT pg_advisory_lock(4711)")
        yield


def ended(warehouse: Warehouse, jobid: int) -> int:
    count: int = warehouse.value(
        "SELECT count(*) FROM cron.job_run_details WHERE jobid = %s AND status IN ('succeeded', 'failed')",
        (jobid,),
    )
    return count


def last_run(warehouse: Warehouse, jobid: int) -> tuple[Any, ...]:
    """Status and message of the job's first run."""
    return warehouse.rows(
        "SELECT status, return_message FROM cron.job_run_details WHERE jobid = %s ORDER BY runid LIMIT 1",
        (jobid,),
    )[0]


def set_back(warehouse: Warehouse, jobid: int, interval: str) -> None:
    """As if the last scheduler had died so long ago, and the job were older."""
    warehouse.run("UPDATE cron.job SET since = now() - interval '1 year' WHERE jobid = %s", (jobid,))
    warehouse.run(
        "INSERT INTO cron.scheduler (host, pid, elected_at, alive_at, last_tick)"
        " VALUES ('gone', 1, now(), now(), now() - %s::interval)",
        (interval,),
    )


def test_due_jobs_run_and_are_recorded_as_pg_cron_does(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE _wh.ticks (at timestamptz DEFAULT clock_timestamp())")
    warehouse.run("CREATE PROCEDURE _wh.commits() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'")
    inserts = schedule(warehouse, "inserts", "1 second", "INSERT INTO _wh.ticks DEFAULT VALUES; -- done")
    fails = schedule(warehouse, "fails", "1 second", "INSERT INTO _wh.ticks DEFAULT VALUES; SELECT 1 / 0")
    calls = schedule(warehouse, "calls", "1 second", "CALL _wh.commits()")
    nonsense = schedule(warehouse, "nonsense", "1 second", "this is no SQL /*")
    paused = schedule(warehouse, "paused", "1 second", "SELECT 1")
    warehouse.run("UPDATE cron.job SET active = false WHERE jobid = %s", (paused,))
    theirs = schedule(warehouse, "theirs", "1 second", "SELECT 1")
    warehouse.run("ALTER TABLE cron.job DISABLE TRIGGER check_job")
    warehouse.run("UPDATE cron.job SET username = 'phood_ro' WHERE jobid = %s", (theirs,))
    with serving(warehouse) as (_, events):
        wait_until(
            lambda: all(ended(warehouse, job) >= 2 for job in (inserts, fails, calls, nonsense, theirs))
        )
    assert last_run(warehouse, inserts) == ("succeeded", "INSERT 0 1")
    assert last_run(warehouse, fails) == ("failed", "ERROR: division by zero")
    assert last_run(warehouse, calls) == ("succeeded", "CALL")
    assert last_run(warehouse, nonsense)[0] == "failed"
    assert last_run(warehouse, theirs) == (
        "failed",
        """the job belongs to role "phood_ro"; only jobs of whadmin are run""",
    )
    assert ended(warehouse, paused) == 0
    runs = ended(warehouse, inserts)
    assert warehouse.value("SELECT count(*) FROM _wh.ticks") == runs
    assert warehouse.rows(
        "SELECT count(DISTINCT scheduled_for), bool_and(end_time >= start_time AND start_time >= scheduled_for"
        " AND job_pid IS NOT NULL AND username = 'whadmin' AND database = current_database() AND attempts = 1),"
        " max(scheduled_for) - min(scheduled_for) = (count(*) - 1) * interval '1 second'"
        " FROM cron.job_run_details WHERE jobid = %s AND status IN ('succeeded', 'failed')",
        (inserts,),
    ) == [(runs, True, True)]
    assert events.names()[0] == "leads"
    assert events.names()[-1] == "stopped"


@pytest.mark.any_server
def test_a_slow_job_does_not_overlap_with_itself_nor_hold_up_others(warehouse: Warehouse) -> None:
    slow = schedule(warehouse, "slow", "1 second", HELD)
    quick = schedule(warehouse, "quick", "1 second", "SELECT 1")
    with serving(warehouse):
        with holding(warehouse):
            wait_until(lambda: ended(warehouse, quick) >= 3)
            assert ended(warehouse, slow) == 0
        wait_until(lambda: ended(warehouse, slow) >= 2)
    assert (
        warehouse.value(
            "SELECT count(*) FROM cron.job_run_details a JOIN cron.job_run_details b ON a.jobid = b.jobid AND a.runid < b.runid"
            " AND b.start_time < a.end_time WHERE a.jobid = %s",
            (slow,),
        )
        == 0
    )


class LooksOnce(Scheduler):
    """Looks for waiting runs when it begins to lead, and never again."""

    looked = False

    def _look(self, session: psycopg.Connection) -> bool:
        if self.looked:
            return True
        self.looked = True
        return super()._look(session)


@pytest.mark.any_server
def test_the_place_of_a_run_that_has_ended_is_given_away_before_the_next_look_at_the_table(
    warehouse: Warehouse,
) -> None:
    jobs = [schedule(warehouse, f"job {number}", "0 0 1 1 *", "SELECT 1") for number in range(6)]
    warehouse.run(
        "INSERT INTO cron.job_run_details (jobid, database, username, command, status, scheduled_for)"
        " SELECT jobid, database, username, command, 'starting', now() FROM cron.job"
    )
    scheduler = LooksOnce(warehouse.conninfo, Events(), Limits(most=2, poll=0.05))
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    try:
        wait_until(lambda: all(ended(warehouse, jobid) for jobid in jobs))
    finally:
        scheduler.stop()
        thread.join(120)


def test_a_job_that_is_removed_while_it_runs_goes_on_to_its_end_and_runs_no_more(
    warehouse: Warehouse,
) -> None:
    jobid = schedule(warehouse, "slow", "1 second", HELD)
    with serving(warehouse) as (_, events):
        with holding(warehouse):
            wait_until(lambda: "began" in events.names())
            warehouse.run("SELECT cron.unschedule('slow')")
        wait_until(lambda: ended(warehouse, jobid) >= 1)
        wait_until(
            lambda: (
                warehouse.value(
                    "SELECT count(*) FROM cron.job_run_details WHERE status IN ('starting', 'running')"
                )
                == 0
            )
        )
    assert last_run(warehouse, jobid) == ("succeeded", "SELECT 1")
    assert events.names().count("began") == 1
    assert {row[0] for row in warehouse.rows("SELECT return_message FROM cron.job_run_details OFFSET 1")} <= {
        "skipped: the job was removed or paused before"
    }


@pytest.mark.any_server
def test_of_two_schedulers_one_leads_and_the_other_takes_over(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "tick", "1 second", "SELECT 1")
    with serving(warehouse) as (first, told_first):
        wait_until(lambda: "leads" in told_first.names())
        with serving(warehouse) as (_, told_second):
            wait_until(lambda: told_second.names() == ["stands by"])
            wait_until(lambda: ended(warehouse, jobid) >= 1)
            first.stop()
            wait_until(lambda: "leads" in told_second.names())
            before = ended(warehouse, jobid)
            wait_until(lambda: ended(warehouse, jobid) > before)
    assert "deposes" not in told_second.names()
    assert warehouse.value(
        "SELECT count(*) = extract(epoch FROM max(scheduled_for) - min(scheduled_for)) + 1 FROM cron.job_run_details"
    )


@pytest.mark.any_server
def test_runs_of_the_last_ten_minutes_are_made_up_for(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "minutely", "* * * * *", "SELECT 1")
    set_back(warehouse, jobid, "3 minutes")
    begun = warehouse.value("SELECT now()")
    with serving(warehouse):
        wait_until(lambda: ended(warehouse, jobid) >= 3)
    assert warehouse.value(
        "SELECT min(scheduled_for) > %s - interval '4 minutes' AND bool_and(extract(second FROM scheduled_for) = 0)"
        " FROM cron.job_run_details",
        (begun,),
    )


@pytest.mark.any_server
def test_of_older_runs_only_the_last_is_made_up_for(warehouse: Warehouse) -> None:
    # A minute of the hour that is about half an hour ago.
    minute = warehouse.value(
        "SELECT extract(minute FROM now() AT TIME ZONE 'UTC' - interval '30 minutes')::int"
    )
    jobid = schedule(warehouse, "hourly", f"{minute} * * * *", "SELECT 1")
    set_back(warehouse, jobid, "2 days")
    with serving(warehouse):
        wait_until(lambda: ended(warehouse, jobid) == 1)
    assert warehouse.value(
        "SELECT max(scheduled_for) > now() - interval '1 hour' AND count(*) = 1 FROM cron.job_run_details"
    )


@pytest.mark.any_server
def test_what_was_due_while_a_job_was_paused_is_not_made_up_for(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "minutely", "* * * * *", "SELECT 1")
    set_back(warehouse, jobid, "30 minutes")
    warehouse.run("UPDATE cron.job SET active = false")
    warehouse.run("UPDATE cron.job SET active = true")
    other = schedule(warehouse, "tick", "1 second", "SELECT 1")
    with serving(warehouse):
        wait_until(lambda: ended(warehouse, other) >= 1)
    # A minute may begin while this runs.
    assert not warehouse.value(
        "SELECT count(*) FROM cron.job_run_details r JOIN cron.job j USING (jobid) WHERE jobid = %s AND r.scheduled_for <= j.since",
        (jobid,),
    )


@pytest.mark.any_server
def test_a_run_whose_session_an_operator_ends_has_failed(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "stuck", "1 second", "SELECT pg_sleep(600)")
    with serving(warehouse, grace=0) as (_, events):
        wait_until(lambda: "began" in events.names())
        warehouse.run(
            "SELECT pg_terminate_backend(job_pid) FROM cron.job_run_details WHERE status = 'running'"
        )
        wait_until(lambda: ended(warehouse, jobid) == 1)
    assert last_run(warehouse, jobid)[0] == "failed"
    assert "terminating connection" in last_run(warehouse, jobid)[1]


@pytest.mark.any_server
def test_a_job_that_loses_its_session_rests_before_it_is_begun_again(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "lost", "1 second", "SELECT pg_terminate_backend(pg_backend_pid())")
    with serving(warehouse):
        wait_until(lambda: ended(warehouse, jobid) >= 2)
    assert warehouse.value(
        "SELECT lead(start_time) OVER (ORDER BY runid) - end_time > interval '4 seconds' FROM cron.job_run_details LIMIT 1"
    )


@pytest.mark.any_server
def test_a_leader_that_loses_its_session_stands_for_election_again(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "tick", "1 second", "SELECT 1")
    with serving(warehouse) as (_, events):
        wait_until(lambda: "leads" in events.names())
        warehouse.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'tenantry scheduler' AND datname = current_database()"
        )
        wait_until(lambda: events.names().count("leads") == 2)
        before = ended(warehouse, jobid)
        wait_until(lambda: ended(warehouse, jobid) > before)
    assert "lost" in events.names()


@pytest.mark.any_server
def test_a_leader_that_hangs_is_deposed_and_so_are_its_workers(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "tick", "1 second", "SELECT pg_sleep(1.5)")
    with subprocess.Popen(
        command(warehouse, "scheduler"),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            running = "SELECT count(*) FROM cron.job_run_details WHERE status = 'running'"
            wait_until(lambda: warehouse.value(running) == 1)
            leader = warehouse.value(
                "SELECT pid FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE datname = current_database() AND classid = 8321567 AND objid = 0"
            )
            process.send_signal(signal.SIGSTOP)
            stopped = warehouse.value("SELECT clock_timestamp()")
            with serving(warehouse, patience=1) as (_, events):
                wait_until(lambda: "evicts" in events.names())
                before = ended(warehouse, jobid)
                wait_until(lambda: ended(warehouse, jobid) > before)
                process.send_signal(signal.SIGCONT)
                # It finds that it was deposed, and lines up.
                assert process.stderr is not None
                wait_until(lambda: "stands by" in str(process.stderr and process.stderr.readline()))
        finally:
            process.kill()
    assert events.names()[:3] == ["stands by", "deposes", "leads"]
    deposed = events.told[1][1]
    assert deposed["session"] == leader
    assert abs(deposed["last_sign_of_life"] - stopped) < timedelta(seconds=60)
    assert "lost" not in events.names()
    assert warehouse.value("SELECT count(*) FROM cron.job_run_details WHERE status = 'failed'") == 0


@pytest.mark.any_server
def test_after_sigterm_runs_get_their_grace_and_are_then_left_to_the_next_scheduler(
    warehouse: Warehouse,
) -> None:
    stuck = schedule(warehouse, "stuck", "1 second", "SELECT pg_sleep(600)")
    brief = schedule(warehouse, "brief", "1 second", "SELECT pg_sleep(0.7)")
    running = "SELECT count(*) FROM cron.job_run_details WHERE status = 'running'"
    with subprocess.Popen(
        command(warehouse, "scheduler", "--grace", 5, "--json"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until(lambda: warehouse.value(running) == 2)
            # Who leads is known while it does.
            assert succeed(warehouse, "schedule", "show", "--json").json["leader"]["pid"] == process.pid
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    assert '"event": "stopped"' in out
    assert last_run(warehouse, brief) == ("succeeded", "SELECT 1")
    assert last_run(warehouse, stuck)[0] == "starting"
    assert (
        warehouse.value("SELECT attempts FROM cron.job_run_details WHERE jobid = %s LIMIT 1", (stuck,)) == 0
    )
    warehouse.run("UPDATE cron.job SET command = 'SELECT 1', active = (jobid = %s)", (stuck,))
    # The run is begun with the command that it was due with; nobody waits for that here.
    with serving(warehouse, grace=0) as (_, events):
        wait_until(lambda: any(name == "began" and facts["jobid"] == stuck for name, facts in events.told))


def test_once_runs_what_is_due_and_ends(warehouse: Warehouse) -> None:
    jobid = schedule(warehouse, "minutely", "* * * * *", "SELECT 1")
    set_back(warehouse, jobid, "2 minutes")
    # Also where something is due all the time.
    schedule(warehouse, "tick", "1 second", "SELECT pg_sleep(1)")
    succeed(warehouse, "scheduler", "--once")
    assert ended(warehouse, jobid) in (2, 3)


@pytest.mark.any_server
def test_a_time_that_never_comes_keeps_no_other_job_from_its_runs(warehouse: Warehouse) -> None:
    never = schedule(warehouse, "never", "0 0 30 2 *", "SELECT 1")
    jobid = schedule(warehouse, "minutely", "* * * * *", "SELECT 1")
    set_back(warehouse, jobid, "2 minutes")
    succeed(warehouse, "scheduler", "--once")
    assert ended(warehouse, never) == 0
    assert ended(warehouse, jobid) in (2, 3)


def test_only_whadmin_itself_may_log_in(warehouse: Warehouse) -> None:
    member = f"member_{secrets.token_hex(4)}"
    warehouse.server.save_password(member, "a password")
    warehouse.admin.run(f"CREATE ROLE {member} LOGIN PASSWORD 'a password' IN ROLE whadmin")
    outcome = run(Database(warehouse.server, warehouse.name, member), "scheduler", "--once")
    warehouse.admin.run(f"DROP ROLE {member}")
    assert outcome.code == 2
    assert outcome.errors == [f'jobs run with the rights of the login, which is "{member}"']
    # For an administrator whadmin logs in.
    succeed(warehouse.admin, "scheduler", "--once")


def test_a_schema_cron_of_an_older_version_is_refused(warehouse: Warehouse) -> None:
    warehouse.run("DROP TABLE cron.scheduler")
    with pytest.raises(NotInstalled, match="older than this program"):
        Scheduler(warehouse.conninfo, Events()).run()


@pytest.mark.system
def test_where_pg_cron_runs_the_jobs_no_scheduler_starts(request: pytest.FixtureRequest) -> None:
    for served in pg_cron(request):
        with pytest.raises(InputError, match="pg_cron runs the jobs"):
            Scheduler(served.conninfo, Events()).run()
