"""Jinja2 as the pages use it: all that is printed is escaped, and characters that deceive a reader are made visible."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tenantry.console import rights
from tenantry.console.login import ROLES
from tenantry.core.visible import visible
from tenantry.core.words import ago, count, human_bytes, human_seconds

_STATIC = Path(__file__).parent / "static"


def environment(folder: Path) -> Environment:
    """The environment of the pages in a folder."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "ago": ago,
        "bytes": human_bytes,
        "seconds": human_seconds,
        "number": lambda value: f"{value:,}",
        "moment": moment,
        "part": lambda text: quote(text, safe=""),
        "query": lambda pairs: urlencode(
            {key: value for key, value in pairs.items() if value not in (None, "")}
        ),
    }
    made.globals |= {"count": count, "may": rights.may, "static": _static, "roles": ROLES}
    return made


def shown(value: Any) -> Any:
    """A value as a page prints it: nothing for None; text without characters that a reader does not see. Markup stays."""
    if value is None:
        return ""
    if type(value) is str:
        return visible(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value


def moment(value: datetime | None) -> str:
    """A moment in UTC, to the second."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if value else ""


@cache
def _static(name: str) -> str:
    """The address of a file in static/, which changes with its content, so that browsers may keep it."""
    return f"/static/{name}?v={hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]}"
