"""A network with latency: a TCP proxy on loopback that hands everything on a moment later, in each direction."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_CHUNK = 65536
_MOST_CHUNKS = 256
"""Chunks under way in one direction at the most: 16 MiB, as on a line with much room."""

_Chunks = queue.Queue[tuple[float, bytes]]


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """A port of 127.0.0.1 that leads to `port`; `seconds` are the time of a round trip, half of it each way.

    Bandwidth is not limited: what is sent while something is under way is not held up behind it. It runs in a process of
    its own, so that it takes no time from whoever is measured, and ends with its standard input: a killed parent closes
    that, too.
    """
    command = [sys.executable, "-m", "bench.delay", str(port), str(seconds)]
    with subprocess.Popen(
        command, cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as proxy:
        assert proxy.stdout is not None
        yield int(proxy.stdout.readline())


def _accept(listener: socket.socket, port: int, delay: float) -> None:
    with suppress(OSError):  # the listener is closed at the end
        while True:
            here, _ = listener.accept()
            there = socket.create_connection(("127.0.0.1", port))
            for end in (here, there):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for read, write in ((here, there), (there, here)):
                chunks: _Chunks = queue.Queue(_MOST_CHUNKS)
                threading.Thread(target=_receive, args=(read, chunks, delay), daemon=True).start()
                threading.Thread(target=_send, args=(write, chunks), daemon=True).start()


def _receive(read: socket.socket, chunks: _Chunks, delay: float) -> None:
    data = b"more"
    while data:
        try:
            data = read.recv(_CHUNK)
        except OSError:
            data = b""
        chunks.put((time.monotonic() + delay, data))


def _send(write: socket.socket, chunks: _Chunks) -> None:
    data = b"more"
    while data:
        due, data = chunks.get()
        time.sleep(max(0.0, due - time.monotonic()))
        with suppress(OSError):
            write.sendall(data) if data else write.shutdown(socket.SHUT_WR)


def main() -> None:
    """Print the port, and hand on until standard input ends."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, port, seconds / 2), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
