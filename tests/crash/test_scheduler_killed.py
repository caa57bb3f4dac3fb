"""kill -9 of the scheduler that leads, a hundred times: no run lost, none doubled."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any, LiteralString

import psycopg

from tenantry.flow.job import runs
from tests.support.databases import Warehouse
from tests.support.jobs import schedule
from tests.support.schedulers import forks, start
from tests.support.waiting import wait_until

KILLS = 100

COUNT: LiteralString = """
INSERT INTO _wh.counted (job, at) SELECT '{}', r.scheduled_for FROM cron.job_run_details r, pg_sleep({})
WHERE r.job_pid = pg_backend_pid() AND r.status = 'running'
"""
"""Counts the run that it is in, after some seconds."""

WORKERS: LiteralString = """
SELECT pid FROM pg_stat_activity WHERE application_name = 'tenantry job' AND datname = current_database()
"""

TWICE: LiteralString = """
CREATE PROCEDURE _wh.twice() LANGUAGE plpgsql AS $$
BEGIN
    FOR part IN 1 .. 2 LOOP
        INSERT INTO _wh.called (at, part) SELECT r.scheduled_for, part FROM cron.job_run_details r
        WHERE r.job_pid = pg_backend_pid() AND r.status = 'running' ON CONFLICT DO NOTHING;
        COMMIT;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$
"""
"""Commits in two parts, each of which may be done again."""


def test_no_run_is_lost_or_doubled_when_a_hundred_leaders_are_killed(warehouse: Warehouse) -> None:
    warehouse.run("CREATE TABLE _wh.counted (job text, at timestamptz)")
    warehouse.run("CREATE TABLE _wh.called (at timestamptz, part int, PRIMARY KEY (at, part))")
    warehouse.run(TWICE)
    periods = {"quick": 1, "slow": 1, "other": 2, "calls": 1}
    jobids = {
        "quick": schedule(warehouse, "quick", "1 second", COUNT.format("quick", 0)),
        "slow": schedule(warehouse, "slow", "1 second", COUNT.format("slow", 0.2)),
        "other": schedule(warehouse, "other", "2 seconds", COUNT.format("other", 0.1)),
        "calls": schedule(warehouse, "calls", "1 second", "CALL _wh.twice()"),
    }
    chance = random.Random(20260222)
    context = forks()
    with warehouse.connect() as session:
        processes = [start(context, warehouse.conninfo, 0.05)]
        try:
            first = leader(session, None)
            processes += [start(context, warehouse.conninfo, 0.05) for _ in range(2)]
            killed = first.pid
            for number in range(KILLS):
                pid = first.pid if number == 0 else leader(session, killed).pid
                # Anywhere in its life: at once, while it goes through the runs that waited, or in the middle of one.
                session.execute("SELECT pg_sleep(%s)", (chance.uniform(0, 0.25),))
                (dying,) = [process for process in processes if process.pid == pid]
                workers = session.execute(WORKERS).fetchall()
                dying.kill()
                if number % 5 == 0:
                    # As the server does when it finds that the host is gone: the statement ends, nothing is kept.
                    for (worker,) in workers:
                        session.execute("SELECT pg_terminate_backend(%s)", (worker,))
                processes.remove(dying)
                processes.append(start(context, warehouse.conninfo, 0.05))
                killed = pid
            last = leader(session, killed).since
            wait_until(lambda: finished(session, last))
        finally:
            for process in processes:
                process.kill()
            for process in processes:
                process.join()
        assert (
            session.execute(
                "SELECT jobid, scheduled_for, attempts, return_message FROM cron.job_run_details WHERE status = 'failed'"
            ).fetchall()
            == []
        )
        for name, period in periods.items():
            # The server's seconds from the first leader to the last.
            expected = session.execute(
                "SELECT to_timestamp(s) FROM generate_series(ceil(extract(epoch FROM %s)), floor(extract(epoch FROM %s))) s"
                " WHERE s %% %s = 0",
                (first.since, last, period),
            ).fetchall()
            assert len(expected) >= 5
            ran = session.execute(
                "SELECT scheduled_for FROM cron.job_run_details WHERE jobid = %s AND status = 'succeeded'"
                " AND scheduled_for <= %s ORDER BY 1",
                (jobids[name], last),
            ).fetchall()
            assert ran == expected, name
            if name != "calls":
                counted = session.execute(
                    "SELECT at FROM _wh.counted WHERE job = %s AND at <= %s ORDER BY 1", (name, last)
                ).fetchall()
                assert counted == expected, name
            else:
                called = session.execute(
                    "SELECT at, array_agg(part ORDER BY part) FROM _wh.called WHERE at <= %s GROUP BY at ORDER BY at",
                    (last,),
                ).fetchall()
                assert called == [(at, [1, 2]) for (at,) in expected]
        again = session.execute(
            "SELECT sum(attempts - 1) FROM cron.job_run_details WHERE attempts > 1"
        ).fetchone()
        # Else nobody was killed in the middle of a run, and this test shows nothing.
        assert again is not None
        assert again[0]


def leader(session: psycopg.Connection, former: int | None) -> runs.Leader:
    """The leader, once there is another than the former one."""
    found: list[Any] = []

    def leads() -> bool:
        found[:] = [runs.leader(session)]
        return found[0] is not None and found[0].pid != former

    wait_until(leads)
    leading: runs.Leader = found[0]
    return leading


def finished(session: psycopg.Connection, moment: datetime) -> bool:
    """Whether a leader has looked at the time since, and all that was due up to then has ended."""
    row = session.execute(
        "SELECT (SELECT last_tick > %(moment)s + interval '1 second' FROM cron.scheduler) AND NOT EXISTS ("
        " SELECT FROM cron.job_run_details WHERE scheduled_for <= %(moment)s AND status IN ('starting', 'running'))",
        {"moment": moment},
    ).fetchone()
    assert row is not None
    return bool(row[0])
