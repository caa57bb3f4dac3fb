"""The numbers are those of `tenantry status`, and Prometheus's own parser reads them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text
from pyrage import x25519

import tenantry
from tenantry.metrics import named, written
from tenantry.metrics.families import FAMILIES
from tenantry.observe.metrics import RECENT, JobMetrics, Metrics
from tests.support.databases import Source, Warehouse
from tests.support.people import member
from tests.support.program import succeed
from tests.support.samples.small_template import define, make_ticks, spoil

DAYS = RECENT + 5
"""Some of them are read each time, and some only now and then."""

HOSTILE = 'a"b\\c\nd{e}'


def numbers(found: Metrics) -> dict[tuple[str, ...], float]:
    """All samples by name and values of labels."""
    return {(one.name, *one.labels.values()): one.value for one in named(found)}


def agrees_with_status(found: tenantry.Warehouse, *, sizes: bool = True) -> None:
    """Fail unless the numbers of each feed are those of status."""
    said = numbers(found.metrics())
    feeds = found.status()
    assert feeds
    for feed in feeds:
        key = (feed.tenant, feed.template)
        states = {
            "loaded": feed.days,
            "missing": feed.missing,
            "failed": feed.failed,
            "stale": feed.stale,
            "outdated": feed.outdated,
            "unconfirmed": 0,
        }
        assert {state: said[("tenantry_slices", *key, state)] for state in states} == states
        assert said[("tenantry_rows", *key)] == feed.rows
        assert not sizes or said[("tenantry_size_bytes", *key)] == feed.bytes


@pytest.mark.parametrize("storage", ["matview", "partition"])
def test_the_numbers_are_those_of_status(acme: Warehouse, source: Source, today: date, storage: str) -> None:
    first = today - timedelta(days=DAYS)
    make_ticks(source, first, DAYS + 1)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    spoil(source, today - timedelta(days=2))
    acme.run(
        "SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)",
        (first, today - timedelta(days=2)),
    )
    acme.run("SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (today, today))
    with tenantry.Warehouse(acme.conninfo) as found:
        agrees_with_status(found)
        before = found.metrics()
        said = numbers(before)
        key = ("acme", "ticks")
        # The day before yesterday failed, and yesterday was not tried.
        assert said[("tenantry_slices", *key, "missing")] == 2
        assert said[("tenantry_slices", *key, "failed")] == 1
        assert said[("tenantry_feed_completeness_ratio", *key)] == pytest.approx((DAYS - 2) / DAYS)
        end = datetime.combine(today - timedelta(days=2), time(), UTC)
        assert said[("tenantry_feed_last_day_timestamp_seconds", *key)] == end.timestamp()
        fresh = said[("tenantry_feed_freshness_seconds", *key)]
        assert fresh == pytest.approx(before.at.timestamp() - end.timestamp())
        assert 0 < said[("tenantry_load_duration_seconds", *key)] < 60

        # Earlier days are not read again, and yet nothing is lost; recent ones are.
        acme.run("DELETE FROM _wh.slices WHERE slice_date = %s", (first,))
        acme.run(
            "UPDATE _wh.slices SET loaded_at = '2001-01-01' WHERE slice_date = %s",
            (today - timedelta(days=5),),
        )
        later = numbers(found.metrics(before.counted))
        assert later[("tenantry_slices", *key, "loaded")] == said[("tenantry_slices", *key, "loaded")]
        assert later[("tenantry_slices", *key, "stale")] == 1
        if storage == "matview":
            agrees_with_status(found, sizes=False)

        # A record proves nothing once its relation has gone.
        relation = acme.value(
            "SELECT r.relid::regclass::text FROM _wh.feeds f CROSS JOIN LATERAL _wh_internal.storage_relations(f) r"
            " WHERE r.first_day <= %s AND r.last_day >= %s",
            (today - timedelta(days=7), today - timedelta(days=7)),
        )
        kind = "MATERIALIZED VIEW" if storage == "matview" else "TABLE"
        acme.run(f"DROP {kind} {relation} CASCADE")
        gone = numbers(found.metrics())
        assert gone[("tenantry_slices", *key, "unconfirmed")] >= 1
        assert gone[("tenantry_slices", *key, "loaded")] < later[("tenantry_slices", *key, "loaded")]


@pytest.mark.any_server
def test_what_is_recorded_elsewhere_is_told_once_it_is_known(
    acme: Warehouse, source: Source, today: date, tmp_path: Path
) -> None:
    make_ticks(source, today - timedelta(days=3), 3)
    define(acme)
    day = today - timedelta(days=2)
    acme.run("SELECT _wh.update_mv_window_by_template('ticks', 'acme', 'acme', %s, %s)", (day, day))
    with tenantry.Warehouse(acme.conninfo) as found:
        said = {name for name, *_ in numbers(found.metrics())}
        assert not {name for name in said if "verify" in name or "backup" in name or "job" in name}
        assert "tenantry_scheduler_up" not in said

        (feed,) = found.feeds("ticks")
        assert found.verify([feed], day, day).agrees
        said_now = numbers(found.metrics())
        assert said_now[("tenantry_verify_differing_days", "acme", "ticks")] == 0
        source.run("UPDATE ticks SET value = 7 WHERE (at AT TIME ZONE 'UTC')::date = %s", (day,))
        assert not found.verify([feed], day, day).agrees
        key = str(x25519.Identity.generate().to_public())
        backup = found.backup(tmp_path / "a.age", recipients=[key])
        said_now = numbers(found.metrics())
        assert said_now[("tenantry_verify_differing_days", "acme", "ticks")] == 1
        assert said_now[("tenantry_verify_failed_days", "acme", "ticks")] == 0
        assert said_now[("tenantry_last_backup_size_bytes",)] == backup.bytes
        now = datetime.now(UTC).timestamp()
        for name in ("tenantry_last_verify_timestamp_seconds", "tenantry_last_backup_timestamp_seconds"):
            (at,) = [value for key, value in said_now.items() if key[0] == name]
            assert now - 60 < at <= now + 1
        (age,) = [
            value for key, value in said_now.items() if key[0] == "tenantry_source_password_age_seconds"
        ]
        assert 0 <= age < 100
        assert 0 < said_now[("tenantry_locks_held",)] < said_now[("tenantry_locks_limit",)]

        # Where pg_cron is missing, a scheduler runs the jobs.
        acme.run("SELECT _wh.disable_tenant('acme', 'no harvest')")
        acme.run("SELECT cron.schedule('nightly', '0 3 * * *', 'SELECT 1')")
        acme.run(
            "INSERT INTO cron.job_run_details (jobid, database, username, command, status, start_time, end_time)"
            " SELECT jobid, database, username, command, s, clock_timestamp() - interval '20 min',"
            " clock_timestamp() - interval '20 min' + interval '90 s' FROM cron.job, unnest('{succeeded,failed}'::text[]) s"
        )
        said_now = numbers(found.metrics())
        assert said_now[("tenantry_tenant_disabled", "acme")] == 1
        assert said_now[("tenantry_scheduler_up",)] == 0
        assert said_now[("tenantry_job_runs", "nightly")] == 2
        assert said_now[("tenantry_job_failures", "nightly")] == 1
        assert said_now[("tenantry_job_last_run_failed", "nightly")] == 1
        assert said_now[("tenantry_job_last_run_duration_seconds", "nightly")] == pytest.approx(90, abs=0.1)

        # Who may only look sees the same.
        with member(acme, "tenantry_auditor") as auditor, tenantry.Warehouse(auditor.conninfo) as looking:
            theirs = numbers(looking.metrics())
        assert theirs.keys() == said_now.keys()

    told = succeed(acme, "metrics").out
    assert 'tenantry_job_failures{job_name="nightly"} 1.0\n' in told
    listed = json.loads(succeed(acme, "metrics", "--json").out)["data"]["metrics"]
    assert {"name": "tenantry_scheduler_up", "labels": {}, "value": 0} in listed


@pytest.mark.any_server
def test_prometheus_reads_both_formats_whatever_names_hold(acme: Warehouse) -> None:
    acme.run("UPDATE _wh.tenant_connections SET password = 'another'")
    acme.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, dbname, username, password)"
        " VALUES (%s, 'h', 'd', 'u', 'p')",
        (HOSTILE,),
    )
    for schema in ("acme", HOSTILE):
        acme.run("INSERT INTO _wh.tenants (schema_name, tenant_name) VALUES (%s, 'acme')", (schema,))
        acme.run(
            "INSERT INTO _wh.feeds (schema_name, template_name, tenant_name, storage, first_day)"
            " VALUES (%s, 'foodlogstats', 'acme', 'matview', '2026-01-01')",
            (schema,),
        )
    with tenantry.Warehouse(acme.conninfo) as found:
        now = found.metrics()
    expected = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in named(now)}
    assert ("tenantry_source_password_age_seconds", (("connection", HOSTILE),)) in expected
    units = {family.name: family.unit for family in FAMILIES}
    for wants_open, parse in ((False, parse_text), (True, parse_open)):
        families = list(parse(written(now, wants_open).decode()))
        read = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }
        assert read == pytest.approx(expected)
        assert all(family.documentation for family in families)
        if wants_open:
            assert {f.name: f.unit for f in families if f.type == "gauge"}.items() <= units.items()


@pytest.mark.any_server
def test_two_jobs_of_one_name_do_not_spoil_everything(warehouse: Warehouse) -> None:
    with tenantry.Warehouse(warehouse.conninfo) as found:
        now = found.metrics()
    job = JobMetrics(1, "nightly", True, 1, 0, "succeeded", now.at, now.at, now.at)
    text = written(replace(now, jobs=[job, replace(job, jobid=2, runs=5)])).decode()
    assert text.count('tenantry_job_runs{job_name="nightly"}') == 1
