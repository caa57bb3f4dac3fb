"""A Citus cluster for tests: the real one that TENANTRY_TEST_CITUS names, or a stand-in on the test's own server."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tenantry.db.install import install
from tenantry.embedded import Server
from tests.support.databases import Warehouse

STAND_IN = (Path(__file__).parent / "stand_in.sql").read_bytes()

COORDINATOR = os.environ.get("TENANTRY_TEST_CITUS", "")
"""A connection string for the coordinator's superuser, password included, whom every node knows by the same password. The nodes must let
each other in as that superuser, as whadmin ("whadmin-password"), as phood_ro ("reader-password") and as reader_of_acme (the same)."""

SPARE = os.environ.get("TENANTRY_TEST_CITUS_SPARE", "")
"""HOST:PORT of a further server with Citus, which is no node of the cluster. What tests add to it goes with their databases."""

CONTROL = os.environ.get("TENANTRY_TEST_CITUS_CONTROL", "")
"""A shell command that gets `kill PORT` or `start PORT` as its last words, and does that to a node's server; kill as by a crash."""

PASSWORDS = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}


class Coordinator:
    """What the tests need of a server, of a cluster that others have started."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        facts = conninfo_to_dict(conninfo)
        self.host, self.port = str(facts["host"]), int(str(facts["port"]))

    def conninfo(self, user: str = "postgres", dbname: str = "postgres") -> str:
        """A connection string for this user, with its password."""
        if user == conninfo_to_dict(self._conninfo)["user"] or user == "postgres":
            return make_conninfo(self._conninfo, dbname=dbname)
        return make_conninfo(
            self._conninfo, user=user, dbname=dbname, password=PASSWORDS.get(user, "reader-password")
        )

    def nodes(self) -> list[str]:
        """A connection string for each node, the coordinator first. Citus is known in the database postgres, too."""
        with psycopg.connect(self.conninfo(), autocommit=True) as session:
            workers = session.execute(
                "SELECT node_name, node_port FROM citus_get_active_worker_nodes() ORDER BY 2"
            ).fetchall()
        return [
            self.conninfo(),
            *(make_conninfo(self.conninfo(), host=host, port=port) for host, port in workers),
        ]


def spare() -> str:
    """A connection string for the superuser on the server that is no node."""
    host, _, port = SPARE.rpartition(":")
    return make_conninfo(COORDINATOR, dbname="postgres", host=host, port=port)


def control(what: str, port: int) -> None:
    """Kill or start a node's server."""
    subprocess.run([*shlex.split(CONTROL), what, str(port)], check=True, stdin=subprocess.DEVNULL)


@contextmanager
def real() -> Iterator[Warehouse]:
    """A warehouse in a new database of the real cluster."""
    coordinator = Coordinator(COORDINATOR)
    nodes, name = coordinator.nodes(), f"cluster_{secrets.token_hex(4)}"
    servers = [*nodes, spare()] if SPARE else nodes
    make, drop = sql.SQL("CREATE DATABASE {}"), sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    try:
        for node in servers:
            with psycopg.connect(node, autocommit=True) as session:
                session.execute(make.format(sql.Identifier(name)))
            with psycopg.connect(make_conninfo(node, dbname=name), autocommit=True) as session:
                session.execute("CREATE EXTENSION citus")
        with psycopg.connect(coordinator.conninfo(dbname=name), autocommit=True) as session:
            session.execute("SELECT citus_set_coordinator_host(%s, %s)", (coordinator.host, coordinator.port))
            for node in nodes[1:]:
                facts = conninfo_to_dict(node)
                session.execute("SELECT citus_add_node(%s, %s)", (facts["host"], int(str(facts["port"]))))
            install(session, PASSWORDS)
        # Citus brings a role to the other nodes with its password, but not where the role is there from another database.
        for node in nodes:
            with psycopg.connect(node, autocommit=True) as session:
                session.execute("SET citus.enable_ddl_propagation = off")
                for role, password in PASSWORDS.items():
                    known = session.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).rowcount
                    put = sql.SQL(
                        "ALTER ROLE {} PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}"
                    )
                    session.execute(put.format(sql.Identifier(role), sql.Literal(password)))
        yield Warehouse(cast("Server", coordinator), name, "whadmin")
    finally:
        with psycopg.connect(coordinator.conninfo(dbname=name), autocommit=True) as session:
            # A killed node may have left some, and their database cannot be dropped.
            session.execute("SELECT recover_prepared_transactions()")
        for node in servers:
            with psycopg.connect(node, autocommit=True) as session:
                session.execute(drop.format(sql.Identifier(name)))


def stand_in(warehouse: Warehouse) -> None:
    """Give a warehouse the stand-in for Citus."""
    with psycopg.connect(warehouse.admin.conninfo) as session:
        session.execute(STAND_IN)
