"""The way in and out: the pages of logins and sessions."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tenantry.console import login as logins
from tenantry.console.page import Asked, Missing, Sent, Shown, log, to_login
from tenantry.console.sessions import COOKIE, Session, same
from tenantry.core.errors import TenantryError
from tenantry.core.visible import visible

if TYPE_CHECKING:
    from tenantry.console.app import Console

_LOGIN_COOKIE = "__Host-tenantry-login"
"""Holds the token of the login form: another site must not be able to log a browser in."""

_SECRET_HEADER = "x-tenantry-secret"  # noqa: S105 - the name of a header

_by_proxy = threading.Lock()


async def login(request: Request) -> Response:
    """The page for logging in, and what its form does."""
    console: Console = request.app.state.console
    if console.settings.proxy:
        viewer = await console.viewer(request)
        if viewer is not None:
            return RedirectResponse("/", 303)
        return console.show_error(
            None, 403, "The proxy did not say who you are, or you have no login of this warehouse."
        )
    if request.method != "POST":
        return _form(console)
    try:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return _form(console, "The form cannot be read.", 400)
    token = request.cookies.get(_LOGIN_COOKIE, "")
    if not token or not same(form.get("token", ""), token):
        return _form(console, "The form was too old. Please try again.", 403)
    # What is longer than any login is refused, and need not be kept to count the tries.
    name = form.get("login", "")[:64]
    return await run_in_threadpool(_logged_in, console, request, name, form.get("password", ""))


def _logged_in(console: Console, request: Request, name: str, password: str) -> Response:
    address = address_of(console, request)
    said = f"{visible(name[:63], lines=False)} from {address}"
    if wait := console.throttle.begin(name, address):
        log.warning("login refused: %s: too many tries", said)
        minutes = max(1, round(wait / 60))
        return _form(console, f"Too many tries. Wait {minutes} min, then try again.", 429)
    try:
        accepted = logins.with_password(console.conninfo, name, password)
    except logins.Refused as refused:
        log.warning("login refused: %s: %s", said, visible(refused.reason, lines=False))
        return _form(console, refused.told, 403)
    except TenantryError as error:
        log.warning("login failed: %s: %s", said, error.message)
        return _form(console, "The warehouse does not answer.", 503)
    console.throttle.accepted(name, address)
    old = console.sessions.find(request.cookies.get(COOKIE, ""))
    if old is not None:
        console.sessions.end(old)
    agent = visible(request.headers.get("user-agent", ""), lines=False)
    token, session = console.sessions.begin(name, accepted.role, accepted.conninfo, address, agent)
    log.info("login: %s, as %s", said, session.role)
    response = RedirectResponse("/", 303)
    _set(response, COOKIE, token)
    response.delete_cookie(_LOGIN_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


def of_proxy(console: Console, request: Request) -> Session | None:
    """The session of whoever the proxy named; a new one if there is none yet. None if the proxy, or who it named, is unknown.

    Raises TenantryError if there is none yet, and the warehouse does not answer.
    """
    proxy = console.settings.proxy
    given = request.headers.getlist(proxy.header) if proxy else []
    secret = request.headers.getlist(_SECRET_HEADER)
    if proxy is None or len(given) != 1 or len(secret) != 1 or not same(secret[0], proxy.secret):
        return None
    name = proxy.logins.get(given[0])
    if name is None:
        return None
    session = _known(console, name, given[0])
    if session is not None:
        return session
    try:
        # Others do not wait for a warehouse that does not answer.
        accepted = logins.of_proxy(console.conninfo, name)
    except logins.Refused as refused:
        log.warning("login of the proxy refused: %s: %s", visible(name, lines=False), refused.reason)
        return None
    agent = visible(request.headers.get("user-agent", ""), lines=False)
    address = address_of(console, request)
    with _by_proxy:
        # Several pages of one person may have asked at once.
        session = _known(console, name, given[0])
        if session is None:
            _, session = console.sessions.begin(
                name, accepted.role, accepted.conninfo, address, agent, by=given[0]
            )
        return session


def _known(console: Console, login: str, by: str) -> Session | None:
    """The session of a person whom the proxy named before."""
    for session in console.sessions.all(login):
        if session.by == by:
            console.sessions.touch(session)
            return session
    return None


def address_of(console: Console, request: Request) -> str:
    """The address of the browser: behind a proxy, what the proxy itself added last."""
    if console.settings.behind_proxy:
        # Some proxies append to the header that the browser sent, others add one of their own.
        forwarded = ",".join(request.headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
        if forwarded:
            return visible(forwarded[:60], lines=False)
    return request.client.host if request.client else ""


def _form(console: Console, told: str = "", status: int = 200) -> Response:
    token = secrets.token_urlsafe(32)
    response = console.show(None, None, Shown("login.html", {"token": token, "refused": told}, status=status))
    _set(response, _LOGIN_COOKIE, token)
    return response


def _set(response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="strict")


def logout(asked: Asked) -> Response:
    """End the viewer's session."""
    asked.console.sessions.end(asked.viewer)
    log.info("logout: %s", visible(asked.viewer.login, lines=False))
    return to_login()


def sessions(asked: Asked) -> Shown:
    """The viewer's sessions; all of them for those who may end them."""
    found = asked.console.sessions.all(None if asked.may("sessions") else asked.viewer.login)
    return Shown("sessions.html", {"sessions": found})


def end_session(asked: Asked) -> Sent:
    """End one of the sessions that `sessions` shows."""
    visible_to = asked.console.sessions.all(None if asked.may("sessions") else asked.viewer.login)
    for session in visible_to:
        if session.public_id == asked.form.get("session"):
            asked.console.sessions.end(session)
            log.info("session of %s ended by %s", visible(session.login), visible(asked.viewer.login))
            return Sent("/sessions", f"A session of {session.login} was ended.")
    raise Missing("this session has ended already")
