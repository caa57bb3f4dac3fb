"""Carrying out an action with the warehouse's methods, as its command does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from tenantry.actions.watch import Watch
from tenantry.core.days import Span, parse_day
from tenantry.core.errors import DatabaseError, InputError, SliceError
from tenantry.core.model import Feed
from tenantry.core.words import count
from tenantry.warehouse import Interrupted, Warehouse

if TYPE_CHECKING:
    from tenantry.flow.action.model import Action
    from tenantry.flow.template.fit import Fit
    from tenantry.loader.result import Result
    from tenantry.loader.verify import FeedVerdict

_NAMED_ROWS = 10
"""Rows of a day that a comparison reads, as those of `tenantry verify`."""


def carry_out(warehouse: Warehouse, action: Action, watch: Watch) -> str:
    """Do what an action says; return how it went.

    Raises:
        TenantryError: something failed; the message says what, and what was done nevertheless.
        KeyboardInterrupt: it was stopped; `so_far` says what was done nevertheless.
    """
    return _KINDS[action.kind](warehouse, action.arguments, watch)


def so_far(stopped: KeyboardInterrupt) -> str:
    """What an action that was stopped has done."""
    if isinstance(stopped, Interrupted) and any(feed.loaded for feed in stopped.result.feeds):
        return f"{_told(stopped.result)}; what was loaded is kept"
    return "what was done before is kept"


def _feeds(warehouse: Warehouse, given: Mapping[str, Any]) -> list[Feed]:
    tenant = given.get("tenant")
    found = warehouse.feeds(given.get("template"), [tenant] if tenant else None)
    if not found:
        raise InputError("no enabled tenant has a template to load", hint="Run: tenantry status")
    return found


def _day(given: Mapping[str, Any], key: str) -> date | None:
    return parse_day(given[key]) if key in given else None


def _told(result: Result) -> str:
    loaded, same = (sum(getattr(feed, key) for feed in result.feeds) for key in ("loaded", "unchanged"))
    unchanged = f", {same:,} unchanged" if same else ""
    return f"{count(loaded, 'day')} loaded{unchanged}, {count(result.rows, 'row')} in {result.seconds:.1f} s"


def _judged(result: Result, compared: Sequence[FeedVerdict] = ()) -> str:
    """How a load went. Raises SliceError if a day is missing, or differs from the source."""
    told = "; ".join([_told(result), *map(str, compared)])
    if not result.complete:
        reasons = [failure.error for feed in result.feeds for failure in feed.failures]
        reasons += [feed.source_lost for feed in result.feeds if feed.source_lost]
        raise SliceError("; ".join([result.lacking, told, *reasons[:1]]))
    if not all(verdict.agrees for verdict in compared):
        raise SliceError(told)
    return told


def _backfill(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    feeds = _feeds(warehouse, given)
    outdated = "outdated" in given
    unfit = _fit(warehouse, feeds, watch) if outdated else []
    # Nothing can be loaded into a table that is partitioned by another column.
    refused = [item for item in unfit if item.kind == "ranges"]
    feeds = [feed for feed in feeds if feed not in {item.feed for item in refused}]
    result = warehouse.backfill(
        feeds,
        _day(given, "from"),
        _day(given, "to"),
        reload="reload" in given,
        outdated=outdated,
        watcher=watch,
    )
    # The days whose rows blocked an index have been loaded again.
    unfit = refused + _fit(warehouse, feeds, watch) if outdated else []
    told = _judged(result)
    if unfit:
        raise DatabaseError("; ".join([told, *map(str, unfit)]))
    return told


def _fit(warehouse: Warehouse, feeds: Sequence[Feed], watch: Watch) -> list[Fit]:
    watch.working("fitting tables", 0, len(feeds), "feed")
    return warehouse.fit(feeds, lambda done: watch.step(done.name, done.kind))


def _refresh(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    feeds = _feeds(warehouse, given)
    return _judged(warehouse.refresh(feeds, _day(given, "day"), days=given.get("days"), watcher=watch))


def _verify(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    feeds = _feeds(warehouse, given)
    wanted = warehouse.days_to_verify(
        feeds, _day(given, "from"), _day(given, "to"), sample=given.get("sample")
    )
    watch.working("comparing", 0, sum(map(len, wanted.values())), "day")
    verdict = warehouse.verify_days(wanted, most_rows=_NAMED_ROWS, compared=watch.compared)
    days, rows = (sum(getattr(feed, key) for feed in verdict.feeds) for key in ("days", "rows"))
    told = f"{count(days, 'day')} and {count(rows, 'row')} compared in {verdict.seconds:.1f} s"
    wrong = [str(feed) for feed in verdict.feeds if not feed.agrees]
    if wrong:
        raise SliceError("; ".join([*wrong, told]))
    return f"{told}: every row matches the source" if days else "no day that has ended"


def _reload(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    days = Span(parse_day(given["from"]), parse_day(given["to"]))
    done = warehouse.reload(_feeds(warehouse, given), list(days), watcher=watch)
    return _judged(done.load, done.compared)


def _fold(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    (feed,) = _feeds(warehouse, given)
    watch.working(f"folding {given['year']}", 0, 1, "year")
    done = warehouse.fold_year(feed, given["year"])
    watch.working(f"folding {given['year']}", 1, 1, "year")
    return f"{count(done.days, 'slice')}, {count(done.rows, 'row')} in {done.table}, {done.seconds:.1f} s"


def _disable(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    done = warehouse.disable_tenant(given["tenant"], given["reason"])
    if done.paused is None:
        return f"{done.tenant} is already disabled, since {done.disabled_at:%Y-%m-%d}: {done.reason}"
    return f"{done.tenant} is disabled. Jobs paused: {', '.join(done.paused) or 'none'}"


def _enable(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    done = warehouse.enable_tenant(given["tenant"], step=watch.step, watcher=watch)
    if done.already:
        return f"{done.tenant} is not disabled"
    if done.enabled:
        return f"{done.tenant} is enabled. {count(done.rows, 'row')} loaded. Jobs resumed: {', '.join(done.jobs) or 'none'}"
    reason = done.failures[0].error if done.failures else done.source_lost or done.not_indexed
    raise SliceError(
        f"{done.tenant} stays disabled and its jobs stay paused: {reason or 'days differ from the source'}"
    )


def _pause(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    return _switched(warehouse, given, active=False)


def _resume(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    return _switched(warehouse, given, active=True)


def _switched(warehouse: Warehouse, given: Mapping[str, Any], *, active: bool) -> str:
    change = warehouse.resume_jobs if active else warehouse.pause_jobs
    tenants, jobs = ([given[key]] if key in given else [] for key in ("tenant", "job"))
    done = change(tenants, jobs)
    word = "enabled" if active else "disabled"
    names = ", ".join(map(str, done.changed))
    return f"{word}: {names}" if names else f"nothing: the named jobs are already {word}"


def _run_job(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    (job,) = warehouse.find_jobs(names=[given["job"]])
    watch.working(f"running {job}", 0, 1, "job")
    done = warehouse.run_job(job)
    message = done.message.strip().partition("\n")[0]
    if done.status != "succeeded":
        raise DatabaseError(f"{job}: {message}")
    return f"{message} in {done.seconds:.1f} s"


def _fix(warehouse: Warehouse, given: Mapping[str, Any], watch: Watch) -> str:
    tenant = given.get("tenant")

    def checked(check: object) -> None:
        watch.step("check", "")

    watch.working(f"checking {given['check']}", 0, 1, "check")
    found = warehouse.doctor([given["check"]], tenant=tenant, watch=checked)
    done = warehouse.mend(found, tenant=tenant, told=lambda finding, why: checked(finding), watch=checked)
    told = f"{count(len(done.mended), 'finding')} fixed"
    if done.refused:
        raise DatabaseError("; ".join([told, *(f"refused: {why}" for why in done.refused.values())]))
    left = [
        item for outcome in warehouse.doctor([given["check"]], tenant=tenant) for item in outcome.findings
    ]
    return f"{told}; {count(len(left), 'finding')} left" if left else told


_KINDS = {
    "backfill": _backfill,
    "refresh": _refresh,
    "verify": _verify,
    "reload": _reload,
    "fold": _fold,
    "disable": _disable,
    "enable": _enable,
    "pause": _pause,
    "resume": _resume,
    "run_job": _run_job,
    "fix": _fix,
}
