"""`tenantry cluster`: the nodes of a Citus cluster, a further worker, and moving shards between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson
from tenantry.cli.output import data, human_bytes, notes, print_json, print_table, step
from tenantry.cli.target import administrator, open_warehouse
from tenantry.core.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenantry.flow.cluster.nodes import ClusterNode, ShardMove
    from tenantry.flow.cluster.rebalance import Rebalance
    from tenantry.warehouse import Warehouse

app = typer.Typer(
    cls=Group,
    help="""Look after the Citus cluster that storage distributed uses.

These commands work on the cluster's coordinator, which is the warehouse's
database. Everywhere else, they say that it is not one.""",
    no_args_is_help=True,
)

_HEAD = (
    "node",
    "role",
    "PostgreSQL",
    "Citus",
    "state",
    "shards",
    "placements#",
    "size#",
    "tenants#",
    "rows#",
)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the nodes, their versions, and what each holds.

    Each node is asked by the coordinator, as whadmin; one that does not answer
    takes five seconds. The size is that of its shards with their indexes, and
    tenants and rows are those in storage distributed, as their loads recorded
    them. "takes shards" says whether new shards may be placed on a node.
    """
    with open_warehouse() as warehouse:
        cluster, job = warehouse.cluster(), warehouse.running_rebalance()
    if as_json:
        print_json(nodes=cluster.nodes, shards=cluster.shards, moves=cluster.moves, rebalance=job)
        return
    print_table(None, _HEAD, map(_line, cluster.nodes))
    data.print(f"{count(cluster.shards, 'shard')} of distributed tables")
    for node in cluster.nodes:
        if node.error:
            step("warning", f"{node} does not answer: {node.error}")
        if node.missing_logins:
            step("warning", f"{node} lacks {', '.join(node.missing_logins)}: {_add(node)}")
    if job:
        data.print(f"{_told(job)}. To follow it: tenantry cluster rebalance")
    elif cluster.moves:
        data.print(f"Unevenly loaded: {_sum(cluster.moves)} would move. Next: tenantry cluster rebalance")


@app.command("add-worker")
def add_worker(
    host: Annotated[
        str, typer.Argument(metavar="HOST", help="The worker's host, as the other nodes reach it.")
    ],
    port: Annotated[
        int, typer.Option("--port", metavar="NUMBER", min=1, max=65535, help="The worker's port.")
    ] = 5432,
    as_json: AsJson = False,
) -> None:
    """Take a worker into the cluster.

    First the coordinator asks the worker: it must answer, have the warehouse's
    database with the extension citus in the same version, and the same major
    version of PostgreSQL. Roles that it lacks are created on it as they are on
    the coordinator, with their passwords. Then whadmin must be able to log in
    there, and Citus adds it. Readers who cannot log in there are named.

    No data moves before tenantry cluster rebalance. If the command was
    interrupted, or named readers, run it again; for a worker that is already
    in the cluster, it creates missing roles.

    Connect as a superuser: --dsn, or TENANTRY_ADMIN_DSN.
    """
    from tenantry.cli.progress import working
    from tenantry.warehouse import Warehouse

    with administrator() as (conninfo, _), working(f"adding {host}:{port}"):
        done = Warehouse(conninfo).add_worker(host, port)
    if as_json:
        print_json(worker=done)
        return
    for role in done.roles:
        step("role", f"{role} created on {host}:{port}")
    step("worker", f"{host}:{port} {'added' if done.made else 'was a node of the cluster before'}")
    for reader in done.without_login:
        step("warning", f"{reader.role} needs a password there, or reports fail: {reader.error}")
    if done.without_login:
        notes.print(
            "Put their passwords into the password file of the server's account on each node, or into pg_dist_authinfo,"
            " and run this again."
        )
    data.print("Next: tenantry cluster rebalance")


@app.command()
def rebalance(
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Follow the moves until the last is done.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would move, without moving it.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Move shards until the nodes hold about as much each.

    Says what Citus would move, and asks. Citus then moves one shard after the
    other in the background, with the shards of the tables' partitions that
    belong to it. Reports keep working. Loads into a shard wait while it moves.

    If the command ends, the rebalance goes on. Run it again to follow it. After
    a failure, what was moved stays moved, and the next run moves the rest.
    """
    moves: Sequence[ShardMove] = ()
    with open_warehouse() as warehouse:
        job = warehouse.running_rebalance()
        if job:
            notes.print(_told(job))
        else:
            moves = warehouse.shard_moves()
            if not as_json:
                _print_moves(moves)
            if moves and not dry_run:
                confirm(f"Move {_sum(moves)}?", yes=yes)
                job = warehouse.rebalance()
                if job:
                    step("rebalance", f"job {job.job} has begun")
        if job and wait and not dry_run:
            job = _follow(warehouse, job)
    if as_json:
        print_json(dry_run=dry_run, moves=moves, rebalance=job)
    elif job and job.ended:
        step("rebalance", f"{count(job.done, 'move')} done")
    elif job and not dry_run:
        data.print("To follow it: tenantry cluster rebalance")


def _follow(warehouse: Warehouse, job: Rebalance) -> Rebalance:
    from tenantry.cli.progress import Progress

    told: set[str] = set()
    with Progress() as progress:
        bar = progress.bar("moving shards", job.moves, "move")
        for now in warehouse.follow_rebalance(job.job):
            job = now
            bar.doing = now.moving or ""
            bar.reach(now.done)
            if now.error and not now.ended and now.error not in told:
                told.add(now.error)
                progress.tell(f"a move failed, and Citus tries it again: {now.error}")
    return job


def _print_moves(moves: Sequence[ShardMove]) -> None:
    ways = sorted({(move.from_node, move.to_node) for move in moves})
    print_table(
        None,
        ("from", "to", "shards#", "size#"),
        [
            (one, other, len(shards), human_bytes(sum(move.bytes for move in shards)))
            for one, other in ways
            for shards in [[move for move in moves if (move.from_node, move.to_node) == (one, other)]]
        ],
        empty="The nodes hold about as much each: nothing would move.",
    )


def _sum(moves: Sequence[ShardMove]) -> str:
    return f"{count(len(moves), 'shard')} ({human_bytes(sum(move.bytes for move in moves))})"


def _told(job: Rebalance) -> str:
    return f"Rebalance {job.job} is {job.state}: {job.done} of {count(job.moves, 'move')} done"


def _add(node: ClusterNode) -> str:
    return f"tenantry cluster add-worker {node.host} --port {node.port}"


def _line(node: ClusterNode) -> tuple[object, ...]:
    """A node as a row below `_HEAD`."""
    state = "no answer" if node.error else "active" if node.active else "not active"
    return (
        str(node),
        node.role,
        node.postgres,
        node.citus,
        state,
        "takes shards" if node.holds_shards else "none",
        node.placements,
        None if node.bytes is None else human_bytes(node.bytes),
        node.tenants,
        node.rows,
    )
