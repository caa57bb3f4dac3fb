"""A warehouse that is published: changed days load, and what operators have set stays."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from tests.support.databases import Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run
from tests.support.samples.small_template import INDEXES, define, make_ticks

DAY = date(2024, 3, 10)
LAST = DAY + timedelta(days=1)

PUBLICATIONS = (
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "CREATE PUBLICATION its FOR TABLES IN SCHEMA _wh_data WITH (publish = 'delete')",
    "CREATE PUBLICATION one FOR TABLE _wh_data.\"public.ticks\" WITH (publish = 'update', publish_via_partition_root)",
)

IDENTITIES = (
    "SELECT c.relname, c.relreplident::text FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
    " WHERE c.relkind = 'r' AND c.relnamespace = '_wh_data'::regnamespace ORDER BY 1"
)


@pytest.fixture
def partitioned(acme: Warehouse, source: Source) -> Warehouse:
    make_ticks(source, DAY, 2)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition'")
    return acme


def change(source: Source) -> None:
    """A row of another value, one that is gone, and one that moves to the other day."""
    source.run("UPDATE ticks SET value = '7' WHERE id % 10 = 0")
    source.run("DELETE FROM ticks WHERE id = (SELECT min(id) FROM ticks)")
    source.run("UPDATE ticks SET at = at - interval '1 day' WHERE id = (SELECT max(id) FROM ticks)")


def equal(warehouse: Warehouse, source: Source) -> bool:
    rows = "SELECT id, at, value::int FROM {} ORDER BY id"
    return warehouse.rows(rows.format("public.ticks")) == source.rows(rows.format("ticks"))


@pytest.mark.parametrize("pull", [by_loader, by_sql])
@pytest.mark.parametrize(
    "publication", PUBLICATIONS, ids=["all", "deletions in a schema", "updates of the root"]
)
def test_changed_days_load_under_a_publication(
    partitioned: Warehouse, source: Source, pull: Pull, publication: str
) -> None:
    pull(partitioned, DAY, LAST, template="ticks")
    partitioned.admin.run(publication)
    change(source)
    pull(partitioned, DAY, LAST, template="ticks")
    assert equal(partitioned, source)
    # The id may be NULL, for all that PostgreSQL knows.
    assert partitioned.rows(IDENTITIES) == [("acme.ticks_2024", "f")]


def test_a_key_that_is_never_null_identifies_and_what_is_set_stays(
    partitioned: Warehouse, source: Source
) -> None:
    partitioned.admin.run("CREATE PUBLICATION everything FOR ALL TABLES")
    by_sql(partitioned, DAY, LAST, template="ticks")
    assert partitioned.rows(IDENTITIES) == [("acme.ticks_2024", "f")]
    partitioned.run('ALTER TABLE _wh_data."acme.ticks" ALTER COLUMN id SET NOT NULL')
    partitioned.run('ALTER TABLE _wh_data."acme.ticks_2024" REPLICA IDENTITY DEFAULT')
    change(source)
    by_sql(partitioned, DAY, LAST, template="ticks")
    assert partitioned.rows(IDENTITIES) == [("acme.ticks_2024", "i")]
    partitioned.run('ALTER TABLE _wh_data."acme.ticks_2024" REPLICA IDENTITY FULL')
    by_sql(partitioned, DAY, LAST, template="ticks")
    assert partitioned.rows(IDENTITIES) == [("acme.ticks_2024", "f")]
    assert equal(partitioned, source)


def test_where_a_publication_filters_rows_no_key_identifies_them(
    partitioned: Warehouse, source: Source
) -> None:
    by_sql(partitioned, DAY, LAST, template="ticks")
    partitioned.run('ALTER TABLE _wh_data."acme.ticks" ALTER COLUMN id SET NOT NULL')
    partitioned.admin.run(
        'CREATE PUBLICATION few FOR TABLE _wh_data."acme.ticks" WHERE (value IS NOT NULL) WITH (publish_via_partition_root)'
    )
    change(source)
    by_sql(partitioned, DAY, LAST, template="ticks")
    assert partitioned.rows(IDENTITIES) == [("acme.ticks_2024", "f")]
    assert equal(partitioned, source)


def test_without_a_publication_of_changes_tables_stay_as_they_are(
    partitioned: Warehouse, source: Source
) -> None:
    partitioned.admin.run("CREATE PUBLICATION inserts FOR ALL TABLES WITH (publish = 'insert')")
    by_sql(partitioned, DAY, LAST, template="ticks")
    change(source)
    by_sql(partitioned, DAY, LAST, template="ticks")
    assert partitioned.rows(IDENTITIES) == [("acme.ticks_2024", "d")]


def test_a_day_of_a_combined_year_and_a_move_load_under_a_publication(
    acme: Warehouse, source: Source
) -> None:
    make_ticks(source, DAY, 2)
    define(acme, indexes=INDEXES)
    by_sql(acme, DAY, LAST, template="ticks")
    acme.admin.run("CREATE PUBLICATION everything FOR ALL TABLES")
    acme.run(
        "SELECT _wh_internal.matview_fold(f, t, 2024, false) FROM _wh.feeds f JOIN _wh.mv_templates t USING (template_name)"
    )
    change(source)
    by_sql(acme, DAY, LAST, template="ticks")
    assert equal(acme, source)
    acme.run("CALL _wh.set_storage('ticks', 'partition')")
    acme.run("CALL _wh.drop_old_storage('ticks', 'acme')")
    source.run("UPDATE ticks SET value = '9'")
    by_sql(acme, DAY, LAST, template="ticks")
    assert equal(acme, source)


@pytest.mark.parametrize("setting", ["NOTHING", "USING INDEX ticks_2024_key"])
def test_doctor_names_a_table_whose_identity_keeps_changes_out(
    partitioned: Warehouse, source: Source, setting: str
) -> None:
    by_sql(partitioned, DAY, LAST, template="ticks")
    partitioned.run('ALTER TABLE _wh_data."acme.ticks" ALTER COLUMN id SET NOT NULL')
    partitioned.run('CREATE UNIQUE INDEX ticks_2024_key ON _wh_data."acme.ticks_2024" (id)')
    partitioned.run(f'ALTER TABLE _wh_data."acme.ticks_2024" REPLICA IDENTITY {setting}')
    partitioned.run("DROP INDEX _wh_data.ticks_2024_key")
    partitioned.admin.run("CREATE PUBLICATION everything FOR ALL TABLES")
    change(source)
    with pytest.raises(psycopg.Error, match="does not have a replica identity"):
        partitioned.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
    outcome = run(partitioned, "doctor", "--only", "publications", "--json")
    (finding,) = outcome.json["findings"]
    assert (outcome.code, finding["subject"]) == (1, '_wh_data."acme.ticks_2024"')
    partitioned.run(finding["command"])
    by_sql(partitioned, DAY, LAST, template="ticks")
    assert equal(partitioned, source)
