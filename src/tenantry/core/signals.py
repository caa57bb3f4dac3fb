"""Being asked to end: Ctrl-C, SIGTERM and SIGHUP are one thing, and each has its exit code."""

from __future__ import annotations

import os
import signal

# What this module imports comes in before the first handler stands, while Ctrl-C is a traceback still: no `typing`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_heard = [signal.SIGINT]
"""The signals that came, after what stands for none."""


def exit_code() -> int:
    """The exit code of a program that the last signal ended: 128 and its number, as shells have it."""
    return 128 + _heard[-1]


def end_at_once() -> None:
    """Until `interrupt` is called: end with one line. While the program is loaded there is nothing to keep."""
    _handle(_end)


def interrupt() -> None:
    """From now on: raise KeyboardInterrupt in the main thread, whichever signal it is."""
    _handle(_raise)


def _handle(handler: Any) -> None:
    for number in _NUMBERS:
        # Whoever started the program may have it ignore one: nohup does so, and shells with what runs in the background.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"interrupted; nothing was begun\n")
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    _heard.append(signal.Signals(number))
    raise KeyboardInterrupt
