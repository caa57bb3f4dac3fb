"""`--watch` ends at Ctrl-C, wherever it comes."""

from __future__ import annotations

import subprocess
import sys

LOST = """
import os, signal, time
from tenantry.cli.watch import watched
from tenantry.core import signals

rounds = 0

def show():
    global rounds
    rounds += 1
    if rounds == 2:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
        except KeyboardInterrupt:
            pass
    if rounds == 5:
        raise SystemExit("it went on")

signals.interrupt()
watched(0.1, show, as_json=False)
"""
"""A round in which Python ignores the exception, as it does in a destructor."""


def test_an_interrupt_that_is_lost_in_a_round_ends_the_watch_after_it() -> None:
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stderr) == (0, "")
