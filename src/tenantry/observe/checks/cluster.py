"""A Citus cluster: its nodes, their logins and shards, and settings that would keep statements from reaching them."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from tenantry.core.words import count, human_bytes, some
from tenantry.db.queries import one_row, query
from tenantry.flow.cluster.nodes import Cluster, ClusterNode, activate, cluster, is_coordinator
from tenantry.observe.checks.finding import Check, Examined, Finding, Severity, tenantry

_SETTING = "citus.enable_ddl_propagation"

_OFF = "it is off ({where}): TRUNCATE and ALTER TABLE of distributed tables reach no node, and say nothing"


def _cluster(examined: Examined) -> Iterator[Finding]:
    if not is_coordinator(examined.session):
        return
    found = cluster(examined.session)
    yield from _settings(examined)
    yield from _nodes(found)
    yield from _shards(found)


def _settings(examined: Examined) -> Iterator[Finding]:
    """Where the propagation of statements is off: for the database, for roles, or for the whole server."""
    rows = examined.rows("propagation_off")
    for role, database in rows:
        names = [name and sql.Identifier(name).as_string() for name in (role, database)]
        whom = [word for word in (role and f"ROLE {names[0]}", database and f"DATABASE {names[1]}") if word]
        command = f"ALTER {' IN '.join(whom)} RESET {_SETTING}; -- as the administrator"
        where = " in ".join(
            f"{kind} {name}" for kind, name in (("role", role), ("database", database)) if name
        )
        yield Finding(Severity.ERROR, _SETTING, _OFF.format(where=where), command)
    if not rows and not _on_by_default(examined):
        mend = f"ALTER SYSTEM RESET {_SETTING}; -- as the administrator; then SELECT pg_reload_conf();"
        yield Finding(Severity.ERROR, _SETTING, _OFF.format(where="server"), mend)


def _on_by_default(examined: Examined) -> bool:
    """What new sessions of this login have. Citus hides the setting in pg_settings, and sessions of the program turn it off."""
    with examined.login.transaction(force_rollback=True):
        examined.login.execute(query("health", "forget_propagation"))
        return bool(one_row(examined.login, query("health", "propagation"))[0])


def _nodes(found: Cluster) -> Iterator[Finding]:
    for node in found.nodes:
        if node.error:
            yield Finding(
                Severity.ERROR,
                str(node),
                f"the node does not answer: {node.error}; reports and loads that need it fail",
                tenantry("cluster", "status"),
            )
        if not node.active:
            yield Finding(
                Severity.ERROR,
                str(node),
                "the node is not active: Citus does not use it, and does not tell it of changes",
                f"{activate(node)} -- as the administrator",
            )
        if node.missing_logins:
            yield Finding(
                Severity.ERROR,
                str(node),
                f"{count(len(node.missing_logins), 'login does', 'logins do')} not exist there, and their reports fail: "
                + some(node.missing_logins),
                tenantry("cluster", "add-worker", node.host, "--port", node.port),
            )
        if node.inactive_placements:
            yield Finding(
                Severity.ERROR,
                str(node),
                f"{count(node.inactive_placements, 'placement of a shard is', 'placements of shards are')} not active there",
                "CALL citus_cleanup_orphaned_resources(); -- as the administrator",
            )
    yield from _versions(found.nodes)


def _versions(nodes: tuple[ClusterNode, ...]) -> Iterator[Finding]:
    first = nodes[0]
    for node in nodes[1:]:
        for what, here, there in (
            ("Citus", first.citus, node.citus),
            ("PostgreSQL", first.postgres, node.postgres),
        ):
            if node.answers and here != there:
                major = what == "Citus" or str(here).split(".")[0] != str(there).split(".")[0]
                yield Finding(
                    Severity.ERROR if major else Severity.WARNING,
                    str(node),
                    f"it has {what} {there or '(none)'}, and the coordinator has {here}",
                    "ALTER EXTENSION citus UPDATE; -- as the administrator, on each node, after it has the same packages"
                    if what == "Citus"
                    else None,
                )


def _shards(found: Cluster) -> Iterator[Finding]:
    if not found.moves:
        return
    holding = [node for node in found.nodes if node.holds_shards]
    least, most = (pick(holding, key=lambda node: node.bytes or 0) for pick in (min, max))
    # A node without a shard was added, and waits for them; otherwise it is a matter of time.
    severity = Severity.WARNING if least.placements == 0 else Severity.NOTE
    yield Finding(
        severity,
        "shards",
        f"{most} holds {human_bytes(most.bytes or 0)}, and {least} {human_bytes(least.bytes or 0)}: "
        f"{count(len(found.moves), 'shard')} would move",
        tenantry("cluster", "rebalance"),
    )


CLUSTER = Check(
    "cluster", "Do all nodes of a Citus cluster answer, and hold what they should?", False, _cluster
)
