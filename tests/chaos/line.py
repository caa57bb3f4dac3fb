"""The line between the warehouse and its sources: a proxy that can cut what it carries, or carry nothing for a while."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


class Line:
    """Forwards connections to a port of this machine; use it as a context manager."""

    def __init__(self, target: int | None) -> None:
        assert target is not None
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._flowing.set()
        self._listener.close()
        self.cut()

    def cut(self) -> int:
        """Break all connections; how many there were."""
        pairs = list(self._pairs)
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def stall(self, seconds: float) -> None:
        """Carry nothing for a while."""
        self._flowing.clear()
        timer = threading.Timer(seconds, self._flowing.set)
        timer.daemon = True
        timer.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            pair = (client, server)
            self._pairs.add(pair)
            for reader, writer in (pair, pair[::-1]):
                threading.Thread(target=self._forward, args=(pair, reader, writer), daemon=True).start()

    def _forward(
        self, pair: tuple[socket.socket, socket.socket], reader: socket.socket, writer: socket.socket
    ) -> None:
        with suppress(OSError):
            while data := reader.recv(16384):
                self._flowing.wait()
                writer.sendall(data)
        with self._lock:
            last = pair not in self._pairs
            self._pairs.discard(pair)
        for end in pair:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            if last:
                end.close()
