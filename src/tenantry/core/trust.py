"""Which files and folders can be trusted: only root's and one's own, where nobody else can write.

The rules are those of sshd's StrictModes and of git's safe.directory.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Collection
from errno import ELOOP
from pathlib import Path

_LINKS = 40
"""How many links a path may lead through, as in Linux."""


def callers() -> frozenset[int]:
    """Root, this process's account, and under sudo the calling account."""
    accounts = {0, os.geteuid()}
    sudo = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and sudo.isdecimal():
        accounts.add(int(sudo))
    return frozenset(accounts)


def objection(path: Path, found: os.stat_result, accounts: Collection[int]) -> str | None:
    """Return why `path`, whose lstat result is `found`, cannot be trusted; None if it can."""
    if found.st_uid not in accounts:
        return f"{path} belongs to {_name(found.st_uid)}"
    if stat.S_ISLNK(found.st_mode):
        return None  # nobody can write to a link, and its mode says nothing
    writers = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if writers & stat.S_IWOTH:
        return f"everybody may write to {path}"
    if writers and not _is_private(found.st_gid, found.st_uid):
        return f"the group {_group(found.st_gid)} may write to {path}"
    return None


def resolved(path: Path, accounts: Collection[int]) -> tuple[Path, str | None]:
    """Return the path without links, and why a step on the way cannot be trusted; None if all can.

    A folder that others may write to is fine if it is sticky, like /tmp, because they cannot replace other people's
    files there. Missing parts are no objection. Raises OSError if a step cannot be examined.
    """
    rest = list(reversed(path.absolute().parts[1:]))
    here = Path("/")
    links = 0
    reason = objection(here, here.lstat(), accounts)
    while rest:
        part = rest.pop()
        if part == "..":
            here = here.parent
            continue
        step = here / part
        try:
            found = step.lstat()
        except FileNotFoundError:
            return Path(os.path.normpath(step.joinpath(*reversed(rest)))), reason
        if reason is None and not (_is_sticky(found) and found.st_uid in accounts):
            reason = objection(step, found, accounts)
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > _LINKS:
                raise OSError(ELOOP, os.strerror(ELOOP), str(path))
            target = step.readlink()
            if target.is_absolute():
                here = Path("/")
            rest += reversed(target.parts[1:] if target.is_absolute() else target.parts)
        else:
            here = step
    return here, reason


def _is_sticky(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)


def _is_private(group: int, account: int) -> bool:
    """Whether the account is the group's only member; many systems create such a group for each user."""
    try:
        found, owner = grp.getgrgid(group), pwd.getpwuid(account).pw_name
    except KeyError:
        return False
    return found.gr_name == owner and set(found.gr_mem) <= {owner}


def _name(account: int) -> str:
    try:
        return pwd.getpwuid(account).pw_name
    except KeyError:
        return f"the account {account}"


def _group(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)
