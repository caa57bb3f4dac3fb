"""What a workload gets to measure with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.stage import Stage


@dataclass(frozen=True)
class Lab:
    """A stage, how often to run everything, the maximum number of tenants, where to report progress, and a commit."""

    stage: Stage
    runs: int
    tenants: int | None
    tell: Callable[[str], None]
    against: str | None = None
    """An earlier version to compare this one with."""

    def at_most(self, tenants: int) -> int:
        """That many tenants, or fewer if the command line says so."""
        return tenants if self.tenants is None else min(tenants, self.tenants)
