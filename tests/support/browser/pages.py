"""The pages of the console, for tests that look at all of them."""

from __future__ import annotations

from typing import NamedTuple

from starlette.routing import BaseRoute, Match

import tenantry
from tenantry.console.pages import ROUTES
from tests.support.databases import Warehouse


class Page(NamedTuple):
    """An address, with `{tenant}`, `{template}` and `{day}` in it, and what a role must be able to do (console/rights.py)."""

    address: str
    needs: str = "look"

    def of(self, tenant: str, template: str, day: object) -> str:
        """The address for a feed."""
        return self.address.format(tenant=tenant, template=template, day=day)


PAGES = (
    Page("/"),
    Page("/sessions", "any"),
    Page("/tenants/{tenant}"),
    Page("/tenants/{tenant}?template={template}"),
    Page("/tenants/{tenant}/{template}/{day}"),
    Page("/templates", "templates"),
    Page("/templates/{template}", "templates"),
    Page("/schedule"),
    Page("/schedule/history"),
    Page("/loads"),
    Page("/actions/new?kind=backfill&tenant={tenant}&template={template}", "backfill"),
    Page("/actions/new?kind=reload&tenant={tenant}&template={template}&from={day}&to={day}", "reload"),
    Page("/actions/new?kind=fold&tenant={tenant}&template={template}&year=2024", "fold"),
    Page("/actions/new?kind=disable&tenant={tenant}", "disable"),
    Page("/actions/1"),
    Page("/doctor"),
    Page("/logs"),
    Page("/audit"),
    Page("/readers"),
    Page("/plan"),
)


def _is(route: BaseRoute, page: Page) -> bool:
    path = page.of("a", "a", "2024-01-01").partition("?")[0]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "root_path": ""}
    return route.matches(scope)[0] == Match.FULL


def ask_for(warehouse: Warehouse, kind: str, **arguments: str) -> None:
    """Ask for an action, whose page is then in the table: it is the first."""
    tenantry.Warehouse(warehouse.conninfo).request(kind, **arguments)


def not_listed() -> list[str]:
    """Addresses of the program that show a page and are not in the table."""
    return [
        route.path
        for route in ROUTES
        if "GET" in (route.methods or ()) and not any(_is(route, page) for page in PAGES)
    ]
