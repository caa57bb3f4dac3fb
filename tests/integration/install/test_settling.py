"""A warehouse of before 0.2 has its tables in tenants' schemas: an upgrade moves them to _wh_data, and puts views in their place."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date

import psycopg
import pytest

from tenantry.core.errors import DatabaseError
from tenantry.db import upgrade
from tenantry.db.migrations import known
from tests.support.databases import Database, Source, Warehouse
from tests.support.loading import by_loader, by_sql
from tests.support.program import succeed
from tests.support.samples.older_layout import restore
from tests.support.samples.small_template import define, make_ticks

FIRST, LAST = date(2023, 12, 1), date(2024, 1, 5)
ROWS = "SELECT schema_name, id, at, value FROM public.ticks ORDER BY 1, 2"
RELATIONS = (
    "SELECT relnamespace::regnamespace::text, relname::text, relkind::text FROM pg_class"
    " WHERE relnamespace IN ('public'::regnamespace, 'acme'::regnamespace, '_wh_data'::regnamespace)"
    " AND relkind IN ('r', 'p', 'v', 'i') AND relname ~ 'ticks' AND relname !~ '_[0-9]{2}_[0-9]{2}' ORDER BY 1, 2"
)


@pytest.fixture
def old(acme: Warehouse, source: Source) -> Warehouse:
    """Two tenants in partition storage, with a year that is folded and one that is not."""
    make_ticks(source, date(2023, 1, 1), 370)
    define(acme)
    acme.run(
        "UPDATE _wh.mv_templates SET storage = 'partition', partition_by = 'month' WHERE template_name = 'ticks'"
    )
    acme.connect_to(source, "globex")
    acme.make_schema("globex")
    by_loader(acme, date(2023, 1, 1), LAST, template="ticks")
    by_loader(acme, FIRST, LAST, template="ticks", name="globex")
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)")
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    return acme


def states(warehouse: Warehouse) -> list[list[object]]:
    """What status knows of each feed but its size."""
    keys = ("tenant", "days", "years", "rows", "missing", "first_day", "last_day")
    return [[row[key] for key in keys] for row in succeed(warehouse, "status", "--json").json["feeds"]]


def upgraded(warehouse: Warehouse) -> list[str]:
    with warehouse.admin.connect() as session:
        return list(upgrade.run(session, {}).moved)


def test_an_upgrade_moves_the_tables_and_no_report_notices(old: Warehouse) -> None:
    relations, rows, status = old.rows(RELATIONS), old.rows(ROWS), states(old)
    restore(old)
    old.run(
        "COMMENT ON TABLE acme.ticks IS 'said by a tool'; COMMENT ON COLUMN public.ticks.value IS 'in euros'"
    )
    old.run("CREATE INDEX mine ON acme.ticks_2023 (value)")
    assert old.value("SELECT relkind::text FROM pg_class WHERE oid = 'public.ticks'::regclass") == "p"
    assert upgraded(old) == ["acme.ticks", "globex.ticks"]
    assert old.rows(RELATIONS) == relations
    assert old.reader.rows(ROWS) == rows
    assert old.reader.value("SELECT count(*) FROM acme.ticks_2023") == 730
    assert old.value("SELECT obj_description('acme.ticks'::regclass)") == "said by a tool"
    assert old.value("SELECT col_description('public.ticks'::regclass, 4)") == "in euros"
    assert old.value(
        "SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = '_wh_data.\"acme.mine\"'::regclass"
    ) == ('_wh_data."acme.ticks_2023"')
    assert upgraded(old) == []
    assert states(old) == status
    succeed(
        old,
        "doctor",
        "--only",
        "views",
        "--only",
        "templates",
        "--only",
        "rights",
        "--strict",
    )


@pytest.mark.parametrize("pull", [by_loader, by_sql])
def test_a_load_that_comes_before_the_upgrade_has_moved_them_moves_those_of_its_tenant(
    old: Warehouse, source: Source, pull: Callable[..., None]
) -> None:
    rows = old.rows(ROWS)
    restore(old)
    source.run("UPDATE ticks SET value = 7 WHERE (at AT TIME ZONE 'UTC')::date = %s", (LAST,))
    pull(old, LAST, LAST, template="ticks", name="globex")
    changed = [(*row[:3], 7) if row[0] == "globex" and row[2].date() == LAST else row for row in rows]
    assert old.reader.rows(ROWS) == changed
    assert upgraded(old) == ["acme.ticks"]
    assert old.reader.rows(ROWS) == changed


WITHOUT_DAY = """
DO $$
DECLARE
    drops text;
    views text;
BEGIN
    SELECT string_agg(format('DROP VIEW IF EXISTS %s CASCADE; ', v.view), ''),
        string_agg(format('CREATE VIEW %s AS SELECT %s FROM (%s) q; ', v.view, v.columns, rtrim(v.body, ';')), ''
            ORDER BY v.view ~ '^public') INTO drops, views
    FROM (SELECT format('%I.%I', n.nspname, c.relname) AS view, pg_get_viewdef(c.oid) AS body,
            string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
            AND a.attnum > 0 AND a.attname <> 'day' WHERE c.relkind = 'v' AND c.relname ~ '^ticks' GROUP BY 1, 2) v;
    EXECUTE drops;
    EXECUTE replace(views, 'ticks.day', 'NULL::date AS day');
END
$$
"""
"""Views as a version without the column `day` made them."""


@pytest.mark.parametrize("storage", ["partition", "matview"])
def test_an_upgrade_gives_views_a_day_and_keeps_what_was_put_on_them(old: Warehouse, storage: str) -> None:
    if storage == "matview":
        old.run("CALL _wh.set_storage('ticks', 'matview')")
    old.run(WITHOUT_DAY)
    role = f"analyst_{secrets.token_hex(4)}"
    reader = f"reader_{secrets.token_hex(4)}"
    old.admin.run(f"CREATE ROLE {role}; CREATE ROLE {reader} LOGIN PASSWORD 'reader-password'")
    old.server.save_password(reader, "reader-password")
    try:
        # A reader of some tenants, as an older version made it.
        old.run(f"INSERT INTO _wh.readers (reader_name, tenants) VALUES ('{reader}', '{{acme}}')")
        old.admin.run(f"GRANT USAGE ON SCHEMA acme TO {reader}; GRANT SELECT ON acme.ticks TO {reader}")
        old.run(
            f"CREATE VIEW public.report AS SELECT * FROM public.ticks; GRANT SELECT ON public.ticks TO {role}"
        )
        identities = old.rows(
            "SELECT oid, relacl::text FROM pg_class WHERE relname = 'report' OR oid = 'acme.ticks'::regclass"
        )
        with old.admin.connect() as session:
            planned = upgrade.rehearse(session)
            assert planned.published == ["acme.ticks", "globex.ticks"]
            assert upgrade.run(session, {}) == planned
            assert not upgrade.run(session, {}).any
        assert (
            old.rows(
                "SELECT oid, relacl::text FROM pg_class WHERE relname = 'report' OR oid = 'acme.ticks'::regclass"
            )
            == identities
        )
        days = "SELECT count(DISTINCT day), min(day) FROM {}"
        assert old.reader.rows(days.format("public.ticks")) == [(370, date(2023, 1, 1))]
        assert old.reader.rows(days.format("acme.ticks_2023")) == [(365, date(2023, 1, 1))]
        assert old.value(f"SELECT has_table_privilege('{role}', 'public.ticks', 'SELECT')")
        limited = Database(old.server, old.name, reader)
        assert limited.rows("SELECT DISTINCT schema_name FROM public.ticks") == [("acme",)]
        assert limited.rows("SELECT tenant FROM public.tenantry_freshness") == [("acme",)]
    finally:
        old.admin.run(f"DROP OWNED BY {role}, {reader}; DROP ROLE {role}, {reader}")


def test_what_reads_a_table_goes_on_reading_it_and_row_security_goes_on_holding(old: Warehouse) -> None:
    restore(old)
    old.run("CREATE VIEW public.report AS SELECT count(*) FROM acme.ticks")
    old.run("GRANT SELECT ON public.report TO phood_ro")
    old.run(
        "ALTER TABLE globex.ticks ENABLE ROW LEVEL SECURITY; CREATE POLICY zeros ON globex.ticks TO phood_ro USING (value = 0)"
    )
    shown = old.reader.value("SELECT count(*) FROM globex.ticks")
    upgraded(old)
    assert old.reader.value("SELECT * FROM public.report") == 740
    assert old.reader.value("SELECT count(*) FROM globex.ticks") == shown == 36


def test_a_year_that_somebody_made_in_the_tenants_schema_is_moved_too(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, date(2023, 1, 1), 365)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'matview' WHERE template_name = 'ticks'")
    by_sql(acme, date(2023, 1, 1), date(2023, 1, 2), template="ticks")
    acme.run(
        "CREATE TABLE acme.ticks_2022 AS SELECT id - 400000 AS id, at - interval '1 year' AS at, value FROM acme.ticks"
    )
    acme.run("CREATE UNIQUE INDEX ON acme.ticks_2022 (id)")
    acme.run("SELECT _wh.update_tenant_union_view_by_template('ticks', 'acme', 'acme')")
    assert acme.reader.value("SELECT count(*) FROM acme.ticks") == 8
    assert upgraded(acme) == ["acme.ticks"]
    assert acme.reader.value("SELECT count(*) FROM acme.ticks_2022") == 4
    assert acme.reader.value("SELECT count(*) FROM acme.ticks") == 8
    assert acme.value("SELECT relkind::text FROM pg_class WHERE oid = 'acme.ticks_2022'::regclass") == "v"


def test_no_table_is_moved_without_a_part_that_belongs_to_somebody_else(old: Warehouse) -> None:
    status = states(old)
    restore(old)
    old.admin.run(
        "ALTER TABLE acme.ticks_2024_01 OWNER TO postgres; GRANT ALL ON acme.ticks_2024_01 TO whadmin"
    )
    with pytest.raises(DatabaseError, match="must be owner"):
        upgraded(old)
    assert old.value("SELECT relkind::text FROM pg_class WHERE oid = 'acme.ticks'::regclass") == "p"
    assert old.value("SELECT relkind::text FROM pg_class WHERE oid = 'globex.ticks'::regclass") == "v"
    old.admin.run("ALTER TABLE acme.ticks_2024_01 OWNER TO whadmin")
    assert upgraded(old) == ["acme.ticks"]
    assert states(old) == status


def test_a_rehearsal_names_the_tables_and_moves_none(old: Warehouse) -> None:
    restore(old)
    before = old.rows(RELATIONS)
    with old.admin.connect() as session:
        assert upgrade.rehearse(session).moved == ["acme.ticks", "globex.ticks"]
    assert old.rows(RELATIONS) == before


def test_a_table_of_all_tenants_that_has_lost_them_makes_room_for_new_ones(old: Warehouse) -> None:
    restore(old)
    old.run("DROP TABLE acme.ticks, globex.ticks; DELETE FROM _wh.feeds")
    assert upgraded(old) == []
    by_loader(old, LAST, LAST, template="ticks")
    assert old.reader.value("SELECT count(*) FROM public.ticks") == 2


def test_a_template_that_has_lost_its_tenants_is_dropped_with_its_table(old: Warehouse) -> None:
    restore(old)
    old.run("DROP TABLE acme.ticks, globex.ticks; DELETE FROM _wh.feeds")
    succeed(old, "template", "drop", "ticks", "--yes")
    assert old.value("SELECT to_regclass('public.ticks')") is None


def test_a_tenant_is_dropped_before_the_upgrade_has_moved_its_tables(old: Warehouse) -> None:
    restore(old)
    old.admin.run("ALTER SCHEMA acme OWNER TO whadmin")
    succeed(old, "tenant", "drop", "acme", "--yes")
    assert old.reader.rows("SELECT DISTINCT schema_name FROM public.ticks") == [("globex",)]
    assert old.value("SELECT count(*) FROM pg_class WHERE relname ~ 'acme'") == 0


def test_the_public_view_is_published_before_the_upgrade_has_moved_the_tables(old: Warehouse) -> None:
    rows = old.rows(ROWS)
    restore(old)
    old.run("SELECT _wh.update_public_view_by_template('ticks')")
    assert old.reader.rows(ROWS) == rows


def test_a_year_is_folded_before_the_upgrade_has_moved_the_tables(acme: Warehouse, source: Source) -> None:
    make_ticks(source, date(2023, 1, 1), 365, per_day=1)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    by_loader(acme, date(2023, 1, 1), date(2023, 12, 31), template="ticks")
    restore(acme)
    acme.run("SELECT _wh.create_combined_table_from_template_by_year('ticks', 'acme', 2023)")
    assert acme.reader.value("SELECT count(*) FROM acme.ticks_2023") == 365


def test_doctor_does_not_take_tables_for_lost_that_are_to_be_moved(old: Warehouse) -> None:
    restore(old)
    succeed(old, "doctor", "--only", "views", "--strict")
    assert "backfill ticks --tenant acme --outdated" in succeed(old, "doctor", "--only", "templates").out


def test_a_table_that_somebody_made_beside_a_parted_one_stays_where_reports_find_it(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, LAST, 1)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    by_loader(acme, LAST, LAST, template="ticks")
    acme.run("CREATE TABLE acme.ticks_2020 AS SELECT 1 AS id")
    assert upgraded(acme) == []
    assert acme.reader.value("SELECT id FROM acme.ticks_2020") == 1


def test_a_schema_that_has_the_name_already_is_named(acme: Warehouse) -> None:
    (migration,) = [m for m in known() if m.name == "data_schema"]
    acme.admin.run("ALTER SCHEMA _wh_data OWNER TO postgres")
    with acme.connect() as session, pytest.raises(psycopg.Error, match="schema _wh_data exists already"):
        session.execute(migration.text)
