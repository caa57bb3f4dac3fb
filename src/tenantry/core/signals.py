"""Requests to end: Ctrl-C, SIGTERM and SIGHUP are treated alike, and each has its exit code."""

from __future__ import annotations

import os
import signal
import sys

from tenantry import __version__

# This module's imports run before the first handler is installed, while Ctrl-C still gives a traceback: no
# `typing`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_heard = [signal.SIGINT]
"""The signals that arrived, after a placeholder for none."""


def exit_code() -> int:
    """Return the exit code of a program that the last signal ended: 128 plus its number, as in shells."""
    return 128 + _heard[-1]


def heard() -> bool:
    """Whether a signal arrived. Its KeyboardInterrupt is lost where Python ignores exceptions, such as in a destructor."""
    return len(_heard) > 1


def end_at_once() -> None:
    """Until `interrupt` is called, end with one line: while the program is loading, there is nothing to save."""
    _handle(_end)


def interrupt() -> None:
    """From now on, raise KeyboardInterrupt in the main thread, whichever signal arrives."""
    _handle(_raise)


def _handle(handler: Any) -> None:
    for number in _NUMBERS:
        # The parent may have set a signal to be ignored: nohup does, and shells do for background jobs.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    told = "interrupted; nothing was begun"
    if "--json" in sys.argv:
        # The library that writes JSON is not loaded yet. docs/reference/json.md has the form.
        told = (
            f'{{"tenantry": "{__version__}", "format": 1, "command": "", "ok": false, "error": {{"code": "interrupted", '
            f'"message": "{told}", "hint": null, "sqlstate": null, "connection": null, "exit_code": {128 + number}}}}}'
        )
    os.write(2, f"{told}\n".encode())
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    _heard.append(signal.Signals(number))
    raise KeyboardInterrupt
