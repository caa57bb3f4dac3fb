"""Rows a day, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import log10

from markupsafe import Markup, escape

_HEIGHT = 100


def top(numbers: Sequence[int]) -> int:
    """Where an axis ends that has round numbers at its top and in its middle."""
    most = max(numbers, default=0)
    if most <= 2:
        return 2
    unit: int = 10 ** int(log10(most))
    return next(
        unit * part for part in (1, 2, 4, 6, 8, 10, 20) if unit * part >= most and unit * part % 2 == 0
    )


def bars(numbers: Sequence[int], label: str, parts: int) -> Markup:
    """A bar a number, and lines that divide them into `parts`. It stretches; its axes are text beside it."""
    highest = top(numbers)
    steps = []
    at = 0
    for number, run in groupby(numbers):
        length = len(list(run))
        if number:
            # What is there must be seen, however little it is.
            high = max(1.0, number / highest * _HEIGHT)
            steps.append(f"M{at} {_HEIGHT}V{_HEIGHT - high:.4g}h{length}V{_HEIGHT}z")
        at += length
    grid = "".join(f"M{at * part / parts:.5g} 0V{_HEIGHT}" for part in range(1, parts))
    return Markup(  # noqa: S704 - the label is escaped, the rest are numbers
        f'<svg class="bars" role="img" viewBox="0 0 {max(at, 1)} {_HEIGHT}" preserveAspectRatio="none" '
        f'aria-label="{escape(label)}"><path class="grid" d="M0 0H{at}M0 50H{at}M0 100H{at}{grid}"/>'
        f'<path class="d-l" d="{"".join(steps)}"/></svg>'
    )
