"""Secrets from files."""

from __future__ import annotations

from pathlib import Path

from tenantry.core.errors import InputError


def secret_in(file: Path) -> str:
    """The secret that a file holds, without the line break at its end. Raises InputError if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "it is no UTF-8 text"
    raise InputError(f"{file} cannot be read: {reason}")
