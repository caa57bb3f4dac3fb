"""The environment of one server never reaches another: commands on the embedded server ignore all that libpq reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.pq import Conninfo

import tenantry
from tenantry.embedded import Server
from tests.support.listener import Listener
from tests.support.program import succeed

pytestmark = pytest.mark.any_server

NOT_KEYWORDS = {
    "PGTZ": "Nowhere/None",
    "PGDATESTYLE": "nonsense",
    "PGGEQO": "nonsense",
    "PGSYSCONFDIR": "/nowhere",
}


def poison(port: int) -> dict[str, str]:
    """Every variable that this machine's libpq knows, with a value that breaks or misleads a login."""
    words = {
        option.envvar.decode(): "nonsense" for option in Conninfo.get_defaults() if option.envvar is not None
    }
    address = {"PGHOST": "127.0.0.1", "PGHOSTADDR": "127.0.0.1", "PGPORT": str(port), "PGSERVICE": "nowhere"}
    return (
        words | NOT_KEYWORDS | address | {"PGSSLMODE": "verify-full", "PGOPTIONS": "-c search_path=nowhere"}
    )


@pytest.fixture
def demo_directory(server_parent: Path) -> Iterator[Path]:
    directory = server_parent / "own"
    yield directory
    Server(directory).remove()


def test_the_demo_and_all_that_follows_it_work_on_their_own_server(
    demo_directory: Path, tmp_path: Path
) -> None:
    with Listener() as listener:
        elsewhere = f"host=127.0.0.1 port={listener.port} dbname=postgres user=whadmin"
        env = poison(listener.port) | {
            "TENANTRY_SERVER_DIR": str(demo_directory),
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
        }
        named = env | {"TENANTRY_DSN": elsewhere, "TENANTRY_ADMIN_DSN": elsewhere}
        succeed(None, "server", "start", "--dir", demo_directory, env=named)
        assert "Food waste of all tenants" in succeed(None, "demo", "--days", "2", env=named).out
        for words in (
            ("status",),
            ("refresh", "foodlogstats", "--all"),
            ("refresh", "foodlogstats", "--tenant", "harvest", "--days", "1", "--reload"),
            ("verify", "foodlogstats", "--all"),
            ("tenant", "test", "harvest"),
            ("init",),
            ("reader", "add", "bi", "--all"),
            ("doctor",),
            ("backup", tmp_path / "all.age"),
            ("backup", "verify", tmp_path / "all.age"),
        ):
            succeed("embedded:", *words, env=env | {"TENANTRY_BACKUP_PASSPHRASE": "a passphrase"})
        succeed(None, "server", "stop", "--dir", demo_directory, env=named)
        assert listener.calls == 0


def test_no_session_is_opened_with_the_connection_string_that_is_for_people() -> None:
    """`Server.conninfo` leaves keywords to the environment; `Server.login` names all."""
    source = Path(tenantry.__file__).parent
    opened = re.compile(r"(session|Warehouse|create_source|extend_source)\(\s*\w+\.conninfo\(")
    assert [file.name for file in source.rglob("*.py") if opened.search(file.read_text())] == []
