"""What methods of a warehouse return that nothing below them returns, and what a load that is interrupted raises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tenantry.loader.result import Result

if TYPE_CHECKING:
    from tenantry.core.model import Connection, SourceFacts
    from tenantry.loader.run import Limits
    from tenantry.loader.verify import FeedVerdict


class Interrupted(KeyboardInterrupt):
    """Raised when Ctrl-C ends a load. `result` says what was loaded, which is kept.

    `so_far` is what the call would have returned, as far as it came: the `result` itself, or the Added, Enabled and so on that it is
    a part of.
    """

    def __init__(self, result: Result, so_far: object = None) -> None:
        super().__init__("interrupted")
        self.result = result
        self.so_far = so_far or result


@dataclass(frozen=True)
class Reloaded:
    """The result of loading days again and comparing them with the source."""

    load: Result
    compared: Sequence[FeedVerdict]

    @property
    def complete(self) -> bool:
        """Whether every day was loaded and matches the source."""
        return self.load.complete and not any(item.different or item.failed for item in self.compared)


@dataclass(frozen=True)
class Disabled:
    """A disabled tenant: since when, and why. `paused` names the jobs that were paused; None: it was disabled before."""

    tenant: str
    disabled_at: datetime | None
    reason: str | None
    paused: Sequence[str] | None


@dataclass(frozen=True)
class SourceChanged:
    """A connection as it is stored now, and the tenants that use it.

    `answered` is what the source said, None if it was not asked. `line` says in words how safe the line to it is, None if that was
    not looked for.
    """

    connection: Connection
    answered: SourceFacts | None
    line: str | None
    tenants: Sequence[str]


def limits_or_default(limits: Limits | None) -> Limits:
    """The limits that are given, otherwise two sessions per source without a pause."""
    from tenantry.loader.run import Limits

    return limits or Limits()
