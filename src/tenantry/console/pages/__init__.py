"""The pages, a module each, and their addresses."""

from starlette.routing import Route

from tenantry.console.pages import (
    actions,
    day,
    doctor,
    fleet,
    loads,
    logs,
    plan,
    readers,
    schedule,
    templates,
    tenant,
)

ROUTES: list[Route] = [
    *fleet.ROUTES,
    *day.ROUTES,
    *tenant.ROUTES,
    *templates.ROUTES,
    *actions.ROUTES,
    *loads.ROUTES,
    *schedule.ROUTES,
    *doctor.ROUTES,
    *logs.ROUTES,
    *readers.ROUTES,
    *plan.ROUTES,
]
