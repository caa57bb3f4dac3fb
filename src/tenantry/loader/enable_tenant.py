"""Enable a tenant: the manual's "Re-enabling a Tenant" as one call that can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg

from tenantry.core.days import Span, folded, today_utc
from tenantry.core.errors import InputError
from tenantry.core.model import OWNER, FailedSlice, Feed
from tenantry.core.words import count
from tenantry.db.connect import acting, session
from tenantry.flow.slice import slice as slices
from tenantry.flow.source import connection as connections
from tenantry.flow.tenant import state as states
from tenantry.flow.tenant.state import TenantState
from tenantry.loader import planning, reload_tenant, run, span, verify
from tenantry.loader.add_tenant import Step
from tenantry.loader.events import Watcher
from tenantry.loader.planning import Plan
from tenantry.loader.result import Result
from tenantry.loader.verify import FeedVerdict


@dataclass(frozen=True)
class Gap:
    """What a feed lacks: `days` that are missing, failed or stale, and `late`, in which the source may have changed rows.

    `gone` days are lacking, too, but the source no longer keeps days that old: loading them would empty them.
    """

    feed: Feed
    days: Sequence[date]
    late: Span | None = None
    gone: int = 0

    def __str__(self) -> str:
        spans = folded(list(self.days))
        told = ", ".join(str(days) for days in spans[:3]) + (
            f" and {len(spans) - 3} more" if spans[3:] else ""
        )
        parts = [f"{count(len(self.days), 'day')}: {told}" if spans else "no day is missing, failed or stale"]
        if self.gone:
            parts.append(
                f"{self.gone:,} more {'is' if self.gone == 1 else 'are'} no longer at the source, and {'stays as it is' if self.gone == 1 else 'stay as they are'}"
            )
        return f"{self.feed}: {'; '.join(parts)}"


@dataclass
class Enabled:
    """How a tenant was enabled: what its feeds lacked, its loads, and how the days compare with the source.

    `enabled` is False if days are missing or differ from the source: the jobs stay paused. `already`: it was not disabled, and
    nothing was done. `jobs` names the jobs that were resumed.
    """

    tenant: str
    gaps: Sequence[Gap] = ()
    rows: int = 0
    failures: list[FailedSlice] = field(default_factory=list)
    source_lost: str | None = None
    not_indexed: str | None = None
    loads: list[Result] = field(default_factory=list)
    verdicts: Sequence[FeedVerdict] = ()
    enabled: bool = False
    already: bool = False
    jobs: Sequence[str] = ()


def enable(conninfo: str, state: TenantState, limits: run.Limits, step: Step, watcher: Watcher) -> Enabled:
    """Test the connections, load what a disabled tenant lacks, compare that with the source, and resume its jobs.

    What it lacks: days since its first that are missing, failed or stale, and what changed at the source in the last
    days before it was disabled (the template's lookback), which no nightly job has checked since. If it is interrupted, the tenant stays disabled, and
    the next run continues.

    Raises:
        SourceError: a source does not answer; nothing was changed.
    """
    done = Enabled(state.name)
    with session(conninfo) as opened:
        feeds = reload_tenant.tenant_feeds(opened, state.name)
        # An operator's session cannot probe sources, but the first thing it does is query them for their days.
        used_by = {feed.connection for feed in feeds} or {state.connection}
        for used in sorted(used_by) if acting(opened) == OWNER else ():
            facts = connections.probe(opened, used)
            step(
                "test",
                f"{used}: PostgreSQL {facts.server_version}, answered in {facts.latency * 1000:.0f} ms",
            )
        done.gaps = [_gap(opened, feed, state.disabled_at) for feed in feeds]
        lacking = [reload_tenant.plan(opened, gap.feed, gap.days) for gap in done.gaps]
    for gap in done.gaps:
        step("gap", str(gap))
    if not _load(conninfo, lacking, limits, watcher, done).complete:
        return done
    step("loaded", f"{count(done.rows, 'row')}; the views are up to date")
    late = [plan for gap in done.gaps if gap.late for plan in planning.plan_changed([gap.feed], gap.late)]
    if late:
        result = _load(conninfo, late, limits, watcher, done)
        if not result.complete:
            return done
        pulled = sum(feed.loaded for feed in result.feeds)
        step("late rows", f"{count(pulled, 'earlier day')} loaded again")
    done.verdicts = verify.settle(conninfo, {gap.feed: gap.days for gap in done.gaps}, limits, watcher)
    for verdict in done.verdicts:
        step("compared", str(verdict))
    if all(verdict.agrees for verdict in done.verdicts):
        with session(conninfo) as opened:
            done.jobs = [str(job) for job in states.enable(opened, state.name)]
        done.enabled = True
        step("jobs", f"resumed: {', '.join(done.jobs)}" if done.jobs else "none were paused")
    return done


def _gap(session: psycopg.Connection, feed: Feed, disabled: datetime | None) -> Gap:
    """What a feed lacks, of all its days."""
    today = today_utc()
    try:
        found = span.whole(session, feed)
    except psycopg.errors.FeatureNotSupported:
        raise InputError(
            f"{feed} has no days, and its template cannot tell where the source begins",
            hint=f"Load its days: tenantry backfill {feed.template} --tenant {feed.schema} --from DAY",
        ) from None
    lacking = span.lacking(session, feed, found)
    late = None
    if disabled and found.asked:
        window = reload_tenant.settling(disabled.date(), slices.lookback(session, feed.template))
        begin = max(found.span.first, found.source.first if found.source else today, window.first)
        late = Span(begin, window.last) if begin <= window.last else None
    return Gap(feed, lacking.days, late, len(lacking.gone))


def _load(
    conninfo: str, plans: Sequence[Plan], limits: run.Limits, watcher: Watcher, done: Enabled
) -> Result:
    """Carry out plans, and add up their results."""
    result = run.run(conninfo, plans, limits, watcher, name="tenant enable")
    done.rows += result.rows
    done.loads.append(result)
    done.failures += [failure for feed in result.feeds for failure in feed.failures]
    done.source_lost = next((feed.source_lost for feed in result.feeds if feed.source_lost), None)
    done.not_indexed = next((str(table) for feed in result.feeds for table in feed.not_indexed), None)
    return result
