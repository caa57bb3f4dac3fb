"""Readers: the logins for reports, and what they may read."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.routing import Route

from tenantry.console.page import Asked, Shown, page
from tenantry.console.paging import part

_SIZE = 100
"""Readers on a page."""

_NAMED = 12
"""Tenants that are named at once; the rest opens with a click."""


def readers(asked: Asked) -> Shown:
    """The page."""
    found = asked.warehouse.readers()
    words = asked.query.get("q", "").lower().split()
    wanted = [
        reader
        for reader in found
        if all(word in " ".join((reader.name, *(reader.tenants or ()))).lower() for word in words)
    ]
    facts = {
        "all": len(found),
        "limited": sum(reader.tenants is not None for reader in found),
        "part": part(wanted, "/readers", asked.query, _SIZE),
        "named": _NAMED,
        "now": datetime.now(UTC),
    }
    return Shown("lists/readers.html", facts)


ROUTES = [Route("/readers", page(readers), methods=["GET"])]
