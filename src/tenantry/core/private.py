"""Files that hold secrets: written for their owner alone, and read only if nobody else can read them."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from tenantry.core.errors import InputError


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read: whole, or not at all. Raises InputError if it cannot be written.

    What was there is replaced, a link too, and what it led to stays as it is.
    """
    part = None
    try:
        # mkstemp makes files of mode 0600, so the content is never open to others.
        descriptor, part = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        Path(part).replace(file)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    finally:
        if part is not None:
            with suppress(FileNotFoundError):
                Path(part).unlink()


def read_private(file: Path) -> str:
    """The secret that a file holds, without the line breaks at its end.

    Raises InputError if it cannot be read, or if others can read it. What is no file, such as the pipe of a shell's `<(…)`, has no
    mode to judge; root may share a file with a group, as libpq allows it for keys.
    """
    try:
        with file.open("rb") as handle:
            found = os.fstat(handle.fileno())
            allowed = stat.S_IRGRP if found.st_uid == 0 else 0
            if stat.S_ISREG(found.st_mode) and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~allowed:
                raise InputError(
                    f"{file} holds a secret, and others can read or change it", hint=f"Run: chmod 600 {file}"
                )
            return handle.read().decode("utf-8").rstrip("\n")
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    raise InputError(f"{file} cannot be read: {reason}")
