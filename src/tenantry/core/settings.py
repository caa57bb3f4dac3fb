"""Where the warehouse is: from the command line, the environment or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FILE_NAME = "tenantry.toml"
FOLDER_NAME = "tenantry.d"

Origin = Literal[
    "--dsn", "TENANTRY_DSN", "TENANTRY_ADMIN_DSN", "service", "tenantry.toml", "libpq environment", "embedded"
]

EMBEDDED = "embedded:"
"""A DSN that begins like this names the embedded server, in the default directory or in the one that follows."""


@dataclass(frozen=True)
class Target:
    """A libpq connection string (or `embedded:`) and where it came from."""

    dsn: str
    origin: Origin

    @property
    def embedded_directory(self) -> Path | Literal[False] | None:
        """The embedded server's directory, None for the default one, False if this is another server."""
        if not self.dsn.startswith(EMBEDDED):
            return False
        rest = self.dsn.removeprefix(EMBEDDED)
        return Path(rest).expanduser() if rest else None


def resolve(
    option: str | None, environment: Mapping[str, str], folder: Path, file: Path | None = None
) -> Target:
    """The warehouse to use: --dsn, TENANTRY_DSN, PGSERVICE, tenantry.toml, libpq's PG* variables, or embedded.

    `folder` is where the search for tenantry.toml begins; it goes on in the folders above. `file` is read in its place.
    Raises InputError if the file cannot be read.
    """
    if option:
        return Target(option, "--dsn")
    if environment.get("TENANTRY_DSN"):
        return Target(environment["TENANTRY_DSN"], "TENANTRY_DSN")
    if environment.get("PGSERVICE"):
        return Target("", "service")
    dsn = _dsn_of_file(folder, file)
    if dsn:
        return Target(dsn, "tenantry.toml")
    if any(environment.get(name) for name in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER")):
        return Target("", "libpq environment")
    return Target(EMBEDDED, "embedded")


def _dsn_of_file(folder: Path, file: Path | None) -> str | None:
    # Slow to import, and most machines have no such file.
    if file is None and not any(
        (place / name).exists() for place in (folder, *folder.parents) for name in (FILE_NAME, FOLDER_NAME)
    ):
        return None
    from tenantry.core import file as files

    return files.dsn(files.find(folder) if file is None else files.named(file))
