"""What is told, how often, and to whom."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tenantry.alerts.service import Alerts
from tenantry.schemas import published
from tests.integration.alert.receivers import WebReceiver, web_receiver
from tests.integration.alert.steps import REFUSED, fail_jobs, later, look, mend_jobs, route_to, silent
from tests.support.databases import Warehouse

pytestmark = pytest.mark.any_server


def test_two_hundred_tenants_behind_one_cause_are_one_message(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver)
    look(well)
    assert receiver.told() == [], "all is well"
    fail_jobs(well, 200, f"{REFUSED}\nDETAIL: Key (name)=(a row's value)")
    look(well)
    (told,) = receiver.told()
    jsonschema.validate(told, json.loads(published.alert()))
    assert (told["event"], told["count"], told["severity"]) == ("began", 200, "error")
    assert told["title"].startswith("200 jobs failed (t1, t2, t3 and 197 more): ERROR: could not connect")
    assert "10.0.0.5" in told["title"], "which host it is"
    assert len(told["alerts"]) == 20
    assert "and 180 more" in told["text"]
    assert "a row's value" not in json.dumps(told)
    look(well)
    look(well)
    assert receiver.told() == [], "it was told"


def test_errors_that_differ_only_in_the_tenant_have_one_cause(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver)
    fail_jobs(well, 5, 'ERROR: source "{tenant}" lost 12 rows of 2026-01-02 at 03:04:05')
    fail_jobs(well, 1, "ERROR: division by zero", first=6)
    look(well)
    assert sorted(told["count"] for told in receiver.told()) == [1, 5]


def test_what_is_not_over_is_repeated_with_patience(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver, repeat_after="4h")
    fail_jobs(well, 2)
    look(well)
    assert len(receiver.told()) == 1
    events = []
    for hours in (3, 1, 7, 1, 15, 1, 23, 1):
        later(well, f"{hours} hours")
        look(well)
        events.append([told["event"] for told in receiver.told()])
    again = ["continues"]
    assert events == [[], again, [], again, [], again, [], again], "after 4, 8, 16 and 24 hours"


def test_the_end_is_told_once_all_are_well(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver)
    fail_jobs(well, 3)
    look(well)
    receiver.told()
    mend_jobs(well)
    look(well)
    assert receiver.told() == [], "it may be back at once"
    later(well, "1 minute")
    look(well)
    (told,) = receiver.told()
    assert (told["event"], told["count"]) == ("recovered", 3)
    assert told["title"].startswith("Recovered: 3 jobs failed")
    look(well)
    assert receiver.told() == []


def test_what_comes_and_goes_is_told_more_and_more_rarely(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver)
    told = []
    for _ in range(4):
        fail_jobs(well, 1)
        look(well)
        later(well, "5 minutes")
        mend_jobs(well)
        look(well)
        later(well, "5 minutes")
        look(well)
        told += [one["event"] for one in receiver.told()]
    assert told == ["began", "recovered"] * 2 + ["began"], "the third time it stays open"


def test_a_run_that_has_not_ended_is_no_recovery(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver)
    fail_jobs(well, 1)
    look(well)
    receiver.told()
    well.run(
        "INSERT INTO cron.job_run_details (jobid, database, username, command, status, start_time)"
        " SELECT jobid, database, username, command, 'running', now() FROM cron.job"
    )
    for _ in range(3):
        look(well)
        later(well, "10 minutes")
    assert receiver.told() == []


def test_twice_as_many_are_told_before_the_next_repetition(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver)
    fail_jobs(well, 2)
    look(well)
    receiver.told()
    fail_jobs(well, 1, first=3)
    later(well, "20 minutes")
    look(well)
    assert receiver.told() == []
    fail_jobs(well, 50, first=4)
    look(well)
    (told,) = receiver.told()
    assert (told["event"], told["count"]) == ("grew", 53)


def test_each_route_hears_what_it_asked_for(well: Warehouse, receiver: WebReceiver) -> None:
    with web_receiver() as other, web_receiver() as third:
        route_to(well, receiver, severity="error")
        route_to(well, other, "tenant", tenants=["t2"])
        route_to(well, third, "template", templates=["foodlogstats"])
        fail_jobs(well, 2)
        well.run("DELETE FROM cron.scheduler")
        well.run(
            "INSERT INTO _wh.verifications (schema_name, template_name, days, different_days, failed_days, fault)"
            " VALUES ('t2', 'foodlogstats', 3, '{2024-01-01,2024-01-02}', 0, false)"
        )
        for _ in range(2):
            look(well)
            later(well, "1 minute")
        assert sorted(told["kind"] for told in receiver.told()) == ["job_failed", "no_scheduler"]
        told = sorted(other.told(), key=lambda one: str(one["kind"]))
        assert [(one["kind"], one["count"]) for one in told] == [("job_failed", 1), ("verify_differs", 1)]
        assert sorted((one["kind"], one["count"]) for one in third.told()) == [
            ("job_failed", 2),
            ("verify_differs", 1),
        ]


def test_a_lost_scheduler_is_told_and_not_the_jobs_that_are_late_for_it(
    well: Warehouse, receiver: WebReceiver
) -> None:
    route_to(well, receiver)
    well.run("DELETE FROM cron.scheduler")
    well.run(
        "UPDATE cron.job_run_details SET start_time = start_time - interval '1 day', end_time = end_time - interval '1 day'"
    )
    well.run("UPDATE _wh.slices SET loaded_at = loaded_at - interval '1 day'")
    look(well)
    assert receiver.told() == [], "another one may take over"
    later(well, "1 minute")
    look(well)
    (told,) = receiver.told()
    assert told["kind"] == "no_scheduler"
    assert "200 jobs" in told["title"]


def test_late_jobs_and_feeds_that_are_not_fresh_are_one_message_each(
    well: Warehouse, receiver: WebReceiver
) -> None:
    route_to(well, receiver)
    well.run("UPDATE cron.job_run_details SET start_time = start_time - interval '1 day' WHERE runid % 2 = 0")
    well.run("UPDATE _wh.slices SET loaded_at = loaded_at - interval '1 day'")
    look(well)
    later(well, "1 minute")
    look(well)
    told = {one["kind"]: one["count"] for one in receiver.told()}
    assert told == {"job_late": 100, "not_fresh": 100}, "a late job explains its feed"


def test_a_feed_without_jobs_is_fresh_for_a_day(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver, tenants=["t7", "t8"])
    with well.connect() as session:
        session.execute("UPDATE cron.job SET active = false WHERE jobname ~ '_t[78]$'")
        session.execute(
            "UPDATE _wh.slices SET loaded_at = now() - interval '23 hours' WHERE schema_name = 't7'"
        )
        session.execute(
            "UPDATE _wh.slices SET loaded_at = now() - interval '26 hours' WHERE schema_name = 't8'"
        )
    look(well)
    later(well, "1 minute")
    look(well)
    well.run("UPDATE cron.job SET active = true")
    (told,) = receiver.told()
    assert [one["tenant"] for one in told["alerts"]] == ["t8"]


def test_days_that_differ_are_told_until_they_are_loaded_again(
    well: Warehouse, receiver: WebReceiver
) -> None:
    route_to(well, receiver)
    well.run(
        "INSERT INTO _wh.verifications (schema_name, template_name, verified_at, days, different_days, failed_days, fault)"
        " SELECT 't3', 'foodlogstats', now() - interval '1 hour', 5, ARRAY[current_date], 0, true"
    )
    well.run(
        "UPDATE _wh.slices SET slice_date = current_date, loaded_at = now() - interval '2 hours' WHERE schema_name = 't3'"
    )
    look(well)
    (told,) = receiver.told()
    assert (told["kind"], told["severity"]) == ("verify_differs", "error")
    well.run("UPDATE _wh.slices SET loaded_at = now() WHERE schema_name = 't3'")
    look(well)
    later(well, "2 minutes")
    look(well)
    assert [one["event"] for one in receiver.told()] == ["recovered"]


def test_errors_of_doctor_are_told_without_asking_a_source_and_at_most_every_quarter(
    well: Warehouse, receiver: WebReceiver
) -> None:
    route_to(well, receiver)
    well.admin.run("GRANT EXECUTE ON FUNCTION _wh.current_date_utc() TO PUBLIC")
    well.run("DELETE FROM _wh.alert_looks")
    alerts = Alerts(well.conninfo, silent, every=0)
    assert alerts.look()
    examined = well.value("SELECT examined_at FROM _wh.alert_looks")
    alerts.look()
    assert well.value("SELECT examined_at FROM _wh.alert_looks") == examined
    assert receiver.told() == []
    well.run("UPDATE _wh.alert_looks SET examined_at = examined_at - interval '15 minutes'")
    later(well, "15 minutes")
    alerts.look()
    alerts.deliver()
    well.admin.run("REVOKE EXECUTE ON FUNCTION _wh.current_date_utc() FROM PUBLIC")
    told = [one for one in receiver.told() if "current_date_utc" in one["title"]]
    assert [(one["kind"], one["event"]) for one in told] == [("doctor", "began")]
