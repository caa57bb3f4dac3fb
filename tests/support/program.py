"""The program as users run it: a process with arguments, an environment, two streams and an exit code."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.support import documents
from tests.support.databases import Database, Source
from tests.support.launcher import OF_TERMINALS, Launcher, Running


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The data of the JSON document that it printed."""
        return json.loads(self.out)["data"]

    @property
    def notes(self) -> list[str]:
        """The lines that it printed as notes in JSON."""
        written = [json.loads(line) for line in self.err.splitlines()]
        return [one["note"] for one in written if "note" in one]

    @property
    def error(self) -> Any:
        """The error that it printed as JSON."""
        return json.loads(self.err.splitlines()[-1])["error"]

    @property
    def errors(self) -> list[str]:
        """The messages of its errors: lines that begin with `error:`, without that word, or JSON."""
        lines = self.err.splitlines()
        written = [json.loads(line) for line in lines if line.startswith('{"')]
        return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")] + [
            one["error"]["message"] for one in written if "error" in one
        ]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without anything that names a warehouse, a login or a terminal, and with `extra`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "TENANTRY_")) and name not in OF_TERMINALS
    }
    return kept | {"PYTHONWARNINGS": "error"} | dict(extra or {})


def command(database: Database | str | None, *arguments: object) -> list[str]:
    """The command line that runs the program on a database, or on whatever the environment names."""
    dsn = database.conninfo if isinstance(database, Database) else database
    options = [] if dsn is None else ["--dsn", dsn]
    return [sys.executable, "-m", "tenantry", *options, *map(str, arguments)]


def run(database: Database | str | None, *arguments: object, env: Mapping[str, str] | None = None) -> Outcome:
    """Run the program to its end, without a terminal; in a process forked from one that has loaded it, which saves time."""
    _, _, _, *words = command(database, *arguments)
    outcome = Outcome(*_launcher().run(words, environment(env), timeout=200))
    documents.check(words, outcome.out, outcome.err)
    return outcome


def start(database: Database | str | None, *arguments: object) -> Running:
    """The program in the background, forked from one that has loaded it; a context manager that kills it at the end."""
    _, _, _, *words = command(database, *arguments)
    return _launcher().start(words, environment())


def run_on_terminal(
    database: Database | str | None,
    *arguments: object,
    columns: int,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run the program on a terminal so wide, without answering it: its exit code, and all that it wrote, without what moves the cursor."""
    _, _, _, *words = command(database, *arguments)
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    pieces: list[bytes] = []

    def read() -> None:
        # The end of a terminal that nobody has open any longer is an error.
        with suppress(OSError):
            while piece := os.read(terminal, 1 << 16):
                pieces.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        wanted = environment({"TERM": "xterm", **(env or {})})
        code = _launcher().run_on(words, wanted, (end, end), timeout=200)
    finally:
        os.close(end)
        reader.join()
        os.close(terminal)
    written = b"".join(pieces).decode().replace("\r\n", "\n").replace("\r", "\n")
    return code, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)


@cache
def _launcher() -> Launcher:
    launcher = Launcher()
    atexit.register(launcher.close)
    return launcher


def succeed(
    database: Database | str | None, *arguments: object, env: Mapping[str, str] | None = None
) -> Outcome:
    """Run the program; it must end with 0."""
    outcome = run(database, *arguments, env=env)
    assert outcome.code == 0, outcome.err
    return outcome


def address(source: Source, **changes: object) -> str:
    """What --source takes for a source; `changes` replace or add keywords."""
    parts: dict[str, object] = {
        "host": "127.0.0.1",
        "port": source.server.port,
        "dbname": source.name,
        "user": source.reader,
    }
    return " ".join(f"{key}={value}" for key, value in (parts | changes).items())


def hear_signals() -> None:
    """For `preexec_fn`: a shell's `&` or nohup may have the tests ignore SIGINT or SIGHUP, and children inherit that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def running(database: Database, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The program at work in a process of its own, which is killed at the end of the block; it hears signals."""
    with subprocess.Popen(
        command(database, *arguments),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_signals,  # noqa: PLW1509 - calls nothing that locks
    ) as process:
        try:
            yield process
        finally:
            process.kill()
