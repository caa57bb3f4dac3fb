"""The CPU time of a process, and of a server: of its first process and of all that it started."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_SETTLED = 0.3
"""Seconds without a session fewer after which all that have ended are counted."""


def is_known() -> bool:
    """Whether the system tells: it has /proc, as Linux does."""
    return Path("/proc/self/stat").exists()


def process_seconds(pid: int) -> float:
    """CPU seconds of a process since its start; 0 if it has ended. Needs /proc, as on Linux."""
    return sum(_times(pid)[:2]) / _TICKS


def server_seconds(postmaster: int) -> float:
    """CPU seconds of a server since its start: user and system time of its processes, with those that have ended.

    Waits until sessions that are ending have ended. Needs /proc, as on Linux.
    """
    living = _children(postmaster)
    while True:
        time.sleep(_SETTLED)
        now = _children(postmaster)
        if now == living:
            break
        living = now
    # A process that has ended is counted in its parent's last two numbers.
    return sum(_times(postmaster)) / _TICKS + sum(map(process_seconds, living))


def _children(postmaster: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]


def _times(pid: int) -> list[int]:
    """Ticks: user and system time of a process, and of its children that have ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return [0, 0, 0, 0]
    return [int(word) for word in words[11:15]]
