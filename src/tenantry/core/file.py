"""tenantry.toml and tenantry.d: where they are, how to read them, and the table that every command needs."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tenantry.core.errors import InputError
from tenantry.core.settings import FILE_NAME, FILE_VARIABLE, FOLDER_NAME
from tenantry.core.trust import callers, objection


class Warehouse(BaseModel):
    """The table `warehouse`."""

    model_config = ConfigDict(extra="forbid")
    dsn: str | None = None


class _File(BaseModel):
    """The tables that this module knows; tables for other modules may stand beside them."""

    model_config = ConfigDict(extra="ignore")
    warehouse: Warehouse = Warehouse()


@dataclass(frozen=True)
class Document:
    """One file and its tables, as parsed from TOML."""

    path: Path
    tables: dict[str, Any]


def find(folder: Path) -> list[Path]:
    """Return the files of the nearest folder, from `folder` upwards, that has any: tenantry.toml, then those in
    tenantry.d.

    Raises InputError if somebody other than the caller or root could have written them, because they decide where
    passwords are sent and which programs run.
    """
    for place in (folder, *folder.parents):
        found = [place / FILE_NAME] if (place / FILE_NAME).is_file() else []
        folders = [place]
        if (place / FOLDER_NAME).is_dir():
            found += _in_folder(place / FOLDER_NAME)
            folders.append(place / FOLDER_NAME)
        if found:
            _require_trusted(folders, found)
            return found
    return []


def _require_trusted(folders: Sequence[Path], files: Sequence[Path]) -> None:
    accounts = callers()
    for path in (*folders, *files):
        # A link, and its target.
        for found in (path.lstat(), path.stat()):
            if reason := objection(path, found, accounts):
                named = folders[-1] if len(files) > 1 or files[0].parent != folders[0] else files[0]
                raise InputError(
                    f"{files[0]} is not read: {reason}",
                    hint=f"If you trust it, set {FILE_VARIABLE}={named}. Or fix its owner and mode (chown, chmod go-w).",
                )


def named(path: Path) -> list[Path]:
    """Return the files of a path: the file itself, or those in the folder. Raises InputError if there are none."""
    if path.is_dir():
        found = _in_folder(path)
        if not found:
            raise InputError(f"{path} holds no file that ends in .toml")
        return found
    return [path]


def _in_folder(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.toml") if file.is_file())


def parse(path: Path, content: str | None = None) -> Document:
    """Return the file at `path`, or the content that was read from there. Raises InputError if it cannot be read."""
    try:
        return Document(path, tomllib.loads(text(path) if content is None else content))
    except tomllib.TOMLDecodeError as error:
        raise unreadable(path, " ".join(str(error).split())) from None


def text(path: Path) -> str:
    """Return what the file at `path` holds. Raises InputError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(
            f"{path} does not exist", hint="Write one from the warehouse: tenantry export"
        ) from None
    except (UnicodeDecodeError, OSError) as error:
        raise unreadable(path, " ".join(str(error).split())) from None


def dsn(paths: Sequence[Path]) -> str | None:
    """Return the warehouse of the first of these files that names one. Raises InputError if a file cannot be read."""
    for path in paths:
        try:
            # Leave out the values, because one may be a password.
            found = _File.model_validate(parse(path).tables).warehouse.dsn
        except ValidationError as error:
            reason = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise unreadable(path, reason) from None
        if found:
            return found
    return None


def unreadable(path: Path, reason: str) -> InputError:
    """The error for a file with an invalid value."""
    return InputError(f"{path} cannot be read: {reason}", hint="Fix the file.")
