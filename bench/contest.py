"""Several ways to do one thing, measured in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, LiteralString

from bench.cpu import is_known, server_seconds
from bench.lab import Lab
from bench.measure import CommandFailed, Pipeline, Sample, measure
from bench.probe import Question, asking
from bench.report import Table, middle_half, paired
from bench.stage import EMPTY, Stage
from tenantry.db.connect import session

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Contestant:
    """One way. `shown` is its command line as people would type it; `count` is a query for the number of rows that it
    made, which must be `rows` (None: all that the stage's source has).

    The environment is added to that of the process. `start` is the warehouse to begin with, None for the existing one;
    `before` runs after that, outside of the measured time. A report asks the `question` all the time, if there is one.
    `gauge` is a query for a number; its growth during a run is reported as rows written. If one that `may_fail` fails,
    that is reported and it is not run again; the failure of others ends the measurement.
    """

    name: str
    shown: str
    pipeline: Pipeline
    count: LiteralString
    environment: Mapping[str, str] = field(default_factory=dict)
    start: str | None = EMPTY
    question: Question | None = None
    rows: int | None = None
    before: Callable[[], None] | None = None
    gauge: LiteralString | None = None
    may_fail: bool = False


@dataclass
class Entry:
    """A contestant and its runs, in order; why it failed, if it did."""

    contestant: Contestant
    samples: list[Sample] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    """For each run, the longest time in seconds for which the question had no right answer."""
    written: list[int] = field(default_factory=list)
    """For each run, the growth of the gauge."""
    cpu: list[float] = field(default_factory=list)
    """For each run, the CPU seconds of the clients and the server together; empty where the system does not tell."""
    failure: str | None = None

    @property
    def seconds(self) -> float:
        """The median wall time in seconds."""
        return statistics.median(self.all_seconds)

    @property
    def all_seconds(self) -> list[float]:
        """The wall time of each run in seconds."""
        return [sample.seconds for sample in self.samples]

    @property
    def client_bytes(self) -> float:
        """The median of the clients' peak memory in bytes."""
        return statistics.median(sample.client_bytes for sample in self.samples)

    @property
    def at_most(self) -> bool:
        """Whether `client_bytes` is an upper bound."""
        return any(sample.at_most for sample in self.samples)


def hold(
    lab: Lab,
    title: str,
    contestants: Sequence[Contestant],
    baselines: Mapping[str, str],
    *,
    rows: int | None = None,
    warm_up: bool = False,
) -> Table:
    """Let the contestants compete; `baselines` (a heading, and a contestant's name) are what their times are divided
    by.

    Each run loads that many `rows`: all that the source has, by default.
    """
    entries = compete(lab, contestants, warm_up=warm_up)
    return table(f"{title}; median of {lab.runs}", entries, baselines, rows or lab.stage.size.rows)


def compete(lab: Lab, contestants: Sequence[Contestant], *, warm_up: bool = False) -> list[Entry]:
    """Run each contestant once, then again as often as the lab says, each time beginning with another one.

    With `warm_up`, there is one more round before, which does not count.

    Raises:
        CommandFailed: a contestant failed that may not fail.
        ValueError: one did not load all rows.
    """
    entries = [Entry(contestant) for contestant in contestants]
    for number in range(0 if warm_up else 1, lab.runs + 1):
        turn = number % len(entries)
        for entry in [*entries[turn:], *entries[:turn]]:
            if entry.failure is None:
                _run(lab, entry, number)
    return entries


def _run(lab: Lab, entry: Entry, number: int) -> None:
    contestant, stage = entry.contestant, lab.stage
    if contestant.start is not None:
        stage.reset(contestant.start)
    if contestant.before is not None:
        contestant.before()
    former = value(stage, contestant.gauge) if contestant.gauge else 0
    probe = asking(stage.warehouse, contestant.question) if contestant.question else nullcontext()
    postmaster = stage.server.status().pid if is_known() else None
    used = server_seconds(postmaster) if postmaster else 0
    try:
        with probe as answers:
            sample = measure(contestant.pipeline, contestant.environment, stage.files / "log")
        used = sample.client_cpu + (server_seconds(postmaster) - used if postmaster else 0)
        _check(stage, contestant)
    except (CommandFailed, ValueError) as error:
        if not contestant.may_fail:
            raise
        entry.failure = str(error)
        lab.tell(_note(entry))
        return
    lab.tell(f"run {number} of {lab.runs}: {contestant.name}: {sample.seconds:.2f} s")
    if number == 0:
        return
    entry.samples.append(sample)
    if postmaster:
        entry.cpu.append(used)
    if answers is not None:
        entry.gaps.append(answers.longest_gap)
    if contestant.gauge:
        entry.written.append(value(stage, contestant.gauge) - former)


def table(title: str, entries: Sequence[Entry], baselines: Mapping[str, str], rows: int) -> Table:
    """Medians, the middle half of the times, and ratios: each run's to the baseline's run of the same round."""
    ran = {entry.contestant.name: entry for entry in entries if entry.failure is None}
    bases = {heading: ran[name] for heading, name in baselines.items() if name in ran}
    cpu = all(entry.cpu for entry in ran.values())
    gaps = any(entry.gaps for entry in entries)
    written = any(entry.written for entry in entries)
    headings = ["", "seconds", "middle half", *(f"/ {name}" for name in baselines)]
    headings += [*(["CPU s", *(f"/ {name}" for name in baselines)] if cpu else []), "client MiB"]
    headings += [*(["longest gap"] if gaps else []), *(["rows written"] if written else [])]
    lines: list[list[str]] = []
    results: list[dict[str, Any]] = []
    for entry in entries:
        contestant = entry.contestant
        result: dict[str, Any] = {"name": contestant.name, "command": contestant.shown}
        if entry.failure is not None:
            lines.append([contestant.name, "failed", *[""] * (len(headings) - 2)])
            results.append({**result, "failure": entry.failure})
            continue
        ratios = {name: paired(entry.all_seconds, base.all_seconds) for name, base in bases.items()}
        cpu_ratios = {name: paired(entry.cpu, base.cpu) for name, base in bases.items()} if cpu else {}
        lines.append(
            [
                contestant.name,
                seconds_text(entry.seconds),
                "-".join(map(seconds_text, middle_half(entry.all_seconds))),
                *_in_columns(ratios, baselines),
                *(
                    [f"{statistics.median(entry.cpu):.2f}", *_in_columns(cpu_ratios, baselines)]
                    if cpu
                    else []
                ),
                f"{'<=' if entry.at_most else ''} {entry.client_bytes / _MIB:.1f}".strip(),
                *([f"{max(entry.gaps):.2f} s" if entry.gaps else ""] if gaps else []),
                *([f"{max(entry.written):,}" if entry.written else ""] if written else []),
            ]
        )
        results.append(
            {
                **result,
                "seconds": round(entry.seconds, 4),
                "ratios": {heading: round(ratio, 3) for heading, ratio in ratios.items()},
                "cpu_ratios": {heading: round(ratio, 3) for heading, ratio in cpu_ratios.items()},
                "rows": rows,
                "client_bytes": round(entry.client_bytes),
                "client_bytes_at_most": entry.at_most,
                "longest_gaps": [round(gap, 3) for gap in entry.gaps],
                "rows_written": entry.written,
                "runs": [
                    {"seconds": round(sample.seconds, 4), "client_bytes": sample.client_bytes}
                    | ({"cpu_seconds": round(entry.cpu[number], 2)} if cpu else {})
                    for number, sample in enumerate(entry.samples)
                ],
            }
        )
    return Table(title, headings, lines, results, [_note(entry) for entry in entries])


def _in_columns(ratios: Mapping[str, float], headings: Iterable[str]) -> list[str]:
    return [f"{ratios[heading]:.2f}" if heading in ratios else "" for heading in headings]


def seconds_text(seconds: float) -> str:
    """Seconds with a sensible number of digits."""
    return f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.3f}"


def _note(entry: Entry) -> str:
    if entry.failure is None:
        return f"{entry.contestant.name}: {entry.contestant.shown}"
    return f"{entry.contestant.name} failed: {entry.failure.strip().splitlines()[-1][:300]}"


def _check(stage: Stage, contestant: Contestant) -> None:
    wanted = stage.size.rows if contestant.rows is None else contestant.rows
    found = value(stage, contestant.count)
    if found != wanted:
        raise ValueError(f"{contestant.name} made {found} rows instead of {wanted}")


def value(stage: Stage, query: LiteralString) -> int:
    """A number from the warehouse, queried when everything measured has ended: sessions count their writes when they end."""
    with session(stage.warehouse) as owner:
        deadline = time.monotonic() + 10
        while owner.execute(_OTHERS).fetchone() != (0,) and time.monotonic() < deadline:
            time.sleep(0.01)
        row = owner.execute(query).fetchone()
    return int(row[0] or 0) if row else 0


_OTHERS: LiteralString = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
