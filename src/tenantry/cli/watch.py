"""`--watch`: show the same again and again, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from typing import Annotated

import typer

from tenantry.cli import document
from tenantry.cli.output import data, notes
from tenantry.core import signals
from tenantry.core.errors import WarehouseUnreachable

USUAL = "2"
"""Seconds between two looks, if no number follows --watch."""

Watch = Annotated[
    float | None,
    typer.Option(
        metavar="[SECONDS]",
        min=0.1,
        max=86400,
        help=f"Show it again every SECONDS (default: {USUAL}) until Ctrl-C.",
    ),
]


def words(given: Sequence[str]) -> list[str]:
    """The words after a command, with a number after each --watch that has none."""
    if "--watch" not in given:
        return list(given)
    end = given.index("--") if "--" in given else len(given)
    found = list(given)
    for place in range(end):
        if given[place] == "--watch" and not (place + 1 < end and _is_number(given[place + 1])):
            found[place] = f"--watch={USUAL}"
    return found


def _is_number(word: str) -> bool:
    return word.removeprefix("-").replace(".", "", 1).isdecimal()


def watched(seconds: float | None, show: Callable[[], None], *, as_json: bool) -> None:
    """Call `show` once, or with `seconds` again and again: in place on a terminal, otherwise one block after the other.

    Ends at Ctrl-C. An error in the first round is raised; later, a lost warehouse is reported until it is back.
    """
    if seconds is None:
        show()
        return
    try:
        take = _json if as_json else _text
        first = take(show)
        place = _in_place() if data.is_terminal and not as_json else nullcontext(_append)
        with place as put:
            put(first)
            while not signals.heard():
                time.sleep(seconds)
                put(_next(take, show))
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        if signals.exit_code() != 128 + signal.SIGINT:
            raise


def _next(take: Callable[[Callable[[], None]], str], show: Callable[[], None]) -> str:
    try:
        return take(show)
    except WarehouseUnreachable as error:
        notes.print(f"{error.message}; trying again")
        return ""


def _json(show: Callable[[], None]) -> str:
    """What a round prints on standard output."""
    with redirect_stdout(StringIO()) as json:
        show()
        document.finish(0)
    return json.getvalue()


def _text(show: Callable[[], None]) -> str:
    """What a round prints on both streams, after the time."""
    with data.capture() as result, notes.capture() as beside:
        data.print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", style="bold")
        show()
    return "".join([*result, *beside, "\n"])


def _append(shown: str) -> None:
    """Print a round below the others, at once: a program may wait at the other end of a pipe."""
    sys.stdout.write(shown)
    sys.stdout.flush()


@contextmanager
def _in_place() -> Iterator[Callable[[str], None]]:
    """Draw each round over the one before."""
    last = ""
    with data.drawing(lambda: last, by_itself=False) as draw:

        def put(shown: str) -> None:
            nonlocal last
            if shown:
                last = shown
                draw()

        yield put
