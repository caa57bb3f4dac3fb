"""Moving shards so that the nodes of a Citus cluster hold about as much each: Citus does it in the background, as a job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg

from tenantry.core.errors import DatabaseError
from tenantry.core.words import count
from tenantry.db.queries import query
from tenantry.flow.cluster.nodes import (
    ShardMove,
    moves,
    nodes,
    require_all,
    require_coordinator,
    without_prefix,
)

_PAUSE = 1.0
"""Seconds between two questions how far a rebalance is. Citus itself looks for its next task every five seconds."""

_ENDED = {"finished", "failed", "cancelled"}


@dataclass(frozen=True)
class Rebalance:
    """A rebalance as Citus' job: how many of its moves are done, of how many.

    `state` is Citus's: scheduled, running, finished, failing, failed, cancelling or cancelled. `error` is why a move failed; Citus tries it
    again. `moving` is what is on its way, for whoever follows it.
    """

    job: int
    state: str
    moves: int
    done: int
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    moving: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.state in _ENDED


def last(session: psycopg.Connection, job: int | None = None) -> Rebalance | None:
    """The last rebalance, or the one with this number; None if there was none."""
    row = session.execute(query("storage", "rebalance"), {"job": job}).fetchone()
    if row is None:
        return None
    number, state, total, done, started, finished, error = row
    return Rebalance(number, state, total, done, started, finished, without_prefix(error) if error else None)


def running(session: psycopg.Connection) -> Rebalance | None:
    """The rebalance that is at work."""
    found = last(session)
    return None if found is None or found.ended else found


def plan(session: psycopg.Connection) -> tuple[ShardMove, ...]:
    """The shards that a rebalance would move.

    Raises InputError if the database is not a coordinator, DatabaseError if a node does not answer or is not active.
    """
    require_coordinator(session)
    require_all(nodes(session))
    return moves(session)


def start(session: psycopg.Connection) -> Rebalance | None:
    """Let Citus begin to move shards; None if there is nothing to move.

    Writes to a shard wait while it moves, and reports do not. Citus could also copy a shard while it is written to, but
    only tables with a primary key, and would meanwhile refuse the deletions by which a day is replaced.
    """
    row = session.execute(query("storage", "rebalance_start")).fetchone()
    return last(session, row[0]) if row and row[0] else None


def follow(session: psycopg.Connection, job: int) -> Iterator[Rebalance]:
    """Yield how far a rebalance is, every second, until it has ended.

    Raises DatabaseError if it failed or was cancelled. Whoever stops listening does not stop it.
    """
    while True:
        found = last(session, job)
        if found is None:
            return
        moving = session.execute(query("storage", "moving")).fetchone()
        yield replace(found, moving=moving[0] if moving else None)
        if found.ended:
            break
        time.sleep(_PAUSE)
    if found.state != "finished":
        done = f"{found.done} of {count(found.moves, 'move')} done"
        raise DatabaseError(
            f"rebalance {job} {'failed' if found.state == 'failed' else 'was cancelled'}, {done}"
            + (f": {found.error}" if found.error else ""),
            hint="What was moved stays moved. To move the rest: tenantry cluster rebalance",
        )
