"""The form of a backup's records, and how much a file may hold.

Whoever reads a backup refuses what goes beyond it, and whoever writes one asks the same, so that no backup is written
that could not be restored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tenantry.core.errors import InputError, NotInstalled
from tenantry.db.migrations import known

FORMAT = 1

LOGS = "function_logs"

TRAIL = "audit"
"""The kind of the entries of the audit trail."""

PACKED = 8 * 2**30
"""Bytes of a file."""

UNPACKED = 64 * 2**30
"""Bytes of the unpacked content."""

RECORD = 16 * 2**20
"""Bytes of a line."""

RECORDS = 100_000_000
"""Lines."""

KEPT = 64 * 2**20
"""Bytes of all lines held in memory: those of all kinds except the long ones."""

VALUES = 2_000_000
"""Values in them."""

LONG = {f"{kind}\t".encode(): kind for kind in (f"table {LOGS}", "table slices", TRAIL)}
"""Kinds that may have millions of records, as the beginning of their lines. Backups hold no slices anymore."""

_NONE = type(None)

_KEYS: dict[str, dict[str, tuple[type, ...]]] = {
    "table tenants": {"schema_name": (str,)},
    "table tenant_connections": {"tenant_name": (str,)},
    "table mv_templates": {"template_name": (str,)},
    "table readers": {"reader_name": (str,), "tenants": (list, _NONE)},
    "feed": {"schema_name": (str,), "template_name": (str,), "row_count": (int,)},
    "secret": {"name": (str,), "password": (str,)},
    "role": {"name": (str,), "connections": (int,), "settings": (list,), "verifier": (str, _NONE)},
    "job": {"jobid": (int,), "name": (str, _NONE), "schedule": (str,), "command": (str,), "active": (bool,)},
}
"""The parts of a record that the program itself reads; the database reads the rest."""

_ABOUT: dict[str, tuple[type, ...]] = {
    "tenantry_backup": (int,),
    "version": (str,),
    "made_at": (str,),
    "database": (str,),
    "migrations": (list,),
    "jobs_left_out": (int,),
}


@dataclass
class Tally:
    """How much has been read or written. Each method raises InputError if that is more than a backup may hold."""

    size: int = 0
    lines: int = 0
    kept: int = 0
    values: int = 0

    def line(self, line: bytes) -> None:
        """Count a line."""
        self.size += len(line)
        self.lines += 1
        if len(line) > RECORD:
            raise _limit(f"{RECORD:,} bytes of a record")
        if self.size > UNPACKED or self.lines > RECORDS:
            raise _limit(f"{UNPACKED:,} bytes" if self.size > UNPACKED else f"{RECORDS:,} records")

    def keep(self, line: bytes, text: str) -> None:
        """Count a line that stays in memory, and its values."""
        self.kept += len(line)
        self.values += text.count(",") + text.count("[") + text.count("{") + 1
        if self.kept > KEPT or self.values > VALUES:
            raise _limit(f"{KEPT:,} bytes or {VALUES:,} values besides logs and slices")


def require_size(size: int) -> None:
    """Raise InputError for a file of more bytes than a backup may have."""
    if size > PACKED:
        raise _limit(f"{PACKED:,} bytes")


def require_about(text: str) -> dict[str, Any]:
    """Return what the first line says. Raises InputError if it is not a backup's, and NotInstalled if a newer program made it."""
    about = object_of(text)
    if not isinstance(about, dict) or not all(
        isinstance(about.get(key), kinds) for key, kinds in _ABOUT.items()
    ):
        raise no_backup()
    migrations = about["migrations"]
    counts = about.get("counts", {})
    if not migrations or not all(isinstance(version, int) for version in migrations):
        raise no_backup()
    if not isinstance(counts, dict) or not _are_texts(about.get("not_held", [])):
        raise no_backup()
    if about["tenantry_backup"] > FORMAT or max(migrations) > known()[-1].version:
        raise NotInstalled(
            f"the backup is newer than this program: Tenantry {about['version']} made it",
            hint="Upgrade the program: pip install --upgrade tenantry.",
        )
    return about


def require_record(kind: str, text: str) -> None:
    """Raise InputError for a record without the form of its kind."""
    value = object_of(text)
    wanted = _KEYS.get(kind, {})
    fits = isinstance(value, str if kind == "function" else dict)
    if fits and wanted:
        fits = all(isinstance(value.get(key), kinds) for key, kinds in wanted.items())
    if fits and kind == "role":
        fits = all(_are_texts(value.get(key, [])) for key in ("settings", "settings_here", "member_of"))
        fits = fits and isinstance(value.get("valid_until"), str | None)
    if not fits:
        raise InputError(
            f"the file is not a Tenantry backup: it has a record of another form ({kind[:40]!r})"
        )


def is_record(text: str) -> bool:
    """Whether a text is a JSON record, as for the long kinds, which are not checked while unpacking."""
    try:
        return isinstance(object_of(text), dict)
    except InputError:
        return False


def object_of(text: str) -> Any:
    """The value of a JSON text. Raises InputError if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise no_backup() from None


def no_backup() -> InputError:
    """The error for a file that is something else."""
    return InputError("the file is not a Tenantry backup")


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _limit(limit: str) -> InputError:
    return InputError(
        f"the file holds more than a backup may: {limit}",
        hint="No Tenantry backup is that large: check who made it.",
    )
