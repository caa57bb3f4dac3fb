"""The account that PostgreSQL runs as, and how its programs are called.

PostgreSQL refuses to run as root, so root hands its programs to another account. An ordinary
user runs them as itself.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenantry.core.errors import ServerError

ACCOUNT_VARIABLE = "TENANTRY_SERVER_USER"

# Nothing of the caller's environment may reach the server: a PGDATA or PGPORT of another
# installation would change what initdb and pg_ctl do, and a locale what they say.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """An account of the operating system: its name and its two numbers."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account to run PostgreSQL as, or None for the one this process has.

    Only root gets another one: the one named in TENANTRY_SERVER_USER, else postgres, else nobody.

    Raises ServerError if the account named does not exist, or is root again.
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
    """Run a program of PostgreSQL to its end, as `account` (None: as this process), in `cwd`.

    The result holds its output as text; a failure of the program is the caller's to see.

    Raises OSError if the program or `cwd` is out of that account's reach, and
    subprocess.TimeoutExpired after `timeout` seconds.
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
