"""Runs the console: uvicorn, with limits for those who ask slowly or too often."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tenantry.console.app import Console, make
from tenantry.console.settings import Settings
from tenantry.core.errors import InputError

_SLOW = 10.0
"""Seconds for the head of a request to arrive, and for the encryption to be agreed on."""

_MOST_AT_ONCE = 250
"""Connections. Open pages hold one each."""


class Patient(H11Protocol):
    """HTTP/1.1, with an end to the patience for a request's head: uvicorn itself waits for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A connection has begun, and its first request must follow."""
        super().connection_made(transport)
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
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(_SLOW, self._give_up)

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abort()


class _Server(uvicorn.Server):
    """Calls `ready` once it listens."""

    def __init__(self, config: uvicorn.Config, console: Console, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._console = console
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
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
        http=Patient,
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
