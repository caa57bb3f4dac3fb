"""Runs the console: uvicorn, with limits for those who ask slowly or too often."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tenantry.console import guard
from tenantry.console.app import Console, make
from tenantry.console.settings import Settings
from tenantry.core.errors import InputError

PATIENCE = 10.0
"""Seconds for the head of a request to arrive, and for the encryption to be agreed on."""

_MOST_OF_ADDRESS = 100
"""Connections from one address, so that one cannot take all."""

_MOST_AT_ONCE = 250
"""Connections. Open pages hold one each."""


class Patient(H11Protocol):
    """HTTP/1.1, with an end to the patience for a request's head: uvicorn itself waits for ever."""

    most_of_address: int | None = _MOST_OF_ADDRESS
    """Connections that one address may have; None if all come from a proxy's."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection has begun, and its first request must follow."""
        super().connection_made(transport)
        if self.most_of_address is not None and self.client is not None:
            clients = [getattr(other, "client", None) for other in self.connections]
            own = sum(client is not None and client[0] == self.client[0] for client in clients)
            if own > self.most_of_address:
                transport.abort()
                return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Something arrived: a whole head ends the deadline, and what is less does not move it."""
        if self._deadline is None and getattr(self.cycle, "response_complete", True):
            self._await_head()
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        for timer in (self._deadline, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Who asks does not take in the answer, and must not keep it here for ever."""
        super().pause_writing()
        self._unread = self.loop.call_later(guard.PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        """Who asks has taken in most of it."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, with the headers that each answer has."""
        headers = [(name.encode(), value.encode()) for name, value in guard.HEADERS.items()]
        headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        for event in (
            h11.Response(status_code=400, headers=headers),
            h11.Data(data=f"{msg}\n".encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE, self._give_up)

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abort()


class _FromProxy(Patient):
    """The same behind a proxy, whose address all requests come from."""

    most_of_address = None


class _Server(uvicorn.Server):
    """Calls `ready` once it listens."""

    def __init__(self, config: uvicorn.Config, console: Console, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._console = console
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        if self.config.ssl is not None:
            # uvicorn leaves the default, a minute in which a connection counts nowhere.
            loop = asyncio.get_running_loop()
            listen = partial(loop.create_server, ssl_handshake_timeout=PATIENCE)
            loop.create_server = listen  # type: ignore[method-assign]
        await super().startup(sockets)
        if self.started:
            self._ready(self._console.settings.origin)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: open pages do not hold it up."""
        self._console.live.stop()
        await super().shutdown(sockets)


def run(conninfo: str, settings: Settings, ready: Callable[[str], None] = lambda origin: None) -> None:
    """Serve the console until SIGTERM or Ctrl-C. `ready` is called with the address for browsers once it listens.

    Raises InputError if the address is taken or not this machine's, or the certificate cannot be read.
    """
    listening = _listen(settings)
    console = Console(conninfo, settings.at_port(listening.getsockname()[1]))
    config = uvicorn.Config(
        make(console),
        http=_FromProxy if settings.behind_proxy else Patient,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=16 * 1024,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        listening.close()
        raise InputError(f"the certificate or its key cannot be used: {error}") from error
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    with listening:
        _Server(config, console, ready).run(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    address = settings.address
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, where = found[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(where)
            made.listen(256)
        except OSError:
            made.close()
            raise
    except OSError as error:
        raise InputError(
            f"cannot listen on {address}: {error.strerror}", hint="Choose another one with --listen."
        ) from error
    return made
