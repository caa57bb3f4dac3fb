"""A proxy that counts what goes through it to a server: logins, queries, waits for an answer, bytes, and locks.

It reads the messages of PostgreSQL's protocol (its documentation, chapter "Message Formats"), which must not be encrypted.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import psycopg

_UNTYPED = {80877102: "cancel", 80877103: "TLS", 80877104: "GSS"}
"""What a client sends instead of a message that begins a session, by the number in it."""

_UNCOUNTED = "tenantry lookout"
"""The application_name of a session that is only opened if another one waits, as on a busy machine."""

_LOCKED = "SELECT count(DISTINCT (l.database, l.relation)) FROM pg_locks l WHERE l.pid = %s AND l.locktype = 'relation'"


@dataclass
class Counts:
    """What went to one database."""

    logins: int = 0
    queries: int = 0
    """Statements that the client sent, and functions that it called by one."""
    waits: int = 0
    """How often the client waited for an answer, apart from logins."""
    sent: int = 0
    received: int = 0
    """Bytes."""
    locked: int = 0
    """The most relations that a transaction of several statements had locked when it was committed."""


class Counter:
    """Forwards connections on a port of its own to a server of this machine; use it as a context manager.

    `administrator` is a connection string of that server, for looking at locks.
    """

    def __init__(self, target: int | None, administrator: str) -> None:
        assert target is not None
        self._target = target
        self._counts: dict[str, Counts] = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._admin = psycopg.connect(administrator, autocommit=True)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._admin.close()

    def take(self) -> dict[str, Counts]:
        """What was counted since the last call, by database, once all connections are closed."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a session is still open"
        taken, self._counts, self._threads = self._counts, {}, []
        return taken

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                session = _Session(self, client, server)
                for work in (session.send, session.receive):
                    thread = threading.Thread(target=work, daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def of(self, database: str) -> Counts:
        """The counts of a database."""
        with self._lock:
            return self._counts.setdefault(database, Counts())

    def locked(self, pid: int) -> int:
        """How many relations a session has locked."""
        with self._lock:
            row = self._admin.execute(_LOCKED, (pid,)).fetchone()
        return row[0] if row else 0


class _Session:
    """One connection, in both directions."""

    def __init__(self, counter: Counter, client: socket.socket, server: socket.socket) -> None:
        self._counter = counter
        self._client = client
        self._server = server
        self._counts: Counts | None = None
        self._pid = 0

    def send(self) -> None:
        """Forward what the client sends."""
        self._forward(self._client, self._server, self._sent, typed=False)

    def receive(self) -> None:
        """Forward what the server sends."""
        self._forward(self._server, self._client, self._received, typed=True)

    def _forward(
        self,
        reader: socket.socket,
        writer: socket.socket,
        count: Callable[[bytes, bytes], None],
        *,
        typed: bool,
    ) -> None:
        waiting = b""
        with suppress(OSError):
            while data := reader.recv(1 << 16):
                waiting += data
                whole = 0
                while message := _next(waiting, whole, typed=typed or self._counts is not None):
                    kind, body, end = message
                    count(kind, body)
                    whole = end
                    if not typed and not kind and self._counts is None:
                        break  # The answer to a request for TLS is a byte, and what follows is the server's to say.
                writer.sendall(waiting[:whole])
                waiting = waiting[whole:]
                if typed and waiting[:1] == b"N" and self._counts is None:
                    writer.sendall(waiting)
                    waiting = b""
        for opened in (reader, writer):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()

    def _sent(self, kind: bytes, body: bytes) -> None:
        if self._counts is None:
            if int.from_bytes(body[:4]) in _UNTYPED:
                return
            words = body[4:].split(b"\0")
            said = dict(zip(words[::2], words[1::2], strict=False))
            counted = said.get(b"application_name") != _UNCOUNTED.encode()
            self._counts = self._counter.of(said[b"database"].decode()) if counted else Counts()
            self._counts.logins += 1
        self._counts.sent += len(kind) + 4 + len(body)
        if kind in (b"Q", b"E"):
            self._counts.queries += 1
        if kind == b"Q" and body == b"COMMIT\0":
            self._counts.locked = max(self._counts.locked, self._counter.locked(self._pid))

    def _received(self, kind: bytes, body: bytes) -> None:
        if self._counts is None:
            return
        self._counts.received += len(kind) + 4 + len(body)
        if kind == b"K":
            self._pid = int.from_bytes(body[:4])
            # The first ReadyForQuery ends the login.
            self._counts.waits -= 1
        elif kind in (b"Z", b"G"):
            self._counts.waits += 1


def _next(data: bytes, begin: int, *, typed: bool) -> tuple[bytes, bytes, int] | None:
    """The message at a place, if all of it is there: its kind (none without a type), its body, and where it ends."""
    head = begin + typed
    if len(data) < head + 4:
        return None
    end = head + int.from_bytes(data[head : head + 4])
    return (data[begin:head], data[head + 4 : end], end) if len(data) >= end else None
