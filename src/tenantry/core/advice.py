"""What to do next: about an error of a source, by its SQLSTATE, in one table for all commands; and about missing days."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenantry.core.model import Feed

REACH = "Check the connection's address, user and password; the warehouse's server must be able to reach the source."
"""For a login through the warehouse: dblink gives the reason for its failure only as text."""

TIME = "Give its connection a longer statement_timeout, or add an index at the source that serves the query."

_NAMES = (
    "Compare the template's query with the source: its tables and columns. If they are in another schema, set it with "
    "tenantry tenant edit --search-path. If they have other names, give the tenant its own query with tenantry "
    "override set."
)

_TABLE = {
    "08": REACH,
    "22": "Check that the template's query and its column_definitions fit the source's values.",
    "25P03": "Give the connection's user a longer idle_in_transaction_session_timeout at the source.",
    "25P04": "Give the connection's user a longer transaction_timeout at the source.",
    "28": "Check the connection's user, and that the source's pg_hba.conf lets it in from there.",
    "28P01": "Check the connection's user and password.",
    "3D000": "Check the name of the database in the connection.",
    "3F000": _NAMES,
    "40001": "Try again; a standby cancels queries that run longer than its max_standby_streaming_delay.",
    "42501": "Grant the missing right to the connection's user at the source.",
    "42601": "Fix the template's query.",
    "42703": _NAMES,
    "42704": _NAMES,
    "42883": _NAMES,
    "42P01": _NAMES,
    "53100": "Free some space on the disk that is full.",
    "53300": "Load with fewer sessions at once (--sessions), or raise the CONNECTION LIMIT of the connection's user at the source.",
    "55P03": "See who holds the lock at the source, or give the connection a longer lock_timeout.",
    "57014": TIME,
    "57P01": "The session was ended there: try again.",
    "57P02": "The server there has crashed: try again when it is up.",
    "57P03": "The server there is starting or stopping: try again in a moment.",
    "57P05": "Give the connection's user a longer idle_session_timeout at the source.",
    "HV000": TIME,
}
"""Hints by SQLSTATE or its class (PostgreSQL documentation, appendix A); HV000 is a query that the source cancelled."""


def of_source(sqlstate: str | None) -> str | None:
    """The next step after an error of a source, or None if its SQLSTATE says none."""
    state = sqlstate or "08"
    return _TABLE.get(state, _TABLE.get(state[:2]))


def before(go_on: str, sqlstates: Iterable[str | None]) -> str:
    """Return what to do about failed loads before the next step. The hint is specific if all SQLSTATEs lead to the same one."""
    hints = {hint for state in set(sqlstates) if state and (hint := of_source(state))}
    return f"{hints.pop() if len(hints) == 1 else 'Fix the cause.'} Then {go_on}."


def backfill_command(feed: Feed) -> str:
    """What loads all that a feed lacks."""
    return shlex.join(["tenantry", "backfill", feed.template, "--tenant", feed.schema])
