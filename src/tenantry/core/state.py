"""The state of a feed in words: the one place that says `ok`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.core.model import Feed

NEVER_LOADED = "never loaded"


def words(
    *, loaded: bool, missing: int, failed: int, stale: int, outdated: int, disabled: bool = False
) -> str:
    """Return what is wrong with a feed, with the number of days; `ok` if nothing is. `loaded` means that a load was ever begun."""
    counted = (missing, "missing"), (failed, "failed"), (stale, "stale"), (outdated, "outdated")
    told = [f"{number:,} {word}" for number, word in counted if number]
    if not loaded:
        told = [NEVER_LOADED]
    if disabled:
        told.insert(0, "disabled")
    return ", ".join(told) or "ok"


def told_ahead(feed: Feed, rows: int) -> str:
    """Rows that are left out, and what to do about it."""
    return (
        f"{feed}: {count(rows, 'row is', 'rows are')} dated after the last day that is loaded, and "
        f"{'was' if rows == 1 else 'were'} left out; to load such days: tenantry template edit {feed.template}, key ahead"
    )
