"""Logins for reports that see only some tenants."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from tenantry.core.errors import InputError
from tenantry.db.connect import session
from tenantry.flow.slice import move
from tenantry.flow.tenant import reader as readers
from tests.support.databases import Database, Source, Warehouse
from tests.support.program import run, succeed

DAY = date(2024, 3, 10)
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def two(warehouse: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the tenants acme and globex, a day of each; globex's schema was made by hand."""
    source.fill(DAY, 1)
    warehouse.connect_to(source)
    warehouse.run("SELECT _wh_internal.create_tenant_schema('acme')")
    warehouse.make_schema("globex")
    for schema in ("acme", "globex"):
        warehouse.load(DAY, DAY, schema)
    warehouse.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return warehouse


@pytest.fixture
def named(two: Warehouse, tmp_path: Path) -> Iterator[Callable[..., Database]]:
    """Makes a reader by the command, with the arguments given; returns the warehouse as it sees it."""
    made = []

    def make(*arguments: object) -> Database:
        name = f"reader_{secrets.token_hex(4)}"
        made.append(name)
        password = tmp_path / "password"
        password.write_text("reader-password\n")
        password.chmod(0o600)
        two.server.save_password(name, "reader-password")
        succeed(two.admin, "reader", "add", name, "--password-file", password, *arguments)
        return Database(two.server, two.name, name)

    yield make
    with two.admin.connect() as opened:
        for name in made:
            if readers.readers(opened, name):
                readers.drop(opened, name)


def move_all(warehouse: Warehouse, storage: str) -> None:
    with session(warehouse.conninfo) as opened:
        for tenant in move.plan(opened, "foodlogstats", storage):
            move.run(opened, "foodlogstats", storage, tenant, lambda _: None)
            move.drop_old(opened, "foodlogstats", tenant)


def count(database: Database, relation: str) -> int:
    return int(database.value(f"SELECT count(*) FROM {relation}"))


def test_a_reader_sees_its_tenant_whatever_becomes_of_its_data_and_nothing_else(
    two: Warehouse, source: Source, named: Callable[..., Database]
) -> None:
    reader = named("--tenant", "acme")
    assert count(reader, "acme.foodlogstats") == 3
    for statement in (
        "SELECT * FROM globex.foodlogstats",
        "SELECT * FROM globex.foodlogstats_2024_03_10",
        "SELECT * FROM _wh.tenant_connections",
        "SELECT * FROM _wh.readers",
        "SELECT _wh.current_date_utc()",
        "SELECT * FROM cron.job",
        f"SELECT * FROM public.dblink('{two.server_of()}', 'SELECT 1') AS t(x integer)",
        "DELETE FROM acme.foodlogstats_2024_03_10",
        "REFRESH MATERIALIZED VIEW acme.foodlogstats_2024_03_10",
        "CREATE TABLE acme.mine (x integer)",
        "CREATE TABLE public.mine (x integer)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SET ROLE phood_ro",
        "SET ROLE whadmin",
    ):
        with pytest.raises(DENIED):
            reader.run(statement)

    source.fill(date(2023, 1, 1), 365, per_day=1)
    two.index_less()
    two.load(date(2023, 1, 1), date(2023, 12, 31))
    two.run("SELECT _wh.create_combined_table_from_template_by_year('foodlogstats', 'acme', 2023)")
    assert count(reader, "acme.foodlogstats_2023") == 365
    two.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions)"
        " VALUES ('tiny', $$SELECT 1, '{START_TIME}'::timestamptz$$, 'id integer, at timestamptz')"
    )
    two.run("SELECT _wh.update_mv_by_template('tiny', 'acme', 'acme', '2024-03-10')")
    assert count(reader, "acme.tiny") == 1
    two.run(
        "UPDATE _wh.mv_templates SET column_definitions = 'id integer, at timestamptz, more integer',"
        " query_template = $$SELECT 1, '{START_TIME}'::timestamptz, 2$$ WHERE template_name = 'tiny'"
    )
    two.run("SELECT _wh.update_mv_by_template('tiny', 'acme', 'acme', '2024-03-10')")
    two.run("DROP VIEW acme.tiny CASCADE")
    two.run("SELECT _wh.update_tenant_union_view_by_template('tiny', 'acme', 'acme')")
    assert reader.value("SELECT more FROM acme.tiny") == 2

    for storage in ("partition", "matview"):
        move_all(two, storage)
        assert count(reader, "acme.foodlogstats") == count(reader, "public.foodlogstats") == 368
        with pytest.raises(DENIED):
            count(reader, "globex.foodlogstats")

    # A schema that was dropped and comes back is readable again.
    two.run("DROP VIEW public.foodlogstats")
    two.run("DROP SCHEMA acme CASCADE")
    two.run("SELECT _wh_internal.create_tenant_schema('acme')")
    two.load(DAY, DAY)
    assert count(reader, "acme.foodlogstats") == 3
    assert two.reader.value("SELECT count(*) FROM acme.foodlogstats") == 3


@pytest.mark.parametrize("how", ["drop", "manual", "cut off", "renamed"])
def test_a_new_tenant_of_a_dropped_ones_name_is_not_its_former_readers(
    two: Warehouse, named: Callable[..., Database], how: str
) -> None:
    one, both = named("--tenant", "acme"), named("--tenant", "acme", "--tenant", "globex")
    match how:
        case "drop":
            succeed(two, "tenant", "drop", "acme", "--yes")
        case "manual":
            two.run("DROP VIEW public.foodlogstats")
            two.run("DROP SCHEMA acme CASCADE")
            two.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
        case "cut off":
            two.run("SELECT _wh_internal.withdraw_tenant('acme')")
            with pytest.raises(DENIED):
                count(one, "acme.foodlogstats_2024_03_10")
            two.run("SELECT _wh_internal.drop_tenant('acme')")
        case _:
            two.run("DROP VIEW public.foodlogstats")
            two.run("UPDATE _wh.tenants SET schema_name = 'acne' WHERE schema_name = 'acme'")
            two.run("ALTER SCHEMA acme RENAME TO acne")
    assert dict(two.rows("SELECT reader_name, tenants FROM _wh.readers")) == {
        one.user: [],
        both.user: ["globex"],
    }
    assert "nothing" in succeed(two, "reader", "list").out

    two.run("SELECT _wh_internal.create_tenant_schema('acme')")
    two.load(DAY, DAY, "acme")
    assert two.value("SELECT count(*) FROM acme.foodlogstats") == 3
    for reader in (one, both):
        for relation in ("acme.foodlogstats", "acme.foodlogstats_2024_03_10"):
            with pytest.raises(DENIED):
                count(reader, relation)
    assert count(both, "globex.foodlogstats") == 3
    # Whoever is given it anew reads it.
    succeed(two.admin, "reader", "add", one.user, "--tenant", "acme")
    assert count(one, "acme.foodlogstats") == 3


def test_a_reader_that_a_former_release_left_a_dropped_tenant_does_not_read_the_next_of_that_name(
    two: Warehouse, named: Callable[..., Database]
) -> None:
    reader = named("--tenant", "globex")
    two.run("UPDATE _wh.readers SET tenants = '{globex,initech}'")
    two.run("SELECT _wh_internal.create_tenant_schema('initech')")
    two.load(DAY, DAY, "initech")
    with pytest.raises(DENIED):
        count(reader, "initech.foodlogstats")
    assert two.rows("SELECT tenants FROM _wh.readers") == [(["globex"],)]


def test_the_tenants_of_a_reader_can_be_changed_and_one_of_all_reads_what_phood_ro_reads(
    two: Warehouse, named: Callable[..., Database]
) -> None:
    reader = named(
        "--tenant", "acme", "--tenant", "globex", "--connections", 3, "--statement-timeout", "5min"
    )
    assert count(reader, "acme.foodlogstats") == count(reader, "globex.foodlogstats") == 3
    assert reader.value("SHOW statement_timeout") == "5min"
    listed = succeed(two, "reader", "list", "--json").json["readers"]
    assert [(r["reader"], r["tenants"], r["most_sessions"]) for r in listed] == [
        (reader.user, ["acme", "globex"], 3)
    ]
    assert "acme, globex" in succeed(two, "reader", "list").out

    # Again with other tenants: the password stays, and what is not named is gone, slices to come too.
    succeed(two.admin, "reader", "add", reader.user, "--tenant", "globex")
    two.load(DAY + timedelta(days=1), DAY + timedelta(days=1))
    assert count(reader, "globex.foodlogstats") == 3
    for relation in ("acme.foodlogstats", "acme.foodlogstats_2024_03_10", "acme.foodlogstats_2024_03_11"):
        with pytest.raises(DENIED):
            count(reader, relation)

    succeed(two.admin, "reader", "add", reader.user, "--all")
    assert count(reader, "public.foodlogstats") == 6
    assert reader.value("SHOW constraint_exclusion") == "on"
    assert "all tenants" in succeed(two, "reader", "list").out
    succeed(two.admin, "reader", "add", reader.user, "--tenant", "acme")
    assert count(reader, "acme.foodlogstats") == 3
    with pytest.raises(DENIED):
        count(reader, "globex.foodlogstats")


def test_dropping_a_reader_leaves_nothing_of_it_and_touches_no_other_role(
    two: Warehouse, named: Callable[..., Database], tmp_path: Path
) -> None:
    reader = named("--tenant", "acme", "--tenant", "globex")
    refused = run(two.admin, "reader", "drop", reader.user)
    assert (refused.code, refused.errors) == (2, ["there is no terminal to ask for confirmation"])
    with session(two.admin.conninfo, role=None) as admin:
        for name in ("phood_ro", "postgres", "source_reader", "nobody"):
            with pytest.raises(InputError, match=f'"{name}" is not a reader of this warehouse'):
                readers.drop(admin, name)

    two.admin.run(f"CREATE TABLE public.theirs (); ALTER TABLE public.theirs OWNER TO {reader.user}")
    outcome = run(two.admin, "reader", "drop", reader.user, "--yes")
    assert (outcome.code, outcome.errors) == (2, [f'reader "{reader.user}" owns table public.theirs'])
    two.admin.run("DROP TABLE public.theirs")

    with reader.connect() as open_session:
        succeed(two.admin, "reader", "drop", reader.user, "--yes")
        with pytest.raises(psycopg.OperationalError):
            open_session.execute("SELECT 1")
    assert two.rows("SELECT FROM pg_roles WHERE rolname = %s", (reader.user,)) == []
    assert two.rows("SELECT FROM _wh.readers") == []
    assert two.reader.value("SELECT count(*) FROM public.foodlogstats") == 6


def test_what_cannot_be_meant_changes_nothing(two: Warehouse, tmp_path: Path) -> None:
    name = f"reader_{secrets.token_hex(4)}"
    password = tmp_path / "password"
    password.write_text("x")
    password.chmod(0o600)
    given = ("--password-file", password)
    for arguments, error in (
        ((name, *given), "no tenants were named"),
        ((name, "--all", "--password-file", tmp_path / "none"), f"{tmp_path / 'none'} cannot be read: No such file or directory"),
        ((name, "--tenant", "acne", *given), 'tenant "acne" does not exist'),
    ):  # fmt: skip
        outcome = run(two.admin, "reader", "add", *arguments)
        assert (outcome.code, outcome.errors) == (2, [error])
    for database, wanted, timeout, error in (
        (
            two.admin,
            "source_reader",
            None,
            'role "source_reader" exists and is not a reader of this warehouse',
        ),
        (two, name, None, 'role "whadmin" cannot create or drop roles'),
        (two.admin, name, "soon", 'invalid value for parameter "statement_timeout": "soon"'),
    ):
        with pytest.raises(InputError, match=error), session(database.conninfo, role=None) as opened:
            readers.put(opened, wanted, None, "x", statement_timeout=timeout)
    assert two.rows("SELECT FROM pg_roles WHERE rolname = %s", (name,)) == []
    assert two.rows("SELECT FROM _wh.readers") == []


def test_the_administrators_address_may_stand_in_the_environment(two: Warehouse, tmp_path: Path) -> None:
    name = f"reader_{secrets.token_hex(4)}"
    both = {
        "TENANTRY_DSN": two.conninfo,
        "TENANTRY_ADMIN_DSN": two.admin.conninfo,
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    told = succeed(None, "reader", "add", name, "--tenant", "acme", env=both).err
    assert f"the generated password of {name} is in {tmp_path}/tenantry/pgpass" in told
    assert f":{name}:" in (tmp_path / "tenantry" / "pgpass").read_text()
    assert run(two, "reader", "drop", name, "--yes", env=both).code == 2, "--dsn is what counts"
    succeed(None, "reader", "drop", name, "--yes", env=both)


def test_an_administrator_who_is_no_superuser_makes_and_drops_readers(two: Warehouse) -> None:
    master, name = (f"{kind}_{secrets.token_hex(4)}" for kind in ("master", "reader"))
    two.admin.run(f"CREATE ROLE {master} LOGIN CREATEROLE PASSWORD 'x' IN ROLE whadmin")
    two.admin.run(f"GRANT phood_ro TO {master} WITH ADMIN OPTION")
    two.admin.run(f"ALTER SCHEMA globex OWNER TO {master}")
    two.server.save_password(master, "x")
    with session(Database(two.server, two.name, master).conninfo, role=None) as opened:
        assert readers.put(opened, name, ["acme", "globex"], "reader-password")
        assert readers.put(opened, name, None, None) is False
        assert readers.put(opened, name, ["globex"], None) is False
        two.server.save_password(name, "reader-password")
        assert count(Database(two.server, two.name, name), "globex.foodlogstats") == 3
        readers.drop(opened, name)
        assert readers.readers(opened) == []
    two.admin.run(f"DROP OWNED BY {master} CASCADE; DROP ROLE {master}")


def test_a_readers_connection_strings_are_printed_when_it_is_made_and_when_it_is_shown(
    two: Warehouse, named: Callable[..., Database]
) -> None:
    reader = named("--tenant", "acme")
    shown = succeed(two, "reader", "show", reader.user, "--json").json
    assert shown["facts"]["tenants"] == ["acme"]
    strings = shown["connect_strings"]
    with psycopg.connect(strings["uri"], password="reader-password") as opened:
        assert opened.info.user == reader.user
    changed = succeed(two.admin, "reader", "add", reader.user, "--tenant", "globex")
    assert f"\nJDBC       {strings['jdbc']}\n" in changed.out
    assert changed.out in succeed(two, "reader", "show", reader.user).out
