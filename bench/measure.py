"""Measuring commands from outside: wall time and peak memory of whole processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Pipeline = Sequence[Sequence[str]]
"""Commands with their arguments; each except the first reads the output of the one before it. The first word of each is
the full path of a program.
"""

_CHILD = Path(__file__).with_name("child.py")


class CommandFailed(Exception):
    """A measured command did not exit as expected; the message ends with its output."""


@dataclass(frozen=True)
class Sample:
    """One run: wall time in seconds, and the peak resident set in bytes and the CPU seconds, summed over the processes
    of a pipeline.

    `client_bytes` and `client_cpu` count only the client programs, not the server's processes. `at_most`: one of them
    was too small to be measured, so the sum of bytes is an upper bound.
    """

    seconds: float
    client_bytes: int
    at_most: bool
    client_cpu: float


def measure(
    pipeline: Pipeline, environment: Mapping[str, str], log: Path, *, expected: Collection[int] = (0,)
) -> Sample:
    """Run a pipeline to its end; its output goes to `log`.

    `environment` is added to this process's own.

    Raises CommandFailed if the exit status of any of its processes is none of those expected.
    """
    seconds, ended = _run(pipeline, environment, log)
    if any(process.status not in expected for process in ended):
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise CommandFailed(f"{pipeline[-1][0]} ended with {[process.status for process in ended]}:\n{said}")
    sizes = [process.bytes for process in ended]
    at_most = min(sizes) < 1.05 * _least()
    return Sample(seconds, sum(sizes), at_most, sum(process.cpu for process in ended))


@dataclass(frozen=True)
class _Ended:
    """How a process ended: its exit status, its peak resident set in bytes, and its CPU seconds."""

    status: int
    bytes: int
    cpu: float


@cache
def _least() -> int:
    """The measured memory of a program that needs next to none, in bytes; see child.py."""
    nothing = shutil.which("true", path=os.defpath) or "/bin/true"
    _, ended = _run([[nothing]], {}, Path(os.devnull))
    return ended[0].bytes


def _run(pipeline: Pipeline, environment: Mapping[str, str], log: Path) -> tuple[float, list[_Ended]]:
    """Wall time in seconds, and how each process ended."""
    words: list[str] = []
    for command in pipeline:
        words += ["|", *command] if words else command
    told = subprocess.run(
        [sys.executable, "-I", "-S", str(_CHILD), str(log), *words],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()
    ended = [line.split() for line in told[1:]]
    return float(told[0]), [_Ended(int(status), int(size), float(cpu)) for status, size, cpu in ended]
