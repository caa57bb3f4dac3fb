"""The PostgreSQL server of the tests: one for each test process, made for the run and removed after it."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from tenantry.db.install import install
from tenantry.embedded import Server
from tests.support.databases import SECRET, SOURCE_SCHEMA, Maker, Source, Warehouse, quick_secret
from tests.support.jobs import either_cron, pg_cron
from tests.support.server_janitor import janitor, open_directory

pytest_plugins = ["tests.support.second_run", "tests.support.shares"]

ROOT = Path(__file__).parent.parent


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets what it runs in the background ignore Ctrl-C, and so would every program that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test that would never run: what needs Debian's server, and is not run on it."""
    for item in items:
        if item.get_closest_marker("system") and item.get_closest_marker("any_server"):
            raise pytest.UsageError(f"{item.nodeid} is marked system and any_server: it would never run")


def pytest_collection_finish() -> None:
    """Keep Python's collector from looking through thousands of tests each time."""
    gc.collect()
    gc.freeze()


# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("tenantry", deadline=None)
settings.load_profile("tenantry")


@pytest.fixture(scope="session")
def server_bindir() -> Path | None:
    """The programs to test with: those in TENANTRY_TEST_PG_BINDIR, or None for the embedded ones."""
    named = os.environ.get("TENANTRY_TEST_PG_BINDIR")
    return Path(named) if named else None


@pytest.fixture(scope="session")
def server_settings(server_bindir: Path | None) -> dict[str, str]:
    """Settings for a server whose data nobody will miss.

    On a system's own PostgreSQL max_locks_per_transaction stays at that one's default, so that the
    tests see what an administrator who changes nothing sees; and pg_cron is loaded if it is there.
    """
    settings = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "128MB",
        "max_connections": "100",
        # What it has written before lies in memory, too.
        "max_wal_size": "256MB",
    }
    if server_bindir:
        settings["max_locks_per_transaction"] = "64"
        if (server_bindir.parent / "lib" / "pg_cron.so").exists():
            settings |= {
                "shared_preload_libraries": "pg_cron",
                "cron.database_name": "postgres",
                # Its other way is to connect like any user, for which it has no password.
                "cron.use_background_workers": "on",
            }
    return settings


@pytest.fixture(scope="session")
def server(server_bindir: Path | None, server_settings: dict[str, str]) -> Iterator[Server]:
    """A running server, for all the tests of this process. Its superuser is postgres."""
    parent = open_directory()
    running = Server(parent / "server", bindir=server_bindir, settings=server_settings)
    with janitor(running, server_bindir, parent):
        running.start()
        yield running


@pytest.fixture
def server_parent() -> Iterator[Path]:
    """An empty directory that the server's account can reach; pytest's tmp_path is closed to it."""
    directory = open_directory()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def make_server(
    server_parent: Path, server_bindir: Path | None, server_settings: dict[str, str]
) -> Iterator[Callable[..., Server]]:
    """Makes `Server` objects of this test's own, all for one directory; not started.

    Arguments go over the usual settings. The server is removed after the test.
    """
    directory = server_parent / "server"

    def make(**settings: str) -> Server:
        return Server(
            directory,
            bindir=server_bindir,
            settings=server_settings | {"shared_buffers": "16MB"} | settings,
        )

    with janitor(make(), server_bindir, server_parent):
        yield make


@pytest.fixture(scope="session")
def templates(server: Server) -> None:
    """The databases that tests clone: tests_warehouse (installed) and tests_source (tables, no logged rows)."""
    passwords = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}
    for role, password in passwords.items():
        server.save_password(role, password)
    with psycopg.connect(server.conninfo(), autocommit=True) as session:
        session.execute("CREATE DATABASE tests_warehouse")
        session.execute("CREATE DATABASE tests_source")
        session.execute("CREATE ROLE source_reader LOGIN")
    with psycopg.connect(server.conninfo(dbname="tests_warehouse"), autocommit=True) as session:
        install(session, passwords)
        known = {"postgres": session.info.password, "source_reader": SECRET}
        for role, password in (passwords | known).items():
            set_password = sql.SQL("ALTER ROLE {} PASSWORD {}")
            session.execute(set_password.format(sql.Identifier(role), sql.Literal(quick_secret(password))))
    with psycopg.connect(server.conninfo(dbname="tests_source"), autocommit=True) as session:
        session.execute(SOURCE_SCHEMA.encode())


@pytest.fixture
def maker(server: Server, templates: None) -> Iterator[Maker]:
    """Clones databases for this test."""
    maker = Maker(server)
    yield maker
    maker.drop_all()


@pytest.fixture
def warehouse(server: Server, maker: Maker) -> Warehouse:
    """An installed, empty warehouse of this test's own."""
    name = maker.clone("tests_warehouse", "warehouse")
    # What install grants on the database itself is not part of its contents.
    maker.run("GRANT CREATE ON DATABASE {} TO whadmin", name)
    return Warehouse(server, name, "whadmin")


@pytest.fixture
def make_source(server: Server, maker: Maker) -> Callable[[], Source]:
    """Makes sources of this test's own, without logged rows."""
    return lambda: Source(server, maker.clone("tests_source", "source"), "postgres")


@pytest.fixture
def source(make_source: Callable[[], Source]) -> Source:
    """One source, without logged rows."""
    return make_source()


@pytest.fixture
def acme(warehouse: Warehouse, source: Source) -> Warehouse:
    """A warehouse with schema and connection `acme`, to `source`; nothing is loaded."""
    warehouse.connect_to(source)
    warehouse.make_schema()
    return warehouse


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """The database that pg_cron serves."""
    yield from pg_cron(request)


@pytest.fixture(
    params=[
        pytest.param("own", marks=pytest.mark.any_server),
        pytest.param("pg_cron", marks=pytest.mark.system),
    ]
)
def cron(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """A warehouse without jobs, with either schema cron."""
    yield from either_cron(request)
