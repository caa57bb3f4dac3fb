"""What the errors of many tenants have in common, so that one message can tell all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tenantry.core.visible import visible
from tenantry.db.audit import without_secrets

MOST = 300
"""Characters of a message or cause."""

_DAY = re.compile(r"\b\d{4}[-_]\d\d[-_]\d\d\b")
_TIME = re.compile(r"\b\d\d:\d\d(:\d\d(\.\d+)?)?\b")
_ADDRESS = re.compile(r"(\b\d{1,3}(?:\.\d{1,3}){3}\b)")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*")
_SERVER = re.compile(r"\bwh_[0-9a-f]{8,}\b")


def line(text: str) -> str:
    """The first line of a message, short and without passwords: what follows it may repeat a row's values."""
    first = next((one for one in text.splitlines() if one.strip()), "")
    return short(visible(without_secrets([" ".join(first.split())]), lines=False))


def name(text: str) -> str:
    """A name, in one line whatever is in it."""
    return short(visible(text, lines=False))


def short(text: str) -> str:
    """A text in at most MOST characters."""
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def cause(text: str, names: Iterable[str]) -> str:
    """A message without what is different for each tenant: these names, days, times and numbers. Addresses of servers stay."""
    for name in sorted({name for name in names if name}, key=len, reverse=True):
        text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", "*", text)
    text = _SERVER.sub("*", text)
    text = _TIME.sub("…", _DAY.sub("…", text))
    parts = _ADDRESS.split(text)
    return short("".join(part if place % 2 else _NUMBER.sub("#", part) for place, part in enumerate(parts)))
