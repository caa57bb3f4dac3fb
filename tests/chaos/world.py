"""Two servers, one with a warehouse and one with its sources, and a line between them that can be cut.

Distributed storage has the stand-in for a cluster.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from tenantry.db.install import install
from tenantry.embedded import Server
from tests.chaos.line import Line
from tests.chaos.model import Model, State
from tests.support.citus.cluster import STAND_IN
from tests.support.program import Outcome, run

TENANTS = ("north", "south")
SHARED = ("shared", "distributed")
READER = "campaign_reader"
PASSWORD = "campaign-password"
COLUMNS = "id, at, item, amount, note, code"

QUERY = f"SELECT {COLUMNS} FROM events WHERE at >= '{{START_TIME}}' AND at < '{{END_TIME}}'"
DECLARED = "id bigint, at timestamptz, item text, amount numeric, note varchar(40), code char(4)"
INDEXES = (
    "CREATE UNIQUE INDEX {VIEW_NAME}_id ON {SCHEMA}.{VIEW_NAME} (id);"
    " CREATE INDEX {VIEW_NAME}_at ON {SCHEMA}.{VIEW_NAME} (at)"
)

STATES = "SELECT (at AT TIME ZONE 'UTC')::date, id, md5(ROW({columns})::text) FROM {relation} WHERE {condition} ORDER BY 1, 2, 3"


@dataclass
class World:
    """What a campaign plays with. `first` is the first day that the sources have rows of."""

    storage: str
    dice: random.Random
    warehouse: Server
    sources: Server
    line: Line
    days: int = 45
    last_id: int = 0

    def __post_init__(self) -> None:
        """Begin with models that know no state yet."""
        self.models = {name: Model(one_table=self.storage != "matview") for name in TENANTS}

    @property
    def today(self) -> date:
        """The day in UTC."""
        return datetime.now(UTC).date()

    @property
    def first(self) -> date:
        """The first day of the sources."""
        return self.today - timedelta(days=self.days - 1)

    def neighbours(self, tenant: str) -> tuple[str, ...]:
        """The tenants whose rows are in the tables of this one."""
        return TENANTS if self.storage in SHARED else (tenant,)

    def holders(self, tenant: str) -> tuple[str, str]:
        """The schema of what holds a tenant's rows, and the names there without the period."""
        if self.storage == "matview":
            return tenant, "events"
        return (
            "_wh_data",
            f"public.tenantry_{self.storage}_events" if self.storage in SHARED else f"{tenant}.events",
        )

    @property
    def dsn(self) -> str:
        """The warehouse, as its operator logs in."""
        return self.warehouse.conninfo(dbname="warehouse", user="whadmin")

    def admin(self, database: str = "warehouse") -> psycopg.Connection:
        """A session of the administrator on the warehouse's server."""
        return psycopg.connect(self.warehouse.conninfo(dbname=database), autocommit=True)

    def operator(self) -> psycopg.Connection:
        """A session of whadmin."""
        return psycopg.connect(self.dsn, autocommit=True)

    def source(self, tenant: str) -> psycopg.Connection:
        """A session of a source's administrator, not through the line; of a server that a fault has ended, once it is up."""
        until = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(self.sources.conninfo(dbname=tenant), autocommit=True)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def run(self, *arguments: object) -> Outcome:
        """Run the program to its end."""
        return run(self.dsn, *arguments)

    def note(self, tenant: str) -> None:
        """Let the model know what a source has now."""
        with self.source(tenant) as session:
            self.models[tenant].note(states(session, "events"))

    def shown(self, tenant: str) -> dict[date, State]:
        """What reports see of each day. Raises UndefinedTable while there is no public view."""
        with self.operator() as session:
            return states(session, "public.events", "schema_name = {}", tenant)


def states(
    session: psycopg.Connection, relation: str, condition: str = "true", *values: str
) -> dict[date, State]:
    """The state of each day that has rows."""
    statement = sql.SQL(STATES).format(
        columns=sql.SQL(COLUMNS),
        relation=sql.SQL(relation),
        condition=sql.SQL(condition).format(*map(sql.Literal, values)),
    )
    session.execute("SET TIME ZONE 'UTC'")
    found: dict[date, list[tuple[int, str]]] = {}
    for day, key, digest in session.execute(statement):
        found.setdefault(day, []).append((key, digest))
    return {day: tuple(rows) for day, rows in found.items()}


@dataclass(frozen=True)
class Servers:
    """Two servers: one with an installed warehouse to clone, one for sources."""

    warehouse: Server
    sources: Server


@contextmanager
def serve(bindir: Path | None = None) -> Iterator[Servers]:
    """Servers for any number of worlds, one after the other. Removed at the end."""
    parent = Path(
        tempfile.mkdtemp(prefix="tenantry-chaos-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    )
    parent.chmod(0o755)
    settings = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_connections": "60"}
    both = Servers(
        *(Server(parent / name, bindir=bindir, settings=settings) for name in ("warehouse", "sources"))
    )
    try:
        both.warehouse.start()
        both.sources.start()
        _install(both.warehouse)
        yield both
    finally:
        both.warehouse.remove()
        both.sources.remove()


@contextmanager
def make(storage: str, seed: int, servers: Servers) -> Iterator[World]:
    """Sources with rows, and a warehouse that knows them; nothing is loaded."""
    for server in (servers.warehouse, servers.sources):
        if not server.running:
            server.start()
    with Line(servers.sources.port) as line:
        world = World(storage, random.Random(seed), servers.warehouse, servers.sources, line)
        _make_sources(world)
        _make_warehouse(world)
        yield world


def _install(server: Server) -> None:
    """Install a warehouse in the database `installed`."""
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        session.execute("CREATE DATABASE installed")
    for role in ("whadmin", "phood_ro"):
        server.save_password(role, f"{role}-password")
    with psycopg.connect(server.conninfo(dbname="installed"), autocommit=True) as session:
        install(session, {"whadmin": "whadmin-password", "phood_ro": "phood_ro-password"})


def _make_sources(world: World) -> None:
    with psycopg.connect(world.sources.conninfo(), autocommit=True) as session:
        for tenant in TENANTS:
            session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(tenant)))
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(tenant)))
        reader = sql.Identifier(READER)
        session.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(reader))
        session.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(reader, sql.Literal(PASSWORD)))
    for number, tenant in enumerate(TENANTS):
        with world.source(tenant) as session:
            session.execute(
                "CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz NOT NULL, item text, amount numeric,"
                " note varchar(40), code char(4)); CREATE INDEX ON events (at)"
            )
            session.execute(sql.SQL("GRANT SELECT ON events TO {}").format(sql.Identifier(READER)))
            session.execute(
                "INSERT INTO events SELECT n, (%(first)s::date)::timestamp AT TIME ZONE 'UTC' + n * interval '97 minutes',"
                " 'item ' || n %% 7, n * 1.10, CASE WHEN n %% 3 = 0 THEN NULL ELSE 'note' END, 'ab'"
                " FROM generate_series(0, (%(days)s * 1440 - 60) / 97) n WHERE n %% 11 <> %(number)s",
                {"first": world.first, "days": world.days, "number": number},
            )
        world.note(tenant)
    world.last_id = 1_000_000


def _make_warehouse(world: World) -> None:
    with psycopg.connect(world.warehouse.conninfo(), autocommit=True) as session:
        session.execute("DROP DATABASE IF EXISTS warehouse WITH (FORCE)")
        session.execute("CREATE DATABASE warehouse TEMPLATE installed STRATEGY file_copy")
    if world.storage == "distributed":
        with world.admin() as session, session.transaction():
            session.execute(STAND_IN)
    with world.operator() as session:
        session.execute(
            "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes, time_column, storage)"
            " VALUES ('events', %s, %s, %s, 'at', %s)",
            (QUERY, DECLARED, INDEXES, world.storage),
        )
        for tenant in TENANTS:
            session.execute(
                "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
                " VALUES (%s, '127.0.0.1', %s, %s, %s, %s)",
                (tenant, world.line.port, tenant, READER, PASSWORD),
            )
    with world.admin() as session:
        for tenant in TENANTS:
            session.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION whadmin").format(sql.Identifier(tenant)))
            session.execute("SET ROLE whadmin")
            session.execute("SELECT _wh_internal.open_feed('events', %s, %s)", (tenant, tenant))
            session.execute("RESET ROLE")
