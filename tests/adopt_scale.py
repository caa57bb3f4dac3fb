"""`python -m tests.adopt_scale`: adopt a warehouse by hand as large as real ones, while reports loop.

It prints how long each step took, and what the reports saw: answers, errors, wrong answers, and the longest wait for a lock.
Exits with status 1 unless every report was right and none waited longer than allowed. Not a part of the usual run: it takes
minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tenantry.embedded import Server
from tests.support.program import command, environment
from tests.support.samples.by_hand import CONNECTIONS, SCRIPTS, ByHand, make_by_hand

ALLOWED = 0.2
"""Seconds that a report may wait for a lock."""

_EVERY = 0.005
"""Seconds between two looks at who waits."""

REPORTS = {
    "tenant view": "SELECT count(*), sum(weight), md5(string_agg(id::text, ',' ORDER BY id)) FROM acme.foodlogstats",
    "public view": "SELECT schema_name, count(*), sum(weight) FROM public.foodlogstats GROUP BY 1 ORDER BY 1",
    "a user's own view": "SELECT count(*), sum(weight) FROM workspace.weekly",
    "a user's own view of one day": "SELECT count(*), sum(weight) FROM workspace.acme_second",
    "a folded year": "SELECT count(*), sum(weight) FROM acme.foodlogstats_2024",
}
"""Reports that loop. The first three read every day."""


@dataclass
class Seen:
    """What the reports saw."""

    answers: Counter[str] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    wait: float = 0
    waited_in: str = ""
    step: str = ""


def _reporter(
    warehouse: ByHand, names: Sequence[str], right: dict[str, object], stop: threading.Event, seen: Seen
) -> None:
    with psycopg.connect(warehouse.reader_conninfo, autocommit=True, application_name="report") as session:
        while not stop.is_set():
            for name in names:
                begun = time.monotonic()
                try:
                    found = session.execute(REPORTS[name].encode()).fetchall()
                except psycopg.Error as error:
                    seen.errors.append(f"{seen.step}: {name}: {error}")
                    if session.closed:
                        return
                    continue
                seen.answers[name] += 1
                seen.longest[name] = max(seen.longest.get(name, 0), time.monotonic() - begun)
                if found != right[name]:
                    seen.wrong.append(f"{seen.step}: {name}: {found!r:.200} for {right[name]!r:.200}")


def _sampler(warehouse: ByHand, stop: threading.Event, seen: Seen) -> None:
    """Add up how long each report waits for locks, by looking often; the server's own log would need another deadlock_timeout."""
    waits: dict[tuple[int, object], dict[object, float]] = {}
    with warehouse.connect() as session:
        while not stop.is_set():
            time.sleep(_EVERY)
            waiting = session.execute(
                "SELECT pid, query_start, left(query, 60) FROM pg_stat_activity"
                " WHERE application_name = 'report' AND state = 'active' AND wait_event_type = 'Lock'"
            ).fetchall()
            for pid, started, text in waiting:
                found = session.execute(
                    "SELECT l.waitstart, extract(epoch FROM clock_timestamp() - l.waitstart)::float, (SELECT string_agg(left(a.query, 60), '; ')"
                    " FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids(l.pid)))"
                    " FROM pg_locks l WHERE l.pid = %s AND NOT l.granted AND l.waitstart >= %s",
                    (pid, started),
                ).fetchone()
                if found:
                    since, lasted, blockers = found
                    waits.setdefault((pid, started), {})[since] = lasted + _EVERY
                    total = sum(waits[pid, started].values())
                    if total > seen.wait:
                        seen.wait, seen.waited_in = total, f"{seen.step}: {text} -- for {blockers}"


@contextlib.contextmanager
def reports(warehouse: ByHand) -> Iterator[Seen]:
    """Reports that loop in two sessions until the block ends."""
    with psycopg.connect(warehouse.reader_conninfo, autocommit=True) as session:
        right: dict[str, object] = {
            name: session.execute(text.encode()).fetchall() for name, text in REPORTS.items()
        }
    stop, seen, names = threading.Event(), Seen(), list(REPORTS)
    workers = [
        threading.Thread(target=_reporter, args=(warehouse, names[:3], right, stop, seen)),
        threading.Thread(target=_reporter, args=(warehouse, names[3:], right, stop, seen)),
        threading.Thread(target=_sampler, args=(warehouse, stop, seen)),
    ]
    for worker in workers:
        worker.start()
    try:
        yield seen
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def views(warehouse: ByHand) -> list[tuple[str, str, list[str]]]:
    """All that readers of tenants' rows may name: schema, relation, columns."""
    return [
        (schema, name, columns)
        for schema, name, columns in warehouse.rows(
            "SELECT n.nspname::text, c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relkind IN ('v', 'm', 'r') AND n.nspname !~ '^(pg_|_wh|cron$|information_schema$)'"
            " AND NOT (n.nspname = 'public' AND c.relname LIKE 'tenantry%')"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
    ]


def digest(warehouse: ByHand, named: list[tuple[str, str, list[str]]]) -> dict[str, object]:
    """The md5 over all rows of each relation."""
    found: dict[str, object] = {}
    with warehouse.connect() as session:
        for schema, name, columns in named:
            rows = sql.SQL(
                "SELECT md5(string_agg(r::text, E'\\n' ORDER BY r::text)) FROM (SELECT {} FROM {}) r"
            ).format(sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, name))
            found[f"{schema}.{name}"] = session.execute(rows).fetchone()
    return found


def adopt(warehouse: ByHand, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `tenantry adopt` as the administrator."""
    known = {"TENANTRY_ADMIN_DSN": warehouse.conninfo, "TENANTRY_WHADMIN_PASSWORD": "whadmin-by-hand"}
    return subprocess.run(
        command(None, "adopt", *arguments), env=environment(known), capture_output=True, text=True
    )


CRON = {
    "shared_preload_libraries": "pg_cron",
    "cron.database_name": "postgres",
    "cron.use_background_workers": "on",
}


def has_cron(bindir: Path | None) -> bool:
    """Whether these programs come with pg_cron."""
    return bindir is not None and (bindir.parent / "lib/pg_cron.so").exists()


def schedule(warehouse: ByHand) -> None:
    """Schedule the manual's jobs, and one that is due each minute. It asks a source that is gone."""
    warehouse.run("CREATE EXTENSION IF NOT EXISTS pg_cron")
    warehouse.run("GRANT USAGE ON SCHEMA cron TO whadmin")
    with psycopg.connect(warehouse.owner_conninfo, autocommit=True) as owner:
        owner.execute((SCRIPTS / "jobs.sql").read_bytes())
        owner.execute(
            "SELECT cron.schedule('each_minute', '* * * * *',"
            " $$SELECT _wh.cron_refresh_today('foodlogstats', 'bolt_conn', 'bolt')$$)"
        )


def _runs(warehouse: ByHand) -> list[tuple[object, ...]]:
    """What pg_cron's runs ended with, and how often."""
    if warehouse.rows("SELECT FROM pg_extension WHERE extname = 'pg_cron'"):
        return warehouse.rows(
            "SELECT status, split_part(return_message, E'\n', 1), count(*) FROM cron.job_run_details GROUP BY 1, 2"
        )
    return []


def campaign(warehouse: ByHand, steps: Sequence[Sequence[str]], quiet: bool) -> bool:
    """Take the steps, reports looping meanwhile unless `quiet`; print and judge what they saw."""
    warehouse.run("GRANT SELECT ON ALL TABLES IN SCHEMA workspace TO phood_ro")
    named = views(warehouse)
    before = digest(warehouse, named)
    warehouse.drop_sources()
    print(f"{len(named)} relations; the sources are gone", flush=True)
    well, alone = True, dict[str, float]()
    with contextlib.nullcontext(Seen()) if quiet else reports(warehouse) as seen:
        if not quiet:
            seen.step = "before"
            time.sleep(10)
            alone = dict(seen.longest)
            seen.longest.clear()
        for step in steps:
            seen.step = f"adopt {' '.join(step)}"
            begun = time.monotonic()
            done = adopt(warehouse, *step, *(() if step else ("--wait", "60")), "--yes")
            took = time.monotonic() - begun
            print(f"{seen.step}: exit {done.returncode}, {took:.1f} s", flush=True)
            if done.returncode:
                print(done.stderr)
                well = False
                break
            if quiet:
                same = digest(warehouse, named) == before
                print(f"  rows as before: {same}", flush=True)
                well &= same
        seen.step = "afterwards"
    for run in _runs(warehouse):
        print("  job runs:", *run)
    after = digest(warehouse, named)
    differing = [name for name in before if before[name] != after[name]]
    print(f"rows as before in {len(named) - len(differing)} of {len(named)} relations {differing[:5]}")
    if not quiet:
        for name in REPORTS:
            print(
                f"  {name}: {seen.answers[name]:,} answers, the longest {seen.longest.get(name, 0) * 1000:,.0f} ms"
                f" ({alone.get(name, 0) * 1000:,.0f} ms with nothing else)"
            )
        print(f"  errors {len(seen.errors)}, wrong answers {len(seen.wrong)}")
        print(f"  the longest wait for locks {seen.wait * 1000:.0f} ms, {seen.waited_in}")
        for line in (*seen.errors[:5], *seen.wrong[:5]):
            print(f"  {line}")
    return well and not differing and not seen.errors and not seen.wrong and seen.wait <= ALLOWED


def main() -> int:
    """Make it, adopt it; 1 if something was wrong."""
    parser = argparse.ArgumentParser(prog="tests.adopt_scale", description=__doc__)
    parser.add_argument("--bindir", type=Path, help="the programs of another PostgreSQL")
    parser.add_argument("--days", type=int, default=330, help="daily views of each tenant")
    parser.add_argument("--folded-days", type=int, default=365, help="days of each of the two folded years")
    parser.add_argument(
        "--tenants", type=int, default=len(CONNECTIONS), choices=range(1, len(CONNECTIONS) + 1)
    )
    parser.add_argument("--quiet", action="store_true", help="without reports")
    parser.add_argument(
        "--undo", action="store_true", help="take it back at the end, in place of finishing it"
    )
    chosen = parser.parse_args()
    parent = Path(tempfile.mkdtemp(prefix="tenantry-scale-"))
    parent.chmod(0o755)
    server = Server(
        parent / "server",
        bindir=chosen.bindir,
        settings={"fsync": "off", "max_connections": "100", "max_locks_per_transaction": "64"}
        | (CRON if has_cron(chosen.bindir) else {}),
    )
    try:
        server.start()
        begun = time.monotonic()
        tenants = dict(list(CONNECTIONS.items())[: chosen.tenants])
        warehouse = make_by_hand(server, chosen.folded_days, chosen.days, tenants=tenants)
        if has_cron(chosen.bindir):
            schedule(warehouse)
        print(f"made by hand in {time.monotonic() - begun:.0f} s; load {os.getloadavg()[0]:.1f}", flush=True)
        well = campaign(warehouse, [[], ["--undo" if chosen.undo else "--finish"]], chosen.quiet)
    finally:
        server.remove()
        shutil.rmtree(parent, ignore_errors=True)
    print("all well" if well else "NOT WELL")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
