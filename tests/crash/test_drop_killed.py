"""kill -9 in the middle of a drop: reports never fail, nothing comes back, and the same command finishes it."""

from __future__ import annotations

import subprocess
from datetime import date

from tests.support.databases import Source, Warehouse
from tests.support.program import command, environment, run, succeed
from tests.support.samples.small_template import define, make_ticks
from tests.support.waiting import wait_until

DAY = date(2024, 3, 1)
AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tenantry drop' AND datname = current_database()"
DROP = ("tenant", "drop", "acme", "--yes")


def test_a_drop_that_was_killed_is_finished_by_the_same_command(acme: Warehouse, source: Source) -> None:
    make_ticks(source, DAY, 2)
    define(acme)
    acme.connect_to(source, "bistro")
    acme.make_schema("bistro")
    for name in ("acme", "bistro"):
        acme.run("SELECT _wh.update_mv_by_template('ticks', %s, %s, %s)", (name, name, DAY))
    # More slices than one transaction drops.
    acme.run(
        """DO $$ BEGIN FOR n IN 0..449 LOOP
            EXECUTE format('CREATE MATERIALIZED VIEW acme.%I AS SELECT 1 AS id, now() AS at, 2 AS value', to_char(DATE '2020-01-01' + n, '"ticks_"YYYY_MM_DD'));
        END LOOP; END $$"""
    )
    acme.run("SELECT _wh.update_public_view_by_template('ticks')")
    acme.run(
        "SELECT cron.schedule('acme', '1 * * * *', 'SELECT _wh.update_mv_by_template(''ticks'', ''acme'', ''acme'')')"
    )
    acme.admin.run("ALTER SCHEMA acme OWNER TO whadmin")

    with acme.connect() as report:
        # Whoever reads a slice keeps it from being dropped, whichever transaction comes to it.
        with report.transaction():
            report.execute("SELECT * FROM acme.ticks_2021_03_25")
            with subprocess.Popen(command(acme, *DROP), env=environment(), stderr=subprocess.DEVNULL) as drop:
                wait_until(
                    lambda: (
                        acme.value(f"{AT_WORK} AND wait_event_type = 'Lock'") == 1
                        and acme.value("SELECT count(*) FROM _wh.feeds WHERE schema_name = 'acme'") == 0
                    )
                )
                drop.kill()
            assert acme.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1") == [
                ("bistro", 2)
            ]
        wait_until(lambda: acme.value(AT_WORK) == 0)

    assert acme.value("SELECT to_regnamespace('acme') IS NOT NULL")
    assert acme.rows("SELECT jobname FROM cron.job") == []
    assert acme.rows("SELECT tenant_name FROM _wh.tenant_connections") == [("bistro",)]
    assert "being dropped" in succeed(acme, "tenant", "list").out
    for forbidden in (("tenant", "enable", "acme"), ("tenant", "disable", "acme", "--reason", "rests")):
        assert run(acme, *forbidden).errors == ['tenant "acme" is being dropped']
    # Nothing takes it in again meanwhile.
    acme.connect_to(source)
    refused = run(
        acme,
        "tenant",
        "add",
        "acme",
        "--template",
        "ticks",
        "--source",
        f"host=127.0.0.1 port={source.server.port} dbname={source.name} user={source.reader}",
    )
    assert refused.errors == ['tenant "acme" is being dropped']

    finished = succeed(acme, *DROP)
    assert "a drop of acme was started earlier" in finished.err
    assert acme.value("SELECT to_regnamespace('acme') IS NULL")
    assert acme.rows("SELECT schema_name FROM _wh.tenants") == [("bistro",)]
    assert acme.reader.rows("SELECT schema_name, count(*) FROM public.ticks GROUP BY 1") == [("bistro", 2)]
