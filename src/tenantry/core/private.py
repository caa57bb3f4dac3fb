"""Files that hold secrets: only their owner can read them, and they are used only if nobody else can read them."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tenantry.core.errors import InputError


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, as a whole or not at all. Raises InputError if it cannot be written.

    An existing file or link is replaced; the link's target stays as it is.
    """
    with writing_private(file) as handle:
        handle.write(content)


@contextmanager
def writing_private(file: Path) -> Iterator[BinaryIO]:
    """`write_private` of what the block writes: nothing, if the block raises an error."""
    part = None
    try:
        # mkstemp creates files with mode 0600, so others can never read the content.
        descriptor, part = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "wb") as handle:
            yield handle
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
    """Return the secret in a file, without the line breaks at its end.

    Raises InputError if the file cannot be read, or if others can read it. A pipe, such as that of a shell's `<(…)`,
    has no mode to check. Root may share a file with a group, as libpq allows for keys.
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
