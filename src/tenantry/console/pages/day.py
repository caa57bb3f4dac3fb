"""A day of a feed: its state, where its rows are, and what happened to it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tenantry.console.page import Asked, Missing, Shown, page
from tenantry.console.pages.names import day_of, found
from tenantry.console.routes import Named
from tenantry.core.days import today_utc

if TYPE_CHECKING:
    from tenantry.core.model import FeedStatus
    from tenantry.observe.activity import Entry
    from tenantry.observe.slices import Slice

_NEWEST = 30
"""Entries of the log."""


def day(asked: Asked) -> Shown:
    """The page."""
    tenant, template, wanted = asked.path["tenant"], asked.path["template"], day_of(asked.path["day"])
    warehouse = asked.warehouse
    feed = next((f for f in found(lambda: warehouse.feeds(template, [tenant]))), None)
    status = next((one for one in warehouse.status(tenant) if one.template == template), None)
    if feed is None or status is None:
        raise Missing(f'the tenant has no template "{template}"')
    known = next(iter(warehouse.slices(feed, wanted, wanted)), None)
    level, told = _judged(known, status, wanted)
    shown = {
        "tenant": tenant,
        "template": template,
        "day": wanted,
        "before": wanted - timedelta(days=1) if wanted > date.min else None,
        "after": wanted + timedelta(days=1) if wanted < today_utc() else None,
        "slice": known,
        "details": warehouse.slice_details(feed, wanted),
        "level": level,
        "state": told,
        "status": status,
        "folded": wanted.year in status.years,
        "loadable": wanted <= max(today_utc(), status.last_day or today_utc()),
        "log": _history(asked, tenant, template, wanted),
    }
    return Shown("day.html", shown, topics=("slices", "tenants", "logs", "templates"))


def _judged(known: Slice | None, status: FeedStatus, wanted: date) -> tuple[str, str]:
    """How bad the day's state is, and its state in words."""
    if status.first_day and wanted < status.first_day and not (known and known.failed):
        return "off", "before the first day"
    if known is None:
        return "off", "not loaded yet"
    if known.failed or known.missing:
        return "bad", known.state
    if known.stale or known.outdated:
        return "warn", known.state
    return "ok", "loaded"


def _history(asked: Asked, tenant: str, template: str, wanted: date) -> list[Entry]:
    """The newest entries of the log that name the day and the feed."""
    entries = asked.warehouse.logs(tenant=tenant, pattern=re.escape(str(wanted)), most=10 * _NEWEST)
    own = [entry for entry in entries if _template(entry) in (None, template)]
    return own[-_NEWEST:][::-1]


def _template(entry: Entry) -> str | None:
    """The template that an entry is about. Functions that come from the manual name it in their own way."""
    found: str | None = entry.context.get("template_name", entry.context.get("template"))
    return found


ROUTES = [Named("/tenants/{tenant}/{template}/{day}", page(day))]
