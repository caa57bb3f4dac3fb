"""Enabling a tenant: the manual's "Re-enabling a Tenant" as one job that can be run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import psycopg

from tenantry.core.days import Span, folded, today_utc
from tenantry.core.errors import InputError
from tenantry.core.model import FailedSlice, Feed
from tenantry.db.connect import session
from tenantry.flow import connection as connections
from tenantry.flow import slices, states, tenant
from tenantry.flow.states import TenantState
from tenantry.loader import again, backfill
from tenantry.loader.again import Comparison
from tenantry.loader.events import Watcher
from tenantry.loader.onboard import Step


@dataclass
class Enabled:
    """How it ended. `enabled` is False if days are missing or differ from the source: the jobs rest on then.

    `gap` has the days of each feed that were missing, failed or stale when it began.
    """

    tenant: str
    gap: dict[Feed, list[date]] = field(default_factory=dict)
    rows: int = 0
    failures: list[FailedSlice] = field(default_factory=list)
    source_lost: str | None = None
    interrupted: bool = False
    comparisons: Sequence[Comparison] = ()
    enabled: bool = False
    jobs: Sequence[str] = ()


def enable(
    conninfo: str, state: TenantState, limits: backfill.Limits, step: Step, watcher: Watcher
) -> Enabled:
    """Test the connections, load what a disabled tenant lacks, compare that with the source, and resume its jobs.

    What it lacks: days since its first that are missing, failed or stale, and what changed at the source in the two weeks
    before it was disabled, which no nightly job has looked at since. If it is cut off the tenant stays disabled, and the
    next run goes on.

    Raises:
        SourceError: a source does not answer; nothing was changed.
    """
    done = Enabled(state.name)
    with session(conninfo) as opened:
        feeds = again.tenant_feeds(opened, state.name)
        for used in sorted({feed.connection for feed in feeds} or {state.connection}):
            facts = connections.probe(opened, used)
            step(
                "test",
                f"{used}: PostgreSQL {facts.server_version}, answered in {facts.latency * 1000:.0f} ms",
            )
        spans = {feed: _span(opened, feed) for feed in feeds}
        done.gap = {feed: slices.to_load(opened, feed, span) for feed, span in spans.items()}
        lacking = [again.plan(opened, feed, days) for feed, days in done.gap.items()]
    for feed, days in done.gap.items():
        step("gap", f"{feed}: {_told(days)}")
    if not _load(conninfo, lacking, limits, watcher, done).complete:
        return done
    step("loaded", f"{done.rows:,} rows; the views are up to date")
    if state.disabled_at:
        late = _load(conninfo, _unsettled(spans, state.disabled_at.date()), limits, watcher, done)
        if not late.complete:
            return done
        pulled = sum(feed.loaded for feed in late.feeds)
        step(
            "late rows",
            f"{pulled} of the days of the two weeks before {state.disabled_at:%Y-%m-%d} pulled again",
        )
    done.comparisons = again.settle(conninfo, done.gap, limits, watcher)
    for comparison in done.comparisons:
        step("verified", str(comparison))
    if not any(comparison.different for comparison in done.comparisons):
        with session(conninfo) as opened:
            done.jobs = [str(job) for job in states.enable(opened, state.name)]
        done.enabled = True
        step("jobs", f"resumed: {', '.join(done.jobs)}" if done.jobs else "none were paused")
    return done


def _span(session: psycopg.Connection, feed: Feed) -> Span:
    """From the first day that is there, or else the first that the source has, to today."""
    today = today_utc()
    first = again.first_day(session, feed)
    if first is None:
        try:
            found = tenant.source_span(session, feed)
        except psycopg.errors.FeatureNotSupported:
            raise InputError(
                f"nothing of {feed} is there, and its template cannot be asked where to begin",
                hint=f"Load its days: tenantry backfill {feed.template} --tenant {feed.schema} --from DAY",
            ) from None
        first = found.first if found else today
    return Span(min(first, today), today)


def _unsettled(spans: dict[Feed, Span], disabled: date) -> list[backfill.Plan]:
    """The days before a tenant was disabled in which its source may have changed rows since."""
    window = again.settling(disabled)
    plans = []
    for feed, span in spans.items():
        if span.first <= window.last:
            plans += backfill.plan_changed([feed], Span(max(span.first, window.first), window.last))
    return plans


def _load(
    conninfo: str, plans: Sequence[backfill.Plan], limits: backfill.Limits, watcher: Watcher, done: Enabled
) -> backfill.Result:
    """Carry plans out, and add up what came of them."""
    result = backfill.run(conninfo, plans, limits, watcher)
    done.rows += result.rows
    done.interrupted = result.interrupted
    done.failures += [failure for feed in result.feeds for failure in feed.failures]
    done.source_lost = next((feed.source_lost for feed in result.feeds if feed.source_lost), None)
    return result


def _told(days: list[date]) -> str:
    if not days:
        return "no day is missing, failed or stale"
    spans = folded(days)
    more = f" and {len(spans) - 3} more" if len(spans) > 3 else ""
    return f"{len(days)} days: {', '.join(str(span) for span in spans[:3])}{more}"
