"""What a feed's state means: how bad it is, why, and the action that mends it."""

from __future__ import annotations

from tenantry.core.model import FeedStatus

LEVELS = ("bad", "warn", "off", "ok")
"""From what is wrong to what is not."""


def judged(feed: FeedStatus) -> tuple[str, str, tuple[str, str] | None]:
    """The level of a feed's state, the reason, and the action that mends it: its kind and words."""
    if feed.disabled_at is not None:
        return "off", "Its jobs and loads are paused.", ("enable", "Enable")
    if feed.first_day is None:
        return "bad", "No day was ever loaded.", ("backfill", "Backfill")
    if feed.failed:
        return "bad", "The last load of these days failed.", ("backfill", "Load failed days")
    if feed.missing:
        return "bad", "Reports lack these days.", ("backfill", "Load missing days")
    if feed.stale:
        return "warn", "Loaded before the day ended.", ("backfill", "Load stale days")
    if feed.outdated:
        return "warn", "Made before the template changed.", ("backfill", "Load outdated days")
    return "ok", "", None
