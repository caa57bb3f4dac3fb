"""public.tenantry_freshness tells readers what `tenantry status` tells operators, of the tenants that they may see."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

import psycopg
import pytest

from tenantry.db.connect import session
from tenantry.flow.tenant import reader as readers
from tests.support.databases import Database, Source, Warehouse
from tests.support.program import succeed
from tests.support.samples.small_template import define, make_ticks, mend, spoil

QUERY = "SELECT tenant, template, missing_days, failed_days, status FROM public.tenantry_freshness"
UNTIL = "SELECT complete_until FROM public.tenantry_freshness WHERE tenant = %s"


def told(warehouse: Warehouse) -> list[tuple[object, ...]]:
    keys = ("tenant", "template", "missing", "failed", "state")
    return [tuple(row[key] for key in keys) for row in succeed(warehouse, "status", "--json").json["feeds"]]


def load(warehouse: Warehouse, tenant: str, first: date, last: date) -> None:
    warehouse.run(
        "SELECT _wh.update_mv_window_by_template('ticks', %s, %s, %s, %s)", (tenant, tenant, first, last)
    )


@pytest.mark.parametrize("storage", ["partition", "matview"])
def test_it_says_what_status_says(acme: Warehouse, source: Source, today: date, storage: str) -> None:
    first, yesterday = today - timedelta(days=6), today - timedelta(days=1)
    make_ticks(source, first, 7)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    for tenant in ("acme", "bolt", "cork", "dune"):
        if tenant != "acme":
            acme.connect_to(source, tenant)
        acme.run("SELECT _wh_internal.create_tenant_schema(%s)", (tenant,))
    assert acme.reader.rows(QUERY) == []
    for tenant in ("acme", "bolt", "cork"):
        load(acme, tenant, first, yesterday)
    assert acme.reader.rows(QUERY) == told(acme)
    assert acme.reader.value(UNTIL, ("acme",)) == yesterday

    # A day that is missing, one whose load failed, and one that was loaded before it had ended.
    gone = first + timedelta(days=2)
    if storage == "partition":
        acme.run(
            "UPDATE _wh.slices SET loaded_at = NULL, filenode = NULL WHERE schema_name = 'acme' AND slice_date = %s",
            (gone,),
        )
    else:
        acme.run(f"DROP MATERIALIZED VIEW acme.ticks_{gone:%Y_%m_%d} CASCADE")
        acme.run("DELETE FROM _wh.slices WHERE schema_name = 'acme' AND slice_date = %s", (gone,))
    spoil(source, yesterday)
    with pytest.raises(psycopg.Error):
        acme.run("SELECT _wh.recreate_mv_by_template('ticks', 'bolt', 'bolt', %s)", (yesterday,))
    mend(source)
    acme.run(
        "UPDATE _wh.slices SET loaded_at = slice_date WHERE schema_name = 'cork' AND slice_date = %s", (gone,)
    )
    acme.run("SELECT _wh_internal.open_feed('ticks', 'dune', 'dune'), _wh.disable_tenant('bolt', 'rests')")
    rows = acme.reader.rows(QUERY)
    assert rows == told(acme)
    assert [row[4] for row in rows][2:] == ["1 stale", "never loaded"]
    for tenant in ("acme", "cork"):
        assert acme.reader.value(UNTIL, (tenant,)) == gone - timedelta(days=1)
    assert acme.reader.value(UNTIL, ("dune",)) is None

    # Tables that somebody rewrote or emptied.
    acme.run("CALL _wh.set_storage('ticks', 'partition', 'cork')")
    acme.run("UPDATE _wh.slices SET filenode = 1 WHERE schema_name = 'cork' AND slice_date > %s", (gone,))
    assert acme.reader.rows(QUERY) == told(acme)

    name = f"reader_{secrets.token_hex(4)}"
    acme.server.save_password(name, "reader-password")
    with session(acme.admin.conninfo, role=None) as admin:
        readers.put(admin, name, ["cork"], "reader-password")
        try:
            limited = Database(acme.server, acme.name, name)
            assert limited.rows(QUERY) == [row for row in acme.reader.rows(QUERY) if row[0] == "cork"]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                limited.rows("SELECT * FROM _wh_internal.freshness('phood_ro')")
        finally:
            readers.drop(admin, name)


def test_no_template_takes_its_name(warehouse: Warehouse) -> None:
    with pytest.raises(psycopg.errors.ReservedName, match="reserved for a view"):
        define(warehouse, "tenantry_freshness")
