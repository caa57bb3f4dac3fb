"""The file of generated passwords: private whatever was there, complete, and in a folder of one's own."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.flow.tenant import reader as readers
from tests.support.databases import Warehouse
from tests.support.program import Outcome, run

pytestmark = pytest.mark.any_server

Add = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the program keeps generated passwords."""
    return tmp_path / "tenantry"


@pytest.fixture
def add(acme: Warehouse, tmp_path: Path) -> Iterator[Add]:
    """Runs `reader add NAME --all` without a password."""
    made = []

    def run_it(name: str) -> Outcome:
        made.append(name)
        return run(acme.admin, "reader", "add", name, "--all", env={"XDG_CONFIG_HOME": str(tmp_path)})

    yield run_it
    with session(acme.admin.conninfo, role=None) as opened:
        for name in made:
            if readers.readers(opened, name):
                readers.drop(opened, name)


def a_name() -> str:
    return f"reader_{secrets.token_hex(4)}"


def logs_in(warehouse: Warehouse, name: str, file: Path) -> None:
    psycopg.connect(
        f"host=127.0.0.1 port={warehouse.server.port} dbname={warehouse.name} user={name} passfile={file}"
    ).close()


def test_it_is_private_whatever_was_there_and_keeps_what_it_held(
    acme: Warehouse, folder: Path, add: Add
) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    file = folder / "pgpass"
    one, two = a_name(), a_name()
    file.write_text(f"elsewhere:5432:*:somebody:theirs\n127.0.0.1:{acme.server.port}:{acme.name}:{one}:old\n")
    file.chmod(0o666)
    for name in (one, two):
        done = add(name)
        assert done.code == 0, done.err
        assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
    for name in (one, two):
        # libpq takes the first line that fits: the old one is gone.
        logs_in(acme, name, file)
    assert "elsewhere:5432:*:somebody:theirs\n" in file.read_text()
    assert len(file.read_text().splitlines()) == 3
    assert list(folder.iterdir()) == [file]


def test_a_link_in_its_place_is_not_followed(acme: Warehouse, folder: Path, add: Add, tmp_path: Path) -> None:
    folder.mkdir()
    (tmp_path / "theirs").write_text("before\n")
    (folder / "pgpass").symlink_to(tmp_path / "theirs")
    name = a_name()
    assert add(name).code == 0
    assert (tmp_path / "theirs").read_text() == "before\n"
    assert not (folder / "pgpass").is_symlink()
    logs_in(acme, name, folder / "pgpass")


def test_a_folder_that_others_can_replace_is_refused_before_the_login_is_made(
    acme: Warehouse, folder: Path, add: Add, tmp_path: Path
) -> None:
    name = a_name()
    tmp_path.chmod(0o777)
    done = add(name)
    tmp_path.chmod(0o700)
    assert (done.code, done.errors) == (
        2,
        [f"generated passwords cannot be stored in {folder}: everybody may write to {tmp_path}"],
    )
    assert acme.rows("SELECT FROM pg_roles WHERE rolname = %s", (name,)) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_a_folder_of_somebody_elses_is_refused(acme: Warehouse, folder: Path, add: Add) -> None:
    folder.mkdir(mode=0o755)
    os.chown(folder, 12345, 12345)
    done = add(a_name())
    assert (done.code, done.errors) == (
        2,
        [f"generated passwords cannot be stored in {folder}: {folder} belongs to the account 12345"],
    )
    assert list(folder.iterdir()) == []
