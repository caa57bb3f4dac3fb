"""A saved plan: the files it was made from, the changes that were shown, and what the warehouse was like.

It holds no secret. Nothing in it is done as it stands: to apply it, the changes are computed again from its files and the warehouse,
and have to be the ones that were saved.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from pydantic import BaseModel, ConfigDict

from tenantry import __version__
from tenantry.core.errors import InputError
from tenantry.core.private import write_private
from tenantry.core.trust import callers, objection
from tenantry.db.queries import one_row, query
from tenantry.fleet import file
from tenantry.fleet.file import Declared
from tenantry.fleet.live import Live
from tenantry.fleet.plan import Choice, Plan

FORMAT = 1

_AGAIN = "Make it again: tenantry plan --output FILE"


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    format: int
    tenantry: str
    file: str | None
    paths: list[str]
    texts: dict[str, str]
    targets: list[str]
    leave: list[str]
    warehouse: str
    changes: list[dict[str, Any]]
    checksum: str


@dataclass(frozen=True)
class Saved:
    """A saved plan as it was read: `file` is what --file named."""

    file: Path | None
    declared: Declared
    choice: Choice
    warehouse: str
    changes: list[dict[str, Any]]


def write(session: psycopg.Connection, plan: Plan, declared: Declared, file: Path | None, path: Path) -> None:
    """Save a plan in a file that only its owner can read. Raises InputError if it cannot be written."""
    folder = path.absolute().parent
    left = [
        name if kind == "connection" else f"alerts.{name}"
        for kind, name in plan.not_compared
        if kind in ("connection", "alert")
    ]
    content = {
        "format": FORMAT,
        "tenantry": __version__,
        "file": None if file is None else _relative(file, folder),
        "paths": [_relative(each, folder) for each in declared.paths],
        "texts": {_relative(each, folder): text for each, text in declared.texts.items()},
        "targets": list(plan.choice.targets),
        "leave": sorted(left),
        "warehouse": fingerprint(session, plan.live),
        "changes": [asdict(change) for change in plan.changes],
    }
    text = json.dumps(content | {"checksum": _checksum(content)}, indent=1, ensure_ascii=False)
    write_private(path, text.encode() + b"\n")


def read(path: Path) -> Saved:
    """Return a saved plan; paths in it begin at its folder.

    Raises InputError for a file that cannot be read, that others can write, or that is not as it was saved.
    """
    try:
        reason = objection(path, path.stat(), callers())
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    if reason:
        raise InputError(f"{path} is not read: {reason}", hint=f"Run: chmod go-w {path}")
    try:
        whole = json.loads(text)
        saved = _Saved.model_validate(whole)
    except ValueError:
        raise InputError(f"{path} is not a saved plan", hint=_AGAIN) from None
    if saved.format != FORMAT:
        raise InputError(f"{path} was saved by Tenantry {saved.tenantry}, in another format", hint=_AGAIN)
    if saved.checksum != _checksum({key: value for key, value in whole.items() if key != "checksum"}):
        raise InputError(f"{path} has been changed since it was saved", hint=_AGAIN)
    folder = path.absolute().parent
    return Saved(
        None if saved.file is None else folder / saved.file,
        file.read(
            [folder / each for each in saved.paths],
            {Path(os.path.normpath(folder / each)): text for each, text in saved.texts.items()},
        ),
        Choice(tuple(saved.targets), leave=frozenset(saved.leave)),
        saved.warehouse,
        saved.changes,
    )


def require_same(session: psycopg.Connection, saved: Saved, plan: Plan) -> None:
    """Raise InputError unless a plan is the saved one, made against the same state of the same warehouse."""
    same = json.loads(json.dumps([asdict(change) for change in plan.changes])) == saved.changes
    if not same or saved.warehouse != fingerprint(session, plan.live):
        raise InputError("the warehouse has changed since the plan was saved, or is another one", hint=_AGAIN)


def fingerprint(session: psycopg.Connection, live: Live) -> str:
    """A digest of the warehouse's identity and of all that a file could declare, but of no secret."""
    identity = one_row(session, query("fleet", "identity"))
    addresses = {name: asdict(source.connection) for name, source in live.fleet.connections.items()}
    state = asdict(replace(live, fleet=replace(live.fleet, connections={})))
    return _checksum({"identity": list(identity), "connections": addresses, "live": state})


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path.absolute(), folder)
