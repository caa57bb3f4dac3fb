"""The pages, a module each, and their addresses."""

from starlette.routing import Route

from tenantry.console.pages import day, fleet, templates, tenant

ROUTES: list[Route] = [*fleet.ROUTES, *day.ROUTES, *tenant.ROUTES, *templates.ROUTES]
