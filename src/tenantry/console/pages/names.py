"""What an address names: it exists, or the page does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar
from urllib.parse import quote

from tenantry.console.page import Missing
from tenantry.core.errors import InputError

Found = TypeVar("Found")


def found(look: Callable[[], Found]) -> Found:
    """What `look` returns. Raises Missing if it does not know the name."""
    try:
        return look()
    except InputError as error:
        raise Missing(error.message) from None


def day_of(text: str) -> date:
    """A day as addresses have it. Raises Missing for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Missing("there is no such day")
    return day


def part(text: str) -> str:
    """A name as a part of an address."""
    return quote(text, safe="")
