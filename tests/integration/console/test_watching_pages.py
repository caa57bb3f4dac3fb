"""Pages that show what is done, planned, wrong, or allowed: the schedule, doctor, logs, audit, readers, the plan."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tenantry import Warehouse as Opened
from tenantry.core.days import today_utc
from tenantry.embedded import Server
from tests.support.browser.console import House, Visitor, housed
from tests.support.waiting import wait_until

EVIL = "<img src=x onerror=alert(1)>"


@dataclass
class Watched(House):
    """A warehouse with two tenants, their jobs and runs, logs and readers. Its console has no worker."""

    file: Path
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def of(self, role: str) -> Visitor:
        """Somebody of a role, who has logged in."""
        if role not in self.visitors:
            self.visitors[role] = self.console.log_in(self.logins[role])
        return self.visitors[role]


@pytest.fixture(scope="module")
def watched(server: Server, templates: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The warehouse and its console."""
    file = tmp_path_factory.mktemp("fleet") / "tenantry.toml"
    with housed(server, "--no-worker", "--file", file) as house:
        warehouse = house.warehouse
        for tenant in ("acme", "bolt"):
            warehouse.run(
                "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username, password)"
                " VALUES (%s, '127.0.0.1', 1, 'nowhere', 'nobody', 'a secret of the source')",
                (tenant,),
            )
            warehouse.make_schema(tenant)
            warehouse.run("SELECT _wh_internal.open_feed('foodlogstats', %s, %s)", (tenant, tenant))
        Opened(warehouse.conninfo).install_jobs()
        runs(warehouse_jobs := warehouse.rows("SELECT jobid, jobname FROM cron.job ORDER BY jobid"), house)
        assert len(warehouse_jobs) == 6
        warehouse.run(
            "INSERT INTO _wh.function_logs (created_at, log_level, function_name, message, context)"
            " SELECT now() - n * interval '1 minute', (ARRAY['INFO', 'WARNING', 'ERROR'])[1 + n %% 3], 'made_' || n %% 2,"
            " 'entry ' || n || '. ' || %s, jsonb_build_object('schema_name', (ARRAY['acme', 'bolt'])[1 + n %% 2])"
            " FROM generate_series(1, 120) n",
            (EVIL,),
        )
        warehouse.run(
            "UPDATE _wh.function_logs SET created_at = now() - interval '3 days' WHERE message LIKE 'entry 7.%'"
        )
        admin = Opened(warehouse.admin.conninfo)
        admin.put_reader("bi", None, "a reader's password")
        admin.put_reader(
            "acme_only", ["acme"], "a reader's password", statement_timeout="5min", connections=3
        )
        try:
            yield Watched(**vars(house), file=file)
        finally:
            for name in ("bi", "acme_only"):
                admin.drop_reader(name)


def runs(jobs: list[tuple[int, str]], house: House) -> None:
    """Two runs of each job; the last one of the first job failed."""
    for n in (1, 0):
        for jobid, _ in jobs:
            failed = n == 0 and jobid == jobs[0][0]
            house.warehouse.run(
                "INSERT INTO cron.job_run_details (jobid, database, username, command, status, return_message, start_time, end_time)"
                " SELECT jobid, database, username, command, %s, %s, now() - %s * interval '1 hour', now() - %s * interval '1 hour'"
                " FROM cron.job WHERE jobid = %s",
                ("failed" if failed else "succeeded", f"ERROR: {EVIL}" if failed else "1 row", n, n, jobid),
            )


def rows(page: str) -> int:
    """The lines of the page's tables."""
    return page.count("<tr>") - page.count("<thead>")


def test_the_schedule_shows_each_job_and_who_runs_them(watched: Watched) -> None:
    page = watched.of("auditor").get("/schedule")
    assert "No scheduler is running, so no job runs. Start one" in page.text
    assert rows(page.html) == 6
    assert "every hour at :" in page.text
    assert page.text.index("failed") < page.text.index("succeeded")
    assert page.html.count('class="timeline"') == 6
    assert "24 in the next 24 hours" in page.html
    assert EVIL in page.text
    assert "/actions/new" not in page.html
    assert "kind=run_job" not in watched.of("operator").get("/schedule").html
    assert "kind=run_job" in watched.of("administrator").get("/schedule").html


@pytest.mark.parametrize(
    "query, found",
    [
        ("q=acme", 3),
        ("q=acme+foodlog", 3),
        ("kind=hourly", 2),
        ("state=bad", 1),
        ("state=off", 0),
        ("page=9", 6),
    ],
)
def test_jobs_are_filtered(watched: Watched, query: str, found: int) -> None:
    page = watched.of("operator").get(f"/schedule?{query}")
    assert rows(page.html) == found or (not found and "No job matches" in page.text)


@pytest.mark.parametrize("query, found", [("", 12), ("order=only", 1), ("q=bolt", 6), ("q=nobody", 0)])
def test_the_history_shows_failures_first(watched: Watched, query: str, found: int) -> None:
    page = watched.of("auditor").get(f"/schedule/history?{query}")
    assert page.status == 200
    assert rows(page.html) == found or not found
    if query == "":
        body = page.text.partition("Message")[2]
        assert body.index("failed") < body.index("succeeded")
        assert EVIL in page.text


def test_a_job_is_paused_from_the_schedule(watched: Watched) -> None:
    """The link on the page leads to a form for this job; the page shows a paused job, and offers to resume it."""
    visitor = watched.of("operator")
    page = visitor.get("/schedule?q=bolt&kind=yearly")
    link = next(
        one.attributes["href"] for one in page.elements if "kind=pause" in one.attributes.get("href", "")
    )
    form = visitor.get(link)
    assert form.field("job") == "yearly_combination_bolt"
    assert "tenantry schedule disable --job" in form.text
    sent = visitor.post("/actions/new", {"kind": "pause", "step": "begin", "job": form.field("job")})
    action = visitor.get(sent.header("location"))
    assert "No worker is running. Start one" in action.text
    assert "No worker is running" in visitor.get("/loads").text
    for told in ("It is cancelled. Nothing had begun.", "It had ended before."):
        assert visitor.post(f"{sent.header('location')}/cancel").status == 303
        assert told in visitor.get(sent.header("location")).text
    Opened(watched.warehouse.conninfo).pause_jobs(names=[form.field("job")])
    assert "kind=resume" in visitor.get("/schedule?state=off").html
    Opened(watched.warehouse.conninfo).resume_jobs(names=[form.field("job")])


@pytest.mark.parametrize(
    "query, found",
    [
        ("tenant=acme&function=made_0", 60), ("tenant=bolt&function=made_0", 0), ("level=error&q=entry", 40),
        ("level=warning&q=entry", 80), ("since=1d&q=entry+7%5C.", 0), ("since=7d&q=entry+7%5C.", 1), ("q=ENTRY+1.%5C.", 10),
    ],
)  # fmt: skip
def test_logs_are_filtered(watched: Watched, query: str, found: int) -> None:
    page = watched.of("auditor").get(f"/logs?{query}")
    assert page.status == 200
    assert rows(page.html) == found or (not found and "No such entries" in page.text)
    assert not found or EVIL in page.text
    assert "<img" not in page.html


def test_long_logs_are_read_page_by_page(watched: Watched) -> None:
    visitor = watched.of("auditor")
    page = visitor.get("/logs?q=entry")
    assert rows(page.html) == 100
    assert 'data-topics="logs"' in page.html
    older = next(
        one.attributes["href"] for one in page.elements if "before=" in one.attributes.get("href", "")
    )
    rest = visitor.get(older)
    assert rows(rest.html) == 20
    assert "data-topics" not in rest.html
    assert visitor.get("/logs?q=%5B").status == 400


def test_the_audit_trail_is_filtered(watched: Watched) -> None:
    visitor = watched.of("auditor")
    everything = visitor.get("/audit?q=BOLT")
    assert "insert tenants" in everything.text
    assert "acme_only" not in everything.text
    assert "put_reader" in visitor.get("/audit?who=whadmin&q=acme_only").text
    assert "put_reader" in visitor.get(f"/audit?{urlencode({'who': getpass.getuser()})}").text
    assert "No such entries" in visitor.get("/audit?who=nobody").text
    assert "insert tenants" in visitor.get("/audit?since=1h&q=tenants").text


def test_readers_and_what_they_may_read(watched: Watched) -> None:
    page = watched.of("auditor").get("/readers")
    assert "2 readers, 1 limited to some tenants" in page.text
    assert "all tenants, and the public views" in page.text
    assert "1 tenant only: acme" in page.text
    assert "0 of 3" in page.text
    assert "5min" in page.text
    assert "No reader matches" in watched.of("auditor").get("/readers?q=nobody").text


def test_doctor_is_run_by_a_button_and_tells_each_role_what_it_may_know(watched: Watched) -> None:
    watched.warehouse.run("DROP VIEW IF EXISTS public.foodlogstats")
    watched.warehouse.run("GRANT SELECT ON _wh.function_logs TO PUBLIC")
    whadmin, auditor = watched.of("administrator"), watched.of("auditor")
    assert "findings" not in whadmin.get("/doctor").html
    assert whadmin.post("/doctor").header("location") == "/doctor"
    wait_until(lambda: "Check again" in whadmin.get("/doctor").text)
    page = whadmin.get("/doctor")
    assert "started by whadmin" in page.text
    assert "the source cannot be reached" in page.text or "sources" in page.text
    assert "kind=fix" in page.html
    assert "tenantry scheduler" in page.text
    errors, all_of_them = (whadmin.get(f"/doctor?{query}").html for query in ("severity=error", "all=1"))
    assert 0 < errors.count('<li class="finding') < all_of_them.count('<li class="finding')
    assert "f-warn" not in errors
    # Another role has not asked yet, and is not told.
    assert "Run the checks" in auditor.get("/doctor").text
    assert auditor.post("/doctor").status == 303
    wait_until(lambda: "Check again" in auditor.get("/doctor").text)
    assert "kind=fix" not in auditor.get("/doctor").html


def test_the_plan_compares_with_the_file_and_reads_no_secret(watched: Watched, tmp_path: Path) -> None:
    visitor = watched.of("auditor")
    watched.file.unlink(missing_ok=True)
    missing = visitor.get("/plan")
    assert missing.status == 200
    assert "tenantry export" in missing.text
    Opened(watched.warehouse.conninfo).export(watched.file)
    ran = tmp_path / "ran"
    text = watched.file.read_text()
    assert "env:TENANTRY_ACME_PASSWORD" in text
    text = text.replace('"env:TENANTRY_ACME_PASSWORD"', f'{{ command = ["touch", "{ran}"] }}')
    watched.file.write_text(text)
    same = visitor.get("/plan")
    assert "No difference" in same.text
    watched.file.write_text(text.replace('"nowhere"', f'"{EVIL}"', 1))
    changed = visitor.get("/plan")
    assert "1 to change" in changed.text
    assert EVIL in changed.text
    assert "a secret of the source" not in changed.html
    assert not ran.exists()
    watched.file.write_text("nonsense = [")
    assert visitor.get("/plan").status == 200


def test_authors_see_none_of_this(watched: Watched) -> None:
    author = watched.of("author")
    for path in (
        "/schedule",
        "/schedule/history",
        "/loads",
        "/doctor",
        "/logs",
        "/audit",
        "/readers",
        "/plan",
    ):
        assert author.get(path).status == 403, path
    assert author.post("/doctor").status == 403


def test_no_page_is_long(watched: Watched) -> None:
    visitor = watched.of("administrator")
    for path in ("/schedule", "/schedule/history", "/loads", "/logs", "/audit", "/readers", "/doctor?all=1"):
        assert len(visitor.get(path).body) < 300_000, path


def test_the_next_runs_of_jobs_are_counted(watched: Watched) -> None:
    opened = Opened(watched.warehouse.conninfo)
    jobs = opened.jobs()
    found = opened.runs_within(timedelta(hours=24), jobs)
    by_kind = {job.kind: len(found[job.jobid]) for job in jobs}
    assert by_kind["hourly"] == 24
    assert by_kind["window"] == 1
    assert by_kind["yearly"] == (1 if (today_utc().month, today_utc().day) in [(2, 14), (2, 15)] else 0)
    assert len(opened.runs_within(timedelta(hours=24), jobs, most=5)[jobs[0].jobid]) <= 5


def test_programs_that_are_connected(watched: Watched) -> None:
    with watched.warehouse.connect() as session:
        session.execute("SET application_name = 'tenantry backfill'")
        found = {one.name: one for one in Opened(watched.warehouse.conninfo).programs()}
    assert found["tenantry backfill"].user == "whadmin"
    assert found["tenantry backfill"].sessions == 1
    assert found["tenantry backfill"].since is not None
    assert found["tenantry changes"].active <= 1
