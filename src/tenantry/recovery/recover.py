"""Loading all missing data, after a restore or a loss: all tenants at once, however long it takes, in any number of runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import psycopg

from tenantry.core.days import Span
from tenantry.core.errors import InputError, SourceError
from tenantry.core.model import Feed
from tenantry.db.connect import session
from tenantry.db.queries import query
from tenantry.flow.job import table
from tenantry.flow.slice import slice as slices
from tenantry.flow.slice.each_source import ask_each
from tenantry.flow.slice.feed import list_feeds
from tenantry.flow.tenant import schema as tenant
from tenantry.flow.tenant import state as states
from tenantry.loader import folding, planning, span, verify
from tenantry.loader import run as backfill
from tenantry.loader.add_tenant import Step
from tenantry.loader.events import Watcher
from tenantry.loader.planning import Plan
from tenantry.loader.result import Result
from tenantry.loader.verify import FeedVerdict


@dataclass(frozen=True)
class Held:
    """What a feed held; `seconds` is how long the loads of its slices took in total.

    `restored` means that all its present days were loaded since a restore.
    """

    first_day: date | None
    last_day: date | None
    rows: int
    seconds: float
    folded_years: Sequence[int]
    restored: bool


@dataclass(frozen=True)
class Part:
    """One feed to recover: its days, the missing ones, and what it held."""

    feed: Feed
    days: Span
    plan: Plan
    held: Held

    @property
    def to_compare(self) -> Sequence[date]:
        """The days that are present because they were loaded now; the source may no longer keep others."""
        return tuple(self.days) if self.held.restored else self.plan.days


@dataclass(frozen=True)
class Estimate:
    """What is to be loaded, from what the feeds held and how long that took."""

    days: int
    rows: int
    seconds: float


@dataclass
class Recovered:
    """What was loaded after a loss, the years folded again, and how days compare with their sources.

    `jobs_resumed` and `jobs_waiting` name the jobs that a restore paused. `left_out` are feeds without a template, which functions
    that operators wrote load.
    """

    load: Result
    folded: list[str] = field(default_factory=list)
    verdicts: list[FeedVerdict] = field(default_factory=list)
    jobs_resumed: list[str] = field(default_factory=list)
    jobs_waiting: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def plan(conninfo: str, names: Collection[str] | None) -> list[Part]:
    """Return what is missing for all tenants, or for the given ones, up to today.

    A feed's first day is the first that it held; otherwise January 1st of its source's first year. Feeds without a
    template are not planned, because operators' own functions load them. A disabled tenant is planned as far as it was
    loaded.

    Raises InputError for a tenant that does not exist.
    """
    with session(conninfo) as opened:
        feeds = list_feeds(opened)
        restored = set(opened.execute(query("recovery", "not_recovered")).fetchall())
        held = {}
        for (text,) in opened.execute(query("recovery", "contents")):
            row = json.loads(text)
            first, last = (row[end] and date.fromisoformat(row[end]) for end in ("first_day", "last_day"))
            key = (row["schema_name"], row["template_name"])
            held[key] = Held(
                first, last, row["row_count"], row["seconds"], row["folded_years"], key in restored
            )
        disabled = states.disabled(opened)
        templates = {row[0] for row in opened.execute(query("template", "names"))}
        latest = {name: slices.latest(opened, name) for name in templates}
    unknown = sorted(set(names or ()) - {feed.schema for feed in feeds})
    if unknown:
        known = ", ".join(sorted({feed.schema for feed in feeds})) or "none"
        raise InputError(f'tenant "{unknown[0]}" does not exist', hint=f"Known tenants: {known}.")
    wanted = [
        feed for feed in feeds if feed.template in templates and (names is None or feed.schema in names)
    ]
    ends = {}
    for feed in wanted:
        until = (
            held[feed.schema, feed.template].last_day if feed.schema in disabled else latest[feed.template]
        )
        if until is not None:
            ends[feed] = min(until, latest[feed.template])
    return _parts(conninfo, ends, {feed: held[feed.schema, feed.template] for feed in ends})


def _parts(conninfo: str, ends: Mapping[Feed, date], held: Mapping[Feed, Held]) -> list[Part]:
    """The parts of feeds that end on the given days, in the same order."""

    def begin(opened: psycopg.Connection, feed: Feed) -> date:
        try:
            return span.whole(opened, feed, ends[feed]).span.first
        except psycopg.errors.FeatureNotSupported:
            return ends[feed]

    firsts = ask_each(conninfo, [feed for feed in ends if held[feed].first_day is None], begin)
    days, unknown = {}, {}
    for feed, last in ends.items():
        first = held[feed].first_day or firsts[feed]
        if isinstance(first, SourceError):
            unknown[feed] = Plan(feed, (), 0, unknown=first.message)
            first = last
        days[feed] = Span(min(first, last), last)
    known = planning.plan_spans(conninfo, {feed: some for feed, some in days.items() if feed not in unknown})
    plans = unknown | {plan.feed: plan for plan in known}
    return [Part(feed, some, plans[feed], held[feed]) for feed, some in days.items()]


def estimate(parts: Sequence[Part], limits: backfill.Limits) -> Estimate:
    """How long the parts will take, if sources and warehouse are as fast as before, one tenant after the other."""
    shares = [(part, len(part.plan.days) / len(part.days)) for part in parts]
    return Estimate(
        sum(len(part.plan.days) for part in parts),
        round(sum(part.held.rows * share for part, share in shares)),
        sum(part.held.seconds * share for part, share in shares) / limits.per_source,
    )


def run(
    conninfo: str, parts: Sequence[Part], limits: backfill.Limits, step: Step, watcher: Watcher
) -> Recovered:
    """Load what is missing, compare it with the sources, fold the years that were folded, and resume paused jobs.

    You can stop it at any time and run it again with a new plan: present days are not loaded again. Jobs resume when
    all feeds of their tenant are present; jobs of several tenants, when all of those are.

    Raises WarehouseUnreachable.
    """
    with session(conninfo) as opened:
        for schema in sorted({part.feed.schema for part in parts}):
            if tenant.create_schema(opened, schema):
                step("schema", f"{schema} made again")
    plans = [part.plan for part in parts]
    done = Recovered(backfill.run(conninfo, plans, limits, watcher, name="recover"))
    if done.load.interrupted:
        return done
    complete = {item.feed for item in done.load.feeds if item.complete}
    for part in parts:
        if part.feed in complete:
            _settle(conninfo, part, limits, done, step, watcher)
    with session(conninfo) as opened:
        for part in parts:
            if part.feed in complete:
                _fold(opened, part, done, step, watcher)
                opened.execute(
                    query("recovery", "recovered"),
                    {"schema": part.feed.schema, "template": part.feed.template},
                )
        for row in opened.execute(query("recovery", "leave_out")):
            done.left_out.append(row[0])
            step("left out", f"{row[0]} has no template: load it with the functions that are written for it")
        _resume_jobs(opened, done)
    return done


def _settle(
    conninfo: str, part: Part, limits: backfill.Limits, done: Recovered, step: Step, watcher: Watcher
) -> None:
    """Compare what was loaded with the source; load days that differ once more."""
    if part.to_compare:
        found = verify.settle(conninfo, {part.feed: part.to_compare}, limits, watcher)
        done.verdicts += found
        for verdict in found:
            step("compared", str(verdict))


def _fold(opened: psycopg.Connection, part: Part, done: Recovered, step: Step, watcher: Watcher) -> None:
    for year in folding.fold(opened, part.feed, part.held.folded_years, step, watcher):
        done.folded.append(f"{part.feed} {year.year}")


def _resume_jobs(opened: psycopg.Connection, done: Recovered) -> None:
    waiting = {row[0] for row in opened.execute(query("recovery", "waiting_jobs"))}
    if not waiting:
        return
    left = {row[0] for row in opened.execute(query("recovery", "not_recovered"))}
    found = [job for job in table.all_jobs(opened) if job.jobid in waiting]
    ready = [job for job in found if not left or (job.schema is not None and job.schema not in left)]
    with opened.transaction():
        table.set_active(opened, [job.jobid for job in ready], True)
        # Don't wait for jobs that were removed in the meantime.
        gone = waiting - {job.jobid for job in found}
        opened.execute(query("recovery", "resumed"), {"jobids": [*gone, *(job.jobid for job in ready)]})
    done.jobs_resumed = [str(job) for job in ready]
    done.jobs_waiting = [str(job) for job in found if job not in ready]
