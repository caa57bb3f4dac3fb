"""Logins that model data: a schema of their own, what they read already, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tenantry.flow.tenant import reader as readers
from tests.support.databases import Database, Source, Warehouse
from tests.support.program import run, succeed

DAY = date(2024, 3, 10)
DENIED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def loaded(acme: Warehouse, source: Source) -> Warehouse:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    return acme


@pytest.fixture
def modeller(loaded: Warehouse, tmp_path: Path) -> Iterator[Callable[..., Database]]:
    """Makes a reader with a workspace, "marts" unless another is named; returns the warehouse as it sees it."""
    made = []

    def make(*arguments: object, workspace: str = "marts") -> Database:
        name = f"reader_{secrets.token_hex(4)}"
        made.append(name)
        password = tmp_path / "password"
        password.write_text("reader-password\n")
        password.chmod(0o600)
        loaded.server.save_password(name, "reader-password")
        given = ("--password-file", password, "--workspace", workspace)
        succeed(loaded.admin, "reader", "add", name, *given, *(arguments or ("--all",)))
        return Database(loaded.server, loaded.name, name)

    yield make
    with loaded.admin.connect() as opened:
        for name in made:
            if readers.readers(opened, name):
                readers.drop(opened, name, drop_workspace=True)


def test_a_reader_makes_tables_and_views_in_its_workspace_and_nowhere_else(
    loaded: Warehouse, modeller: Callable[..., Database]
) -> None:
    login = modeller()
    login.run("CREATE TABLE marts.totals AS SELECT client, count(*) FROM public.foodlogstats GROUP BY client")
    login.run("CREATE VIEW marts.latest AS SELECT * FROM marts.totals")
    assert login.rows("SELECT count FROM marts.latest") == [(3,)]
    for statement in (
        "CREATE TABLE public.mine (x integer)",
        "CREATE TABLE acme.mine (x integer)",
        "CREATE VIEW _wh.mine AS SELECT 1",
        "CREATE SCHEMA mine",
        "CREATE SCHEMA IF NOT EXISTS mine",
        "SELECT * FROM _wh.tenant_connections",
        "ALTER SCHEMA marts RENAME TO theirs",
        "DROP SCHEMA marts CASCADE",
        "ALTER TABLE marts.totals SET SCHEMA public",
        "ALTER TABLE marts.totals OWNER TO whadmin",
        "CREATE TRIGGER mine BEFORE INSERT ON _wh.function_logs FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE TABLE marts.refers (id integer REFERENCES _wh.slices)",
        "SET ROLE whadmin",
    ):
        with pytest.raises((DENIED, psycopg.errors.InvalidTableDefinition)):
            login.run(statement)
    # PostgreSQL only warns that this grants nothing.
    login.run("GRANT USAGE ON SCHEMA marts TO phood_ro; GRANT SELECT ON marts.latest TO phood_ro")
    with pytest.raises(DENIED):
        loaded.reader.rows("SELECT * FROM marts.latest")
    # What the reader made is open to others when whadmin opens the schema, and the reader its table.
    loaded.run("GRANT USAGE ON SCHEMA marts TO phood_ro")
    login.run("GRANT SELECT ON marts.totals TO phood_ro")
    assert loaded.reader.rows("SELECT count FROM marts.totals") == [(3,)]


def test_what_a_reader_puts_into_its_workspace_reaches_no_session_of_others(
    loaded: Warehouse, source: Source, modeller: Callable[..., Database]
) -> None:
    login = modeller()
    login.run(
        "CREATE FUNCTION marts.trap(text) RETURNS text LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'caught %', current_user; END$$"
    )
    # Relations, functions and operators by the names that Tenantry's own queries use.
    login.run("CREATE VIEW marts.foodlogstats AS SELECT marts.trap('x') AS client")
    login.run("CREATE VIEW marts.pg_class AS SELECT marts.trap('x') AS relname")
    login.run("CREATE VIEW marts.tenants AS SELECT marts.trap('x') AS schema_name")
    login.run(
        "CREATE FUNCTION marts.quote_ident(text) RETURNS text LANGUAGE sql AS 'SELECT marts.trap($1)';"
        "CREATE OPERATOR marts.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq)"
    )
    source.fill(date(2024, 3, 11), 1)
    for arguments in (
        ("backfill", "foodlogstats", "--all", "--to", "2024-03-11"),
        ("status",),
        ("sizes",),
        ("reader", "list"),
        ("verify", "foodlogstats", "--all", "--to", "2024-03-11"),
    ):
        assert "caught" not in succeed(loaded, *arguments).out
    assert loaded.reader.value("SELECT count(*) FROM foodlogstats") == 6
    found = run(loaded, "doctor", "--json").json
    assert "marts" not in str(found)


def test_a_workspace_is_never_where_others_would_look(
    loaded: Warehouse, modeller: Callable[..., Database], tmp_path: Path
) -> None:
    loaded.run("CREATE SCHEMA there")
    marts = modeller().user
    new = f"reader_{secrets.token_hex(4)}"
    given = ("--password-file", tmp_path / "password")
    for name, reason in (
        ("acme", '"acme" is a tenant'),
        ("public", 'schema "public" cannot be a workspace'),
        ("_wh_data", 'schema "_wh_data" cannot be a workspace'),
        ("pg_mine", 'schema "pg_mine" cannot be a workspace'),
        ("whadmin", '"whadmin" is another role, whose sessions would find the workspace by its name'),
        ("there", 'schema "there" already exists'),
        ("marts", f'schema "marts" is the workspace of reader "{marts}"'),
        ("", "a workspace needs a name"),
        (
            "ä" * 40,
            f'workspace name "{"ä" * 40}…" is longer than 63 bytes, the limit for names in PostgreSQL',
        ),
    ):
        outcome = run(loaded.admin, "reader", "add", new, "--all", *given, "--workspace", name)
        assert (outcome.code != 0, outcome.errors) == (True, [reason])
    outcome = run(loaded.admin, "reader", "add", marts, "--all", "--workspace", "another")
    assert outcome.errors == [f'reader "{marts}" already has the workspace "marts"']
    assert loaded.rows("SELECT FROM pg_roles WHERE rolname = %s", (new,)) == []


def test_nobody_can_take_a_workspaces_name_later(
    loaded: Warehouse, source: Source, modeller: Callable[..., Database], tmp_path: Path
) -> None:
    modeller()
    with pytest.raises(psycopg.errors.InvalidSchemaName, match="it is the workspace of reader"):
        loaded.run("SELECT _wh_internal.create_tenant_schema('marts')")
    with pytest.raises(psycopg.errors.InvalidSchemaName, match="it is the workspace of reader"):
        loaded.load(DAY, DAY, "marts")
    password = tmp_path / "password"
    outcome = run(loaded.admin, "reader", "add", "marts", "--all", "--password-file", password)
    assert (outcome.code, "is the workspace of reader" in outcome.errors[0]) == (2, True)


def test_a_workspace_goes_with_its_reader_only_if_it_is_empty_or_that_is_asked_for(
    loaded: Warehouse, modeller: Callable[..., Database]
) -> None:
    first = modeller()
    assert succeed(loaded, "reader", "list", "--json").json["readers"][0]["workspace"] == "marts"
    succeed(loaded.admin, "reader", "drop", first.user, "--yes")
    assert loaded.value("SELECT to_regnamespace('marts')") is None

    second = modeller()
    second.run("CREATE TABLE marts.totals (id serial PRIMARY KEY); CREATE VIEW marts.v AS TABLE marts.totals")
    second.run("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO phood_ro")
    outcome = run(loaded.admin, "reader", "drop", second.user, "--yes")
    assert outcome.code == 2
    assert f'reader "{second.user}" owns ' in outcome.errors[0]
    assert "--drop-workspace" in outcome.err
    loaded.run("CREATE TABLE marts.operators (id integer)")
    outcome = run(loaded.admin, "reader", "drop", second.user, "--drop-workspace", "--yes")
    assert (outcome.code, outcome.errors) == (
        2,
        [f'the workspace of reader "{second.user}" holds what belongs to others: table marts.operators'],
    )
    assert second.rows("TABLE marts.v") == []
    loaded.run("DROP TABLE marts.operators")
    succeed(loaded.admin, "reader", "drop", second.user, "--drop-workspace", "--yes")
    assert loaded.value("SELECT to_regnamespace('marts')") is None
    assert loaded.rows("SELECT FROM pg_roles WHERE rolname = %s", (second.user,)) == []


def test_doctor_finds_a_workspace_that_is_open_to_others_or_in_their_search_path(
    loaded: Warehouse, modeller: Callable[..., Database]
) -> None:
    modeller()
    stranger = f"stranger_{secrets.token_hex(4)}"
    loaded.admin.run(f"CREATE ROLE {stranger}")
    try:
        loaded.admin.run(f"ALTER ROLE {stranger} SET search_path = public, marts")
        loaded.run(f"GRANT CREATE ON SCHEMA marts TO {stranger}")
        found = run(loaded, "doctor", "--only", "workspaces").out
        assert f"{stranger} may create objects in the workspace of reader" in found
        assert f"the search_path of role {stranger} leads into the workspace of reader" in found
    finally:
        with loaded.admin.connect() as opened:
            opened.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(stranger)))
            opened.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(stranger)))
