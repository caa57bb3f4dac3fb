"""What is answered to a request: /metrics, /healthz and /readyz. No sockets here, so that any server can use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tenantry.metrics.cache import Cache
from tenantry.metrics.exposition import exposition

PLAIN = "text/plain; charset=utf-8"

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Of every answer. None lets a page of another origin read it."""


@dataclass(frozen=True)
class Answer:
    """A status, a body and its type, and further headers."""

    status: int
    body: bytes
    content_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=lambda: _HEADERS)


def health(cache: Cache, serves: Callable[[], bool] = lambda: True) -> tuple[int, bytes]:
    """Whether requests to /readyz succeed, as a status and a word: the warehouse answers, and this program serves.

    `serves` says the latter: for a scheduler, that it leads or stands by.
    """
    if cache.numbers() is None:
        return 503, b"the warehouse does not answer\n"
    if not serves():
        return 503, b"not ready\n"
    return 200, b"ready\n"


def answer(
    cache: Cache, method: str, path: str, accept: str = "", serves: Callable[[], bool] = lambda: True
) -> Answer:
    """The answer to a request. The path has no query and is compared as it stands, without decoding."""
    if path not in ("/metrics", "/healthz", "/readyz"):
        return plain(404, "not found")
    if method not in ("GET", "HEAD"):
        return Answer(405, b"only GET and HEAD\n", headers={**_HEADERS, "Allow": "GET, HEAD"})
    if path == "/healthz":
        return plain(200, "alive")
    if path == "/readyz":
        status, word = health(cache, serves)
        return Answer(status, word)
    text, kind = exposition(cache, accept)
    return Answer(200, text, kind)


def plain(status: int, words: str) -> Answer:
    """An answer that says nothing but these words."""
    return Answer(status, f"{words}\n".encode())
