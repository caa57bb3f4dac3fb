"""A Citus cluster, over which storage `distributed` spreads its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.flow.cluster.nodes import Cluster, ShardMove
    from tenantry.flow.cluster.rebalance import Rebalance
    from tenantry.flow.cluster.worker import AddedWorker


class Clusters(Base):
    """Methods about the nodes of a Citus cluster. They raise InputError if the database is not a coordinator of Citus."""

    def cluster(self) -> Cluster:
        """Return the nodes, what each answers and holds (bytes with indexes), and the shards that a rebalance would move."""
        from tenantry.flow.cluster import nodes

        with self.session() as opened:
            return nodes.cluster(opened)

    def add_worker(self, host: str, port: int = 5432) -> AddedWorker:
        """Take a worker into the cluster, or finish what an earlier call began; no shards are moved.

        The warehouse's login must be a superuser. The worker must answer, and have the same versions. Roles that it lacks are created as
        they are on the coordinator.

        Raises DatabaseError if the worker cannot be used; the hint says what to do there.
        """
        from tenantry.db.connect import owner_session
        from tenantry.flow.cluster import worker

        with (
            self._audited("add_worker", f"{host}:{port}"),
            self._session(role=None) as opened,
            owner_session(opened) as owner,
        ):
            return worker.add(opened, owner, host, port)

    def shard_moves(self) -> tuple[ShardMove, ...]:
        """Return the shards that a rebalance would move. Raises DatabaseError if a node does not answer or is not active."""
        from tenantry.flow.cluster import rebalance

        with self.session() as opened:
            return rebalance.plan(opened)

    def rebalance(self) -> Rebalance | None:
        """Begin to move shards, and return that, or the rebalance that is at work; None if there is nothing to move.

        Citus moves them in the background, one after the other; loads into a shard wait while it moves. Ending this program does not end it.
        """
        from tenantry.flow.cluster import nodes, rebalance

        with self._audited("rebalance", ""), self.session() as opened:
            nodes.require_coordinator(opened)
            return rebalance.running(opened) or rebalance.start(opened)

    def running_rebalance(self) -> Rebalance | None:
        """Return the rebalance that is at work, or None."""
        from tenantry.flow.cluster import nodes, rebalance

        with self.session() as opened:
            nodes.require_coordinator(opened)
            return rebalance.running(opened)

    def follow_rebalance(self, job: int) -> Iterator[Rebalance]:
        """Yield how far a rebalance is, every second, until it has ended. Raises DatabaseError if it failed or was cancelled."""
        from tenantry.flow.cluster import rebalance

        with self._session(name="tenantry rebalance") as opened:
            yield from rebalance.follow(opened, job)
