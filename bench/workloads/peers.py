"""The same work done by other programs: a year into an empty warehouse, and one day of a month again.

bench/peers/README.md says how each is called; `make bench-peers` installs them beside the project.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import LiteralString

from bench.contest import Contestant, hold
from bench.lab import Lab
from bench.measure import CommandFailed
from bench.measure import measure as run
from bench.peers.programs import PEERS, Peer, environment, filled, home, shown
from bench.peers.verdicts import CASES, Judged, judge
from bench.report import Table
from bench.stage import EMPTY, PARTITIONS, TEMPLATE, TENANT, Size, Stage
from bench.workloads import backfill, hourly
from tenantry.db.connect import session

MONTH = 31
_COUNT: LiteralString = "SELECT count(*) FROM peer.foodlogstats"
_OURS: LiteralString = "SELECT count(*) FROM acme.foodlogstats"


def measure(lab: Lab) -> list[Table]:
    """Two tables: backfill and refresh."""
    stage = lab.stage
    if stage.size.days < 2:
        raise ValueError("two days at least: rows move from one to the other")
    _show_rows(stage, stage.size.last)
    indexes = stage.template().indexed(TEMPLATE, "peer")
    (stage.files / "indexes.sql").write_text(indexes, encoding="utf-8")
    stage.add_start("peers", _make_schema)
    there = [peer for peer in PEERS if peer.program()]
    versions = {peer.name: peer.version() for peer in there}
    if any(peer.copies_indexes for peer in there):
        _make_table(stage, indexes)
    ours = backfill.tenantry(stage, "tenantry, 2 jobs", PARTITIONS, jobs=2)
    ways = [ours, *(_backfill(stage, peer, stage.size) for peer in there), backfill.limit(stage)]
    title = f"{stage.size.rows:,} rows of {stage.size.days:,} days into an empty warehouse, with four indexes"
    loaded = hold(lab, title, ways, {"limit": backfill.LIMIT})
    missing = {peer.name: f"not installed: {peer.install}" for peer in PEERS if peer.name not in versions}
    tables = [
        _with_missing(loaded, missing),
        _refresh(lab, [peer for peer in there if peer.again]),
    ]
    return [_with_versions(table, versions) for table in tables]


def _with_missing(table: Table, missing: Mapping[str, str]) -> Table:
    """A line for each program that is not installed."""
    rest = [""] * (len(table.headings) - 2)
    return replace(
        table,
        lines=[*table.lines, *([name, "not installed", *rest] for name in missing)],
        results=[*table.results, *({"name": name, "missing": why} for name, why in missing.items())],
        notes=[*table.notes, *(f"{name}: {why}" for name, why in missing.items())],
    )


def _with_versions(table: Table, versions: Mapping[str, str]) -> Table:
    return replace(
        table,
        headings=[table.headings[0], "version", *table.headings[1:]],
        lines=[[line[0], versions.get(line[0], ""), *line[1:]] for line in table.lines],
        results=[
            {**result, **({"version": versions[result["name"]]} if result["name"] in versions else {})}
            for result in table.results
        ],
    )


def _show_rows(stage: Stage, last: date) -> None:
    """Make the source show the template's rows up to a day as a view: the programs ask for tables, some for whole ones."""
    query = stage.template().query.replace("{SCHEMA}", TENANT)
    query = query.replace("{START_TIME}", "-infinity").replace(
        "{END_TIME}", f"{last + timedelta(days=1)} 00:00:00+00"
    )
    stage.show_rows("bench_rows", query)
    stage.show_rows("bench_days", "SELECT *, (logged_time AT TIME ZONE 'UTC')::date AS day FROM bench_rows")


def _make_table(stage: Stage, indexes: str) -> None:
    """Keep the view's rows in a table of the source, with the template's indexes, for a program that copies no views."""
    stage.keep_rows("bench_rows", "peer", TEMPLATE, stage.template().columns, indexes)
    (stage.files / "pgcopydb.ini").write_text(f"[include-only-table]\npeer.{TEMPLATE}\n", encoding="utf-8")


def _make_schema(conninfo: str) -> None:
    with session(conninfo) as owner:
        owner.execute("CREATE SCHEMA peer")


def _backfill(stage: Stage, peer: Peer, size: Size) -> Contestant:
    """The program, and the template's indexes after it unless it has brought them."""
    command = filled(stage, peer, peer.command, size.first, size.last)
    words, text = shlex.join(command), shown(stage, peer, command)
    if not peer.copies_indexes:
        words += f" && {shlex.join(backfill.psql(stage, 'indexes.sql', stage.warehouse))}"
        text += " && psql -f indexes.sql"
    directory = home(stage, peer)

    def forget() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)

    return Contestant(
        peer.name,
        text,
        [["/bin/sh", "-c", words]],
        count=_COUNT,
        environment=environment(stage, peer),
        # One that brings the table's indexes also creates its schema.
        start=EMPTY if peer.copies_indexes else "peers",
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
    _load(stage, backfill.tenantry(stage, "", PARTITIONS, jobs=2, last=day))
    stage.keep("tenantry")
    loaded = [peer for peer in peers if _has_loaded(lab, peer, month)]
    *_, pipe = hourly.cold(stage, day)
    ways = [_ours_again(stage, day), *(_again(stage, peer, day) for peer in loaded)]
    ways = [replace(way, before=lambda: hourly.change(stage, day), rows=month.rows) for way in ways]
    pipe = replace(pipe, start="tenantry", count=_OURS, rows=month.rows, gauge=None)
    title = f"One day of {month.days}, {stage.size.per_day:,} rows, 1 % changed; process start included"
    table = hold(lab, title, [*ways, pipe], {"pipe": pipe.name}, rows=stage.size.per_day)
    judged = [
        Judged("tenantry", "acme.foodlogstats", partial(_ours_again, stage)),
        *(Judged(peer.name, "peer.foodlogstats", partial(_again, stage, peer)) for peer in loaded),
    ]
    verdicts = judge(lab, judged, day)
    names = [case.name for case in CASES]
    return replace(
        table,
        headings=[*table.headings, *names],
        lines=[[*line, *(verdicts.get(line[0], {}).get(name, "") for name in names)] for line in table.lines],
        results=[{**result, "right": verdicts.get(result["name"])} for result in table.results],
        notes=[*table.notes, *(f"{peer.name}: {peer.unmeasured}" for peer in PEERS if peer.unmeasured)],
    )


def _has_loaded(lab: Lab, peer: Peer, month: Size) -> bool:
    """Load the month into a warehouse to begin with; False if the program fails."""
    lab.tell(f"{peer.name} loads {month.days} days")
    lab.stage.reset("peers")
    try:
        _load(lab.stage, _backfill(lab.stage, peer, month))
    except CommandFailed as error:
        lab.tell(f"{peer.name} failed: {str(error).strip().splitlines()[-1]}")
        return False
    lab.stage.keep(peer.name)
    return True


def _ours_again(stage: Stage, day: date) -> Contestant:
    return replace(hourly.cold(stage, day)[0], start="tenantry", count=_OURS, gauge=None)


def _again(stage: Stage, peer: Peer, day: date) -> Contestant:
    command = filled(stage, peer, peer.again, day, day)
    return Contestant(
        peer.name,
        shown(stage, peer, command),
        [command],
        count=_COUNT,
        environment=environment(stage, peer),
        start=peer.name,
        may_fail=True,
    )


def _load(stage: Stage, way: Contestant) -> None:
    if way.before is not None:
        way.before()
    run(way.pipeline, way.environment, stage.files / "log")
