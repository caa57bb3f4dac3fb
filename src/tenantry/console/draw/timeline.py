"""When things happen in the coming hours: a row of bars, one for each ten minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

HOURS = 25
"""24 hours from now on end in the 25th, because a timeline begins at a full hour."""

_EVERY = 5
"""Hours from one line to the next."""

STEP = timedelta(minutes=10)
_BINS = HOURS * 6
_HIGH = 10


def begin(now: datetime) -> datetime:
    """Where a timeline begins: at the current full hour."""
    return now.replace(minute=0, second=0, microsecond=0)


def hours(now: datetime) -> Sequence[datetime]:
    """The hours that are written under a timeline."""
    return [begin(now) + timedelta(hours=number) for number in range(0, HOURS, _EVERY)]


def timeline(moments: Iterable[datetime], now: datetime) -> Markup:
    """Bars as high as there are moments, the highest one as high as the row. In words, it is the label, too."""
    start = begin(now)
    counted = Counter((moment - start) // STEP for moment in moments)
    bars = {at: number for at, number in counted.items() if 0 <= at < _BINS}
    most = max(bars.values(), default=0)
    # A lone run among many must still be seen.
    path = "".join(
        f"M{at} {_HIGH}v-{max(1.5, _HIGH * number / most):.3g}h1V{_HIGH}z"
        for at, number in sorted(bars.items())
    )
    lines = "".join(f"M{at} 0v{_HIGH}" for at in range(0, _BINS + 1, _EVERY * 6))
    gone = (now - start) / STEP
    total = sum(bars.values())
    told = f"{total:,} in the next 24 hours"
    if bars:
        busiest = max(sorted(bars), key=lambda at: bars[at])
        told += f", the most, {most:,}, from {start + busiest * STEP:%H:%M}"
    # Numbers only: nothing here comes from a name.
    return Markup(  # noqa: S704
        f'<svg class="timeline" role="img" viewBox="0 0 {_BINS} {_HIGH}" preserveAspectRatio="none" aria-label="{told}">'
        f'<path class="t-gone" d="M0 0h{gone:.2f}v{_HIGH}H0z"/><path class="t-lines" d="{lines}"/>'
        f'<path class="t-bars" d="{path}"/></svg>'
    )
