"""The directory of an embedded server: where it is, and who may enter."""

import os
import stat
from pathlib import Path

import platformdirs

from tenantry.core.errors import ServerError

DIRECTORY_VARIABLE = "TENANTRY_SERVER_DIR"


def default_directory() -> Path:
    """Where the embedded server is kept: TENANTRY_SERVER_DIR, else a place of the user's data.

    For root it is below /var/lib, because root's home is closed to the account that PostgreSQL
    must run as.
    """
    named = os.environ.get(DIRECTORY_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/tenantry/server")
    return platformdirs.user_data_path("tenantry", appauthor=False) / "server"


def prepare_directory(directory: Path) -> None:
    """Make the directory if there is none: mode 0755 for root, 0700 for others.

    Root's must be open, because PostgreSQL's account reaches its data through it. What is secret
    in it has a mode of its own.

    Raises ServerError if it cannot be made, belongs to another account, or is open to everybody's
    writing: anybody could then put files of their own in the place of ours.
    """
    mode = 0o755 if os.geteuid() == 0 else 0o700
    try:
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=mode, exist_ok=True)
            # The umask took its part from the mode; the account must get through all the same.
            path.chmod(mode)
        found = directory.stat()
    except OSError as error:
        raise ServerError(
            f"the server's directory {directory} cannot be made: {error.strerror}",
            hint=f"name another one in {DIRECTORY_VARIABLE}",
        ) from error
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
        raise ServerError(
            f"the directory {directory} belongs to another account, or everybody may write to it",
            hint=f"name a directory of your own in {DIRECTORY_VARIABLE}",
        )
