"""A network with latency: a TCP proxy on loopback that forwards everything a moment later, in each direction."""

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
"""Maximum number of chunks under way in one direction: 16 MiB, as on a line with a large buffer."""

_Chunks = queue.Queue[tuple[float, bytes]]


@contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """A port of 127.0.0.1 that leads to `port`; `seconds` is the round-trip time, half of it each way.

    Bandwidth is not limited: data does not wait for earlier data under way. The proxy runs in its own process, so that
    it takes no time from what is measured, and ends with its standard input, which a killed parent closes, too.
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
    """Print the port, and forward until standard input ends."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, port, seconds / 2), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
