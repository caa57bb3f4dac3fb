"""What libpq says, in one line that says no more than what happened."""

from __future__ import annotations

import pytest

from tenantry.db.errors import libpq_words

LOST = """consuming input failed: server closed the connection unexpectedly
\tThis probably means the server terminated abnormally
\tbefore or while processing the request.
invalid socket
"""
REFUSED = """connection to server at "db.example.com" (192.0.2.1), port 5432 failed: Connection refused
\tIs the server running on that host and accepting TCP/IP connections?
connection to server at "db.example.com" (192.0.2.2), port 5432 failed: FATAL:  the database system is starting up
"""


@pytest.mark.parametrize(
    "said, told",
    [
        (LOST, "consuming input failed: server closed the connection unexpectedly"),
        (
            REFUSED,
            (
                'connection to server at "db.example.com" (192.0.2.1), port 5432 failed: Connection refused '
                'connection to server at "db.example.com" (192.0.2.2), port 5432 failed: FATAL: the database system is '
                "starting up"
            ),
        ),
        ("timeout expired\n", "timeout expired"),
        ("", ""),
    ],
)
def test_libpq_s_suppositions_are_left_out(said: str, told: str) -> None:
    assert libpq_words(said) == told
