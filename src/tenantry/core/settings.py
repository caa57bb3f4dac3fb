"""Which warehouse to use: from the command line, the environment or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE_NAME = "tenantry.toml"
FOLDER_NAME = "tenantry.d"

FILE_VARIABLE = "TENANTRY_FILE"
"""Names the fleet file, or a folder of such files. It is read instead of the nearest one, whoever owns it."""

Origin = Literal[
    "--dsn",
    "TENANTRY_DSN",
    "TENANTRY_ADMIN_DSN",
    "service",
    "the file that is named",
    "libpq environment",
    "tenantry.toml",
    "embedded",
]

EMBEDDED = "embedded:"
"""A DSN that begins like this names the embedded server, in the default directory or in the given one."""


@dataclass(frozen=True)
class Target:
    """A libpq connection string (or `embedded:`) and where it came from."""

    dsn: str
    origin: Origin

    @property
    def embedded_directory(self) -> Path | Literal[False] | None:
        """Return the embedded server's directory: None for the default one, False if this is another server."""
        if not self.dsn.startswith(EMBEDDED):
            return False
        rest = self.dsn.removeprefix(EMBEDDED)
        return Path(rest).expanduser() if rest else None


def resolve(
    option: str | None, environment: Mapping[str, str], folder: Path, file: Path | None = None
) -> Target:
    """Return the warehouse to use: --dsn, TENANTRY_DSN, PGSERVICE, a named file, libpq's PG* variables, tenantry.toml,
    or the embedded one.

    `file` is the one that an option names; otherwise TENANTRY_FILE may name one. Without either, the search for
    tenantry.toml begins in `folder` and continues in its parents. Raises InputError if the file cannot be read, or was
    found but cannot be trusted.
    """
    if option:
        return Target(option, "--dsn")
    if environment.get("TENANTRY_DSN"):
        return Target(environment["TENANTRY_DSN"], "TENANTRY_DSN")
    if environment.get("PGSERVICE"):
        return Target("", "service")
    if file is None and environment.get(FILE_VARIABLE):
        file = Path(environment[FILE_VARIABLE])
    if file is not None:
        from tenantry.core import file as files

        if dsn := files.dsn(files.named(file)):
            return Target(dsn, "the file that is named")
    if any(environment.get(name) for name in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER")):
        return Target("", "libpq environment")
    if file is None and (dsn := _dsn_found(folder)):
        return Target(dsn, "tenantry.toml")
    return Target(EMBEDDED, "embedded")


def _dsn_found(folder: Path) -> str | None:
    # The import is slow, and most machines have no such file.
    if not any(
        (place / name).exists() for place in (folder, *folder.parents) for name in (FILE_NAME, FOLDER_NAME)
    ):
        return None
    from tenantry.core import file as files

    return files.dsn(files.find(folder))
