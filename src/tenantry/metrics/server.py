"""A small HTTP server for metrics: GET and HEAD, one request per connection, bounded in time, bytes and connections."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from tenantry.core.errors import InputError
from tenantry.metrics.address import Address
from tenantry.metrics.cache import Cache
from tenantry.metrics.pages import Answer, answer, plain

_CONNECTIONS = 32
"""Requests at the same time. Further ones are turned away at once."""

_SECONDS = 5.0
"""How long a client may take to send its request, and to take the answer."""

_BYTES = 8192
"""The largest request."""

_REQUEST = re.compile(rb"([A-Z]{1,16}) ([!-~]{1,2048}) HTTP/1\.([01])", re.ASCII)
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([\t -~\x80-\xff]*)")


class Listener:
    """A port that serves the metrics of a warehouse, in threads of its own, from `start` to `stop`."""

    def __init__(self, address: Address) -> None:
        """Take the port, and answer nothing yet.

        Raises InputError if the address is not free, or not one of this host.
        """
        self._address = address
        kind = _SixServer if address.is_ipv6 else _Server
        try:
            self._server = kind((address.host, address.port), _Handler)
        except OSError as error:
            raise InputError(
                f"metrics cannot be served on {_shown(address.host)}:{address.port}: {error.strerror}",
                hint="Choose another port, or end the program that uses it.",
            ) from None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the metrics are."""
        host, port = self._server.server_address[:2]
        return f"http://{_shown(str(host))}:{port}/metrics"

    def start(self, cache: Cache, serves: Callable[[], bool] = lambda: True) -> None:
        """Begin to answer. `serves` says whether the program is ready, besides its warehouse."""
        self._server.answers = lambda head: _answer(head, self._address, cache, serves)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="tenantry-metrics-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering, and free the port."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    answers: Callable[[bytes], tuple[bool, Answer]]

    def __init__(self, *args: object, **kwargs: object) -> None:
        self._free = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def process_request(self, request: object, client_address: object) -> None:
        if self._free.acquire(blocking=False):
            try:
                super().process_request(request, client_address)  # type: ignore[arg-type]
            except BaseException:
                self._free.release()
                raise
        else:
            assert isinstance(request, socket.socket)  # noqa: S101 - of TCP
            with suppress(OSError):
                request.setblocking(False)
                request.sendall(_encoded(plain(503, "too many connections"), with_body=True))
            self.shutdown_request(request)

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients go away when they like."""


class _SixServer(_Server):
    address_family = socket.AF_INET6


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        line: socket.socket = self.request
        try:
            head = _received(line)
        except OSError:
            return
        server = self.server
        assert isinstance(server, _Server)  # noqa: S101 - which made this handler
        with_body, found = server.answers(head) if head is not None else (True, plain(431, "too large"))
        line.settimeout(_SECONDS)
        with suppress(OSError):
            line.sendall(_encoded(found, with_body=with_body))


def _received(line: socket.socket) -> bytes | None:
    """The head of a request; None if it is too large. Raises OSError if it does not come in time."""
    until = time.monotonic() + _SECONDS
    head = bytearray()
    while b"\r\n\r\n" not in head:
        if len(head) > _BYTES:
            return None
        line.settimeout(max(until - time.monotonic(), 0.001))
        part = line.recv(4096)
        if not part:
            raise ConnectionResetError
        head += part
    end = head.index(b"\r\n\r\n")
    return bytes(head[:end]) if end <= _BYTES else None


def _answer(head: bytes, address: Address, cache: Cache, serves: Callable[[], bool]) -> tuple[bool, Answer]:
    """Whether the body is to be sent, and the answer to the head of a request."""
    first, *lines = head.split(b"\r\n")
    request = _REQUEST.fullmatch(first)
    found = [_HEADER.fullmatch(line) for line in lines]
    if request is None or None in found:
        return True, plain(400, "bad request")
    headers: dict[bytes, list[str]] = {}
    for header in found:
        if header is not None:
            headers.setdefault(header[1].lower(), []).append(header[2].decode("latin-1").strip())
    hosts = headers.get(b"host", [])
    if len(hosts) != 1 or not address.allows(hosts[0]):
        return True, plain(421, "unknown host")
    if b"transfer-encoding" in headers or any(size != "0" for size in headers.get(b"content-length", [])):
        return True, plain(413, "a request has no body")
    method = request[1].decode()
    path = request[2].decode().partition("?")[0]
    said = answer(cache, method, path, ",".join(headers.get(b"accept", [])), serves)
    return method != "HEAD", said


def _encoded(said: Answer, *, with_body: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {said.status} {HTTPStatus(said.status).phrase}",
        f"Content-Type: {said.content_type}",
        f"Content-Length: {len(said.body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in said.headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (said.body if with_body else b"")
