"""The pages about a tenant and about one of its days: what they say, to whom, and of what words of others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import quote

import pytest

from tenantry.core.days import today_utc
from tenantry.embedded import Server
from tests.support.browser.console import Answer
from tests.support.samples.loaded_house import DAYS, HOSTILE, Loaded, loaded_house
from tests.support.samples.small_template import define, mend, spoil

pytestmark = pytest.mark.any_server

BROKEN = "<script>alert('row')</script>"


@pytest.fixture(scope="module")
def loaded(server: Server, templates: None) -> Iterator[Loaded]:
    """Of acme's days, the fourth has failed, the sixth is missing, the eighth is stale and the ninth is outdated."""
    with loaded_house(server) as loaded:
        feeds = loaded.opened().feeds("ticks", ["acme"])
        spoil(loaded.source, loaded.day(3), BROKEN)
        assert loaded.opened().reload(feeds, [loaded.day(3)]).load.complete is False
        mend(loaded.source)
        view = loaded.opened().slice_details(feeds[0], loaded.day(5)).relation
        loaded.warehouse.run(f"DROP MATERIALIZED VIEW {view} CASCADE")
        of_acme = "WHERE schema_name = 'acme' AND slice_date = %s"
        loaded.warehouse.run(f"DELETE FROM _wh.slices {of_acme}", (loaded.day(5),))
        for what, number in (("loaded_at = slice_date", 7), ("definition_hash = 'another'", 8)):
            loaded.warehouse.run(f"UPDATE _wh.slices SET {what} {of_acme}", (loaded.day(number),))
        loaded.opened().install_jobs(["acme"])
        yield loaded


def links(answer: Answer, beginning: str) -> list[dict[str, str]]:
    """The links of a page to addresses that begin like this."""
    return [
        dict(one.attributes)
        for one in answer.elements
        if one.name == "a" and one.attributes.get("href", "").startswith(beginning)
    ]


def actions(answer: Answer) -> set[str]:
    """The kinds of actions that a page offers."""
    return {one["href"].split("kind=")[1].split("&")[0] for one in links(answer, "/actions/new?")}


def month(loaded: Loaded, number: int, tenant: str = "acme") -> str:
    """The address of the page that shows a day's month day by day."""
    day = loaded.day(number)
    return f"/tenants/{quote(tenant, safe='')}?template=ticks&year={day.year}&month={day.month}"


def test_a_tenants_page_has_a_cell_for_each_day_that_is_no_stop_for_a_keyboard(loaded: Loaded) -> None:
    page = loaded.console.log_in(loaded.auditor).get("/tenants/acme")
    assert page.status == 200
    assert "1 missing, 1 failed, 1 stale, 1 outdated" in page.text
    cells = [one for one in links(page, "/tenants/acme/ticks/") if one.get("tabindex") == "-1"]
    assert [one["href"].rpartition("/")[2] for one in sorted(cells, key=lambda cell: cell["href"])] == [
        str(loaded.day(number)) for number in range(DAYS)
    ]
    for number, told in ((0, "loaded, 2 rows"), (3, "failed, 2 rows"), (5, "missing"), (7, "stale, 2 rows")):
        assert f"{loaded.day(number)}: {told}" in page.text


def test_a_months_days_are_read_without_the_picture(loaded: Loaded) -> None:
    page = loaded.console.log_in(loaded.auditor).get(month(loaded, 3))
    readable = [one for one in links(page, "/tenants/acme/ticks/") if "tabindex" not in one]
    assert f"/tenants/acme/ticks/{loaded.day(3)}" in [one["href"] for one in readable]
    assert all(
        "month" in one["href"] for one in links(page, "/tenants/acme?") if one["href"].endswith("#month")
    )
    assert f"{loaded.day(3)} {loaded.day(3):%a} failed 2" in page.text


def test_it_shows_the_source_without_a_password_and_jobs_log_and_audit_trail(loaded: Loaded) -> None:
    # The last thing that was done, whatever other tests did.
    loaded.opened().install_jobs(["acme"])
    page = loaded.console.log_in(loaded.operator).get("/tenants/acme")
    assert loaded.source.name in page.text
    assert loaded.source.reader in page.text
    assert loaded.source.password not in page.html
    assert "ticks_update_acme every hour" in page.text
    assert "1 failed, 0 not tried" in page.text
    assert "Warehouse.install_jobs" in page.text


def test_a_day_that_failed_says_why_and_what_happened(loaded: Loaded) -> None:
    page = loaded.console.log_in(loaded.operator).get(f"/tenants/acme/ticks/{loaded.day(3)}")
    assert "✕ failed" in page.text
    assert "The rows of an earlier load are still there." in page.text
    assert BROKEN in page.text
    assert BROKEN not in page.html
    assert [one.attributes.get("src", "")[:19] for one in page.elements if one.name == "script"] == [
        "/static/console.js?"
    ]
    assert f'"{BROKEN}" ticks {loaded.day(3)}' in page.text.partition("History")[2]
    assert actions(page) == {"refresh", "reload", "verify"}
    assert links(page, f"/tenants/acme/ticks/{loaded.day(2)}")
    assert links(page, f"/tenants/acme/ticks/{loaded.day(4)}")


def test_a_good_day_shows_its_rows_and_where_they_are(loaded: Loaded) -> None:
    someone = loaded.console.log_in(loaded.auditor)
    page = someone.get(f"/tenants/acme/ticks/{loaded.day(0)}")
    assert "✓ loaded" in page.text
    assert "Rows 2 " in page.text
    assert f"ticks_{loaded.day(0):%Y_%m_%d}" in page.text
    assert "unchanged since the load" in page.text
    assert actions(page) == set()
    assert (
        "The template has changed since this day was loaded"
        in someone.get(f"/tenants/acme/ticks/{loaded.day(8)}").text
    )
    assert "✕ missing" in someone.get(f"/tenants/acme/ticks/{loaded.day(5)}").text
    assert "before the first day" in someone.get("/tenants/acme/ticks/1999-12-31").text
    assert "not loaded yet" in someone.get(f"/tenants/acme/ticks/{today_utc() + timedelta(days=9)}").text


def test_each_role_is_offered_what_it_may_do(loaded: Loaded) -> None:
    assert actions(loaded.console.log_in(loaded.auditor).get("/tenants/acme")) == set()
    offered = actions(loaded.console.log_in(loaded.operator).get("/tenants/acme"))
    assert offered == {"backfill", "refresh", "verify", "disable", "pause"}


def test_a_disabled_tenant_says_so_and_can_be_enabled(loaded: Loaded) -> None:
    loaded.opened().disable_tenant(HOSTILE, "<i>moved</i>")
    page = loaded.console.log_in(loaded.operator).get(f"/tenants/{quote(HOSTILE, safe='')}")
    loaded.opened().enable_tenant(HOSTILE)
    assert "<i>moved</i>" in page.text
    assert "<i>" not in page.html
    assert "enable" in actions(page)
    assert "disable" not in actions(page)


def test_a_hostile_name_is_a_name_on_each_page_and_in_each_address(loaded: Loaded) -> None:
    someone = loaded.console.log_in(loaded.operator)
    (found,) = {one["href"] for one in links(someone.get("/"), "/tenants/%3Cb")}
    page = someone.get(found)
    cell = links(page, f"/tenants/{quote(HOSTILE, safe='')}/ticks/")[0]["href"]
    for shown in (page, someone.get(month(loaded, 0, HOSTILE)), someone.get(cell)):
        assert shown.status == 200
        assert HOSTILE in shown.text
        assert "<b>" not in shown.html
        assert "<script>co" not in shown.html


def test_what_does_not_exist_is_not_found(loaded: Loaded) -> None:
    someone = loaded.console.log_in(loaded.auditor)
    for address in (
        "none",
        "",
        "%00",
        "acme?template=none",
        "acme?template=%00",
        "acme?year=1999",
        "acme?year=x",
        "acme?year=%0a",
        "acme/ticks",
        "acme/none/2026-01-01",
        "none/ticks/2026-01-01",
        "acme/ticks/2026-02-30",
        "acme/ticks/20260101",
        "acme/ticks/%00",
    ):
        page = someone.get(f"/tenants/{address}")
        assert (page.status, address) == (404, address), page.text


def test_a_template_author_sees_no_tenant(loaded: Loaded) -> None:
    someone = loaded.console.log_in(loaded.author)
    for address in ("/tenants/acme", f"/tenants/acme/ticks/{loaded.day(0)}"):
        page = someone.get(address)
        assert page.status == 403
        assert loaded.source.name not in page.text


@pytest.fixture
def many(loaded: Loaded) -> Iterator[None]:
    """A template that acme uses, too, for as long as the test."""
    define(loaded.warehouse, "many")
    yield
    for table in ("slices", "feeds", "mv_templates"):
        loaded.warehouse.run(f"DELETE FROM _wh.{table} WHERE template_name = 'many'".encode())  # type: ignore[arg-type]


@pytest.mark.usefixtures("many")
def test_three_years_of_bad_days_are_still_a_small_page(loaded: Loaded) -> None:
    loaded.warehouse.run("SELECT _wh_internal.open_feed('many', 'acme', 'acme')")
    this = today_utc().year
    loaded.warehouse.run(
        "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, error, failed_at)"
        " SELECT 'acme', 'many', d::date, 'failed', 'no', now()"
        " FROM generate_series(%s::timestamp, %s::timestamp, interval '1 day') d",
        (date(this - 4, 1, 1), date(this, 12, 31)),
    )
    someone = loaded.console.log_in(loaded.auditor)
    page = someone.get("/tenants/acme?template=many")
    assert len(links(page, "/tenants/acme/many/")) in (1095, 1096)
    assert len(page.body) < 300_000
    earlier = someone.get(f"/tenants/acme?template=many&year={this - 4}")
    assert len(links(earlier, f"/tenants/acme/many/{this - 4}-")) in (365, 366)
