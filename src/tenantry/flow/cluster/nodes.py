"""The nodes of a Citus cluster: what each answers, and what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import psycopg

from tenantry.core.errors import DatabaseError, InputError
from tenantry.core.words import count
from tenantry.db.errors import one_line
from tenantry.db.queries import one_row, query

_PATIENCE = "1min"
"""How long the nodes may take to answer, besides the five seconds of each login: one that hangs must not keep a command."""


@dataclass(frozen=True)
class ClusterNode:
    """A node, by the address under which the coordinator knows it.

    `role` is coordinator, worker or secondary. `holds_shards` says whether shards may be placed there. `error` is why it does not answer;
    then the versions, `bytes` and `missing_logins` are not known. `tenants` and `rows` are those in distributed storage, by the record of
    loads. `missing_logins` are whadmin, phood_ro and readers that exist on the coordinator and not there.
    """

    host: str
    port: int
    role: str
    active: bool
    holds_shards: bool
    postgres: str | None
    citus: str | None
    error: str | None
    missing_logins: tuple[str, ...]
    placements: int = 0
    inactive_placements: int = 0
    bytes: int | None = None
    tenants: int = 0
    rows: int = 0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def answers(self) -> bool:
        """Whether it answered."""
        return self.error is None


@dataclass(frozen=True)
class ShardMove:
    """A shard that would move, with its table and its bytes, from one node to another."""

    table: str
    shard: int
    bytes: int
    from_node: str
    to_node: str


@dataclass(frozen=True)
class Cluster:
    """All nodes, the coordinator first, and the shards that a rebalance would move (None: a node does not answer)."""

    nodes: tuple[ClusterNode, ...]
    shards: int
    moves: tuple[ShardMove, ...] | None = None

    @property
    def unavailable(self) -> list[ClusterNode]:
        """The nodes that do not answer or are not active."""
        return [node for node in self.nodes if not (node.answers and node.active)]


def is_coordinator(session: psycopg.Connection) -> bool:
    """Whether the session's database is the coordinator of a Citus cluster."""
    return bool(
        one_row(session, query("session", "is_cluster"))[0]
        and one_row(session, query("storage", "is_coordinator"))[0]
    )


def require_coordinator(session: psycopg.Connection) -> None:
    """Raise InputError if the session's database is not the coordinator of a Citus cluster."""
    if not is_coordinator(session):
        raise InputError(
            f'database "{session.info.dbname}" is not a coordinator of Citus',
            hint="Tables of shared storage need no cluster: docs/how-to/many-tenants.md",
        )


def nodes(session: psycopg.Connection) -> tuple[ClusterNode, ...]:
    """All nodes and what they answer, without what they hold. A node that is down takes five seconds."""
    with session.transaction():
        session.execute(query("storage", "cluster_patience"), {"patience": _PATIENCE})
        found = session.execute(query("storage", "node_facts")).fetchall()
    wanted: list[str] = next((facts["logins"] for *_, facts, _ in found if facts), [])
    return tuple(
        ClusterNode(
            host,
            port,
            role,
            active,
            holds,
            facts and facts["postgres"],
            facts and facts["citus"],
            error if error is None else without_prefix(error),
            tuple(name for name in wanted if name not in facts["logins"]) if facts else (),
        )
        for host, port, role, active, holds, facts, error in found
    )


def cluster(session: psycopg.Connection) -> Cluster:
    """All nodes with what they hold. Raises InputError if the database is not a coordinator."""
    require_coordinator(session)
    answers = nodes(session)
    with session.transaction():
        session.execute(query("storage", "cluster_patience"), {"patience": _PATIENCE})
        load = {(row[0], row[1]): row[2:] for row in session.execute(query("storage", "node_load"))}
        shards = one_row(session, query("storage", "shard_count"))[0]
    found = tuple(_loaded(node, load.get((node.host, node.port))) for node in answers)
    every = Cluster(found, shards)
    return every if every.unavailable else Cluster(found, shards, moves(session))


def _loaded(node: ClusterNode, load: Sequence[int] | None) -> ClusterNode:
    if load is None:
        return node
    placements, inactive, size, tenants, rows = load
    return replace(
        node, placements=placements, inactive_placements=inactive, bytes=size, tenants=tenants, rows=rows
    )


def moves(session: psycopg.Connection) -> tuple[ShardMove, ...]:
    """The shards that a rebalance would move now. Raises DatabaseError if a node does not answer."""
    with session.transaction():
        session.execute(query("storage", "cluster_patience"), {"patience": _PATIENCE})
        return tuple(ShardMove(*row) for row in session.execute(query("storage", "shard_moves")))


def require_all(found: Sequence[ClusterNode]) -> None:
    """Raise DatabaseError unless all nodes answer and are active."""
    silent = [node for node in found if not node.answers]
    if silent:
        raise DatabaseError(
            f"{count(len(silent), 'node does', 'nodes do')} not answer: "
            + "; ".join(f"{node}: {node.error}" for node in silent),
            hint="See: tenantry cluster status",
        )
    if idle := [node for node in found if not node.active]:
        raise DatabaseError(
            f"{count(len(idle), 'node is', 'nodes are')} not active: {', '.join(map(str, idle))}",
            hint=f"As the administrator: {activate(idle[0])}",
        )


def activate(node: ClusterNode) -> str:
    """The statement that makes a node active."""
    host = node.host.replace("'", "''")
    return f"SELECT citus_activate_node('{host}', {node.port});"


def without_prefix(text: str) -> str:
    """A node's error in one line, without the word that Citus puts first."""
    return one_line(text).removeprefix("ERROR:").strip()
