"""How a page comes about: a handler gets what was asked and a warehouse as the viewer's login opens it, and gives what to show."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tenantry.console import rights
from tenantry.console.login import NAME
from tenantry.console.sessions import COOKIE, Session, same
from tenantry.core.errors import DatabaseError, InputError, NotInstalled, TenantryError, WarehouseUnreachable
from tenantry.core.visible import visible
from tenantry.db import connect
from tenantry.warehouse import Warehouse

if TYPE_CHECKING:
    from tenantry.console.app import Console

log = logging.getLogger("tenantry.console")

T = TypeVar("T")

_SECONDS = 30
"""How long a statement of a page may take."""


@dataclass(frozen=True)
class Asked:
    """What a viewer asked for. `warehouse` is opened with the viewer's own login, so the database itself decides what it may."""

    console: Console
    viewer: Session
    warehouse: Warehouse
    path: Mapping[str, Any]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict, repr=False)

    def may(self, what: str) -> bool:
        """Whether the viewer's role may do this (see rights.py). The database refuses it anyway if not."""
        return rights.may(self.viewer.role, what)

    def alike(self, name: str, topics: tuple[str, ...], read: Callable[[], T]) -> T:
        """What `read` returns, or returned for another viewer if nothing of the topics changed since. For what all may see who may look."""
        counters = self.warehouse.changes()
        return self.console.cache.get(name, {topic: counters.get(topic, 0) for topic in topics}, read)


@dataclass(frozen=True)
class Shown:
    """A page: the file in html/ and what it shows. `topics` are the changes after which it is asked for again."""

    template: str
    facts: Mapping[str, Any]
    topics: tuple[str, ...] = ()
    status: int = 200


@dataclass(frozen=True)
class Sent:
    """The viewer is sent to another page, which says what was done."""

    to: str
    told: str = ""


class Missing(TenantryError):
    """What the address names does not exist."""


class Forbidden(TenantryError):
    """The viewer's role may not do this."""


Handler = Callable[[Asked], Shown | Sent | Response]
Endpoint = Callable[[Request], Awaitable[Response]]

_STATUS = (
    (Missing, 404),
    (Forbidden, 403),
    (InputError, 400),
    (WarehouseUnreachable, 503),
    (NotInstalled, 503),
)


def page(handler: Handler, needs: str = "look") -> Endpoint:
    """The endpoint of a page, for those whose role may do what it `needs`."""

    async def endpoint(request: Request) -> Response:
        console: Console = request.app.state.console
        viewer = await console.viewer(request)
        if viewer is None:
            return to_login()
        form: dict[str, str] = {}
        if request.method == "POST":
            try:
                pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=200)
            except ValueError:
                return console.show_error(viewer, 400, "The form cannot be read.")
            form = dict(pairs)
            if not same(form.pop("csrf", ""), viewer.csrf):
                _tell_refusal(viewer, request, "its token is not that of the session")
                return console.show_error(
                    viewer, 403, "The form is too old.", "Open the page again, and send it again."
                )
        if not rights.may(viewer.role, needs):
            if request.url.path == "/" and rights.may(viewer.role, "templates"):
                # Where a login leads; template authors do not see the fleet.
                return RedirectResponse("/templates", 303)
            _tell_refusal(viewer, request, "the role may not")
            return console.show_error(viewer, 403, "Your role may not see or do this.")
        return await run_in_threadpool(_answered, console, viewer, request, handler, form)

    return endpoint


def _answered(
    console: Console, viewer: Session, request: Request, handler: Handler, form: Mapping[str, str]
) -> Response:
    try:
        try:
            entered = connect.open_session(viewer.conninfo, name=NAME)
        except DatabaseError as error:
            if error.sqlstate != "42501":
                raise
            log.warning("session ended: %s", error.message)
            console.sessions.end(viewer)
            return to_login()
        with connect.closing(entered) as opened:
            viewer.role = connect.acting(opened)
            opened.execute("SELECT pg_catalog.set_config('statement_timeout', %s, false)", (f"{_SECONDS}s",))
            warehouse = Warehouse(viewer.conninfo, opened)
            answer = handler(
                Asked(console, viewer, warehouse, request.path_params, dict(request.query_params), form)
            )
    except TenantryError as error:
        if isinstance(error, WarehouseUnreachable) and console.lost_login(viewer):
            return to_login()
        status = next((number for kind, number in _STATUS if isinstance(error, kind)), 409)
        if error.sqlstate == "42501":
            status = 403
        return console.show_error(viewer, status, error.message, error.hint)
    except Exception:
        log.exception("a page failed: %s", visible(request.url.path, lines=False))
        return console.show_error(viewer, 500, "The page failed. The console's log says why.")
    if isinstance(answer, Sent):
        viewer.told = answer.told
        return RedirectResponse(answer.to, 303)
    if isinstance(answer, Shown):
        return console.show(viewer, request, answer)
    return answer


def to_login() -> Response:
    """Lead to the page for logging in, and take away the cookie of a session that is over."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


def _tell_refusal(viewer: Session, request: Request, reason: str) -> None:
    where = visible(request.url.path, lines=False)
    log.warning("refused: %s %s of %s: %s", request.method, where, visible(viewer.login, lines=False), reason)
