"""The program on a terminal of its own, where it asks questions."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

from tests.support.program import environment


class Terminal:
    """A terminal of 24 lines and 80 columns in which the program runs. Ends with the block."""

    def __init__(self, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        words = [sys.executable, "-m", "tenantry", *arguments]
        variables = environment(env) | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        self.seen = ""
        self._pid, self._line = pty.fork()
        if self._pid == 0:
            os.execve(words[0], words, variables)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, 9)
            os.waitpid(self._pid, 0)
        os.close(self._line)

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """Read until the terminal shows a text after what was read before; returns what was read."""
        begin, deadline = len(self.seen), time.monotonic() + seconds
        while text not in self.seen[begin:]:
            ready, _, _ = select.select([self._line], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"{text!r} did not come: {self.seen[begin:]!r}")
            try:
                self.seen += os.read(self._line, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(
                    f"{text!r} did not come, and the program ended: {self.seen[begin:]!r}"
                ) from None
        return self.seen[begin:]

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._line, text.encode())

    def ended(self) -> int:
        """Read to the end of the program; its exit code."""
        with suppress(OSError):
            while chunk := os.read(self._line, 65536):
                self.seen += chunk.decode(errors="replace")
        _, status = os.waitpid(self._pid, 0)
        return os.waitstatus_to_exitcode(status)
