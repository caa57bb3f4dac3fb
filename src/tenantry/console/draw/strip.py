"""The states of a row of days, as a strip of colours."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

from markupsafe import Markup

from tenantry.core.words import count

STATES = {
    "l": "loaded",
    "z": "folded",
    "s": "stale",
    "o": "outdated",
    "m": "missing",
    "f": "failed",
    ".": "no data expected",
}
"""The letter of each state, as `Looking.recent` gives them, and its word."""


def strip(letters: str) -> Markup:
    """A strip with a cell per letter. What it says is also its label, for those who do not see it."""
    told = ", ".join(f"{number} {STATES[letter]}" for letter, number in Counter(letters).most_common())
    cells: dict[str, list[str]] = {}
    at = 0
    for letter, run in groupby(letters):
        length = len(list(run))
        if letter != ".":
            cells.setdefault(letter, []).append(f"M{at} 0h{length}v1h-{length}z")
        at += length
    paths = "".join(f'<path class="d-{letter}" d="{"".join(parts)}"/>' for letter, parts in cells.items())
    # Numbers and letters of the table above only: nothing here comes from a name.
    return Markup(  # noqa: S704
        f'<svg class="strip" role="img" viewBox="0 0 {max(at, 1)} 1" preserveAspectRatio="none" '
        f'aria-label="{count(len(letters), "day")}: {told}">{paths}</svg>'
    )
