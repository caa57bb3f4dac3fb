"""Who stops the embedded server, when several real processes use it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tenantry.embedded import Server

pytestmark = pytest.mark.any_server

ServerFactory = Callable[..., Server]

HOLDER = """
import json, sys
from pathlib import Path
from tenantry.embedded import Server

directory, bindir, settings = json.loads(sys.argv[1])
with Server(Path(directory), bindir=Path(bindir) if bindir else None, settings=settings).lease() as server:
    print(server.pid, flush=True)
    sys.stdin.read()
"""


class Holder:
    """Another process with a lease, until `end` or `kill`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def pid_it_sees(self) -> int:
        """The server's pid, once the lease is there."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(timeout=120) == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=120)


@contextmanager
def holder(server: Server) -> Iterator[Holder]:
    request = json.dumps([str(server.directory), str(server._bindir or ""), server._settings])
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, request],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Holder(process)
        finally:
            process.kill()


def test_a_lease_starts_the_server_and_stops_it_at_its_end(make_server: ServerFactory) -> None:
    server = make_server()
    with server.lease() as leased:
        assert leased is server
        psycopg.connect(server.conninfo()).close()
        with server.lease():
            pass
        assert server.running
    assert not server.running


def test_a_lease_is_given_back_when_its_block_fails(make_server: ServerFactory) -> None:
    server = make_server()
    try:
        with server.lease():
            raise KeyError("the block's own")
    except KeyError:
        pass
    assert not server.running


def test_the_last_of_two_processes_stops_the_server(make_server: ServerFactory) -> None:
    server = make_server()
    with holder(server) as first, holder(server) as second:
        # Both begin at once, on a directory without a server.
        assert first.pid_it_sees() == second.pid_it_sees() == server.pid
        first.end()
        assert server.running
        second.end()
        assert not server.running


def test_a_killed_holder_keeps_nobody_from_stopping_the_server(make_server: ServerFactory) -> None:
    server = make_server()
    with holder(server) as victim:
        pid = victim.pid_it_sees()
        victim.kill()
    assert server.pid == pid
    with server.lease():
        assert server.pid == pid
    assert not server.running


def test_a_process_killed_before_others_end_leaves_the_server_to_them(make_server: ServerFactory) -> None:
    server = make_server()
    with holder(server) as victim, holder(server) as survivor:
        assert victim.pid_it_sees() == survivor.pid_it_sees()
        victim.kill()
        assert server.running
        survivor.end()
    assert not server.running


def test_a_kept_server_outlives_its_leases_until_it_is_stopped(make_server: ServerFactory) -> None:
    server = make_server()
    server.keep()
    pid = server.pid
    with server.lease(), holder(server) as other:
        assert other.pid_it_sees() == pid
        other.end()
    assert (server.pid, server.status().kept) == (pid, True)

    server.stop()
    assert server.status().kept is False
    with server.lease():
        assert server.status().kept is False
    assert not server.running


def test_the_marker_of_an_earlier_run_keeps_nothing(make_server: ServerFactory) -> None:
    server = make_server()
    server.keep()
    marker = server.directory / "kept"
    text = marker.read_text()
    server.stop()
    # As a crash of the machine leaves it.
    marker.write_text(text)
    with server.lease():
        pass
    assert not server.running


def test_a_server_removed_under_a_lease_does_not_come_back(make_server: ServerFactory) -> None:
    server = make_server()
    with server.lease():
        server.remove()
    assert not Path(server.directory).exists()
