"""Locks between processes, which the kernel releases when their holder dies."""

import fcntl
import os
from pathlib import Path


def open_locked(path: Path, operation: int) -> int:
    """Open the file `path`, creating it if necessary, with flock's `operation` on it; wait for others.

    Returns the file descriptor; closing it releases the lock. Two descriptors exclude each other even within one
    process, so this works between threads, too.

    Raises OSError if the file cannot be created.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, operation)
            if _is_file_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        # The holder of the lock removed the file with the directory: a lock on it excludes nobody.
        os.close(descriptor)


def is_last_holder(descriptor: int, path: Path) -> bool:
    """Turn the shared lock on the file `path` into an exclusive one, if that is possible without waiting.

    Returns whether it was. Also False if `path` is gone, or is another file by now, because then there is nothing left
    to be the last holder of.

    The kernel releases the shared lock first, so nobody else may be able to take a lock in between: the caller holds
    another lock that ensures this.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return _is_file_at(descriptor, path)


def _is_file_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
