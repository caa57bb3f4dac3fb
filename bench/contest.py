"""Several ways to do one thing, measured by turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import LiteralString

from bench.measure import Pipeline, Sample, measure
from bench.probe import Question, asking
from bench.stage import EMPTY, Stage
from tenantry.db.connect import session


@dataclass(frozen=True)
class Contestant:
    """One way. `shown` is its command line as people would type it; `count` is a query for the rows that it made.

    The environment is added to that of the process. `start` is the warehouse to begin with; a report asks the `question`
    all the time, if there is one.
    """

    name: str
    shown: str
    pipeline: Pipeline
    count: LiteralString
    environment: Mapping[str, str] = field(default_factory=dict)
    start: str = EMPTY
    question: Question | None = None


@dataclass(frozen=True)
class Entry:
    """A contestant and its runs, in their order."""

    contestant: Contestant
    samples: Sequence[Sample]
    gaps: Sequence[float] = ()
    """Of each run the longest time in seconds for which the question had no right answer."""

    @property
    def seconds(self) -> float:
        """The median wall time in seconds."""
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def client_bytes(self) -> float:
        """The median of the clients' peak memory in bytes."""
        return statistics.median(sample.client_bytes for sample in self.samples)

    @property
    def at_most(self) -> bool:
        """Whether `client_bytes` is an upper bound."""
        return any(sample.at_most for sample in self.samples)


def compete(
    stage: Stage, contestants: Sequence[Contestant], runs: int, tell: Callable[[str], None]
) -> list[Entry]:
    """Run each contestant once, then each once more, `runs` times; every run finds a new warehouse.

    Raises:
        CommandFailed: a contestant failed.
        ValueError: one did not load all rows.
    """
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in contestants}
    gaps: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for number in range(1, runs + 1):
        for contestant in contestants:
            stage.reset(contestant.start)
            with (
                asking(stage.warehouse, contestant.question)
                if contestant.question
                else nullcontext() as answers
            ):
                sample = measure(contestant.pipeline, contestant.environment, stage.files / "log")
            if answers is not None:
                gaps[contestant.name].append(answers.longest_gap)
            _check(stage, contestant)
            samples[contestant.name].append(sample)
            tell(f"run {number} of {runs}: {contestant.name}: {sample.seconds:.2f} s")
    return [Entry(contestant, samples[contestant.name], gaps[contestant.name]) for contestant in contestants]


def _check(stage: Stage, contestant: Contestant) -> None:
    with session(stage.warehouse) as owner:
        row = owner.execute(contestant.count).fetchone()
    if row is None or row[0] != stage.size.rows:
        raise ValueError(f"{contestant.name} loaded {row and row[0]} rows instead of {stage.size.rows}")
