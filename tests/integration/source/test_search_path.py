"""Sources that keep their tables in another schema, or call them otherwise: from tenant add to the fleet's file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import address, run, succeed
from tests.support.samples.small_template import define, make_ticks

pytestmark = pytest.mark.any_server

OWN = "SELECT id, at, value::int AS value FROM \"Shop 2\".ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'\n"


@pytest.fixture
def first(today: date) -> date:
    """The first of the source's three days."""
    return today - timedelta(days=3)


@pytest.fixture
def shop(warehouse: Warehouse, source: Source, first: date) -> Warehouse:
    """The template `ticks`, and a source that has its table in the schema "Shop 2"."""
    make_ticks(source, first, 3)
    source.run('CREATE SCHEMA "Shop 2"')
    source.run('ALTER TABLE ticks SET SCHEMA "Shop 2"')
    source.run('GRANT USAGE ON SCHEMA "Shop 2" TO source_reader')
    define(warehouse)
    return warehouse


def arguments(source: Source, first: date, tmp_path: Path) -> list[object]:
    secret = tmp_path / "password"
    secret.write_text(source.password)
    secret.chmod(0o600)
    return ["--source", address(source), "--template", "ticks", "--password-file", secret, "--from", first, "--no-fold", "--no-schedule"]  # fmt: skip


@pytest.mark.parametrize("storage", ["matview", "partition"])
@pytest.mark.parametrize("pull", [by_loader, by_sql])
def test_a_search_path_finds_the_tables_of_another_schema(
    shop: Warehouse, source: Source, first: date, storage: str, pull: Pull
) -> None:
    shop.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    shop.connect_to(source)
    shop.make_schema()
    shop.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb({"search_path": '"Shop 2",public'}),))
    pull(shop, first, first + timedelta(days=2), template="ticks")
    assert shop.value("SELECT count(*) FROM acme.ticks") == 6
    assert shop.value("SELECT _wh.verify_slice('ticks', 'acme', %s)", (first,))["agrees"]


@pytest.mark.parametrize(
    "path",
    ["", "shop;", "shop public", "shop,", '"shop', "shop\\', x", "sh-op", '"a\nb"', "a, (SELECT 1)"],
)
def test_what_is_not_a_list_of_schemas_is_refused(shop: Warehouse, source: Source, path: str) -> None:
    shop.connect_to(source)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="search_path is not a list of schemas"):
        shop.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb({"search_path": path}),))


def test_the_program_adds_shows_and_changes_a_source_with_a_search_path(
    shop: Warehouse, source: Source, first: date, tmp_path: Path
) -> None:
    add = ["tenant", "add", "acme", *arguments(source, first, tmp_path)]
    refused = run(shop, *add, "--search-path", "shop_2, public")
    assert (refused.code, "schemas that do not exist there, or that its user may not use: shop_2" in refused.err) == (1, True)  # fmt: skip
    succeed(shop, *add, "--search-path", '"Shop 2", public')
    assert shop.value("SELECT count(*) FROM public.ticks") == 6
    assert '"Shop 2", public' in succeed(shop, "tenant", "show", "acme").out
    # The fleet's file holds it, and takes a list.
    file = tmp_path / "fleet" / "tenantry.toml"
    secrets = {"TENANTRY_ACME_PASSWORD": source.password}
    succeed(shop, "export", "--file", file)
    plan = ["plan", "--file", file, "--exit-code"]
    succeed(shop, *plan, env=secrets)
    text = file.read_text()
    given = 'search_path = "\\"Shop 2\\", public"'
    assert given in text
    file.write_text(text.replace(given, 'search_path = ["Shop 2", "public"]'))
    succeed(shop, *plan, env=secrets)
    file.write_text(text.replace(given, 'search_path = ["Shop 2"]'))
    assert run(shop, *plan, env=secrets).code == 5
    succeed(shop, "apply", "--file", file, "--yes", env=secrets)
    assert succeed(shop, "tenant", "list", "--json").json["tenants"][0]["search_path"] == '"Shop 2"'
    wrong = run(shop, "tenant", "edit", "acme", "--search-path", "shop;")
    assert "search_path is not a list of schemas: shop;" in wrong.err
    assert "Separate the names by commas" in wrong.err
    succeed(shop, "tenant", "edit", "acme", "--search-path", "")
    assert succeed(shop, "tenant", "list", "--json").json["tenants"][0]["search_path"] is None


def test_a_tenant_is_added_with_its_own_query_which_the_fleets_file_holds(
    shop: Warehouse, source: Source, first: date, tmp_path: Path
) -> None:
    own = tmp_path / "own.sql"
    own.write_text(OWN.replace("value::int", "value"))
    add = ["tenant", "add", "acme", *arguments(source, first, tmp_path), "--query", f"ticks={own}"]
    assert "column 3 is value text, but the template has value integer" in run(shop, *add).err
    assert shop.value("SELECT count(*) FROM _wh.tenants") == 0
    own.write_text(OWN)
    assert "own query" in succeed(shop, *add).err
    assert shop.value("SELECT count(*) FROM public.ticks") == 6
    file = tmp_path / "fleet" / "tenantry.toml"
    secrets = {"TENANTRY_ACME_PASSWORD": source.password}
    succeed(shop, "export", "--file", file)
    query = file.parent / "queries" / "acme_ticks.sql"
    assert query.read_text() == OWN
    plan = ["plan", "--file", file, "--exit-code"]
    apply = ["apply", "--file", file, "--yes"]
    succeed(shop, *plan, env=secrets)
    query.write_text(OWN.replace("value::int", "value"))
    changed = run(shop, *plan, "--json", env=secrets)
    (change,) = changed.json["changes"]
    assert (change["kind"], change["name"], change["template"]) == ("query", "acme", "ticks")
    assert "column 3 is value text" in run(shop, *apply, env=secrets).err
    query.write_text(OWN.replace("value::int", "value::int + 1"))
    succeed(shop, *apply, env=secrets)
    assert succeed(shop, "status", "--json").json["feeds"][0]["outdated"] > 0
    succeed(shop, "backfill", "ticks", "--tenant", "acme", "--from", first, "--to", first, "--outdated")
    assert (
        shop.value("SELECT sum(value) FROM acme.ticks WHERE (at AT TIME ZONE 'UTC')::date = %s", (first,))
        == 3
    )
    file.write_text(file.read_text().replace('query = "queries/acme_ticks.sql"', ""))
    succeed(shop, *apply, env=secrets)
    assert shop.value("SELECT count(*) FROM _wh.template_overrides") == 0
