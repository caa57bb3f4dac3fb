"""Logging in to a source, with the SQLSTATE of a refusal.

A server sends a SQLSTATE with each refusal, but libpq returns only the text, which may be in any language. On request,
libpq traces the protocol to a file; the SQLSTATE is read from there.
"""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ConnStatus, PollingStatus, Trace
from psycopg.pq.abc import PGconn

from tenantry.db.errors import libpq_words

_REFUSED = re.compile(rb'\tErrorResponse\t(?: S "[^"]*")?(?: V "[^"]*")? C "(\w{5})"')

_PATIENCE = 10
"""Seconds for a login, unless connect_timeout says otherwise."""

ASKS = "asks for a password"
"""What `knock` returns for a server that asks for a password, and as far as it tells, would accept the right one."""


class LoginFailed(psycopg.OperationalError):
    """A login failed. `sqlstate` is the server's; None if no server answered, or libpq gave up."""

    def __init__(self, message: str, sqlstate: str | None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


def knock(conninfo: str) -> str | None:
    """Return what a server says before it has seen a password: a SQLSTATE, ASKS, or None if nothing answers from here.

    The server does not count it as a failed login, so it locks nobody out.
    """
    stranger = make_conninfo(conninfo, password="", passfile=f"{os.devnull}/none")
    try:
        connected(stranger).finish()
    except LoginFailed as failed:
        return failed.sqlstate
    return ASKS


def connected(conninfo: str) -> PGconn:
    """Return a login for psycopg.Connection to take over. Raises LoginFailed; with several hosts, that of the last one."""
    attempts = list(_attempts(conninfo))
    for left, attempt in enumerate(attempts, 1 - len(attempts)):
        try:
            pgconn = _connect(attempt)
            pgconn.nonblocking = 1
            return pgconn
        except LoginFailed:
            if not left:
                raise
    raise LoginFailed("no host is named", None)


def _attempts(conninfo: str) -> Iterator[str]:
    """Return one connection string for each of several hosts, so that each has its own timeout."""
    words = conninfo_to_dict(conninfo)
    lists = {key: str(words[key]).split(",") for key in ("host", "hostaddr", "port") if words.get(key)}
    for n in range(max(map(len, lists.values()), default=1)):
        yield make_conninfo(
            conninfo, **{key: values[min(n, len(values) - 1)] for key, values in lists.items()}
        )


def _connect(conninfo: str) -> PGconn:
    wanted = conninfo_to_dict(conninfo).get("connect_timeout")
    # 0 or less means forever to libpq; nothing here waits forever.
    deadline = time.monotonic() + (int(wanted) if wanted and int(wanted) > 0 else _PATIENCE)
    pgconn: PGconn = pq.PGconn.connect_start(conninfo.encode())
    with _recorded(pgconn) as record:
        in_time = _poll(pgconn, deadline)
        if pgconn.status == ConnStatus.OK:
            return pgconn
    if not in_time:
        words, state = "the server does not answer", None
    else:
        words, state = pgconn.get_error_message(), record.sqlstate
        if state is None and pgconn.needs_password:
            state = ASKS
    pgconn.finish()
    raise LoginFailed(libpq_words(words), state)


def _poll(pgconn: PGconn, deadline: float) -> bool:
    """Continue a login until it has ended; False if it did not end in time."""
    while pgconn.status != ConnStatus.BAD:
        match pgconn.connect_poll():
            case PollingStatus.READING:
                waiting = select.POLLIN
            case PollingStatus.WRITING:
                waiting = select.POLLOUT
            case _:
                return True
        poll = select.poll()
        poll.register(pgconn.socket, waiting)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return False
    return True


class _Record:
    sqlstate: str | None = None


@contextmanager
def _recorded(pgconn: PGconn) -> Iterator[_Record]:
    """Trace a login in memory. If the system cannot do that, no SQLSTATE is known."""
    record = _Record()
    if not hasattr(os, "memfd_create"):
        yield record
        return
    file = os.memfd_create("login")
    try:
        with suppress(psycopg.Error):
            pgconn.trace(file)
            pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield record
        finally:
            with suppress(psycopg.Error):
                pgconn.untrace()
            said = _REFUSED.findall(os.pread(file, 1 << 20, 0))
            record.sqlstate = said[-1].decode() if said else None
    finally:
        os.close(file)
