"""Doctor: what is wrong with the warehouse, why, and what mends it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from starlette.routing import Route

from tenantry.cli.look.alike import Alike, grouped, named
from tenantry.console.page import Asked, Sent, Shown, page
from tenantry.console.paging import part

if TYPE_CHECKING:
    from tenantry.observe.checks.finding import Check, Finding

_SIZE = 100
"""Findings on a page."""

LEVELS = {"error": "bad", "warning": "warn", "note": "off"}
"""How bad a severity is, the worst first."""


def doctor(asked: Asked) -> Shown:
    """The page: what the last examination found, and how far the running one is."""
    role = asked.viewer.role
    last = asked.console.examinations.last(role)
    everything = asked.query.get("all") == "1"
    pairs = [] if last is None else [(o.check, finding) for o in last.outcomes for finding in o.findings]
    wanted = [pair for pair in pairs if asked.query.get("severity", "") in ("", pair[1].severity.value)]
    wanted.sort(key=lambda pair: list(LEVELS).index(pair[1].severity.value))
    facts = {
        "running": asked.console.examinations.running(role),
        "last": last,
        "checks": len(last.outcomes) if last else 0,
        "counts": Counter(finding.severity.value for _, finding in pairs),
        "part": part(_alike(wanted, everything=everything), "/doctor", asked.query, _SIZE),
        "everything": everything,
        "levels": LEVELS,
        "named": named,
    }
    return Shown("doctor.html", facts, topics=("doctor",))


def _alike(pairs: list[tuple[Check, Finding]], *, everything: bool) -> list[Alike]:
    return [Alike(check, [finding]) for check, finding in pairs] if everything else list(grouped(pairs))


def examine(asked: Asked) -> Sent:
    """Run the checks."""
    asked.console.examinations.begin(asked.viewer)
    return Sent("/doctor")


ROUTES = [
    Route("/doctor", page(doctor), methods=["GET"]),
    Route("/doctor", page(examine), methods=["POST"]),
]
