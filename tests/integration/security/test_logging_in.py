"""How the program finds the password of its warehouse, and that it asks a person only where there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenantry.core import pgpass
from tenantry.core.model import OWNER
from tenantry.embedded import Server
from tests.support.databases import Warehouse
from tests.support.program import run, succeed
from tests.support.terminal import Terminal

pytestmark = pytest.mark.any_server


def bare(warehouse: Warehouse, user: str = OWNER) -> str:
    """The warehouse without any password."""
    return f"host=127.0.0.1 port={warehouse.server.port} dbname={warehouse.name} user={user}"


def nobody(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has no password file."""
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def kept(warehouse: Warehouse, tmp_path: Path) -> Path:
    """The file in which the program keeps passwords, with whadmin's in it."""
    file = tmp_path / "config" / "tenantry" / "pgpass"
    file.parent.mkdir(parents=True, mode=0o700)
    password = str(warehouse.server.password(OWNER))
    file.write_text(
        pgpass.line("127.0.0.1", str(warehouse.server.port), warehouse.name, OWNER, password) + "\n"
    )
    file.chmod(0o600)
    return file


def test_the_commands_after_init_log_in_with_the_password_that_init_generated(
    make_server: Callable[..., Server], tmp_path: Path
) -> None:
    env = nobody(tmp_path)
    server = make_server()
    with server.lease():
        succeed(server.conninfo(), "init", env=env)
        env["TENANTRY_DSN"] = f"host=127.0.0.1 port={server.port} dbname=postgres user={OWNER}"
        assert succeed(None, "status", env=env).out.startswith("No tenants yet")
        # Others on the machine could have put a password there, or a line for another server.
        file = tmp_path / "config" / "tenantry" / "pgpass"
        file.chmod(0o644)
        refused = run(None, "status", env=env)
        assert (refused.code, f"others may read {file}; run: chmod 600" in refused.err) == (3, True)


def test_what_libpq_finds_itself_comes_first(warehouse: Warehouse, kept: Path, tmp_path: Path) -> None:
    wrong = run(bare(warehouse), "status", env=nobody(tmp_path) | {"PGPASSWORD": "wrong"})
    assert wrong.code == 3
    assert "password authentication failed" in wrong.err
    assert run(bare(warehouse), "status", env=nobody(tmp_path)).code == 0


def test_no_password_is_asked_for_without_a_terminal(warehouse: Warehouse, tmp_path: Path) -> None:
    outcome = run(bare(warehouse), "status", env=nobody(tmp_path))
    assert (outcome.code, outcome.out, len(outcome.errors)) == (3, "", 1)
    assert "PGPASSWORD; or run the command on a terminal, which asks for it." in outcome.err


def test_a_person_at_a_terminal_is_asked_once_and_never_for_json(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    env = nobody(tmp_path)
    password = str(warehouse.server.password(OWNER))
    with Terminal("--dsn", bare(warehouse), "doctor", env=env) as terminal:
        assert f"Password for {OWNER} on 127.0.0.1" in terminal.wait_for(": ")
        terminal.type(f"{password}\n")
        assert terminal.ended() == 0, terminal.seen
        assert (password in terminal.seen, terminal.seen.count("Password for")) == (False, 1)
    with Terminal("--dsn", bare(warehouse), "status", env=env) as terminal:
        terminal.wait_for(": ")
        terminal.type("wrong\n")
        assert terminal.ended() == 3
        assert "password authentication failed" in terminal.seen
        assert terminal.seen.count("Password for") == 1
    with Terminal("--dsn", bare(warehouse), "status", "--json", env=env) as terminal:
        assert terminal.ended() == 3
        assert "Password for" not in terminal.seen
