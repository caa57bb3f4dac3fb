"""What the warehouse must hold: every state that a day of a source has had, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

State = tuple[tuple[int, str], ...]
"""The rows of a day in order: of each its key, and a digest of all its columns."""

NOTHING: State = ()
"""The state of a day without rows."""


@dataclass
class Model:
    """The states of each day of one tenant, oldest first; the last is what its source has now.

    `seen` is the oldest state that the warehouse may still show of a day: it never goes back to an older one. A day in
    `lost` may show nothing, because somebody removed it by hand, until a load that covers it has succeeded.

    `one_table`: a key stands once in a table that all days share, so a row that moved to another day at the source leaves
    the day that showed it as soon as the other is loaded, and the rest of that day may be older.
    """

    one_table: bool = False
    states: dict[date, list[State]] = field(default_factory=dict)
    seen: dict[date, int] = field(default_factory=dict)
    lost: set[date] = field(default_factory=set)

    def note(self, now: Mapping[date, State]) -> None:
        """Remember what the source has now; days that are not named have no rows."""
        for day in {*self.states, *now}:
            states = self.states.setdefault(day, [NOTHING])
            state = now.get(day, NOTHING)
            if states[-1] != state:
                states.append(state)

    def expect_current(self, days: Iterable[date], since: Mapping[date, int]) -> None:
        """A load of these days has succeeded that began when the source had the states `since`."""
        for day in days:
            self.lost.discard(day)
            self.seen[day] = max(self.seen.get(day, 0), since.get(day, 0))

    def now(self) -> dict[date, int]:
        """The number of the present state of each day."""
        return {day: len(states) - 1 for day, states in self.states.items()}

    def violations(self, shown: Mapping[date, State]) -> list[str]:
        """What is wrong with what the warehouse shows; remembers what is right."""
        found = []
        for day in sorted({*self.states, *shown}):
            states = self.states.get(day, [NOTHING])
            state = shown.get(day, NOTHING)
            elsewhere = (
                {key for other, rows in shown.items() if other != day for key, _ in rows}
                if self.one_table
                else set()
            )
            allowed = [
                n
                for n, known in enumerate(states)
                if n >= self.seen.get(day, 0)
                and state in (known, tuple(row for row in known if row[0] not in elsewhere))
            ]
            if allowed:
                self.seen[day] = allowed[0]
            elif not (state == NOTHING and (day in self.lost or self.seen.get(day, 0) == 0)):
                what = "an older state" if state in states else "a state that never was"
                found.append(f"{day}: {what} ({state}; the source has had {states})")
        return found
