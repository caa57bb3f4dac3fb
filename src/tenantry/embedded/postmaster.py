"""What runs on a data directory: PostgreSQL's postmaster.pid, checked against the processes."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tenantry.core.errors import ServerError

PID_FILE = "postmaster.pid"


@dataclass(frozen=True)
class Postmaster:
    """A server's first process.

    `started` is the time it began, in seconds since 1970, as recorded by PostgreSQL; together with `pid` it tells one
    run of a server from the next. `status` is PostgreSQL's own word: starting, ready, stopping.
    """

    pid: int
    started: int
    port: int
    status: str


def find_postmaster(data: Path) -> Postmaster | None:
    """The server that runs on the data directory `data`, or None.

    A file that a crash left does not count, even if another process has its pid by now.

    Raises ServerError if `data` is closed to this account.
    """
    postmaster = _read(data)
    if postmaster is None or not _serves(postmaster.pid, data):
        return None
    return postmaster


def remove_misleading_pid_file(data: Path) -> None:
    """Remove a postmaster.pid whose pid belongs to a process that is not PostgreSQL, or to a dead one that its parent
    has not reaped.

    PostgreSQL only sees that the process exists, and refuses to start. This is common in containers: pids come back
    after a restart, and the first process may not reap any. A file whose process does not exist stays, because
    PostgreSQL handles it. In both cases it checks its shared memory for remaining children of the dead server. The
    caller must hold the start lock.
    """
    postmaster = _read(data)
    if postmaster is None or not _is_process(postmaster.pid):
        return
    arguments = _arguments(postmaster.pid)
    if not arguments or "postgres" not in arguments[0]:
        (data / PID_FILE).unlink(missing_ok=True)


def _read(data: Path) -> Postmaster | None:
    try:
        lines = (data / PID_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        pid, started, port = int(lines[0]), int(lines[2]), int(lines[3])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise ServerError(
            f"{data} belongs to another account",
            hint="use that account, or another directory in TENANTRY_SERVER_DIR",
        ) from error
    except (IndexError, ValueError):
        # PostgreSQL is writing it right now.
        return None
    return Postmaster(pid, started, port, lines[7].strip() if len(lines) > 7 else "starting")


def _serves(pid: int, data: Path) -> bool:
    """Whether that process was started with `-D data`, as only a postmaster of `data` is."""
    arguments = _arguments(pid)
    return bool(arguments) and str(data) in arguments


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _arguments(pid: int) -> list[str]:
    """The command line of a process; empty if it does not exist, or is dead and not yet reaped."""
    if Path("/proc/self/cmdline").exists():
        try:
            return [
                part
                for part in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                if part
            ]
        except OSError:
            return []
    # Without /proc (macOS), the arguments come in one line.
    listing = subprocess.run(
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    command, _, directory = listing.stdout.strip().partition(" -D ")
    return [part for part in (command, directory) if part]
