"""Secrets that a file names but does not contain: from the environment, from a file, or from a command."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from tenantry.core.errors import InputError
from tenantry.core.private import read_private

FORMS = '"env:NAME", "file:PATH" or { command = ["program", "argument"] }'

SECONDS = 30
"""How long a command may take, in seconds."""


class SecretMissing(Exception):
    """A secret cannot be fetched; the text says why, in a few words."""


@dataclass(frozen=True)
class Reference:
    """Where a secret is: a variable, a file, or the program and arguments that print it; exactly one of the three is
    set.

    Relative paths begin at `folder`, and the command runs there.
    """

    variable: str | None = None
    file: Path | None = None
    command: tuple[str, ...] | None = None


def reference(value: object) -> Reference:
    """Parse a file's value for a secret. Raises ValueError, without the value, if it has none of the known forms."""
    if isinstance(value, str):
        form, _, rest = value.partition(":")
        if form == "env" and rest:
            return Reference(variable=rest)
        if form == "file" and rest:
            return Reference(file=Path(rest))
    elif isinstance(value, dict) and list(value) == ["command"]:
        arguments = value["command"]
        if isinstance(arguments, list) and arguments and all(isinstance(a, str) for a in arguments):
            return Reference(command=tuple(arguments))
    raise ValueError(f"a secret must not be in the file itself: write {FORMS}")


def resolve(reference: Reference, folder: Path) -> SecretStr:
    """Return the secret, without a line break at the end of what a file or a command returns.

    Raises SecretMissing.
    """
    if reference.variable is not None:
        text = os.environ.get(reference.variable)
        if text is None:
            raise SecretMissing(f"environment variable {reference.variable} is not set")
        place = f"environment variable {reference.variable}"
    elif reference.file is not None:
        path = folder / reference.file.expanduser()
        text, place = _read(path), str(path)
    else:
        text, place = _run(reference.command or (), folder), "its command"
    if not text:
        raise SecretMissing(
            f"{place} is empty" if reference.command is None else "its command prints nothing"
        )
    if "\0" in text:
        raise SecretMissing(f"{place} contains a NUL byte")
    return SecretStr(text)


def _read(path: Path) -> str:
    try:
        return read_private(path)
    except InputError as error:
        raise SecretMissing(f"{error.message} ({error.hint})" if error.hint else error.message) from None


def _run(command: tuple[str, ...], folder: Path) -> str:
    """What a command prints. Its standard error goes to the user, because it may ask something there."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SecretMissing(f"{command[0]} does not end within {SECONDS} seconds") from None
    except OSError as error:
        raise SecretMissing(f"{command[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        raise SecretMissing(f"{command[0]} exited with status {done.returncode}")
    try:
        return done.stdout.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SecretMissing(f"{command[0]} does not print UTF-8 text") from None
