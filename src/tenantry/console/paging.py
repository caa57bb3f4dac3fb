"""Long lists, a page at a time: no page may be longer than a phone can take in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of a list. `before` and `after` are the addresses of the neighbouring parts, empty if there is none."""

    items: Sequence[T]
    number: int
    of: int
    total: int
    before: str
    after: str


def part(items: Sequence[T], path: str, query: Mapping[str, str], size: int) -> Part[T]:
    """The part of a list that the query's `page` names, counted from 1; the first or last one for any other number."""
    of = max(1, -(-len(items) // size))
    text = query.get("page", "1")
    number = min(max(int(text), 1), of) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    found = items[(number - 1) * size : number * size]
    before = linked(path, query, page=str(number - 1)) if number > 1 else ""
    after = linked(path, query, page=str(number + 1)) if number < of else ""
    return Part(found, number, of, len(items), before, after)


def linked(path: str, query: Mapping[str, str], **changed: str) -> str:
    """The address of a page with a query that is changed; what is empty is left out."""
    return f"{path}?" + urlencode({key: value for key, value in {**query, **changed}.items() if value})
