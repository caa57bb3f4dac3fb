"""What went wrong recently, and what is slow."""

from __future__ import annotations

from collections.abc import Iterator

from tenantry.core.words import count
from tenantry.observe import activity
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry


def _log(examined: Examined) -> Iterator[Finding]:
    errors, newest = examined.rows("failed_log")[0]
    if errors:
        of = ["--tenant", examined.tenant] if examined.tenant else []
        reason = f"{count(errors, 'error')} in the last 24 hours; the newest: {newest}"
        yield Finding(
            Severity.NOTE, "log", reason, tenantry("logs", "--level", "error", "--since", "24h", *of)
        )


def _queries(examined: Examined) -> Iterator[Finding]:
    missing = activity.missing_statements(examined.login)
    if missing:
        yield Finding(Severity.NOTE, "pg_stat_statements", missing.reason, missing.command)
        return
    slow = activity.slow(examined.login, milliseconds=1000, most=100)
    if slow:
        reason = (
            f"{count(len(slow), 'statement takes', 'statements take')} more than a second each time; the longest in total: "
            f"{slow[0].query}"
        )
        yield Finding(Severity.NOTE, "statements", reason, "tenantry queries --slow")


LOG = Check("log", "Did anything fail in the last 24 hours?", True, _log)
QUERIES = Check("queries", "Are there statements that take long?", False, _queries)
