"""A warehouse and its tenants' databases that all live by one clock, and nothing but the program to run them with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tenantry.embedded import Server
from tests.life.clock import Clock
from tests.support.databases import SOURCE_SCHEMA
from tests.support.program import Outcome, command, environment
from tests.support.waiting import wait_until

_TEMPLATE = (
    "SELECT query_template, (SELECT array_agg(column_name ORDER BY position) FROM _wh.template_columns c"
    " WHERE c.template_name = t.template_name) FROM _wh.mv_templates t WHERE template_name = 'foodlogstats'"
)


@dataclass
class Tenant:
    """A tenant's own database: what it holds is the truth that the warehouse is compared with."""

    name: str
    server: Server
    password: str
    next_id: int = 1

    @property
    def reader(self) -> str:
        """The role that the warehouse logs in with."""
        return f"{self.name}_reader"

    @property
    def address(self) -> str:
        """What --source takes."""
        return f"host=127.0.0.1 port={self.server.port} dbname={self.name} user={self.reader}"

    def connect(self) -> psycopg.Connection:
        """A session of the tenant's own administrator."""
        return psycopg.connect(self.server.conninfo(dbname=self.name), autocommit=True)

    def make(self) -> None:
        """Make the database and the role."""
        with psycopg.connect(self.server.conninfo(), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.name)))
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(self.reader), sql.Literal(self.password)
                )
            )
        with self.connect() as admin:
            schema = SOURCE_SCHEMA.replace("source_reader", self.reader)
            admin.execute(schema.encode())

    def rotate(self, password: str) -> None:
        """Change the reader's password; sessions that are open stay."""
        self.password = password
        with self.connect() as admin:
            admin.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(self.reader), sql.Literal(password)
                )
            )

    def log(self, first: date, last: date, per_day: int = 2) -> None:
        """Log `per_day` rows on each day, the first at midnight and the last at the day's last microsecond."""
        with self.connect() as admin:
            row = admin.execute(
                "WITH added AS (INSERT INTO phood_foodlogsum (id, location_id, action_reason_id, action_taken_id,"
                " inventory_item_id, pan_id, quantity, validation_status, logged_time)"
                " SELECT %(next)s + row_number() OVER () - 1, 1 + n %% 3, 1, 1, 1 + n %% 5, 1, 10 + n, 'valid',"
                " d AT TIME ZONE 'UTC' + (interval '1 day' - interval '1 microsecond') * n / greatest(%(per_day)s - 1, 1)"
                " FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, '1 day') d,"
                " generate_series(0, %(per_day)s - 1) n RETURNING 1) SELECT count(*) FROM added",
                {"next": self.next_id, "first": first, "last": last, "per_day": per_day},
            ).fetchone()
        assert row is not None
        self.next_id += row[0]

    def change(self, statement: str) -> None:
        """Change what is there."""
        with self.connect() as admin:
            admin.execute(statement.encode())

    def log_at(self, moment: datetime) -> None:
        """Log one row."""
        with self.connect() as admin:
            admin.execute(
                "INSERT INTO phood_foodlogsum (id, location_id, action_reason_id, action_taken_id, inventory_item_id,"
                " pan_id, quantity, validation_status, logged_time) VALUES (%s, 1, 1, 1, 1, 1, 10, 'valid', %s)",
                (self.next_id, moment),
            )
        self.next_id += 1

    def rows(self, query: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """What the template's query gives for all time."""
        filled = (
            query.replace("{SCHEMA}", self.name)
            .replace("{START_TIME}", "2000-01-01 00:00:00+00")
            .replace("{END_TIME}", "2100-01-01 00:00:00+00")
        )
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with self.connect() as admin:
            return admin.execute(
                sql.SQL("SELECT {} FROM ({}\n) q ORDER BY id").format(names, sql.SQL(filled))
            ).fetchall()


class World:
    """The clock, a server with the tenants' databases, and one at a time with the warehouse."""

    def __init__(self, folder: Path, clock: Clock, make_server: Callable[[Path], Server]) -> None:
        self.clock = clock
        self.folder = folder
        self.sources = make_server(folder / "sources")
        self.sources.start()
        self._make_server = make_server
        self.tenants: dict[str, Tenant] = {}
        self.new_server()

    def new_server(self) -> None:
        """Have an empty server for a warehouse, in the place of the one before."""
        self.server = self._make_server(self.folder / f"warehouse-{self.clock.now:%Y%m%d}")
        self.server.start()

    def add_source(self, name: str) -> Tenant:
        """A tenant's database, without logged rows."""
        tenant = Tenant(name, self.sources, f"first password of {name}")
        tenant.make()
        self.tenants[name] = tenant
        return tenant

    def move_to(self, moment: datetime) -> None:
        """Put the clock to a moment, and wait until both servers see it."""
        self.clock.set(moment)
        for server in (self.sources, self.server):
            wait_until(lambda server=server: self._shows(server))  # type: ignore[misc]

    def _shows(self, server: Server) -> bool:
        with psycopg.connect(server.conninfo()) as session:
            row = session.execute("SELECT clock_timestamp()").fetchone()
        return row is not None and abs((row[0] - self.clock.now).total_seconds()) < 3

    def run(
        self, *arguments: object, env: Mapping[str, str] | None = None, dsn: str | None = None
    ) -> Outcome:
        """Run the program as whadmin, by the world's clock."""
        done = subprocess.run(
            command(dsn or self.server.conninfo(user="whadmin"), *arguments),
            env=environment(self.clock.environment | dict(env or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def do(self, *arguments: object, env: Mapping[str, str] | None = None, dsn: str | None = None) -> Outcome:
        """Run the program; it must end with 0."""
        outcome = self.run(*arguments, env=env, dsn=dsn)
        assert outcome.code == 0, f"tenantry {arguments}: {outcome.err}"
        return outcome

    def differences(self) -> dict[str, str]:
        """The tenants whose rows in the public view are not exactly their source's, and those that are not known."""
        with psycopg.connect(self.server.conninfo(user="whadmin")) as session:
            found = session.execute(_TEMPLATE).fetchone()
            assert found is not None
            query, columns = found
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            held: dict[str, list[tuple[Any, ...]]] = {}
            rows = session.execute(
                sql.SQL("SELECT schema_name, {} FROM public.foodlogstats ORDER BY schema_name, id").format(
                    names
                )
            )
            for schema, *row in rows:
                held.setdefault(schema, []).append(tuple(row))
        different = dict.fromkeys(held.keys() - self.tenants.keys(), "is there, and should not be")
        for name, tenant in self.tenants.items():
            truth = tenant.rows(query, columns)
            here = held.get(name, [])
            if here != truth:
                missing, extra = set(truth) - set(here), set(here) - set(truth)
                different[name] = (
                    f"{len(here)} rows of {len(truth)}; missing {sorted(missing, key=str)[:2]}, extra {sorted(extra, key=str)[:2]}"
                )
        return different
