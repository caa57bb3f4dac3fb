"""The log of the warehouse's functions and of Tenantry's programs, and the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.routing import Route

from tenantry.cli.look.activity import about
from tenantry.console.page import Asked, Shown, page
from tenantry.console.paging import linked

_SIZE = 100
"""Entries on a page."""

AGES = {
    "1h": ("the last hour", timedelta(hours=1)),
    "6h": ("6 hours", timedelta(hours=6)),
    "1d": ("a day", timedelta(days=1)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
}

LEVELS = {"DEBUG": "off", "INFO": "off", "WARNING": "warn", "ERROR": "bad"}

_LONGEST = 500
"""Characters of a message on the page; the rest opens with a click."""


def logs(asked: Asked) -> Shown:
    """The log, the newest entry first."""
    query = asked.query
    level = query.get("level", "").upper()
    names = list(LEVELS)
    entries = asked.warehouse.logs(
        tenant=query.get("tenant") or None,
        levels=names[names.index(level) :] if level in LEVELS else None,
        since=_since(query),
        function=query.get("function") or None,
        pattern=query.get("q") or None,
        before=_before(query),
        most=_SIZE + 1,
    )
    shown = entries[::-1][:_SIZE]
    facts = _facts("/logs", query, len(entries) > _SIZE, shown[-1].id if shown else 0) | {
        "entries": [(entry, *about(entry.context)) for entry in shown],
        "levels": LEVELS,
        "level": level,
        "tenants": asked.warehouse.names("tenants"),
        "longest": _LONGEST,
    }
    return Shown("lists/logs.html", facts, topics=() if query.get("before") else ("logs",))


def audit(asked: Asked) -> Shown:
    """The audit trail, the newest entry first."""
    query = asked.query
    entries = asked.warehouse.audit(
        since=_since(query),
        who=query.get("who") or None,
        text=query.get("q") or None,
        before=_before(query),
        most=_SIZE + 1,
    )
    shown = entries[::-1][:_SIZE]
    facts = _facts("/audit", query, len(entries) > _SIZE, shown[-1].id if shown else 0) | {
        "entries": shown,
        "longest": _LONGEST,
    }
    return Shown("lists/audit.html", facts, topics=() if query.get("before") else ("audit",))


def _since(query: Mapping[str, str]) -> timedelta | None:
    found = AGES.get(query.get("since", ""))
    return found[1] if found else None


def _before(query: Mapping[str, str]) -> int | None:
    text = query.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _facts(path: str, query: Mapping[str, str], more: bool, oldest: int) -> dict[str, Any]:
    return {
        "ages": {key: words for key, (words, _) in AGES.items()},
        "newest": linked(path, query, before="") if query.get("before") else "",
        "older": linked(path, query, before=str(oldest)) if more else "",
    }


ROUTES = [Route("/logs", page(logs), methods=["GET"]), Route("/audit", page(audit), methods=["GET"])]
