"""The directory of an embedded server: where it is, and who may enter."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import platformdirs

from tenantry.core.errors import ServerError
from tenantry.core.trust import objection, resolved
from tenantry.embedded.cluster import CONF, HEADER

DIRECTORY_VARIABLE = "TENANTRY_SERVER_DIR"

MARKER = "tenantry.server"
"""The file that marks a directory as Tenantry's."""

LOCKS = ("lease.lock", "start.lock")

_MARKER_TEXT = """\
This directory belongs to an embedded server of Tenantry, which replaces and deletes files in it.
Without this file it does not.
"""


def default_directory() -> Path:
    """Where the embedded server is kept: TENANTRY_SERVER_DIR, otherwise a place for the user's data.

    For root it is below /var/lib, because root's home is closed to the account that PostgreSQL must run as.
    """
    named = os.environ.get(DIRECTORY_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/tenantry/server")
    return platformdirs.user_data_path("tenantry", appauthor=False) / "server"


def trusted_directory(directory: Path) -> Path:
    """The directory without links, on a path where only root and this account can replace anything.

    Raises ServerError if somebody else can, or if the path cannot be examined.
    """
    try:
        found, reason = resolved(directory, {0, os.geteuid()})
    except OSError as error:
        raise _unusable(directory, error) from error
    if reason:
        raise ServerError(
            f"the server's directory {directory} is not safe: {reason}",
            hint=f"name another one in {DIRECTORY_VARIABLE}, or fix the owner and mode of the folders above it",
        )
    return found


def prepare_directory(directory: Path) -> None:
    """Create the directory if it does not exist, with mode 0755 for root and 0700 for others, and mark it as
    Tenantry's.

    Root's must be open, because PostgreSQL's account reaches its data through it. Secret files in it have their own
    mode.

    Raises ServerError if it cannot be created, if others could replace its files, or if it holds anything other than a
    server of Tenantry's.
    """
    mode = 0o755 if os.geteuid() == 0 else 0o700
    try:
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=mode, exist_ok=True)
            # The umask removed parts of the mode; the account needs access all the same.
            path.chmod(mode)
        found = directory.stat()
    except OSError as error:
        raise _unusable(directory, error) from error
    trusted_directory(directory)
    if reason := objection(directory, found, {os.geteuid()}):
        raise ServerError(reason, hint=f"name a directory of your own in {DIRECTORY_VARIABLE}")
    try:
        _mark(directory)
    except OSError as error:
        raise _unusable(directory, error) from error


def is_marked(directory: Path) -> bool:
    """Whether the directory is Tenantry's: only there anything is replaced or deleted."""
    return _is_own_file(directory / MARKER)


def is_known(directory: Path) -> bool:
    """Whether it contains a server of Tenantry's, perhaps from a release that set no marker."""
    return is_marked(directory) or _is_of_former_release(directory)


def _mark(directory: Path) -> None:
    if is_marked(directory):
        return
    # Whoever removes a server deletes the marker before the locks, which may already belong to somebody
    # again.
    there = {path.name for path in directory.iterdir()} - set(LOCKS)
    if there and not _is_of_former_release(directory):
        raise ServerError(
            f"{directory} is not an embedded server's directory, and is not empty",
            hint=f"name another one, or one that is new, in {DIRECTORY_VARIABLE} or as embedded:DIRECTORY",
        )
    with suppress(FileExistsError):
        descriptor = os.open(directory / MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_MARKER_TEXT)


def _is_of_former_release(directory: Path) -> bool:
    """Whether a release without a marker created it: its lock exists, and the settings that it wrote."""
    conf = directory / CONF
    return (
        all(_is_own_file(directory / name) for name in (CONF, "start.lock"))
        and (directory / "data" / "PG_VERSION").exists()
        and conf.read_text(encoding="utf-8", errors="replace").startswith(HEADER)
    )


def _is_own_file(path: Path) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()


def _unusable(directory: Path, error: OSError) -> ServerError:
    return ServerError(
        f"the server's directory {directory} cannot be made: {error.strerror}",
        hint=f"name another one in {DIRECTORY_VARIABLE}",
    )
