"""One step from what a warehouse has to what a file declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal["create", "change", "remove"]

Kind = Literal[
    "template", "connection", "tenant", "feed", "query", "storage", "reader", "job", "state", "alert"
]


@dataclass(frozen=True)
class Detail:
    """A value that differs. None means that there is none. For a secret, neither value is shown, and `secret` is True."""

    key: str
    old: str | None = None
    new: str | None = None
    secret: bool = False


@dataclass(frozen=True)
class Change:
    """What to do to one thing. For a feed, a query or a storage, `name` is the tenant's name and `template` the rest.

    `loses` says which data would be lost, None if none would.
    """

    action: Action
    kind: Kind
    name: str
    details: tuple[Detail, ...] = ()
    template: str | None = None
    loses: str | None = None

    @property
    def subject(self) -> str:
        """The thing in words: `feed acme.foodlogstats`."""
        name = self.name if self.template is None else f"{self.name}.{self.template}"
        return f"{_WORDS.get(self.kind, self.kind)} {name}"


_WORDS = {"state": "tenant", "query": "feed", "storage": "feed"}

_MAKING: tuple[Kind, ...] = (
    "template",
    "connection",
    "tenant",
    "feed",
    "query",
    "storage",
    "job",
    "state",
    "reader",
    "alert",
)
"""The order of creations and changes: each kind needs only those before it."""

_REMOVING: tuple[Kind, ...] = ("alert", "job", "reader", "feed", "tenant", "connection", "template")
"""The order of removals: each kind is needed only by those before it."""


def in_order(changes: list[Change]) -> list[Change]:
    """The changes in an order that is safe, however many of them are made: removals come last."""
    return sorted(changes, key=_rank)


def _rank(change: Change) -> tuple[bool, int, str, str]:
    removes = change.action == "remove"
    order = _REMOVING if removes else _MAKING
    return removes, order.index(change.kind), change.name, change.template or ""
