"""Who is logged in: kept in the memory of the console, and ended by time, by the person or by an operator."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

COOKIE = "__Host-tenantry"
"""The name's prefix makes browsers refuse the cookie from another host, path or line."""

MOST = 1000
MOST_OF_LOGIN = 20


@dataclass
class Session:
    """Somebody's session. `conninfo` logs in to the warehouse with the password that was typed: it never leaves the process."""

    login: str
    role: str
    conninfo: str = field(repr=False)
    address: str
    agent: str
    csrf: str = field(repr=False)
    begun: float
    seen: float
    began_at: datetime
    public_id: str
    """Names it on the page of sessions. It is not what the cookie holds."""
    by: str = ""
    """Whom a trusted proxy named, if it did."""
    ended: bool = False
    streams: int = 0
    told: str = ""
    """What the next page says first: what was just done."""


class Sessions:
    """All sessions of a console. Only the digest of what a cookie holds is kept."""

    def __init__(
        self,
        idle: float,
        longest: float,
        *,
        forget: Callable[[str], None] = lambda conninfo: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`forget` is called with the connection string of a session that ended, if no other one uses it."""
        self._idle = idle
        self._longest = longest
        self._forget = forget
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[bytes, Session] = {}

    def begin(
        self, login: str, role: str, conninfo: str, address: str, agent: str, *, by: str = ""
    ) -> tuple[str, Session]:
        """Begin a session; return what its cookie holds. A person's oldest session ends if there are too many.

        A proxy may let many people act with one login: each of them has sessions of their own.
        """
        token = secrets.token_urlsafe(32)
        now = self._clock()
        session = Session(
            login, role, conninfo, address, agent[:200], secrets.token_urlsafe(32), now, now, datetime.now(UTC),
            secrets.token_hex(8), by,
        )  # fmt: skip
        with self._lock:
            self._prune(now)
            own = [key for key, other in self._sessions.items() if (other.login, other.by) == (login, by)]
            for key in own[: max(0, len(own) + 1 - MOST_OF_LOGIN)]:
                self._end(key)
            while len(self._sessions) >= MOST:
                self._end(next(iter(self._sessions)))
            self._sessions[_digest(token)] = session
        return token, session

    def find(self, token: str, *, touch: bool = True) -> Session | None:
        """The session of a cookie, if it goes on. What a page asks by itself does not `touch` it, and does not keep it from ending."""
        now = self._clock()
        with self._lock:
            self._prune(now)
            session = self._sessions.get(_digest(token))
            if session is not None and touch:
                session.seen = now
            return session

    def touch(self, session: Session) -> None:
        """Let a session last on."""
        session.seen = self._clock()

    def prune(self) -> None:
        """End the sessions whose time is over."""
        with self._lock:
            self._prune(self._clock())

    def end(self, session: Session) -> None:
        """End a session."""
        with self._lock:
            for key in [key for key, other in self._sessions.items() if other is session]:
                self._end(key)

    def all(self, login: str | None = None) -> list[Session]:
        """The sessions that go on, the oldest first; those of a login, or all."""
        with self._lock:
            self._prune(self._clock())
            return [session for session in self._sessions.values() if login in (None, session.login)]

    def _prune(self, now: float) -> None:
        for key, session in list(self._sessions.items()):
            if now - session.seen > self._idle or now - session.begun > self._longest:
                self._end(key)

    def _end(self, key: bytes) -> None:
        session = self._sessions.pop(key)
        session.ended = True
        if all(other.conninfo != session.conninfo for other in self._sessions.values()):
            self._forget(session.conninfo)


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
