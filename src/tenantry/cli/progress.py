"""The progress of long work: bars on a terminal, and without one a line now and then; always on standard error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tenantry.cli.output import human_bytes, human_seconds, notes
from tenantry.cli.terminal.text import Text, cell_len
from tenantry.cli.terminal.wrap import wrapped
from tenantry.core.words import count

if TYPE_CHECKING:
    from tenantry.core.model import FailedSlice, Feed, LoadedSlice
    from tenantry.flow.slice.move import Step
    from tenantry.loader.events import Waiting

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""

_BAR = 28

_TURNS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
"""The frames of the spinner, which stands beside work whose progress is unknown."""


class Bar:
    """One piece of work: how much of it is done, of how much. Without a total, only the time that it takes is known."""

    def __init__(self, name: str, total: float | None, unit: str) -> None:
        self.name = name
        self.total = total
        self.unit = unit
        self.done = 0.0
        self.rows: int | None = None
        self.doing = ""
        self._begun = time.monotonic()
        self._first: tuple[float, float] | None = None
        """When the first part was done, and how much it was: work may wait for its turn before that."""
        self._ended: float | None = None

    @property
    def finished(self) -> bool:
        """Whether all of it is done."""
        return self.total is not None and self.done >= self.total

    def advance(self, by: float = 1, rows: int = 0) -> None:
        """So much more is done."""
        self.reach(self.done + by)
        if rows:
            self.rows = (self.rows or 0) + rows

    def reach(self, done: float) -> None:
        """So much is done in all."""
        self.done = done
        now = time.monotonic()
        self._first = self._first or (now, done)
        self._ended = now if self.finished else None

    def facts(self) -> list[str]:
        """What is known of it, the most important first."""
        told = []
        elapsed = (self._ended or time.monotonic()) - self._begun
        if self.total is None:
            told.append(f"{human_seconds(elapsed)} so far")
        elif self.unit:
            told.append(f"{self.done:,.0f} of {count(int(self.total), self.unit)}")
        if self.doing:
            told.append(self.doing)
        if (left := self.left()) is not None:
            told.append(f"{human_seconds(left)} left")
        if self.rows is not None:
            told.append(count(self.rows, "row"))
            if elapsed > 0:
                told.append(f"{self.rows / elapsed:,.0f}/s")
        return told

    def left(self) -> float | None:
        """The seconds that the rest takes at the speed so far, if that is known."""
        if self._first is None or not self.total or self.finished:
            return None
        at, begin = self._first
        done, since = (self.done - begin, at) if self.done > begin else (self.done, self._begun)
        return (time.monotonic() - since) * (self.total - self.done) / done if done else None

    def drawn(self, width: int, names: int) -> Text:
        """It as a line, with its name in `names` columns; where that is too narrow, the name has a line of its own."""
        facts = self.facts()
        head = self.name + " " * (names - cell_len(self.name))
        while len(facts) > 1 and names + 4 + len(", ".join(facts)) + _BAR // 3 > width:
            facts.pop()
        told = ", ".join(facts)
        room = width - names - len(told) - 4
        if self.total is not None and room >= _BAR // 3:
            return Text.assemble(f"{head}  ", self._line(min(room, _BAR)), f"  {told}")
        if names + 2 + len(told) <= width:
            return Text(f"{head}  {told}")
        # Where even the name does not fit, it is broken between tenant and template.
        name = self.name if cell_len(self.name) <= width else self.name.replace(".", ".\n", 1)
        return Text(f"{name}\n  {told}")

    def _line(self, width: int) -> Text:
        sign = "━" if notes.encoding.startswith("utf") else "-"
        filled = round(width * min(self.done / (self.total or 1), 1))
        return Text.assemble((sign * filled, "magenta"), (sign * (width - filled), "dim"))


class Progress:
    """Bars that are drawn while the block runs; without a terminal, a line every ten seconds that sums them up."""

    def __init__(self, every: float = EVERY) -> None:
        self._bars: list[Bar] = []
        self._drawing = ExitStack()
        self._every = every
        self._end = threading.Event()
        self._teller: threading.Thread | None = None

    def __enter__(self) -> Self:
        if notes.watched:
            self._drawing.enter_context(notes.drawing(self._drawn))
        else:
            self._teller = threading.Thread(target=self._tell_lines, daemon=True)
            self._teller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._drawing.close()
        if self._teller:
            # A line of it must not follow the result.
            self._teller.join()

    def bar(self, name: str, total: float | None = None, unit: str = "") -> Bar:
        """A bar for more work."""
        bar = Bar(name, total, unit)
        self._bars.append(bar)
        return bar

    def remove(self, bar: Bar) -> None:
        """Do not show a bar any longer: what follows says how it ended."""
        if bar in self._bars:
            self._bars.remove(bar)

    def tell(self, text: str) -> None:
        """Print a line above the bars."""
        notes.print(text)

    def _drawn(self) -> Text:
        bars = list(self._bars)
        room = max(notes.height - 2, 1)
        names = max((cell_len(bar.name) for bar in bars), default=0)
        lines = [bar.drawn(notes.width, names) for bar in bars]
        if sum(line.plain.count("\n") + 1 for line in lines) > room:
            # More than the terminal can hold: a sum, and what is in progress.
            busy = [bar for bar in bars if bar.done and not bar.finished]
            lines = [Text(_summed(bars)), *(bar.drawn(notes.width, names) for bar in busy[: (room - 1) // 3])]
        return Text("\n").join(lines)

    def _tell_lines(self) -> None:
        known: list[tuple[float, str]] = []
        pause = self._every
        while not self._end.wait(pause):
            bars = list(self._bars)
            state = [(bar.done, bar.doing) for bar in bars]
            # While nothing comes of it, say so ever less often: some work waits for hours.
            pause = min(2 * pause, 60 * self._every) if state == known else self._every
            known = state
            if not all(bar.finished for bar in bars):
                self.tell(_summed(bars))


def _summed(bars: Sequence[Bar]) -> str:
    """Bars as one line: the only one that is at work, or all of them."""
    busy = [bar for bar in bars if not bar.finished]
    if len(bars) == 1 or len(busy) == 1:
        (bar, *_) = busy or bars
        return f"{bar.name}: {', '.join(bar.facts())}"
    told = [f"{len(bars) - len(busy):,} of {len(bars):,} done"]
    unit = bars[0].unit
    if unit and all(bar.unit == unit and bar.total is not None for bar in bars):
        done, total = sum(bar.done for bar in bars), int(sum(bar.total or 0 for bar in bars))
        told.append(f"{done:,.0f} of {count(total, unit)}")
        if rows := sum(bar.rows or 0 for bar in bars):
            told.append(count(rows, "row"))
    return ", ".join(told)


@contextmanager
def working(name: str) -> Iterator[None]:
    """Show for the length of the block that it is at work, and for how long."""
    with Progress() as progress:
        bar = progress.bar(name)
        try:
            yield
        finally:
            progress.remove(bar)


@contextmanager
def spinner() -> Iterator[Callable[[str], None]]:
    """Show at the end of the terminal that it is at work, and on what: what the returned function was called with last."""
    doing = ""

    def drawn() -> Text:
        turn = _TURNS[int(time.monotonic() * 12.5) % len(_TURNS)]
        # Up to the last word that fits beside it.
        return Text.assemble((turn, "green"), " ", next(wrapped(Text(doing), notes.width - 2)))

    def show(what: str) -> None:
        nonlocal doing
        doing = what

    with notes.drawing(drawn, per_second=12.5):
        yield show


class LoadProgress(Progress):
    """A bar for each feed that is loaded, and one for what follows: comparing days, folding years."""

    def __init__(self) -> None:
        super().__init__()
        self._feeds: dict[Feed, Bar] = {}
        self._working: Bar | None = None

    def planned(self, feed: Feed, to_load: int, present: int) -> None:
        """Open the feed's bar, unless there is nothing to do."""
        if to_load:
            if feed in self._feeds:
                self.remove(self._feeds[feed])
            self._feeds[feed] = self.bar(str(feed), to_load, "day")

    def loaded(self, slice_: LoadedSlice) -> None:
        """Advance the bar."""
        self._feeds[slice_.feed].advance(rows=slice_.rows)

    def failed(self, slice_: FailedSlice) -> None:
        """Advance the bar; the table at the end shows the reason."""
        self._feeds[slice_.feed].advance()

    def waiting(self, event: Waiting) -> None:
        """Print that a slice is retried."""
        self.tell(f"{event.feed}: retrying in {event.seconds:g} s: {event.reason}")

    def indexing(self, feed: Feed) -> None:
        """Show it beside the bar, which is full by now."""
        if bar := self._feeds.get(feed):
            bar.doing = "indexing"

    def working(self, what: str, done: int, total: int, unit: str) -> None:
        """Show what is done besides loading; its bar goes when it ends."""
        if self._working is None or self._working.name != what:
            if self._working:
                self.remove(self._working)
            self._working = self.bar(what, total, unit)
        self._working.reach(done)
        if self._working.finished:
            self.remove(self._working)
            self._working = None


class CompareProgress(Progress):
    """A bar for days that are compared with their sources."""

    def __init__(self, days: int) -> None:
        super().__init__()
        self._bar = self.bar("comparing", days, "day")

    def __call__(self, feed: Feed, days: int, rows: int) -> None:
        """Advance the bar by days and rows that were compared."""
        self._bar.advance(days, rows)


class MoveProgress(Progress):
    """A bar for a tenant that is moved: each year is copied, then compared."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._bar = self.bar(name)
        self._told = False

    def __call__(self, step: Step) -> None:
        """Show the next step."""
        if step.phase == "wait":
            self.tell(f"{self._name}: waiting for session {step.pid}, which is moving it")
            return
        if step.bytes and not self._told:
            self._told = True
            self.tell(
                f"{self._name}: takes {human_bytes(step.bytes)}, and needs about as much again until its old storage is dropped"
            )
        self._bar.doing = f"{step.phase} {step.left[0]}" if step.left else step.phase
        left = {"copy": step.years, "hold": step.years, "compare": 0, "swap": 0, "release": 0, "done": 0}
        self._bar.total = 2 * step.years or 1
        self._bar.reach(self._bar.total - left[step.phase] - len(step.left))
