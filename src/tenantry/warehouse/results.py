"""Results that only the methods of a warehouse return. The methods import them when they return one, because a load needs none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tenantry.core.words import count
from tenantry.loader.result import Result

if TYPE_CHECKING:
    from tenantry.core.model import Connection, Feed, SourceFacts, Template
    from tenantry.flow.job.runs import Leader, Run
    from tenantry.flow.job.table import Cron, Job
    from tenantry.flow.template.drop import Use
    from tenantry.flow.template.stored import Outdated, Override, Stored
    from tenantry.loader.verify import FeedVerdict
    from tenantry.observe.checks.finding import Check, Finding
    from tenantry.recovery.backup import Summary
    from tenantry.recovery.recover import Estimate, Part
    from tenantry.schedule.agenda import Entry


@dataclass(frozen=True)
class Reloaded:
    """The result of loading days again and comparing them with the source."""

    load: Result
    compared: Sequence[FeedVerdict]

    @property
    def complete(self) -> bool:
        """Whether every day was loaded and matches the source."""
        return self.load.complete and not any(item.different or item.failed for item in self.compared)


@dataclass(frozen=True)
class Disabled:
    """A disabled tenant: since when, and why. `paused` names the paused jobs; None: it was already disabled."""

    tenant: str
    disabled_at: datetime | None
    reason: str | None
    paused: Sequence[str] | None


@dataclass(frozen=True)
class SourceChanged:
    """A connection as it is stored now, and the tenants that use it.

    `answered` is what the source reported, None if it was not contacted. `line` describes how safe the connection to it is, None
    if that was not tested.
    """

    connection: Connection
    answered: SourceFacts | None
    line: str | None
    tenants: Sequence[str]


@dataclass(frozen=True)
class Written:
    """The files that an export wrote, and the variables from which they take secrets."""

    files: Sequence[Path]
    variables: Sequence[str]


@dataclass(frozen=True)
class BackedUp:
    """A backup that was written: its file and bytes, the older backups that were removed, and what it holds."""

    file: Path
    bytes: int
    removed: Sequence[Path]
    summary: Summary


@dataclass(frozen=True)
class RecoveryWork:
    """What is missing of each feed, with the expected rows and seconds, by earlier loads."""

    parts: Sequence[Part]
    estimate: Estimate


@dataclass(frozen=True)
class Schedule:
    """The jobs of a warehouse. `cron` is what stores them (None: nothing does), `leader` the scheduler that runs them, if any.

    `last` has the last run of each job, if any, by jobid. `hidden_from` is the login that may not see other roles' jobs.
    """

    cron: Cron | None
    leader: Leader | None
    hidden_from: str | None
    entries: Sequence[Entry]
    last: Mapping[int, Run]


@dataclass(frozen=True)
class NextRun:
    """A future run: its time (UTC), the same as text in UTC and in this machine's time zone, and its job."""

    at: datetime
    said: str
    job: Job


@dataclass(frozen=True)
class MadeJob:
    """A job that was created: `when` is its schedule in words. `jobid` is None after a dry run."""

    jobid: int | None
    name: str
    schedule: str
    when: str
    command: str
    feed: Feed


@dataclass(frozen=True)
class JobsMade:
    """The jobs that were created, and the login that may not see other roles' jobs."""

    jobs: Sequence[MadeJob]
    hidden_from: str | None


@dataclass(frozen=True)
class JobsChanged:
    """The jobs that were paused or resumed, and those that already were."""

    changed: Sequence[Job]
    unchanged: Sequence[Job]


@dataclass(frozen=True)
class Mended:
    """The findings that were fixed, each with its check, and the statements that were refused, with the reasons."""

    mended: Sequence[tuple[Check, Finding]]
    refused: Mapping[str, str]


@dataclass(frozen=True)
class TemplateDetails:
    """A template: its text, its tenants, what they have that differs from the text, and the queries of their own.

    `fingerprint` is a hash of the text: see `load_templates`.
    """

    text: Template
    stored: Stored
    outdated: Sequence[Outdated]
    own_queries: Sequence[Override]
    fingerprint: str


@dataclass(frozen=True)
class TemplateGoods:
    """What is dropped with a template: what each tenant has of it, and the jobs whose command names it."""

    template: str
    uses: Sequence[Use]
    jobs: Sequence[Job]

    @property
    def users(self) -> str:
        """The tenants that use it, with their days and rows, as text."""
        return ", ".join(
            f"{use.tenant} ({count(use.days, 'day')}, {count(use.rows, 'row')})" for use in self.uses
        )
