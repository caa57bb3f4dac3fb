"""The account that PostgreSQL runs as, and how its programs are called.

PostgreSQL refuses to run as root, so root runs its programs as another account. An ordinary user runs them as itself.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenantry.core.errors import ServerError

ACCOUNT_VARIABLE = "TENANTRY_SERVER_USER"

# Nothing from the caller's environment may reach the server: a PGDATA or PGPORT of another installation would
# change what initdb and pg_ctl do, and a locale would change their messages.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """An account of the operating system: its name, user id and group id."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account to run PostgreSQL as, or None for this process's account.

    Only root gets another one: the one named in TENANTRY_SERVER_USER, otherwise postgres, otherwise nobody.

    Raises ServerError if the named account does not exist, or is root itself.
    """
    if os.geteuid() != 0:
        return None
    named = os.environ.get(ACCOUNT_VARIABLE)
    for name in [named] if named else ["postgres", "nobody"]:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise ServerError(
                f"PostgreSQL does not run as {name}, which is root",
                hint=f"name an ordinary account in {ACCOUNT_VARIABLE}",
            )
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServerError(
        f"there is no account {named or 'postgres or nobody'} to run PostgreSQL as",
        hint=f"name an ordinary account in {ACCOUNT_VARIABLE}",
    )


def run(
    command: Sequence[str | Path], *, account: Account | None, cwd: Path, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs to its end, as `account` (None: as this process), in `cwd`.

    The result holds its output as text; the caller has to check whether the program failed.

    Raises OSError if the account has no access to the program or `cwd`, and subprocess.TimeoutExpired after `timeout`
    seconds.
    """
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
        umask=0o077,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
