"""A warehouse by hand for each test of this folder: roles with its own rights need a server of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenantry.embedded import Server
from tests.support.samples.by_hand import ByHand, make_by_hand
from tests.support.server_janitor import janitor, open_directory


@pytest.fixture(scope="session")
def kept(server_bindir: Path | None, server_settings: dict[str, str]) -> Iterator[tuple[Server, Path]]:
    """A stopped server that holds a warehouse by hand, and a copy of its files."""
    parent = open_directory()
    settings = server_settings | {"shared_buffers": "16MB"}
    server = Server(parent / "server", bindir=server_bindir, settings=settings)
    with janitor(server, server_bindir, parent):
        server.start()
        make_by_hand(server)
        server.stop()
        yield server, _copy(server.directory, parent / "copy")


@pytest.fixture
def by_hand(kept: tuple[Server, Path]) -> Iterator[ByHand]:
    """A running warehouse by hand, with the irregularities of years."""
    server, copy = kept
    shutil.rmtree(server.directory)
    # On the port from before, which its connections name.
    _copy(copy, server.directory)
    server.start()
    yield ByHand(server)
    server.stop()


def _copy(files: Path, to: Path) -> Path:
    subprocess.run(["cp", "-a", str(files), str(to)], check=True)
    return to
