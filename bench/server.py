"""The server of a measurement: Tenantry's embedded one, as users have it, in its own directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tenantry.embedded import Server

_ROOT = Path(__file__).parent.parent


@contextmanager
def scratch_server(settings: Mapping[str, str]) -> Iterator[tuple[Server, Path]]:
    """A running server (`settings` of PostgreSQL override the users' ones) and a private directory for files, both
    removed at the end, however this process ends.
    """
    parent = Path(tempfile.mkdtemp(prefix="tenantry-bench-"))
    try:
        if os.geteuid() == 0:
            parent.chmod(0o755)  # PostgreSQL runs as another account then
        files = parent / "files"
        files.mkdir(mode=0o700)
        server = Server(parent / "server", settings=settings)
        with _janitor(server, parent):
            server.start()
            yield server, files
    finally:
        shutil.rmtree(parent, ignore_errors=True)


@contextmanager
def _janitor(server: Server, parent: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.support.server_janitor", str(server.directory), "", str(parent)]
    # It waits for the end of its standard input, which also comes when this process is killed. In its own
    # session it gets no Ctrl-C.
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, start_new_session=True) as janitor:
        try:
            yield
        finally:
            janitor.communicate()
    if janitor.returncode != 0:
        raise RuntimeError(f"the server in {server.directory} was not removed")
