"""What stands before every page: who may ask at all, how much, how long, and what browsers may do with the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenantry.console.settings import Settings
from tenantry.core.visible import visible

MOST_BYTES = 512 * 1024
"""Of a request's body; a template's text is the longest."""

PATIENCE = 30.0
"""Seconds for a request's body to arrive, and for a browser to take in a part of an answer."""

LONGEST = 90.0
"""Seconds for a whole answer, except for a stream of events."""

_LAST = (400, 408, 413)
"""After these answers, what else arrives on the connection may be the rest of a request."""

log = logging.getLogger("tenantry.console")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""No inline script or style runs, whatever a name or a row contains; nothing is asked of another host."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # `no-referrer` would make browsers hide the origin of forms, which is checked.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-robots-tag": "noindex",
}


class Guard:
    """ASGI middleware that refuses what no page is asked, and marks each answer."""

    def __init__(
        self, app: ASGIApp, settings: Settings, streams: Iterable[str] = (), probes: Iterable[str] = ()
    ) -> None:
        """`streams` are the paths whose answers go on, `probes` those that any name of the host may be asked for."""
        self._app = app
        self._settings = settings
        self._streams = frozenset(streams)
        self._probes = frozenset(probes)
        self._headers = dict(HEADERS)
        if settings.encrypted and not settings.on_this_machine:
            self._headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._headers)
        if refused := self._refused(scope):
            if refused[0] == 403:
                address = scope["client"][0] if scope.get("client") else "?"
                log.warning(
                    "refused: %s %s from %s: %s",
                    scope["method"],
                    visible(scope["path"], lines=False),
                    address,
                    refused[1],
                )
            await answer.refuse(*refused)
            return
        body = _Body(receive)
        try:
            async with asyncio.timeout(None if scope["path"] in self._streams else LONGEST):
                await self._app(scope, body, answer)
        except TimeoutError:
            await answer.refuse(408, "The request took too long.")
        except Exception:
            log.exception("an answer failed: %s %s", scope["method"], visible(scope["path"], lines=False))
            await answer.refuse(500, "The console failed. Its log says why.")

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        method = scope["method"]
        if scope["path"] not in self._probes and (
            headers.getlist("host") != [headers.get("host", "")]
            or headers["host"].lower() not in self._settings.hosts
        ):
            return 421, "This address is not the console's."
        if "transfer-encoding" in headers and "content-length" in headers:
            # A proxy in front may have read another end of this request.
            return 400, "The length of the request is not clear."
        if method not in ("GET", "HEAD", "POST"):
            return 405, "This method is not allowed."
        if len(scope["raw_path"]) + len(scope["query_string"]) > 4096:
            return 414, "The address is too long."
        if method != "POST":
            return None
        if headers.getlist("origin") not in [[origin] for origin in self._settings.origins]:
            return 403, "The form comes from another site."
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return 403, "The form comes from another site."
        if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            return 415, "This kind of request is not understood."
        length = headers.get("content-length", "")
        if length and not (length.isascii() and length.isdigit() and int(length) <= MOST_BYTES):
            return 413, "The request is too long."
        return None


class _Body:
    """Receives a body that may neither be long nor slow; what is raised becomes a page, as for every HTTPException."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout(PATIENCE):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "The request took too long.") from None
        self._bytes += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._bytes > MOST_BYTES:
            raise HTTPException(413, "The request is too long.")
        return message


class _Answer:
    """Sends an answer with the headers that each has."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            given = {name.lower() for name, _ in message["headers"]}
            more = [*self._headers, (b"cache-control", b"no-store")]
            if message["status"] in _LAST:
                more.append((b"connection", b"close"))
            message["headers"] = [*message["headers"], *(pair for pair in more if pair[0] not in given)]
        async with asyncio.timeout(PATIENCE):
            await self._send(message)

    async def refuse(self, status: int, told: str) -> None:
        """Say in one line why nothing else is answered. What has begun stays incomplete, so that the server cuts it off."""
        if self._begun:
            return
        text = f"{told}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(text)).encode()),
        ]
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": text})
