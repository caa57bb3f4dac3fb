"""A proxy that breaks a connection in the middle, or lets it hang."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

LIMIT = 65536
"""Bytes from the server after which a connection is cut."""


class Cutter:
    """Forwards connections on a port of its own to one of this machine; use it as a context manager.

    The first connection that has brought more than LIMIT bytes from the server is closed, or with `hang` carries
    nothing any more; `cuts` counts 1 then. All others are left alone.
    """

    def __init__(self, target: int | None, *, hang: bool = False) -> None:
        self.cuts = 0
        assert target is not None
        self._target = target
        self._hang = hang
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for opened in self._sockets:
            _shut(opened)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += (client, server)
            threading.Thread(target=self._forward, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, True), daemon=True).start()

    def _forward(self, reader: socket.socket, writer: socket.socket, counted: bool) -> None:
        carried = 0
        with suppress(OSError):
            while data := reader.recv(8192):
                carried += len(data)
                if counted and carried > LIMIT and not self.cuts:
                    self.cuts = 1
                    if self._hang:
                        return
                    break
                writer.sendall(data)
        _shut(reader)
        _shut(writer)


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
    opened.close()
