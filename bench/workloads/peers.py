"""The same work done by other programs: a year into an empty warehouse, and one day of a month again.

bench/peers/README.md says how each is called; `make bench-peers` installs them beside the project.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from bench.contest import Contestant, hold
from bench.lab import Lab
from bench.measure import CommandFailed
from bench.measure import measure as run
from bench.report import Table
from bench.stage import PARTITIONS, TEMPLATE, TENANT, Size, Stage
from bench.workloads import backfill, hourly
from tenantry.db.connect import session

SCRIPTS = Path(__file__).parents[1] / "peers"
ENVIRONMENTS = Path(__file__).parents[2] / ".peers"
MONTH = 31
_COUNT: LiteralString = "SELECT count(*) FROM peer.foodlogstats"
_OURS: LiteralString = "SELECT count(*) FROM acme.foodlogstats"


@dataclass(frozen=True)
class Peer:
    """A program: `command` loads a new table, and `again` loads a day again; words that begin with $ are filled in.

    `environment` is the directory of ENVIRONMENTS in which it is installed.
    """

    name: str
    environment: str
    command: Sequence[str]
    again: Sequence[str]

    def program(self) -> Path | None:
        """Its program, or None if it is not installed."""
        found = sorted((ENVIRONMENTS / self.environment).glob(self.command[0]))
        return found[0] if found else None


def _script(name: str, environment: str, script: str, *arguments: str) -> Peer:
    words = ["bin/python", str(SCRIPTS / script), *arguments]
    return Peer(
        name, environment, [*words, "backfill", "$FIRST", "$NEXT"], [*words, "day", "$FIRST", "$NEXT"]
    )


_SLING = ["lib/python*/site-packages/sling_linux_amd64/bin/sling-linux-amd64", "run", "--src-conn", "SOURCE_URL", "--src-stream",
    "public.bench_rows", "--tgt-conn", "WAREHOUSE_URL", "--tgt-object", "peer.foodlogstats"]  # fmt: skip
_INGESTR = ["bin/ingestr", "ingest", "--yes", "--progress", "log", "--source-table", "public.bench_rows", "--dest-table",
    "peer.foodlogstats"]  # fmt: skip

PEERS = (
    _script("psycopg, COPY to COPY", "drivers", "copy_psycopg.py"),
    _script("asyncpg, COPY to COPY", "drivers", "copy_asyncpg.py"),
    _script("DuckDB, both attached", "duckdb", "duckdb_attached.py"),
    Peer(
        "ingestr",
        "ingestr",
        [*_INGESTR, "--incremental-strategy", "replace"],
        [*_INGESTR, "--incremental-strategy", "delete+insert", "--incremental-key", "logged_time", "--interval-start",
            "${FIRST}T00:00:00Z", "--interval-end", "${NEXT}T00:00:00Z"],
    ),
    Peer(
        "sling",
        "sling",
        [*_SLING, "--mode", "full-refresh"],
        [*_SLING, "--mode", "backfill", "--range", "$FIRST,$NEXT", "--update-key", "logged_time", "--primary-key", "id"],
    ),
    _script("dlt, connectorx", "dlt", "dlt_sql_table.py", "connectorx"),
    _script("dlt, pyarrow", "dlt", "dlt_sql_table.py", "pyarrow"),
    _script("dlt, sqlalchemy", "dlt", "dlt_sql_table.py", "sqlalchemy"),
)  # fmt: skip


def measure(lab: Lab) -> list[Table]:
    """Two tables: backfill and refresh."""
    stage = lab.stage
    _show_rows(stage, stage.size.last)
    indexes = stage.template().indexed(TEMPLATE, "peer")
    (stage.files / "indexes.sql").write_text(indexes, encoding="utf-8")
    stage.add_start("peers", _make_schema)
    there = [peer for peer in PEERS if peer.program()]
    missing = [f"{peer.name}: not installed; make bench-peers does it" for peer in PEERS if peer not in there]
    ours = backfill.tenantry(stage, "tenantry, 2 jobs", PARTITIONS, jobs=2)
    ways = [ours, *(_backfill(stage, peer, stage.size) for peer in there), backfill.limit(stage)]
    title = f"{stage.size.rows:,} rows of {stage.size.days:,} days into an empty warehouse, with four indexes"
    filled = hold(lab, title, ways, {"limit": backfill.LIMIT})
    return [replace(filled, notes=[*filled.notes, *missing]), _refresh(lab, there)]


def _show_rows(stage: Stage, last: date) -> None:
    """Make the source show the template's rows up to a day as a view: the programs ask for tables, some for whole ones."""
    query = stage.template().query.replace("{SCHEMA}", TENANT)
    query = query.replace("{START_TIME}", "-infinity").replace(
        "{END_TIME}", f"{last + timedelta(days=1)} 00:00:00+00"
    )
    stage.show_rows("bench_rows", query)
    stage.show_rows("bench_days", "SELECT *, (logged_time AT TIME ZONE 'UTC')::date AS day FROM bench_rows")


def _make_schema(conninfo: str) -> None:
    with session(conninfo) as owner:
        owner.execute("CREATE SCHEMA peer")


def _backfill(stage: Stage, peer: Peer, size: Size) -> Contestant:
    """The program, and the template's indexes after it."""
    command = _filled(peer, peer.command, size.first, size.last)
    indexes = backfill.psql(stage, "indexes.sql", stage.warehouse)
    home = _home(stage, peer)

    def forget() -> None:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)

    return Contestant(
        peer.name,
        f"{_shown(command)} && psql -f indexes.sql",
        [["/bin/sh", "-c", f"{shlex.join(command)} && {shlex.join(indexes)}"]],
        count=_COUNT,
        environment=_environment(stage, peer),
        start="peers",
        before=forget,
        may_fail=True,
        rows=size.rows,
    )


def _refresh(lab: Lab, peers: Sequence[Peer]) -> Table:
    """One day of a month that each has loaded itself, and whether its result is right."""
    stage = lab.stage
    month = Size(stage.size.first, min(stage.size.days, MONTH), stage.size.per_day)
    day = month.last
    _show_rows(stage, day)
    stage.reset(PARTITIONS)
    ours = backfill.tenantry(stage, "", PARTITIONS, jobs=2, last=month.last)
    _load(stage, ours)
    stage.keep("tenantry")
    loaded: list[Peer] = []
    for peer in peers:
        lab.tell(f"{peer.name} loads {month.days} days")
        stage.reset("peers")
        try:
            _load(stage, _backfill(stage, peer, month))
        except CommandFailed as error:
            lab.tell(f"{peer.name} failed: {error}")
            continue
        stage.keep(peer.name)
        loaded.append(peer)
    *_, pipe = hourly.cold(stage, day)
    ways = [_ours_again(stage, day), *(_again(stage, peer, day) for peer in loaded)]
    ways = [replace(way, before=lambda: hourly.change(stage, day), rows=month.rows) for way in ways]
    pipe = replace(pipe, start="tenantry", count=_OURS, rows=month.rows, gauge=None)
    title = f"One day of {month.days}, {stage.size.per_day:,} rows, 1 % changed; process start included"
    table = hold(lab, title, [*ways, pipe], {"pipe": pipe.name}, rows=stage.size.per_day)
    verdicts = _verdicts(lab, loaded, day)
    return replace(
        table,
        headings=[*table.headings, "right?"],
        lines=[[*line, verdicts.get(line[0], "")] for line in table.lines],
        results=[{**result, "right": verdicts.get(result["name"])} for result in table.results],
    )


def _ours_again(stage: Stage, day: date) -> Contestant:
    return replace(hourly.cold(stage, day)[0], start="tenantry", count=_OURS, gauge=None)


def _again(stage: Stage, peer: Peer, day: date) -> Contestant:
    command = _filled(peer, peer.again, day, day)
    return Contestant(
        peer.name,
        _shown(command),
        [command],
        count=_COUNT,
        environment=_environment(stage, peer),
        start=peer.name,
        may_fail=True,
    )


def _load(stage: Stage, way: Contestant) -> None:
    if way.before is not None:
        way.before()
    run(way.pipeline, way.environment, stage.files / "log")


def _verdicts(lab: Lab, peers: Sequence[Peer], day: date) -> dict[str, str]:
    """The result of each for a day that lost a row, and for a day that lost all rows, after loading it before."""
    stage = lab.stage
    emptied = day - timedelta(days=1)
    stage.change_source(
        "DELETE FROM phood_foodlogsum WHERE id = (SELECT min(id) FROM phood_foodlogsum WHERE logged_time >= %(day)s)",
        {"day": f"{day} 00:00:00+00"},
    )
    stage.change_source(
        "DELETE FROM phood_foodlogsum WHERE logged_time >= %(day)s AND logged_time < %(next)s",
        {"day": f"{emptied} 00:00:00+00", "next": f"{day} 00:00:00+00"},
    )
    truth = _facts(stage.source, "public.bench_rows", day)
    verdicts = {}
    for table, ways in [
        ("acme.foodlogstats", [_ours_again(stage, it) for it in (day, emptied)]),
        *(("peer.foodlogstats", [_again(stage, peer, it) for it in (day, emptied)]) for peer in peers),
    ]:
        assert ways[0].start is not None
        stage.reset(ways[0].start)
        faults = []
        try:
            for way in ways:
                _load(stage, way)
        except CommandFailed as error:
            lab.tell(str(error))
            faults.append("failed")
        found = _facts(stage.warehouse, table, day)
        if found[0] > truth[0]:
            faults.append("keeps a deleted row")
        elif found != truth:
            faults.append("other values")
        if _facts(stage.warehouse, table, emptied)[0]:
            faults.append("keeps an emptied day")
        verdicts[ways[0].name] = ", ".join(faults) or "yes"
        lab.tell(f"{ways[0].name}: right? {verdicts[ways[0].name]}")
    return verdicts


def _facts(conninfo: str, table: LiteralString, day: date) -> tuple[Any, ...]:
    """Rows, and sums over them, of a day."""
    with psycopg.connect(conninfo) as asked:
        row = asked.execute(
            sql.SQL(
                "SELECT count(*), sum(id::bigint), sum(weight), sum(hashtext(store)::bigint), max(logged_time) FROM {}"
                " WHERE logged_time >= {} AND logged_time < {}"
            ).format(
                sql.Identifier(*table.split(".")),
                f"{day} 00:00:00+00",
                f"{day + timedelta(days=1)} 00:00:00+00",
            )
        ).fetchone()
    assert row is not None
    return row


def _filled(peer: Peer, words: Sequence[str], first: date, last: date) -> list[str]:
    """A command with its program and its days; the end is exclusive."""
    days = {"FIRST": str(first), "NEXT": str(last + timedelta(days=1))}
    program = str(peer.program())
    return [program, *(Template(word).substitute(days) for word in words[1:])]


def _shown(command: Sequence[str]) -> str:
    return shlex.join(
        [Path(command[0]).name, *(word.removeprefix(f"{SCRIPTS}{os.sep}") for word in command[1:])]
    )


def _home(stage: Stage, peer: Peer) -> Path:
    return stage.files / "homes" / peer.name.replace(" ", "_")


def _environment(stage: Stage, peer: Peer) -> Mapping[str, str]:
    """Addresses with passwords, for which these programs know no file; a separate home; no telemetry."""
    home = str(_home(stage, peer))
    return {
        "HOME": home,
        "COLUMNS": stage.template().columns,
        "SOURCE_URL": stage.source_url,
        "WAREHOUSE_URL": stage.warehouse_url,
        "SOURCE_URI": stage.source_url,
        "DESTINATION_URI": stage.warehouse_url,
        "DLT_DATA_DIR": f"{home}/dlt",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "SLING_DISABLE_TELEMETRY": "true",
        "INGESTR_DISABLE_TELEMETRY": "true",
        "DISABLE_TELEMETRY": "true",
    }
