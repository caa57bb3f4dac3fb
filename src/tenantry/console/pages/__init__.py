"""The pages, a module each, and their addresses."""

from starlette.routing import Route

from tenantry.console.pages import fleet

ROUTES: list[Route] = [*fleet.ROUTES]
