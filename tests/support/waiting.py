"""Waiting for something to happen."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Return as soon as the condition holds; fail if it does not within this time.

    The time is for a machine that is busy with ten other things: what takes a second here has taken half a minute elsewhere.
    """
    give_up = time.monotonic() + seconds
    pause = 0.01
    while not condition():
        assert time.monotonic() < give_up, "what the test waits for does not happen"
        time.sleep(pause)
        # Most conditions log in to ask, which takes the time of those that are waited for.
        pause = min(2 * pause, 0.05)
