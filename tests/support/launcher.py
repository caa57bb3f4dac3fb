"""Starts the program many times without loading it many times: a process that has loaded it, and forks.

What runs is a process of its own, with arguments, an environment, a directory and streams of its own, that ends like any
other; only Python's start, the imports and the reading of the program's own files are done beforehand. Usage: python -m tests.support.launcher SOCKET, where it listens until
its standard input ends.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from select import select
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Self

from typer.core import TyperGroup

import tenantry

MODULES = ("rich.live", "rich.table", "rich._emoji_codes", "typer._click.decorators")
"""What the program loads late, besides its own modules."""

OF_TERMINALS = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"}
"""Variables that say how to write for a terminal; pytest's workers have some. Consoles read them when they are loaded."""


class Launcher:
    """A running launcher, from the side of the tests. Safe to use from several threads."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tenantry-launcher-")
        self._socket = Path(self._folder.name) / "socket"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.launcher", str(self._socket)],
            env={name: value for name, value in os.environ.items() if name not in OF_TERMINALS}
            | {"PYTHONWARNINGS": "error"},
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], timeout: float
    ) -> tuple[int, str, str]:
        """Run the program to its end: its exit code, and what it wrote to its two streams.

        Raises TimeoutError after `timeout` seconds; the program is ended then.
        """
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self.run_on(arguments, environment, (out.fileno(), err.fileno()), timeout)
            out.seek(0)
            err.seek(0)
            return code, out.read().decode(), err.read().decode()

    def run_on(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        streams: tuple[int, int],
        timeout: float,
    ) -> int:
        """Run the program with these two streams, which may be a terminal: its exit code. Raises what `run` raises."""
        with _ask(self._socket, arguments, environment, streams) as request:
            request.settimeout(timeout)
            with request.makefile() as answer:
                pid = int(answer.readline())
                try:
                    return int(answer.readline())
                except TimeoutError:
                    os.kill(pid, signal.SIGKILL)
                    raise

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Running:
        """Run the program in the background, with both streams in one."""
        return Running(self._socket, arguments, environment)

    def close(self) -> None:
        """End it."""
        self._process.communicate()
        self._folder.cleanup()


class Running:
    """The program at work in the background: as much of subprocess.Popen as tests need."""

    def __init__(self, path: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the block that this begins
        self._request = _ask(path, arguments, environment, (self._out.fileno(), self._out.fileno()))
        self._answer = self._request.makefile()
        self.pid = int(self._answer.readline())
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._out.close()
        self._answer.close()
        self._request.close()

    def poll(self) -> int | None:
        """Its exit code, or None as long as it runs."""
        readable, _, _ = select([self._request], [], [], 0)
        return self._end() if readable and self.returncode is None else self.returncode

    def kill(self) -> None:
        """Kill it, if it runs."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end, if it runs."""
        self._signal(signal.SIGTERM)

    def communicate(self, timeout: float) -> tuple[str, None]:
        """Wait for its end: what it wrote. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        if self.returncode is None and not select([self._request], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("tenantry", timeout)
        self._end()
        self._out.seek(0)
        return self._out.read().decode(), None

    def _end(self) -> int:
        if self.returncode is None:
            self.returncode = int(self._answer.readline())
        return self.returncode

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _ask(
    path: Path, arguments: Sequence[str], environment: Mapping[str, str], streams: tuple[int, int]
) -> socket.socket:
    """Ask the launcher for a run; its answers, two lines, are the program's process and its exit code."""
    request = socket.socket(socket.AF_UNIX)
    request.connect(str(path))
    wanted = {"arguments": list(arguments), "environment": dict(environment), "directory": str(Path.cwd())}
    socket.send_fds(request, [json.dumps(wanted).encode()], list(streams))
    return request


def serve(path: Path) -> list[str] | None:
    """Fork for each request. In the process that is to run the program: its arguments; in the launcher, at the end: None."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener, DefaultSelector() as selector:
        listener.bind(str(path))
        listener.listen(64)
        selector.register(listener, EVENT_READ)
        selector.register(sys.stdin, EVENT_READ)
        print("ready", flush=True)
        while not any(key.fileobj is sys.stdin for key, _ in selector.select()):
            request, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                return _run(request)
            request.close()
    return None


def _run(request: socket.socket) -> list[str]:
    """Fork once more, wait for the program, and tell how it ended; only the program's own process returns."""
    body, streams, _, _ = socket.recv_fds(request, 1 << 20, 2)
    wanted = json.loads(body)
    pid = os.fork()
    if pid:
        request.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        request.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    request.close()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nothing, *streams)):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(wanted["directory"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    time.tzset()
    return [str(argument) for argument in wanted["arguments"]]


def main() -> None:
    """Serve; in a forked process: run the program."""
    own = walk_packages(tenantry.__path__, "tenantry.")
    for module in (*MODULES, *(module.name for module in own if not module.name.endswith("__main__"))):
        import_module(module)
    from tenantry.cli import main as program
    from tenantry.db.build import build
    from tenantry.db.queries import SQL, _named
    from tenantry.recovery import age

    # A passphrase would take a second of the processor each time; tests/unit/test_age.py holds that it does.
    age.WORK = 10
    _build(program.commands())
    # What each process would read from the program's own files.
    build()
    for file in (SQL / "queries").iterdir():
        _named(file.name.removesuffix(".sql"))
    # What is there now need not be looked through again by each process, which would copy its memory, too.
    gc.collect()
    gc.freeze()
    arguments = serve(Path(sys.argv[1]))
    if arguments is not None:
        sys.argv = ["tenantry", *arguments]
        try:
            program.main()
        except SystemExit as end:
            _end(end.code)


def _build(command: Any) -> None:
    """Build a group's commands, and theirs: the program builds each when it is asked for."""
    if isinstance(command, TyperGroup):
        for one in command.commands.values():
            _build(one)


def _end(code: str | int | None) -> None:
    """End as Python does, but leave the clearing of memory to the system: it takes longer than most commands."""
    assert code is None or isinstance(code, int)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    main()
