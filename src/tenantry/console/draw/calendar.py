"""A year of days: a column a week, a row a weekday, Monday first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from markupsafe import Markup, escape

SIGNS = {
    "loaded": ("l", "h.86v.86h-.86z"),
    "folded": ("z", "h.86v.86h-.86z"),
    "stale": ("s", "h.86l-.86 .86z"),
    "outdated": ("o", "m.86 0v.86h-.86z"),
    "missing": ("m", "h.86v.86h-.86zm.22 .22v.42h.42v-.42z"),
    "unpopulated": ("m", "m0 .5h.86v.36h-.86z"),
    "failed": ("f", "l.86 .86v-.86l-.86 .86z"),
}
"""Of each state, the letter of its colour, and its shape: what is wrong must not be told by its colour alone."""


def year(number: int, days: Mapping[date, tuple[str, str]], address: str) -> Markup:
    """The calendar of a year. `days` has the state of each, and a text that a pointer shows; `address` leads to the days' pages.

    It is a picture for the eye and the pointer: its 365 links are no stops for a keyboard, and not read out. The page that shows it
    has the same facts and links as text.
    """
    first = date(number, 1, 1)
    shift = first.weekday()
    length = (date(number, 12, 31) - first).days + 1
    weeks = (length - 1 + shift) // 7 + 1
    cells = []
    for at in range(length):
        day = first + timedelta(days=at)
        if day not in days:
            continue
        state, told = days[day]
        letter, shape = SIGNS[state]
        column, row = divmod(at + shift, 7)
        cells.append(
            f'<a href="{escape(address)}{day}" tabindex="-1"><title>{escape(told)}</title>'
            f'<path class="d-{letter}" d="M{column} {row}{shape}"/></a>'
        )
    # What comes from names and rows is escaped above.
    return Markup(  # noqa: S704
        f'<svg class="year" aria-hidden="true" focusable="false" viewBox="-.07 -.07 {max(weeks, 53)} 7">'
        f'<path class="ground" d="{_ground(shift, length)}"/>{"".join(cells)}'
        f'<path class="borders" d="{_borders(number)}"/></svg>'
    )


def sign(state: str) -> Markup:
    """A cell of a state, for a legend."""
    letter, shape = SIGNS[state]
    return Markup(  # noqa: S704 - only what is written above
        f'<svg class="swatch" viewBox="0 0 .86 .86" aria-hidden="true"><path class="d-{letter}" d="M0 0{shape}"/></svg>'
    )


def _ground(shift: int, length: int) -> str:
    """The cells of the days of which nothing is known."""
    strokes: list[str] = []
    for row in range(7):
        begin = 1 if row < shift else 0
        end = (length - 1 + shift - row) // 7 + 1
        strokes.extend(f"M{column} {row}h.86v.86h-.86z" for column in range(begin, end))
    return "".join(strokes)


def _borders(number: int) -> str:
    """The lines between months."""
    first = date(number, 1, 1)
    lines = []
    for month in range(2, 13):
        column, row = divmod((date(number, month, 1) - first).days + first.weekday(), 7)
        x = f"{column - 0.07:.2f}"
        lines.append(f"M{x} 7V{row - 0.07:.2f}H{column + 0.93:.2f}V-.07" if row else f"M{x} 7V-.07")
    return "".join(lines)
