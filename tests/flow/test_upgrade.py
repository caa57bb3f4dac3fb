"""Installing over an older version."""

from __future__ import annotations

from tenantry.db.connect import session
from tenantry.db.install import install
from tests.databases import Source, Warehouse


def test_an_internal_function_with_old_parameters_does_not_stay(acme: Warehouse, source: Source) -> None:
    source.log([(1, "2024-03-10 12:00:00+00")])
    acme.run(
        "CREATE FUNCTION _wh_internal.publish_tenant(feed _wh.feeds) RETURNS boolean LANGUAGE sql AS 'SELECT false'"
    )
    with session(acme.admin.conninfo, role=None) as admin:
        install(admin, {})
    acme.run("SELECT _wh.update_mv_by_template('foodlogstats', 'acme', 'acme', '2024-03-10')")
    assert acme.value("SELECT count(*) FROM acme.foodlogstats") == 1
