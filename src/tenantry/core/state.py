"""The state of a feed in words: the one place that says `ok`."""

from __future__ import annotations

NEVER_LOADED = "never loaded"


def words(
    *, loaded: bool, missing: int, failed: int, stale: int, outdated: int, disabled: bool = False
) -> str:
    """Return what is wrong with a feed, with the number of days; `ok` if nothing is. `loaded` means that a load was ever begun."""
    counted = (missing, "missing"), (failed, "failed"), (stale, "stale"), (outdated, "outdated")
    told = [f"{count:,} {word}" for count, word in counted if count]
    if not loaded:
        told = [NEVER_LOADED]
    if disabled:
        told.insert(0, "disabled")
    return ", ".join(told) or "ok"
