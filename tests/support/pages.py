"""The pages of the console, for tests that look at all of them."""

from __future__ import annotations

from typing import NamedTuple

from starlette.routing import Match

from tenantry.console.pages import ROUTES


class Page(NamedTuple):
    """An address, with `{tenant}`, `{template}` and `{day}` in it, and what a role must be able to do (console/rights.py)."""

    address: str
    needs: str = "look"

    def of(self, tenant: str, template: str, day: object) -> str:
        """The address for a feed."""
        return self.address.format(tenant=tenant, template=template, day=day)


_EVERY = (
    Page("/"),
    Page("/sessions", "any"),
    Page("/tenants/{tenant}"),
    Page("/tenants/{tenant}?template={template}"),
    Page("/tenants/{tenant}/{template}/{day}"),
    Page("/templates", "templates"),
    Page("/templates/{template}", "templates"),
    Page("/schedule"),
    Page("/loads"),
    Page("/actions/new?kind=backfill&tenant={tenant}&template={template}", "backfill"),
    Page("/actions/new?kind=reload&tenant={tenant}&template={template}&first={day}&last={day}", "reload"),
    Page("/doctor"),
    Page("/logs"),
    Page("/audit"),
    Page("/readers"),
    Page("/plan"),
)


def _exists(page: Page) -> bool:
    scope = {"type": "http", "method": "GET", "path": page.of("a", "a", "2024-01-01").partition("?")[0]}
    return page.address == "/sessions" or any(route.matches(scope)[0] == Match.FULL for route in ROUTES)


PAGES = tuple(page for page in _EVERY if _exists(page))


def not_listed() -> list[str]:
    """Addresses of the program that show a page and are not in the table."""
    paths = [page.of("a", "a", "2024-01-01").partition("?")[0] for page in _EVERY]
    return [
        route.path
        for route in ROUTES
        if "GET" in (route.methods or ()) and not any(route.path_regex.match(path) for path in paths)
    ]
