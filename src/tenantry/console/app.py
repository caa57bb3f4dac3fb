"""The console as an ASGI application: its parts, its addresses, and who asks."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tenantry.actions import Worker
from tenantry.console import door, draw, login, probes, render
from tenantry.console.cache import Cache
from tenantry.console.examination import Examinations
from tenantry.console.guard import Guard
from tenantry.console.live import Live
from tenantry.console.page import Shown, log, page
from tenantry.console.pages import ROUTES
from tenantry.console.sessions import COOKIE, Session, Sessions
from tenantry.console.settings import Settings
from tenantry.console.throttle import Throttle
from tenantry.core.errors import TenantryError
from tenantry.core.visible import visible
from tenantry.db import connect
from tenantry.metrics import Cache as Numbers
from tenantry.warehouse import Warehouse

_HERE = Path(__file__).parent

_EVENTS = "/events"


class Console:
    """What the pages share: the warehouse's connection string, who is logged in, and how pages are drawn."""

    def __init__(self, conninfo: str, settings: Settings) -> None:
        """`conninfo` is the console's own login, which looks for changes and works off actions. Pages use the viewer's."""
        self.conninfo = conninfo
        self.settings = settings
        self.sessions = Sessions(settings.idle, settings.longest, forget=login.forget)
        self.throttle = Throttle()
        self.cache = Cache()
        self.live = Live(conninfo, self.sessions)
        self.examinations = Examinations(lambda: self.live.tell("doctor"))
        self.numbers = Numbers(Warehouse(conninfo), told=_told_numbers)
        self.worker = Worker(Warehouse(conninfo), _told) if settings.worker else None
        self._environment = render.environment(_HERE / "html")

    async def viewer(self, request: Request) -> Session | None:
        """Who asks, or None if nobody is logged in."""
        if self.settings.proxy:
            return await run_in_threadpool(door.of_proxy, self, request)
        token = request.cookies.get(COOKIE, "")
        # What an open page asks by itself must not keep its session from ending.
        return self.sessions.find(token, touch=not by_itself(request)) if token else None

    def show(self, viewer: Session | None, request: Request | None, shown: Shown) -> Response:
        """Draw a page."""
        told = ""
        # What an open page asks by itself is not seen by whom it is told.
        if viewer is not None and request is not None and request.method == "GET" and not by_itself(request):
            told, viewer.told = viewer.told, ""
        facts: dict[str, Any] = {
            "viewer": viewer,
            "settings": self.settings,
            "told": told,
            "topics": " ".join(shown.topics),
            "here": request.url.path if request is not None else "",
            "query": dict(request.query_params) if request is not None else {},
            "draw": draw,
        }
        text = self._environment.get_template(shown.template).render(facts | dict(shown.facts))
        return HTMLResponse(text, shown.status)

    def show_error(
        self, viewer: Session | None, status: int, message: str, hint: str | None = None
    ) -> Response:
        """Draw a page that says in one line what is wrong, and what to do next."""
        facts = {"status": status, "message": message, "hint": hint}
        return self.show(viewer, None, Shown("error.html", facts, status=status))

    def lost_login(self, viewer: Session) -> bool:
        """Whether a session's login is refused by now: then the session ends. Otherwise the warehouse does not answer."""
        # A line that was cut, as when the server starts again, says nothing of the login.
        if _answers(viewer.conninfo) or not _answers(self.conninfo):
            return False
        self.sessions.end(viewer)
        return True


def _answers(conninfo: str) -> bool:
    """Whether the warehouse lets a login in."""
    try:
        with connect.session(conninfo, role=None, name=login.NAME):
            return True
    except TenantryError:
        return False


def by_itself(request: Request) -> bool:
    """Whether an open page asks, and not a person."""
    return request.headers.get("x-tenantry-live") == "1" or request.url.path == _EVENTS


class _Static(StaticFiles):
    """Browsers keep what is asked for with the digest of its content, which render.py adds: it never changes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        named = scope["query_string"].startswith(b"v=") and response.status_code in (200, 304)
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if named else "no-cache"
        return response


def _told(event: str, **facts: object) -> None:
    """Log what the worker does."""
    said = " ".join(f"{name}={visible(str(fact), lines=False)}" for name, fact in facts.items())
    log.log(logging.WARNING if event in ("lost", "failed") else logging.INFO, "worker: %s %s", event, said)


def _told_numbers(failure: str | None) -> None:
    """Log that the warehouse gives no numbers, or gives them again."""
    if failure:
        log.warning("metrics: %s", visible(failure, lines=False))
    else:
        log.info("metrics: the warehouse answers again")


async def _events(request: Request) -> Response:
    console: Console = request.app.state.console
    viewer = await console.viewer(request)
    if viewer is None:
        return PlainTextResponse("Log in first.\n", 401)
    return StreamingResponse(console.live.stream(viewer), media_type="text/event-stream")


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    console: Console = request.app.state.console
    told = {
        404: "There is no such page.",
        405: "This page does not take forms.",
        408: "The request took too long.",
        413: "The request is too long.",
    }.get(status, "The request was refused.")
    try:
        viewer = await console.viewer(request)
    except TenantryError:
        viewer = None
    return console.show_error(viewer, status, told)


async def _no_viewer(request: Request, error: Exception) -> Response:
    """Whoever a proxy named cannot be logged in now."""
    console: Console = request.app.state.console
    log.warning("login of the proxy failed: %s", visible(getattr(error, "message", ""), lines=False))
    return console.show_error(None, 503, "The warehouse does not answer.")


def make(console: Console) -> Guard:
    """The application, behind its guard."""

    @asynccontextmanager
    async def running(app: Starlette) -> AsyncIterator[None]:
        console.live.start()
        if console.worker is not None:
            console.worker.start()
        try:
            yield
        finally:
            console.live.stop()
            if console.worker is not None:
                await run_in_threadpool(console.worker.stop)

    routes: list[BaseRoute] = [
        Route("/login", door.login, methods=["GET", "POST"]),
        Route("/logout", page(door.logout, "any"), methods=["POST"]),
        Route("/sessions", page(door.sessions, "any")),
        Route("/sessions/end", page(door.end_session, "any"), methods=["POST"]),
        Route(_EVENTS, _events),
        Mount("/static", _Static(directory=_HERE / "static")),
        *probes.ROUTES,
        *ROUTES,
    ]
    handlers = {HTTPException: _http_error, TenantryError: _no_viewer}
    app = Starlette(routes=routes, lifespan=running, exception_handlers=handlers)
    app.state.console = console
    # It would lead to http:// behind a proxy, and a form's password with it.
    app.router.redirect_slashes = False
    return Guard(app, console.settings, streams=[_EVENTS], probes=probes.PATHS)
