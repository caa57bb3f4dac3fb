"""tenantry.toml: what it may say."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tenantry.core.errors import InputError


class _Warehouse(BaseModel):
    model_config = ConfigDict(extra="forbid")
    dsn: str | None = None


class File(BaseModel):
    """The tables of the file; those that other commands read may stand beside."""

    model_config = ConfigDict(extra="ignore")
    warehouse: _Warehouse = _Warehouse()


def read(path: Path) -> File:
    """The file at `path`. Raises InputError if it cannot be read, without the values: one may be a password."""
    try:
        return File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        reason = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        reason = " ".join(str(error).split())
    raise InputError(f"{path} cannot be read: {reason}", hint="Nothing was done. Mend the file.")
