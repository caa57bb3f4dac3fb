"""The console with many tenants: how long its pages take and how large they are, its memory, and what viewers cost the warehouse."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg
from psycopg import sql

from bench.cpu import process_seconds
from bench.lab import Lab
from bench.report import Table
from bench.stage import PARTITIONS, TEMPLATE, Stage
from tenantry.core.days import today_utc
from tests.support.browser.console import Console, Visitor, serving
from tests.support.browser.pages import PAGES

TENANTS = 200
VIEWERS = 20
TIMES = 9
VIEWS = (50, 1000)
SECONDS = 120.0

MOST_SECONDS = 0.3
MOST_BYTES = 300_000

_PAUSE = 2.0
"""What console.js waits at least before it asks again; otherwise ten times as long as the last answer took."""

_LOAD = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"


def measure(lab: Lab) -> list[Table]:
    """Three tables: each page, memory, and viewers whose pages update themselves."""
    stage = lab.stage
    tenants = [f"tenant_{number:03}" for number in range(1, lab.at_most(TENANTS) + 1)]
    stage.reset(PARTITIONS)
    conninfo = stage.warehouse
    lab.tell(f"console: recording {stage.size.days:,} days of {len(tenants)} tenants")
    fill(stage, conninfo, tenants)
    password = stage.server.password("whadmin") or ""
    with serving(conninfo) as console:
        visitor = console.log_in("whadmin", password)
        title = f"{len(tenants)} tenants, {stage.size.days:,} days each"
        addresses = [
            page.of(tenants[0], TEMPLATE, today_utc() - timedelta(days=2))
            for page in PAGES
            if not page.address.startswith("/actions/")
        ]
        return [
            pages(title, visitor, addresses),
            memory(title, console, visitor, addresses),
            viewers(title, lab, console, conninfo, password, tenants),
        ]


def fill(stage: Stage, conninfo: str, tenants: Sequence[str]) -> None:
    """Records of days up to yesterday, bound to tables without rows: the console reads records alone."""
    last = today_utc() - timedelta(days=1)
    first = last - timedelta(days=stage.size.days - 1)
    with psycopg.connect(stage.administrator, autocommit=True) as admin:
        admin.execute(
            sql.SQL("GRANT CREATE ON DATABASE {} TO whadmin").format(sql.Identifier(admin.info.dbname))
        )
    with psycopg.connect(conninfo, autocommit=True) as owner:
        for tenant in tenants:
            owner.execute(
                "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username) VALUES (%s, '127.0.0.1', 1, 'x', 'x')",
                (tenant,),
            )
            owner.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(tenant)))
            owner.execute("SELECT _wh_internal.open_feed(%s, %s, %s)", (TEMPLATE, tenant, tenant))
            for year in range(first.year, last.year + 1):
                owner.execute(
                    "SELECT _wh_internal.partition_leaf(f, t, %s, false) FROM _wh.feeds f"
                    " JOIN _wh.mv_templates t USING (template_name) WHERE f.schema_name = %s AND f.storage = 'partition'",
                    (date(year, 1, 1), tenant),
                )
            owner.execute(
                "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, row_count, loaded_at, duration)"
                " SELECT %s, %s, day::date, 'loaded', 100, now(), '0.1' FROM generate_series(%s::date, %s::date, interval '1 day') day",
                (tenant, TEMPLATE, first, last),
            )
        # Otherwise the days would count as lost, as their tables are not the ones that were loaded.
        owner.execute(
            "UPDATE _wh.slices x SET filenode = r.node, definition_hash = r.hash"
            " FROM (SELECT f.schema_name, f.template_name, l.first_day, l.last_day, pg_relation_filenode(l.relid) AS node,"
            " _wh_internal.definition_hash(_wh_internal.for_tenant(t, f.schema_name)) AS hash"
            " FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name), _wh_internal.storage_relations(f, false) l) r"
            " WHERE x.schema_name = r.schema_name AND x.template_name = r.template_name"
            " AND x.slice_date BETWEEN r.first_day AND r.last_day"
        )
        owner.execute("VACUUM (ANALYZE) _wh.slices")


def pages(title: str, visitor: Visitor, addresses: Sequence[str]) -> Table:
    """The first view of each page after a change, and the median of those that follow."""
    lines, results = [], []
    for address in addresses:
        took: list[float] = []
        size = failed = 0
        for _ in range(1 + TIMES):
            begun = time.perf_counter()
            answer = visitor.get(address)
            took.append(time.perf_counter() - begun)
            failed = failed or (answer.status if answer.status != 200 else 0)
            size = len(answer.body)
        first, median = took[0], statistics.median(took[1:])
        kept = median <= MOST_SECONDS and size <= MOST_BYTES and not failed
        lines.append(
            [
                address,
                f"{first * 1000:.0f}",
                f"{median * 1000:.0f}",
                f"{size / 1000:.0f}",
                "yes" if kept else "NO",
            ]
        )
        results.append(
            {
                "page": address,
                "first": first,
                "times": took[1:],
                "bytes": size,
                "kept": kept,
                "failed": failed,
            }
        )
    return Table(
        f"Pages: {title}",
        ["page", "first, ms", f"median of {TIMES}, ms", "kB", "within the limits"],
        lines,
        results,
        [f"limits: {MOST_SECONDS * 1000:.0f} ms, {MOST_BYTES // 1000} kB; with the time for connecting"],
    )


def memory(title: str, console: Console, visitor: Visitor, addresses: Sequence[str]) -> Table:
    """The memory of the console after so many views."""
    lines, results = [], []
    viewed = 0
    for views in VIEWS:
        while viewed < views:
            visitor.get(addresses[viewed % len(addresses)])
            viewed += 1
        size = resident(console)
        lines.append([f"{views:,}", f"{size / 2**20:.0f}"])
        results.append({"views": views, "resident_bytes": size})
    return Table(f"Memory of the console: {title}", ["page views", "resident, MiB"], lines, results)


def resident(console: Console) -> int:
    """Bytes that the console has in memory."""
    pages_of_memory = int(Path(f"/proc/{console.process.pid}/statm").read_text().split()[1])
    return pages_of_memory * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Seen:
    """What the viewers have seen."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    events: int = 0
    times: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)


def viewers(
    title: str, lab: Lab, console: Console, conninfo: str, password: str, tenants: Sequence[str]
) -> Table:
    """Viewers of the fleet for two minutes, whose pages ask again when something changes, without and with a load that goes on."""
    lines, results = [], []
    people = [console.visitor() for _ in range(VIEWERS)]
    for one in people:
        one.log_in("whadmin", password)
    for name, count, busy in (
        ("no viewer, nothing changes", 0, False),
        (f"{VIEWERS} viewers, nothing changes", VIEWERS, False),
        (f"{VIEWERS} viewers, a day loaded each second", VIEWERS, True),
    ):
        seconds = SECONDS if busy else SECONDS / 4
        lab.tell(f"console: {name}, for {seconds:.0f} s")
        seen = Seen()
        threads = [threading.Thread(target=_view, args=(one, seen)) for one in people[:count]]
        with psycopg.connect(conninfo, autocommit=True) as owner:
            for thread in threads:
                thread.start()
            time.sleep(2)
            load, cpu, begun = _load(owner), process_seconds(console.process.pid), time.monotonic()
            changes = 0
            while time.monotonic() - begun < seconds:
                if busy:
                    owner.execute(
                        "UPDATE _wh.slices SET loaded_at = now() WHERE schema_name = %s AND slice_date = %s",
                        (tenants[changes % len(tenants)], today_utc() - timedelta(days=1)),
                    )
                    changes += 1
                time.sleep(1)
            took = time.monotonic() - begun
            # Sessions tell what they did a moment later.
            time.sleep(1.5)
            queries = (_load(owner) - load - changes) / took
            used = (process_seconds(console.process.pid) - cpu) / took
        seen.over.set()
        for thread in threads:
            thread.join(30)
        median = statistics.median(seen.times) * 1000 if seen.times else 0.0
        errors = sum(seen.errors.values())
        lines.append(
            [
                name,
                f"{len(seen.times):,}",
                f"{median:.0f}",
                f"{errors}",
                f"{queries:.1f}",
                f"{used * 100:.0f}",
            ]
        )
        results.append(
            {
                "name": name,
                "seconds": took,
                "events": seen.events,
                "times": seen.times,
                "errors": dict(seen.errors),
                "transactions_per_second": queries,
                "cores": used,
            }
        )
    return Table(
        f"Viewers of the fleet: {title}",
        ["", "pages", "median, ms", "errors", "transactions/s", "CPU of the console, %"],
        lines,
        results,
        ["transactions/s: in the warehouse, by pg_stat_database, without those that change days"],
    )


def _view(visitor: Visitor, seen: Seen) -> None:
    """An open page as console.js keeps it: it listens, and asks again at most every two seconds."""
    while not seen.over.is_set():
        line = HTTPConnection("127.0.0.1", visitor.console.port, timeout=30)
        try:
            line.request("GET", "/events", headers=_headers(visitor))
            answer = line.getresponse()
            if answer.status != 200:
                raise HTTPException(f"/events answers {answer.status}")
            while not seen.over.is_set():
                word = answer.readline()
                if not word:
                    break
                if word.startswith(b"data: "):
                    seen.events += 1
                    _ask_again(visitor, seen)
        except (OSError, HTTPException) as error:
            with seen.lock:
                seen.errors[repr(error)] += 1
            seen.over.wait(1)
        finally:
            line.close()


def _ask_again(visitor: Visitor, seen: Seen) -> None:
    begun = time.perf_counter()
    answer = visitor.get("/", x_tenantry_live="1")
    took = time.perf_counter() - begun
    with seen.lock:
        seen.times.append(took)
        if answer.status != 200:
            seen.errors[f"the fleet answers {answer.status}"] += 1
    seen.over.wait(max(_PAUSE, 10 * took))


def _headers(visitor: Visitor) -> dict[str, str]:
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    return {"Host": visitor.console.host, "Cookie": cookie}


def _load(owner: psycopg.Connection) -> int:
    ((count,),) = owner.execute(_LOAD).fetchall()
    return int(count)
