"""Many tenants on one server: what commands and reports take as their number grows, up to a thousand.

Each tenant has two templates, three years and few rows a day: the number of tables and records matters, not the size
of the tables. Everything runs with PostgreSQL's default size of the lock table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from bench import fleet
from bench.cpu import server_seconds
from bench.lab import Lab
from bench.measure import CommandFailed
from bench.measure import measure as run_once
from bench.report import Table
from bench.reports.asking import ask, reader
from bench.reports.queries import PUBLIC, of_all
from bench.stage import EMPTY, TEMPLATE, Stage
from bench.workloads.backfill import program

TENANTS = (10, 100, 300, 1000)
STORAGES = ("partition", "shared")
READERS = 40
"""Reports that are open at the same time, with everything that they have locked."""
BUDGET = 12.0
"""What a thousand tenants may take, as a multiple of a hundred."""

_REPORTS = ("current_date - 30 days", "a day", "a day of one tenant")
_QUERIES = of_all(PUBLIC)
_NEW = "newcomer"


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds on the wall, CPU seconds of the client and of the server, and the client's peak
    memory in bytes. `refused` is the last line of what it said if it failed.
    """

    seconds: float = 0
    client_cpu: float = 0
    server_cpu: float = 0
    client_bytes: int = 0
    refused: str | None = None

    @property
    def cpu(self) -> float:
        """CPU seconds of client and server together."""
        return self.client_cpu + self.server_cpu


def measure(lab: Lab) -> list[Table]:
    """For each storage, a table of commands and one of reports."""
    tables: list[Table] = []
    for storage in STORAGES:
        tables += _measure(lab, storage)
    return tables


def _measure(lab: Lab, storage: str) -> Iterator[Table]:
    stage = lab.stage
    stage.reset(EMPTY)
    fleet.begin(stage, stage.warehouse, storage)
    costs: dict[str, dict[int, Cost]] = {}
    answers: dict[int, dict[str, Any]] = {}
    notes: list[str] = []
    have = 1
    for wanted in sorted({lab.at_most(number) for number in TENANTS}):
        lab.tell(f"{storage}: {wanted} tenants")
        fleet.add(stage, stage.warehouse, [f"tenant_{number:03}" for number in range(have, wanted)])
        have = wanted
        fleet.tidy(stage.administrator)
        notes.append(f"doctor on {wanted} tenants: {_said(stage, 'doctor', '--only', 'locks')}")
        answers[wanted] = _reports(stage)
        lab.tell(f"{storage}, {wanted} tenants, reports: {answers[wanted]}")
        for name, cost in _commands(stage):
            costs.setdefault(name, {})[wanted] = cost
            lab.tell(
                f"{storage}, {wanted} tenants, {name}: {_cell(cost)} CPU s, {cost.client_bytes / 2**20:.0f} MiB"
            )
    yield _table_of_commands(f"Commands: {storage} storage", costs)
    yield _table_of_reports(f"Reports: {storage} storage, max_locks_per_transaction 64", answers, notes)


def _commands(stage: Stage) -> Iterator[tuple[str, Cost]]:
    """Each command once, in an order in which one prepares the next."""
    files = stage.files
    exported = str(files / "fleet" / "tenantry.toml")
    (files / "fleet").mkdir(exist_ok=True)
    # Rows and digests of the last days, as they are after any night.
    for template in fleet.TEMPLATES:
        _cost(stage, "refresh", template, "--all", "--days", "14")
    yield "status", _cost(stage, "status")
    yield "doctor", _cost(stage, "doctor", expected=(0, 1))
    yield "sizes", _cost(stage, "sizes")
    yield "export", _cost(stage, "export", "--file", exported, "--force")
    yield "plan", _cost(stage, "plan", "--file", exported)
    with psycopg.connect(stage.warehouse, autocommit=True) as owner:
        owner.execute("DELETE FROM cron.job")
    yield "schedule install", _cost(stage, "schedule", "install", "--all")
    yield "refresh --all, today", _cost(stage, "refresh", TEMPLATE, "--all")
    yield "refresh --all --days 14, unchanged", _cost(stage, "refresh", TEMPLATE, "--all", "--days", "14")
    yield "backfill --all, nothing missing", _cost(stage, "backfill", TEMPLATE, "--all")
    (files / "backup").unlink(missing_ok=True)
    yield "backup", _cost(stage, "backup", "write", str(files / "backup"))
    address = stage.address(_NEW)
    source = f"host={address.host} port={address.port} dbname={address.dbname} user={address.username}"
    yield "tenant add", _cost(stage, "tenant", "add", _NEW, "--source", source, "--template", TEMPLATE)
    yield "tenant drop", _cost(stage, "tenant", "drop", _NEW, "--yes")


def _cost(stage: Stage, *arguments: str, expected: Collection[int] = (0,)) -> Cost:
    pid = stage.server.pid
    assert pid is not None
    log = stage.files / "scale.log"
    environment = {
        "TENANTRY_DSN": stage.warehouse,
        "TENANTRY_SOURCE_PASSWORD": stage.source_password,
        "TENANTRY_BACKUP_PASSPHRASE": stage.source_password,
    }
    before = server_seconds(pid)
    try:
        sample = run_once([[program("tenantry"), *arguments]], environment, log, expected=expected)
    except CommandFailed as error:
        return Cost(refused=str(error).strip().splitlines()[-1])
    return Cost(sample.seconds, sample.client_cpu, server_seconds(pid) - before, sample.client_bytes)


def _said(stage: Stage, *arguments: str) -> str:
    """What a command prints, in one line."""
    log = stage.files / "scale.log"
    run_once(
        [[program("tenantry"), *arguments]],
        {"TENANTRY_DSN": stage.warehouse, "COLUMNS": "1000"},
        log,
        expected=(0, 1),
    )
    return " ".join(log.read_text(encoding="utf-8").split())


def _reports(stage: Stage) -> dict[str, Any]:
    """How reports are answered, and how many of the first one can be open at the same time."""
    found: dict[str, Any] = {name: asdict(ask(stage, _QUERIES[name])) for name in _REPORTS}
    found["readers"] = _open_at_once(stage)
    return found


def _open_at_once(stage: Stage) -> int:
    """How many sessions had an answer to "current_date - 30 days" and keep their locks, before one was refused."""
    with ExitStack() as sessions:
        for number in range(READERS):
            session = sessions.enter_context(reader(stage, autocommit=False))
            try:
                session.execute(_QUERIES[_REPORTS[0]]).fetchall()
            except psycopg.errors.OutOfMemory:
                return number
    return READERS


def _table_of_commands(title: str, costs: Mapping[str, Mapping[int, Cost]]) -> Table:
    numbers = sorted({number for by_number in costs.values() for number in by_number})
    lines, results = [], []
    for name, by_number in costs.items():
        ratio = _ratio(by_number)
        most = by_number[numbers[-1]]
        lines.append(
            [
                name,
                *(_cell(by_number[number]) for number in numbers),
                "" if ratio is None else f"{ratio:.1f}{'' if ratio <= BUDGET else ' !'}",
                f"{most.seconds:.1f}",
                f"{most.client_bytes / 2**20:.0f}",
            ]
        )
        results.append(
            {
                "name": name,
                "ratio": ratio,
                "tenants": {number: asdict(cost) for number, cost in by_number.items()},
            }
        )
    return Table(
        f"{title}: CPU seconds of client and server together",
        ["tenants", *(f"{number:,}" for number in numbers), "ratio", "wall s", "MiB"],
        lines,
        results,
        [
            f"ratio: of the last column to that of 100 tenants; ! is above {BUDGET:g}",
            "wall s, MiB: seconds, and the client's peak memory, with the most tenants",
        ],
    )


def _ratio(by_number: Mapping[int, Cost]) -> float | None:
    first, last = by_number.get(100), by_number[max(by_number)]
    if first is None or first.refused or last.refused or last is first:
        return None
    return last.cpu / first.cpu


def _cell(cost: Cost) -> str:
    return "refused" if cost.refused else f"{cost.cpu:.2f}"


def _table_of_reports(title: str, answers: Mapping[int, Mapping[str, Any]], notes: Sequence[str]) -> Table:
    lines = []
    for number, found in answers.items():
        for name in _REPORTS:
            answer = found[name]
            lines.append(
                [
                    f"{name}, {number:,} tenants",
                    answer["refused"] or f"{answer['planning_ms']:.2f}",
                    f"{answer['execution_ms']:.2f}",
                    f"{answer['locks']:,}",
                    "" if answer["memory_mib"] is None else f"{answer['memory_mib']:.0f}",
                    f"{found['readers']}" if name == _REPORTS[0] else "",
                ]
            )
    return Table(
        title,
        ["", "planning ms", "execution ms", "relations locked", "server MiB", "readers"],
        lines,
        [{"tenants": number, **found} for number, found in answers.items()],
        [
            f"readers: sessions with that report open at the same time before one was refused, at most {READERS}",
            *notes,
        ],
    )
