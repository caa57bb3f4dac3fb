"""Where the servers of tests live, and a program that removes one when its run ends, however it ends.

The program waits for the end of its standard input, which the test process holds open: the kernel closes that
when the process is killed, too. Called with the server's directory and the one to delete after it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenantry.embedded import Server

_ROOT = Path(__file__).parents[2]

MEMORY = Path("/dev/shm")
"""A file system in memory, where there is one: most of the tests' time is the copying of databases."""

ENOUGH = 8 * 2**30
"""Bytes that are to be free there: each process needs about one GiB, and the machine some for itself."""


def _in_memory() -> Path | None:
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ENOUGH:
        return None
    # A server that root starts for another account may need a copy of its programs there.
    return None if os.statvfs(MEMORY).f_flag & os.ST_NOEXEC else MEMORY


def open_directory() -> Path:
    """An empty directory that the server's account can reach."""
    directory = Path(tempfile.mkdtemp(prefix="tenantry-test-", dir=_in_memory()))
    if os.geteuid() == 0:
        directory.chmod(0o755)
    return directory


@contextmanager
def janitor(server: Server, bindir: Path | None, parent: Path) -> Iterator[None]:
    """Remove the server and its parent directory at the end of the block, even if this process is killed in it."""
    command = [
        sys.executable,
        "-m",
        "tests.support.server_janitor",
        str(server.directory),
        str(bindir or ""),
        str(parent),
    ]
    # In a session of its own Ctrl-C does not reach it, so it has the time to do its work.
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, start_new_session=True) as janitor:
        try:
            yield
        finally:
            janitor.communicate()
    assert janitor.returncode == 0, f"the server in {server.directory} was not removed"


def main() -> None:
    """Wait, stop the server, delete its files."""
    directory, bindir, parent = sys.argv[1:]
    sys.stdin.read()
    Server(Path(directory), bindir=Path(bindir) if bindir else None).remove()
    shutil.rmtree(parent, ignore_errors=True)


if __name__ == "__main__":
    main()
