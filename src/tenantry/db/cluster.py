"""Citus: what concerns all nodes of a cluster, and not only the coordinator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tenantry.db.queries import one_row, query


def is_cluster(session: psycopg.Connection) -> bool:
    """Whether the session's database is one of a Citus cluster."""
    found: bool = one_row(session, query("cluster", "present"))[0]
    return found


@contextmanager
def on_all_nodes(session: psycopg.Connection) -> Iterator[None]:
    """In this block, statements about roles and distributed tables are carried out on all nodes.

    Sessions of the program keep Citus's propagation off: see queries/session.sql. Without Citus, nothing is special.
    """
    if not is_cluster(session):
        yield
        return
    session.execute(query("cluster", "propagate"), {"value": "on"})
    try:
        yield
    finally:
        if session.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            session.execute(query("cluster", "propagate"), {"value": "off"})
