"""Passwords: how old each is, new ones for all sources at once, and readers whose password ends."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tenantry.db.connect import session
from tenantry.recovery import restore
from tests.support.databases import Database, Maker, Source, Warehouse
from tests.support.program import run, running, succeed
from tests.support.samples import backups
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

AGE = "SELECT password_set_at FROM _wh.tenant_connections WHERE tenant_name = 'acme'"
OLD = datetime(2020, 1, 2, tzinfo=UTC)


def test_a_password_is_as_old_as_the_day_on_which_another_one_was_stored(
    warehouse: Warehouse, source: Source
) -> None:
    warehouse.connect_to(source)
    age = warehouse.value(AGE)
    assert datetime.now(UTC) - age < timedelta(minutes=5)
    warehouse.run("UPDATE _wh.tenant_connections SET password_set_at = %s", (OLD,))
    put = (
        "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username, password) VALUES ('acme', 'h', 'd', 'u', %s)"
        " ON CONFLICT (tenant_name) DO UPDATE SET password = excluded.password"
    )
    for same in (
        "UPDATE _wh.tenant_connections SET host = 'other'",
        "UPDATE _wh.tenant_connections SET password = NULL",
    ):
        warehouse.run(same)
    warehouse.run("UPDATE _wh.tenant_connections SET password = %s", (source.password,))
    warehouse.run(put, (source.password,))
    warehouse.run(put, (None,))
    assert warehouse.value(AGE) == OLD
    for another in ("one", "two"):
        warehouse.run("UPDATE _wh.tenant_connections SET password_set_at = %s", (OLD,))
        if another == "one":
            warehouse.run("UPDATE _wh.tenant_connections SET password = %s", (another,))
        else:
            warehouse.run(put, (another,))
        assert warehouse.value(AGE) > age
    warehouse.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username) VALUES ('bare', 'h', 'd', 'u')"
    )
    assert warehouse.value(
        "SELECT password_set_at IS NULL FROM _wh.tenant_connections WHERE tenant_name = 'bare'"
    )


def test_a_password_that_comes_back_from_a_backup_is_as_old_as_before(acme: Warehouse, maker: Maker) -> None:
    acme.run("UPDATE _wh.tenant_connections SET password_set_at = %s", (OLD,))
    with session(acme.admin.conninfo, role=None) as opened:
        content = backups.read(opened)
    rows = content.rows("table tenant_connections")
    for row, age in ((rows[0], OLD), ({k: v for k, v in rows[0].items() if k != "password_set_at"}, None)):
        empty = Database(acme.server, maker.clone("template0", "empty"), "postgres")
        lines = content.lines | {"table tenant_connections": [json.dumps(row)]}
        with session(empty.conninfo, role=None) as opened:
            assert restore.run(opened, replace(content, lines=lines), {}).left_out == []
        assert empty.value(AGE) == age


def test_tenants_say_how_old_their_passwords_are_and_doctor_which_are_too_old(
    acme: Warehouse, source: Source
) -> None:
    acme.connect_to(source, "young")
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    doctor = ("doctor", "--only", "passwords", "--json")
    assert succeed(acme, *doctor).json["findings"] == []
    acme.run("UPDATE _wh.tenant_connections SET password_set_at = %s WHERE tenant_name = 'acme'", (OLD,))
    assert (
        succeed(acme, "tenant", "list", "--json")
        .json["tenants"][0]["password_set_at"]
        .startswith("2020-01-02")
    )
    assert "2020-01-02" in succeed(acme, "tenant", "list").out
    (found,) = succeed(acme, *doctor).json["findings"]
    assert (found["severity"], found["subject"]) == ("note", "acme")
    assert "days old; your limit is 365" in found["reason"]
    assert succeed(acme, *doctor, "--password-days", 10_000).json["findings"] == []
    assert succeed(acme, *doctor, env={"TENANTRY_PASSWORD_DAYS": "10000"}).json["findings"] == []
    acme.run("UPDATE _wh.tenant_connections SET password_set_at = NULL, created_at = %s", (OLD,))
    (found,) = succeed(acme, *doctor).json["findings"]
    assert (found["subject"], "was not recorded" in found["reason"]) == ("connections", True)
    (found,) = succeed(acme, *doctor, "--tenant", "acme").json["findings"]
    assert found["subject"] == "acme"


@dataclass
class Sources:
    """Two connections with a user each, and the file that says where their passwords are."""

    warehouse: Warehouse
    source: Source
    users: tuple[str, str]
    file: Path

    def set_at_source(self, name: str, password: str) -> None:
        user = dict(zip(("acme", "globex"), self.users, strict=True))[name]
        self.source.run(f"ALTER ROLE {user} PASSWORD '{password}'".encode())  # type: ignore[arg-type]

    def stored(self) -> dict[str, str]:
        return dict(
            self.warehouse.rows(
                "SELECT tenant_name, _wh_internal.source_conninfo(tenant_name) ->> 'password' FROM _wh.tenant_connections"
            )
        )


@pytest.fixture
def sources(warehouse: Warehouse, source: Source, tmp_path: Path) -> Iterator[Sources]:
    users = (f"user_{secrets.token_hex(4)}", f"user_{secrets.token_hex(4)}")
    file = tmp_path / "tenantry.toml"
    text = ""
    for name, user in zip(("acme", "globex"), users, strict=True):
        source.run(f"CREATE ROLE {user} LOGIN PASSWORD 'old' IN ROLE source_reader".encode())  # type: ignore[arg-type]
        warehouse.run(
            "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
            " VALUES (%s, '127.0.0.1', %s, %s, %s, 'old')",
            (name, source.server.port, source.name, user),
        )
        text += (
            f'[tenants.{name}]\nhost = "127.0.0.1"\nport = {source.server.port}\ndbname = "{source.name}"\n'
            f'username = "{user}"\npassword = "env:{name.upper()}"\n'
        )
    # The file's addresses are another matter: of a file nothing but passwords is used.
    file.write_text(text.replace("127.0.0.1", "nowhere.invalid"))
    yield Sources(warehouse, source, users, file)
    for user in users:
        source.run(f"DROP ROLE {user}".encode())  # type: ignore[arg-type]


def test_all_passwords_are_rotated_but_those_that_do_not_let_anybody_in(sources: Sources) -> None:
    warehouse = sources.warehouse
    rotate = ("tenant", "rotate", "--all", "--file", sources.file)
    sources.set_at_source("acme", "new of acme")
    sources.set_at_source("globex", "new of globex")
    env = {"ACME": "new of acme", "GLOBEX": "wrong of globex"}
    half = run(warehouse, *rotate, env=env)
    assert (half.code, half.errors) == (1, ["1 of 2 passwords were not rotated: globex"])
    assert "not rotated: globex" in half.err
    assert "✓ acme  a new password is stored" in half.err
    assert "of acme" not in half.err.replace("acme  a", "") + half.out
    assert "wrong" not in half.err + half.out
    assert sources.stored() == {"acme": "new of acme", "globex": "old"}
    missing = run(warehouse, *rotate, env={"ACME": "new of acme"})
    assert (
        missing.code,
        "tenants.globex.password: environment variable GLOBEX is not set" in missing.err,
    ) == (1, True)
    done = succeed(warehouse, *rotate, "--json", env=env | {"GLOBEX": "new of globex"}).json["connections"]
    assert [(one["connection"], one["changed"], one["error"]) for one in done] == [
        ("acme", False, None),
        ("globex", True, None),
    ]
    assert sources.stored() == {"acme": "new of acme", "globex": "new of globex"}
    # One that is stored and does not let anybody in is no success.
    sources.set_at_source("acme", "newer of acme")
    assert run(warehouse, *rotate, env=env | {"GLOBEX": "new of globex"}).code == 1


def test_one_tenants_password_is_rotated_and_names_that_mean_nothing_are_refused(sources: Sources) -> None:
    warehouse = sources.warehouse
    sources.set_at_source("globex", "new")
    rotate = ("tenant", "rotate")
    succeed(warehouse, *rotate, "globex", "--file", sources.file, env={"GLOBEX": "new"})
    assert sources.stored() == {"acme": "old", "globex": "new"}
    warehouse.run("UPDATE _wh.tenant_connections SET options = '{}'")
    for words, reason in (
        (("--file", sources.file), "no tenants were named"),
        (("acme", "--all", "--file", sources.file), "names and --all cannot be combined"),
        (("nobody", "--file", sources.file), 'connection "nobody" does not exist'),
    ):
        refused = run(warehouse, *rotate, *words)
        assert (refused.code, refused.errors) == (2, [reason])
    sources.file.write_text(sources.file.read_text().replace('password = "env:ACME"\n', ""))
    refused = run(warehouse, *rotate, "acme", "--file", sources.file)
    assert refused.errors == ['the file has no password for connection "acme"']


def test_a_rotation_that_is_killed_goes_on_when_it_is_run_again(sources: Sources, tmp_path: Path) -> None:
    for name in ("acme", "globex"):
        sources.set_at_source(name, "new")
    secret, hanging = tmp_path / "secret", tmp_path / "hanging"
    secret.write_text("new\n")
    secret.chmod(0o600)
    waits = f'{{ command = ["sh", "-c", "touch {hanging}; sleep 25"] }}'
    text = sources.file.read_text().replace('"env:ACME"', f'"file:{secret}"')
    sources.file.write_text(text.replace('"env:GLOBEX"', waits))
    with running(sources.warehouse, "tenant", "rotate", "--all", "--file", sources.file) as process:
        wait_until(hanging.exists)
        process.kill()
    assert sources.stored() == {"acme": "new", "globex": "old"}
    sources.file.write_text(text.replace('"env:GLOBEX"', f'"file:{secret}"'))
    succeed(sources.warehouse, "tenant", "rotate", "--all", "--file", sources.file)
    assert sources.stored() == {"acme": "new", "globex": "new"}


def test_a_readers_password_ends_on_the_day_that_was_said_and_doctor_says_so_before(
    acme: Warehouse, tmp_path: Path, today: date
) -> None:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    name = f"reader_{secrets.token_hex(4)}"
    password = tmp_path / "password"
    password.write_text("reader-password")
    password.chmod(0o600)
    add = ("reader", "add", name, "--tenant", "acme")
    login = make_conninfo(acme.conninfo, user=name, password="reader-password")
    doctor = ("doctor", "--only", "passwords", "--json")
    try:
        soon = today + timedelta(days=5)
        made = succeed(acme.admin, *add, "--password-file", password, "--valid-until", soon, "--json").json[
            "facts"
        ]
        assert made["valid_until"].startswith(f"{soon + timedelta(days=1)}T00:00:00")
        psycopg.connect(login).close()
        assert f"{soon + timedelta(days=1)} 00:00:00 UTC" in succeed(acme, "reader", "list").out
        (found,) = [one for one in succeed(acme, *doctor).json["findings"] if one["subject"] == name]
        assert (found["severity"], "expires in 5 days" in found["reason"]) == ("warning", True)
        assert found["command"] == f"tenantry reader add {name} --tenant acme --valid-until YYYY-MM-DD"
        acme.admin.run(f"ALTER ROLE {name} VALID UNTIL '2020-01-01'".encode())  # type: ignore[arg-type]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(login)
        (found,) = [one for one in succeed(acme, *doctor).json["findings"] if one["subject"] == name]
        assert "has expired" in found["reason"]
        # What is not said stays as it is.
        assert succeed(acme.admin, *add, "--json").json["facts"]["valid_until"].startswith("2020-01-01")
        assert (
            succeed(acme.admin, *add, "--valid-until", "never", "--json").json["facts"]["valid_until"] is None
        )
        psycopg.connect(login).close()
        for odd, reason in (
            ("2020-01-01", "2020-01-01 has passed"),
            ("soon", "'soon' is not a day"),
            ("9999-12-31", "'9999-12-31' is not a day"),
        ):
            refused = run(acme.admin, *add, "--valid-until", odd)
            assert (refused.code, reason in refused.errors[0]) == (2, True)
    finally:
        run(acme.admin, "reader", "drop", name, "--yes")
