"""Entries of `_wh.function_logs`."""

from __future__ import annotations

from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from tenantry.db.queries import query


def write(
    session: psycopg.Connection,
    function: str,
    level: Literal["INFO", "WARNING", "ERROR"],
    message: str,
    **context: Any,
) -> None:
    """Add an entry; `context` must be JSON."""
    session.execute(
        query("activity", "write_log"),
        {"function": function, "level": level, "message": message, "context": Jsonb(context)},
    )
