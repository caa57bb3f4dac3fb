"""The progress of a load, a comparison or a move on the terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tenantry.cli.output import human_bytes, notes
from tenantry.core.model import FailedSlice, Feed, LoadedSlice

if TYPE_CHECKING:
    from tenantry.flow.slice.move import Step
    from tenantry.loader.events import Waiting


class _Rows(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Rows so far, and rows a second."""
        rows = task.fields["rows"]
        seconds = task.finished_time or task.elapsed
        rate = rows / seconds if seconds else 0
        return Text(f"{rows:>11,} rows {rate:>9,.0f}/s")


class LoadProgress:
    """A bar for each feed: days, rows, rows a second and time left. Without a terminal, a line for each feed's end."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("days"),
            _Rows(),
            TimeRemainingColumn(compact=True),
            console=notes,
            disable=not notes.is_terminal,
        )
        self._bars: dict[Feed, Task] = {}

    def __enter__(self) -> LoadProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def planned(self, feed: Feed, to_load: int, present: int) -> None:
        """Open the feed's bar, unless there is nothing to do."""
        if to_load:
            number = self._progress.add_task(str(feed), total=to_load, rows=0)
            self._bars[feed] = next(task for task in self._progress.tasks if task.id == number)

    def loaded(self, slice_: LoadedSlice) -> None:
        """Advance the bar."""
        bar = self._bars[slice_.feed]
        self._progress.update(bar.id, advance=1, rows=bar.fields["rows"] + slice_.rows)

    def failed(self, slice_: FailedSlice) -> None:
        """Advance the bar; the table at the end shows the reason."""
        self._progress.update(self._bars[slice_.feed].id, advance=1)

    def waiting(self, event: Waiting) -> None:
        """Print that a slice is retried."""
        self._progress.console.print(
            f"{event.feed}: retrying in {event.seconds:g} s: {event.reason}", markup=False
        )

    def indexing(self, feed: Feed) -> None:
        """Show it beside the bar, which is full by now."""
        if bar := self._bars.get(feed):
            self._progress.update(bar.id, description=f"{feed}: indexing")


class CompareProgress:
    """A bar for days that are compared with their sources. Without a terminal, nothing."""

    def __init__(self, days: int) -> None:
        self._progress = Progress(
            TextColumn("comparing"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("days"),
            _Rows(),
            TimeRemainingColumn(compact=True),
            console=notes,
            disable=not notes.is_terminal,
        )
        self._bar = self._progress.add_task("", total=days, rows=0)
        self._rows = 0

    def __enter__(self) -> CompareProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, feed: Feed, days: int, rows: int) -> None:
        """Advance the bar by days and rows that were compared."""
        self._rows += rows
        self._progress.update(self._bar, advance=days, rows=self._rows)


class MoveProgress:
    """A bar for a tenant that is moved: each year is copied, then compared. Without a terminal, one line with the size."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[doing]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=notes,
            disable=not notes.is_terminal,
        )
        self._bar = self._progress.add_task(name, total=None, doing="")
        self._told = False

    def __enter__(self) -> MoveProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, step: Step) -> None:
        """Show the next step."""
        if step.phase == "wait":
            self._tell(f"waiting for session {step.pid}, which is moving it")
            return
        if step.bytes and not self._told:
            self._told = True
            self._tell(
                f"takes {human_bytes(step.bytes)}, and needs about as much again until its old storage is dropped"
            )
        doing = f"{step.phase} {step.left[0]}" if step.left else step.phase
        left = {"copy": step.years, "hold": step.years, "compare": 0, "swap": 0, "release": 0, "done": 0}[
            step.phase
        ]
        total = 2 * step.years
        self._progress.update(
            self._bar, total=total or 1, completed=total - left - len(step.left), doing=doing
        )

    def _tell(self, text: str) -> None:
        self._progress.console.print(f"{self._name}: {text}", markup=False)
