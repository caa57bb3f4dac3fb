"""A PgBouncer of a test's own, in front of the test's server."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import psycopg

from tests.support.databases import Source
from tests.support.waiting import wait_until

PROGRAM = "/usr/sbin/pgbouncer"

Mode = Literal["session", "transaction"]


@contextmanager
def pgbouncer(source: Source, mode: Mode, *, ignoring: bool = False) -> Iterator[int]:
    """A pooler in front of a source; gives its port on loopback. In transaction mode all clients share one session
    on the source.

    It asks for the reader's password as the source itself would. `ignoring`: it drops the settings of a login without a
    word, as is often advised, where it would refuse them otherwise.
    """
    directory = Path(tempfile.mkdtemp(prefix="tenantry-pooler-"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    users = directory / "users.txt"
    quoted = source.password.replace('"', '""')
    users.write_text(f'"{source.reader}" "{quoted}"\n', encoding="utf-8")
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": str(users),
        "pool_mode": mode,
        # In session mode each login has one; a second worker would wait for the first to log out.
        "default_pool_size": "1" if mode == "transaction" else "5",
        "server_tls_sslmode": "disable",
        "ignore_startup_parameters": "extra_float_digits" + (", options" if ignoring else ""),
        "logfile": str(directory / "log"),
    }
    lines = ["[databases]", f"* = host=127.0.0.1 port={source.server.port}", "[pgbouncer]"]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    configuration = directory / "pgbouncer.ini"
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    account = None
    if os.geteuid() == 0:  # it does not run as root
        account = pwd.getpwnam("nobody")
        for path in (directory, users, configuration):
            os.chown(path, account.pw_uid, account.pw_gid)
    try:
        with subprocess.Popen(
            [PROGRAM, "-q", configuration],
            user=account.pw_uid if account else None,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                wait_until(lambda: _listens(port) or process.poll() is not None)
                assert process.poll() is None, (directory / "log").read_text(encoding="utf-8")
                yield port
            finally:
                process.kill()
    finally:
        shutil.rmtree(directory)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def through(source: Source, port: int) -> psycopg.Connection:
    """A session of another program on the source, by the pooler."""
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        dbname=source.name,
        user=source.reader,
        password=source.password,
        autocommit=True,
        prepare_threshold=None,
    )
