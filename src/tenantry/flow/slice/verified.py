"""How comparisons with the sources ended, kept for alerts and metrics."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import psycopg

from tenantry.core.model import Feed
from tenantry.db.queries import query


def record(
    session: psycopg.Connection,
    feed: Feed,
    compared: Collection[date],
    different: Collection[date],
    failed: int,
    *,
    fault: bool,
) -> None:
    """Record how a comparison of a feed's days ended. `compared` are the days that could be compared, `failed` is the number
    of the others. `fault`: a day differs although its source has not changed since the load.
    """
    session.execute(
        query("alert", "put_verification"),
        {
            "schema": feed.schema,
            "template": feed.template,
            "compared": list(compared),
            "different": list(different),
            "failed": failed,
            "fault": fault,
        },
    )
