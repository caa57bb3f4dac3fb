"""Measuring commands from outside: wall time and peak memory of whole processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Pipeline = Sequence[Sequence[str]]
"""Commands with their arguments; each except the first reads the output of the one before it. The first word of each is
the full path of a program.
"""

_CHILD = Path(__file__).with_name("child.py")


class CommandFailed(Exception):
    """A measured command did not exit with status 0; the message ends with its output."""


@dataclass(frozen=True)
class Sample:
    """One run: wall time in seconds, and the peak resident set in bytes, summed over the processes of a pipeline.

    `client_bytes` counts only the client programs, not the server's processes. `at_most`: one of them was too small to
    be measured, so the sum is an upper bound.
    """

    seconds: float
    client_bytes: int
    at_most: bool


def measure(pipeline: Pipeline, environment: Mapping[str, str], log: Path) -> Sample:
    """Run a pipeline to its end; its output goes to `log`.

    `environment` is added to this process's own.

    Raises CommandFailed if any of its processes fails.
    """
    seconds, ended = _run(pipeline, environment, log)
    if any(status for status, _ in ended):
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise CommandFailed(f"{pipeline[-1][0]} ended with {[status for status, _ in ended]}:\n{said}")
    sizes = [size for _, size in ended]
    return Sample(seconds, sum(sizes), at_most=min(sizes) < 1.05 * _least())


@cache
def _least() -> int:
    """The measured memory of a program that needs next to none, in bytes; see child.py."""
    nothing = shutil.which("true", path=os.defpath) or "/bin/true"
    _, ended = _run([[nothing]], {}, Path(os.devnull))
    return ended[0][1]


def _run(
    pipeline: Pipeline, environment: Mapping[str, str], log: Path
) -> tuple[float, list[tuple[int, int]]]:
    """Wall time in seconds, and the exit status and the peak resident set in bytes of each process."""
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
    return float(told[0]), [(int(status), int(size)) for status, size in ended]
