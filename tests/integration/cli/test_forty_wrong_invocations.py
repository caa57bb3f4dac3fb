"""Forty ways to get a command wrong: one clear line each, the right exit code, and nothing changed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from psycopg import sql

from tests.integration.cli.test_bad_input import everything
from tests.support.databases import SECRET, Source, Warehouse
from tests.support.program import Outcome, address, environment, run

pytestmark = pytest.mark.any_server

FAILED, INPUT, UNREACHABLE, NOT_INSTALLED = 1, 2, 3, 4

Wrong = tuple[str, int, str]
"""What is typed, the exit code, and what the line says."""

TYPOS: list[Wrong] = [
    ("refrsh foodlogstats --all", INPUT, "No such command 'refrsh'.*'refresh'"),
    ("tenant shw acme", INPUT, "No such command 'shw'.*'show'"),
    ("refresh foodlogstats --tenat acme", INPUT, "No such option: --tenat.*--tenant"),
    ("refresh", INPUT, "Missing argument 'TEMPLATE'"),
    ("backfill foodlogstats --all --sessions 99", INPUT, "'--sessions'.*99 is not in the range 1<=x<=8"),
    ("year fold foodlogstats twenty --all", INPUT, "'YEAR'.*'twenty' is not a valid int"),
    ("doctor --only conections", INPUT, "conections"),
    ("logs --since yesterday", INPUT, "yesterday"),
    ("logs --grep [", INPUT, r"\["),
    ("schedule next none", INPUT, "'none' is not a valid int"),
    ("year fold foodlogstats 2023 --all --spacing soon", INPUT, "soon"),
    ("queries --cancel nobody", INPUT, "'nobody' is not a valid int"),
]

NAMES: list[Wrong] = [
    ("refresh foodlogstat --all", INPUT, 'template "foodlogstat" does not exist'),
    ("refresh foodlogstats --tenant nobody", INPUT, 'schema "nobody" does not exist'),
    ("tenant disable nobody --reason rest", INPUT, 'tenant "nobody" does not exist'),
    ("tenant enable nobody", INPUT, 'tenant "nobody" does not exist'),
    ("tenant drop nobody --yes", INPUT, 'tenant "nobody" does not exist'),
    ("tenant edit nobody --host elsewhere", INPUT, '"nobody" does not exist'),
    ("schedule run nothing", INPUT, "nothing"),
    ("schedule install --tenant nobody", INPUT, "nobody"),
    ("template show nothing", INPUT, 'template "nothing" does not exist'),
    ("template drop foodlogstats --yes", INPUT, "acme"),
    ("template set-storage foodlogstats csv", INPUT, 'no storage "csv"'),
    ("reader drop phood_ro --yes", INPUT, "phood_ro"),
    ("reader add bi --all", INPUT, 'role "whadmin" cannot create or drop roles'),
    ("slice reload foodlogstats 2024-03-08 --tenant nobody", INPUT, 'schema "nobody" does not exist'),
]

DATES: list[Wrong] = [
    ("backfill foodlogstats --all --from 2024-03-10 --to 2024-03-08", INPUT, "is after the last day"),
    (
        "slice reload foodlogstats --from 2024-03-10 --to 2024-03-08 --tenant acme",
        INPUT,
        "is after the last day",
    ),
    ("slice show foodlogstats 2024-02-30 --tenant acme", INPUT, "'2024-02-30' is not a day"),
    ("refresh foodlogstats --all --date {tomorrow}", INPUT, "has not begun"),
    ("year fold foodlogstats 9999 --all", INPUT, "year 9999 is not over"),
    ("year fold foodlogstats 2024 --all", FAILED, "2024 of acme.foodlogstats is incomplete"),
]

FILES: list[Wrong] = [
    ("template load nowhere.sql", INPUT, "nowhere.sql"),
    ("template load broken.sql", INPUT, "broken.sql"),
    ("plan --file nowhere.toml", INPUT, "nowhere.toml"),
    ("plan --file broken.toml", INPUT, "broken.toml"),
    ("apply --file secret.toml --yes", INPUT, "NO_SUCH_VARIABLE"),
    ("restore broken.sql", INPUT, "the file is not a"),
    ("backup /nowhere/at/all.age --passphrase-file broken.sql", INPUT, "/nowhere/at/all.age"),
    ("tenant drop acme", INPUT, "no terminal to ask for confirmation"),
]


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with one slice of foodlogstats for tenant acme."""
    source.fill(date(2024, 3, 8), 1)
    acme.load(date(2024, 3, 8), date(2024, 3, 8))
    return acme


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with files that are wrong, where the program is run."""
    (tmp_path / "broken.sql").write_text("-- name: sales\nSELEKT 1\n")
    (tmp_path / "broken.sql").chmod(0o600)
    (tmp_path / "broken.toml").write_text("[tenants.acme\n")
    (tmp_path / "secret.toml").write_text(
        '[tenants.beta]\nhost = "127.0.0.1"\ndbname = "x"\nusername = "y"\npassword = "env:NO_SUCH_VARIABLE"\n'
        'templates = ["foodlogstats"]\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaints(outcome: Outcome, wrong: Wrong) -> Iterator[str]:
    """What is not as it should be with the end of a wrong invocation."""
    typed, code, message = wrong
    if outcome.code != code:
        yield f"{typed}: ended with {outcome.code}: {outcome.err}"
    if len(outcome.errors) != 1 or not re.search(message, outcome.errors[0]):
        yield f"{typed}: {outcome.err}"
    if outcome.out:
        yield f"{typed}: printed {outcome.out}"
    if "Traceback" in outcome.err or SECRET.strip() in outcome.err:
        yield f"{typed}: {outcome.err}"


@pytest.mark.parametrize("group", [TYPOS, NAMES, DATES, FILES], ids=["typos", "names", "dates", "files"])
def test_each_of_forty_wrong_invocations_says_so_in_one_line_and_changes_nothing(
    loaded: Warehouse, folder: Path, today: date, group: list[Wrong]
) -> None:
    tomorrow = today + timedelta(days=1)
    before = everything(loaded)
    found = [
        complaint
        for typed, code, message in group
        for complaint in complaints(
            run(
                loaded,
                *typed.format(tomorrow=tomorrow).split(),
                env={"TENANTRY_ADMIN_DSN": loaded.admin.conninfo},
            ),
            (typed, code, message),
        )
    ]
    assert found == []
    assert everything(loaded) == before


def test_there_are_forty() -> None:
    assert len(TYPOS + NAMES + DATES + FILES) == 40


@contextmanager
def read_only(warehouse: Warehouse) -> Iterator[None]:
    """The warehouse's database takes no changes, as a standby's does not."""
    name = sql.Identifier(warehouse.name)
    with warehouse.admin.connect() as admin:
        # Only sessions that begin later: this one is to take it back.
        admin.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        try:
            yield
        finally:
            admin.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))


def test_a_server_that_is_read_only_is_named_as_that(loaded: Warehouse, source: Source) -> None:
    before = everything(loaded)
    with read_only(loaded):
        for typed in (
            "refresh foodlogstats --all --date 2024-03-08",
            "tenant disable acme --reason rest",
            "tenant drop acme --yes",
            "upgrade",
        ):
            database = loaded.admin if typed == "upgrade" else loaded
            found = list(complaints(run(database, *typed.split()), (typed, FAILED, "read-only")))
            assert found == []
        added = run(
            loaded,
            *("tenant", "add", "beta", "--source", address(source)),
            env={"TENANTRY_SOURCE_PASSWORD": SECRET},
        )
        assert list(complaints(added, ("tenant add", FAILED, "read-only"))) == []
    assert everything(loaded) == before


def test_who_may_not_is_told_so(loaded: Warehouse) -> None:
    before = everything(loaded)
    for typed in ("status", "refresh foodlogstats --all", "tenant drop acme --yes", "doctor", "backup x.age"):
        env = {"TENANTRY_BACKUP_PASSPHRASE": "a passphrase that is long"}
        found = list(
            complaints(
                run(loaded.reader, *typed.split(), env=env),
                (typed, FAILED, 'role "phood_ro" may not act as whadmin'),
            )
        )
        assert found == []
    assert everything(loaded) == before


def test_a_server_that_is_too_old_is_refused(source: Source) -> None:
    # No server this old can be installed everywhere, so the program is made to ask for one that is yet to come.
    asks_for_more = (
        "import sys, tenantry.db.install as i, tenantry.cli.main as m; i.OLDEST_SERVER = 990000; m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", asks_for_more, "--dsn", source.conninfo, "init"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    assert (
        list(complaints(outcome, ("init", NOT_INSTALLED, "the server is PostgreSQL .* needs 15 or newer")))
        == []
    )
    assert source.value("SELECT to_regnamespace('_wh')") is None
