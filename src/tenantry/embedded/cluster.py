"""Creating a cluster, and its configuration."""

import os
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from tenantry.core.errors import ServerError
from tenantry.embedded.account import Account, run
from tenantry.embedded.binaries import program_version
from tenantry.embedded.ports import LOOPBACK

CONF = "tenantry.conf"
SUPERUSER = "postgres"

DEFAULT_SETTINGS: Mapping[str, str] = {
    # Reached only over the loopback address with a password: a socket file would need a directory that both
    # the server's account and the users can reach.
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    # A query on a union view locks each slice below it, and an upgrade locks them all at once.
    "max_locks_per_transaction": "1024",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "256MB",
    # Nobody replicates this server. With minimal WAL, loading a new table writes its rows once.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Compiling takes longer than these queries run.
    "jit": "off",
    # fsync stays on: this is people's data.
}

_HBA = f"""\
# TYPE  DATABASE  USER  ADDRESS       METHOD
host    all       all   {LOOPBACK}/32  scram-sha-256
"""

HEADER = """\
# Tenantry rewrites this file at each start. Put your own settings at the end of postgresql.conf,
# or use ALTER SYSTEM; both override this file.
"""


def create_cluster(
    data: Path, bindir: Path, account: Account | None, *, sync: bool, partial: Path, password_path: Path
) -> str:
    """Create a cluster for `account` with the programs in `bindir`; return its superuser's password.

    It is created as `partial` and left there, ready to be renamed to `data`, so that `data` is never half-made.
    `password_path` holds the password while initdb runs. `sync=False` skips writing everything to the disk at the end.

    Raises ServerError if initdb fails; nothing is left then.
    """
    password = secrets.token_urlsafe(24)
    major = int(re.split(r"\D", program_version(bindir))[0])
    # Strings sort the same on every machine, and after an upgrade of its C library. From 17 on, PostgreSQL
    # has such a locale that knows letters beyond ASCII as well.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
    shutil.rmtree(partial, ignore_errors=True)
    password_path.unlink(missing_ok=True)
    try:
        partial.mkdir(mode=0o700)
        write_for(account, password_path, password)
        if account:
            os.chown(partial, account.uid, account.gid)
        made = run(
            [
                bindir / "initdb",
                f"--pgdata={partial}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_path}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                *locale,
                "--data-checksums",
                "--no-instructions",
                *([] if sync else ["--no-sync"]),
            ],
            account=account,
            cwd=partial.parent,
        )
        if made.returncode != 0:
            raise ServerError(
                f"initdb could not make a cluster in {data}: {_last_line(made.stderr or made.stdout)}",
                hint="is the disk full? can the server's account reach that directory? TENANTRY_SERVER_DIR names another",
            )
        write_for(account, partial / "pg_hba.conf", _HBA)
        # That account could have put a link there in the meantime.
        settings = os.open(partial / "postgresql.conf", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        with os.fdopen(settings, "a", encoding="utf-8") as conf:
            # Root must not write into another account's directory later on, so the file is outside.
            conf.write(f"\ninclude = '../{CONF}'\n")
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ServerError(
            f"no cluster could be made in {data}: {error}",
            hint="name a directory in TENANTRY_SERVER_DIR that the server's account can reach",
        ) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        password_path.unlink(missing_ok=True)
    return password


def write_conf(directory: Path, port: int, settings: Mapping[str, str]) -> None:
    """Write the settings for the next start: the defaults, `settings` over them, and `port`.

    Raises ServerError if a name in `settings` cannot be the name of a setting.
    """
    lines = [HEADER]
    for name, value in {**DEFAULT_SETTINGS, **settings, "port": str(port)}.items():
        if not re.fullmatch(r"[A-Za-z_][\w.]*", name, re.ASCII) or any(c in value for c in "\r\n\0"):
            raise ServerError(f"{name!r} is not a PostgreSQL setting, or its value has a line break in it")
        quoted = value.replace("\\", "\\\\").replace("'", "''")
        lines.append(f"{name} = '{quoted}'\n")
    path = directory / CONF
    path.write_text("".join(lines), encoding="utf-8")
    path.chmod(0o644)  # for the server's account


def remembered_port(directory: Path) -> int | None:
    """The port of the last start, or None if there was none yet."""
    try:
        text = (directory / CONF).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    found = re.search(r"^port = '(\d+)'$", text, re.MULTILINE)
    return int(found.group(1)) if found else None


def write_for(account: Account | None, path: Path, text: str) -> None:
    """Write a new file with mode 0600 that belongs to `account` (None: to this process's account), replacing an existing one."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if account:
            os.fchown(descriptor, account.uid, account.gid)
        file.write(text)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it printed nothing"
