"""Starting and stopping the PostgreSQL of a data directory, with pg_ctl."""

import subprocess
import time
from pathlib import Path

from tenantry.core.errors import ServerError
from tenantry.embedded.account import Account, run
from tenantry.embedded.postmaster import find_postmaster

# Recovery after a crash comes before the first connection; it reads at most max_wal_size of WAL.
START_SECONDS = 120
STOP_SECONDS = 30

# PostgreSQL's messages when the next attempt may succeed: the port was taken at the last moment, or children
# of a killed server have not yet noticed that it is gone.
_PASSING = ("could not create any TCP/IP sockets", "is still in use")


class StartFailed(ServerError):
    """PostgreSQL did not start. With `is_passing`, another attempt may succeed."""

    def __init__(self, message: str, *, is_passing: bool, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.is_passing = is_passing


def start(data: Path, bindir: Path, account: Account | None, log: Path) -> None:
    """Start PostgreSQL on `data` and wait until it accepts connections.

    Raises StartFailed if it does not; nothing is left running then.
    """
    before = log.stat().st_size
    command: list[str | Path] = [
        bindir / "pg_ctl",
        "start",
        "-w",
        "-t",
        str(START_SECONDS),
        "-D",
        data,
        "-l",
        log,
    ]
    try:
        result = run(command, account=account, cwd=data.parent, timeout=START_SECONDS + 10)
        if result.returncode == 0:
            return
        reason = f"pg_ctl: {result.stderr.strip()}" if result.stderr.strip() else "it printed nothing"
    except subprocess.TimeoutExpired:
        reason = f"it was not ready after {START_SECONDS} s"
    except OSError as error:
        raise ServerError(f"PostgreSQL cannot be started in {data}: {error}") from error
    except BaseException:
        stop(data, bindir, account, patience=0)
        raise
    stop(data, bindir, account, patience=0)
    with log.open("rb") as file:
        file.seek(before)
        said = file.read(100_000).decode(errors="replace")
    for line in said.splitlines():
        if "FATAL:" in line or "PANIC:" in line:
            reason = line.partition("FATAL:")[2].strip() or line
    raise StartFailed(
        f"PostgreSQL did not start: {reason}",
        is_passing=any(text in said for text in _PASSING),
        hint=f"its log is {log}",
    )


def stop(data: Path, bindir: Path, account: Account | None, *, patience: int = STOP_SECONDS) -> None:
    """Stop the PostgreSQL on `data`, if one runs: it rolls back running transactions and ends.

    After `patience` seconds it is stopped immediately, and recovers at its next start.

    Raises ServerError if it still runs then.
    """
    for mode, seconds in (("fast", patience), ("immediate", STOP_SECONDS)):
        if seconds and find_postmaster(data):
            run(
                [bindir / "pg_ctl", "stop", "-w", "-t", str(seconds), "-m", mode, "-D", data],
                account=account,
                cwd=data.parent,
            )
    # pg_ctl waits for the file, which the server removes a moment before it ends.
    deadline = time.monotonic() + 5
    while postmaster := find_postmaster(data):
        if time.monotonic() > deadline:
            raise ServerError(f"PostgreSQL does not stop: process {postmaster.pid} on {data}")
        time.sleep(0.02)
