"""Tables that a publication prevents from being changed."""

from __future__ import annotations

from collections.abc import Iterator

from tenantry.observe.checks.finding import Check, Examined, Finding, Severity


def _publications(examined: Examined) -> Iterator[Finding]:
    for table, nothing in examined.rows("publications"):
        reason = "NOTHING" if nothing else "an index that is gone"
        yield Finding(
            Severity.ERROR,
            table,
            f"a publication publishes its changes, and its replica identity is {reason}: changed days cannot be loaded",
            f"ALTER TABLE {table} REPLICA IDENTITY FULL;",
        )


PUBLICATIONS = Check("publications", "Can tables that are published be changed?", True, _publications)
