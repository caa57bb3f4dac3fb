"""Which backups of a folder are old: those whose names differ from a new one's only in the date."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from tenantry.core.errors import InputError
from tenantry.recovery.sealed import is_sealed

_DATE = re.compile(r"(?<!\d)\d{4}-?\d\d-?\d\d(?:[T_.-]?\d\d[:.-]?\d\d(?:[:.-]?\d\d)?Z?(?![\d-]))?(?!\d)")


def require_dated(file: Path) -> None:
    """Raise InputError unless a name contains exactly one date, which tells it from others of its kind."""
    if len(_DATE.findall(file.name)) != 1:
        raise InputError(
            f"{file.name} has no date in its name, which would tell older backups from other files",
            hint="Name it like warehouse-$(date +%F).backup.",
        )


def older(file: Path, keep: int) -> list[Path]:
    """All backups of a file's kind in its folder, except the file itself and the newest others (`keep` in total),
    oldest first.

    A backup of its kind is a regular file of the same owner, encrypted as a backup is, whose name is the same except
    for the date. The date says how old it is. Raises InputError if the folder cannot be read.
    """
    date = _DATE.search(file.name)
    if date is None:
        return []
    head, tail = file.name[: date.start()], file.name[date.end() :]
    found = []
    try:
        for other in file.parent.iterdir():
            middle = other.name.removeprefix(head).removesuffix(tail)
            if other.name == file.name or f"{head}{middle}{tail}" != other.name:
                continue
            if _DATE.fullmatch(middle) and _is_backup(other):
                found.append((re.sub(r"\D", "", middle).ljust(14, "0"), other))
    except OSError as error:
        raise InputError(f"{file.parent} cannot be read: {error.strerror}") from None
    found.sort()
    return [other for _, other in found[: max(0, len(found) - (keep - 1))]]


def _is_backup(file: Path) -> bool:
    state = file.lstat()
    if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
        return False
    with file.open("rb") as opened:
        return is_sealed(opened.read(64))
