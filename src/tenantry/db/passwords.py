"""Passwords of roles: as the server stores them, and where libpq finds those that init has generated."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from tenantry.core import pgpass
from tenantry.core.errors import InputError
from tenantry.core.private import write_private
from tenantry.core.trust import callers, resolved


def verifier(connection: psycopg.Connection, role: str, password: str) -> sql.Literal:
    """Return what replaces the password in CREATE ROLE or ALTER ROLE, so that neither the statement nor a log contains it."""
    return sql.Literal(
        connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    )


def generated_file() -> Path:
    """Where passwords that the program made up are kept: tenantry/pgpass in the user's configuration folder."""
    return _folder() / "pgpass"


def _folder() -> Path:
    # Imported by all commands, and used by few.
    from platformdirs import user_config_path

    return user_config_path("tenantry")


def usable_file() -> tuple[Path | None, str | None]:
    """The file of generated passwords, if there is one that only its owner can read or change; otherwise why it is not used.

    Without a file, both are None.
    """
    file = generated_file()
    try:
        found = file.lstat()
        _, reason = resolved(file, callers())
    except OSError:
        return None, None
    if reason is None and not stat.S_ISREG(found.st_mode):
        reason = f"{file} is not a file"
    if reason is None and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        reason = f"others may read {file}; run: chmod 600 {file}"
    return (None, reason) if reason else (file, None)


def require_place() -> Path:
    """Return the folder for `keep_generated`, tenantry in the user's configuration folder, and create it if necessary.

    Raises InputError if it cannot be created, or if others could read or replace its files. Call this before generating
    a password that only the file would hold.
    """
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o700)
        found, reason = resolved(folder, callers())
    except OSError as error:
        raise InputError(
            f"{folder} cannot be made: {error.strerror}", hint="Name another place in XDG_CONFIG_HOME."
        ) from None
    if reason:
        raise InputError(
            f"generated passwords cannot be stored in {folder}: {reason}",
            hint="Fix its owner and mode, or name another place in XDG_CONFIG_HOME.",
        )
    return found


def keep_generated(connection: psycopg.Connection, passwords: Mapping[str, str]) -> Path:
    """Add the passwords to tenantry/pgpass in the user's configuration folder, readable only by the owner.

    Lines for the same login are replaced, because libpq takes the first that matches. Returns the file, for PGPASSFILE
    or `passfile=`. Raises InputError as `require_place` does, and if the file cannot be written.
    """
    folder = require_place()
    file = folder / "pgpass"
    info = connection.info
    # libpq calls the folder of its default socket localhost.
    hosts = [info.host, "localhost"] if info.host.startswith(("/", "@")) else [info.host]
    logins = {
        (host, str(info.port), info.dbname, role): password
        for role, password in passwords.items()
        for host in hosts
    }
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Two programs at once would each overwrite the other's lines.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        kept = [line for line in _lines(file) if tuple(pgpass.fields(line)[:4]) not in logins]
        new = [pgpass.line(*login, password) for login, password in logins.items()]
        write_private(file, "".join(f"{line}\n" for line in new + kept).encode(errors="surrogateescape"))
    finally:
        os.close(descriptor)
    return file


def _lines(file: Path) -> list[str]:
    """The lines of the file; none if the file is a link, because its target must not be copied."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    with os.fdopen(descriptor, encoding="utf-8", errors="surrogateescape") as handle:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return []
        return handle.read().splitlines()
