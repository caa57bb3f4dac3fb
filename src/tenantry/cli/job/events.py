"""What programs that serve until a signal tell, and how they hear the signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tenantry.cli.output import notes, print_json_line
from tenantry.core.visible import visible


class Teller:
    """Writes a line per event: time, event, facts."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()

    def __call__(self, event: str, **facts: Any) -> None:
        now = datetime.now(UTC)
        told = "  ".join(f"{name}={_said(value)}" for name, value in facts.items() if value is not None)
        with self._lock:
            if self._as_json:
                print_json_line(events=[{"at": now, "event": event, "facts": facts}])
            else:
                notes.print(f"{now:%Y-%m-%dT%H:%M:%SZ}  {event}  {told}".rstrip(), hang=2)


@dataclass
class Signals:
    """How many signals to stop have arrived."""

    number: int = 0


def on_signal(stop: Callable[[], None]) -> Signals:
    """From now on, call `stop` at each SIGTERM and Ctrl-C, and count them."""
    heard = Signals()

    def hear(number: int, frame: object) -> None:
        heard.number += 1
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    return heard


def _said(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else visible(str(value), lines=False)
