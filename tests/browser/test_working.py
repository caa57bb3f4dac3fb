"""People at work in the console: they log in, see days arrive, begin actions and cancel them, and are refused what is not theirs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from tenantry.core.days import today_utc
from tests.browser.conftest import EARLIER, Shop
from tests.support.browser.chromium import Person, person
from tests.support.browser.pages import PAGES
from tests.support.samples import hostile
from tests.support.samples.small_template import mend

pytestmark = [pytest.mark.any_server, pytest.mark.timeout(900)]

ONE_ACTION = re.compile(r"/actions/\d+$")


def test_somebody_logs_in_and_out(browser: Browser, shop: Shop) -> None:
    with person(browser, shop.console.visitor()) as somebody:
        page = somebody.page
        somebody.open("/")
        assert page.url.endswith("/login")
        page.keyboard.type(shop.operator)
        page.keyboard.press("Tab")
        page.keyboard.type("a wrong password")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("Login or password is wrong.")
        page.get_by_label("Login").fill(shop.operator)
        page.get_by_label("Password").fill("a password")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Fleet")
        assert not page.evaluate("document.cookie")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Tenantry")
        somebody.open("/")
        assert page.url.endswith("/login")
        assert not somebody.complaints


def test_a_day_that_is_loaded_arrives_on_the_page_by_itself(browser: Browser, shop: Shop) -> None:
    with person(browser, shop.console.log_in(shop.auditor)) as somebody:
        page = somebody.page
        somebody.open("/?q=initech")
        expect(page.locator("#live")).to_be_visible()
        page.evaluate("window.sameDocument = true")
        before = page.locator("#fleet").inner_html()
        page.get_by_label("Search").fill("typed in the meantime")
        shop.warehouse.load(shop.first, shop.first, "initech", "initech")
        page.wait_for_function(
            "(before) => document.getElementById('fleet').innerHTML !== before", arg=before
        )
        assert page.evaluate("window.sameDocument")
        assert page.get_by_label("Search").input_value() == "typed in the meantime"
        expect(page.locator("#fleet")).to_contain_text("initech")
        assert not somebody.violations()
        assert not somebody.complaints


def test_no_word_of_others_does_anything(browser: Browser, shop: Shop) -> None:
    """Names, templates, errors and logs that are full of scripts, on every page; and the same words in addresses."""
    from urllib.parse import quote

    hostile.fill(shop.warehouse)
    try:
        with person(browser, shop.console.log_in()) as somebody:
            name = quote(hostile.TENANT, safe="")
            for page in PAGES:
                status = somebody.open(page.of(name, name, today_utc() - timedelta(days=2)))
                assert status == 200, page
                assert_harmless(somebody)
            for word in hostile.WORDS:
                somebody.open(f"/?q={quote(word)}&sort={quote(word)}")
                assert_harmless(somebody)
    finally:
        shop.warehouse.run("DELETE FROM cron.job")


def assert_harmless(somebody: Person) -> None:
    page = somebody.page
    assert page.evaluate("window.evil === undefined")
    assert not page.evaluate(f"document.querySelectorAll('[{hostile.MARK}], img, main u').length")
    assert not somebody.violations()
    assert not somebody.complaints


class TestActions:
    """What is begun in the console."""

    def test_a_day_is_refreshed_and_arrives(self, browser: Browser, shop: Shop) -> None:
        day = shop.first + timedelta(days=2)
        with person(browser, shop.console.log_in(shop.operator)) as somebody:
            page = somebody.page
            shop.source.run(
                "UPDATE phood_foodlogsum SET quantity = 77 WHERE (logged_time AT TIME ZONE 'UTC')::date = %s",
                (day,),
            )
            assert (
                somebody.open(f"/actions/new?kind=refresh&tenant=acme&template=foodlogstats&day={day}") == 200
            )
            expect(page.locator("code.command").first).to_contain_text("tenantry refresh")
            page.get_by_role("button", name="Refresh", exact=True).click()
            page.wait_for_url(ONE_ACTION)
            expect(page.locator("#action .state")).to_contain_text("done")
            assert shop.warehouse.value("SELECT count(*) FROM acme.foodlogstats WHERE quantity = 77")
            assert not somebody.complaints

    def test_a_backfill_is_cancelled(self, browser: Browser, shop: Shop) -> None:
        shop.source.run("UPDATE ticks SET value = 'slow' WHERE value ~ '^[0-9]+$'")
        try:
            with person(browser, shop.console.log_in(shop.operator)) as somebody:
                page = somebody.page
                earlier = shop.first - timedelta(days=EARLIER)
                # Loaded again, because another test may have loaded them.
                somebody.open(
                    f"/actions/new?kind=backfill&tenant=acme&template=ticks&from={earlier}&reload=1"
                )
                page.locator("#typed").fill("acme")
                page.get_by_role("button", name="Backfill", exact=True).click()
                page.wait_for_url(ONE_ACTION)
                expect(page.locator("#action .state")).to_contain_text("running", timeout=60_000)
                page.get_by_role("button", name="Cancel").click()
                expect(page.get_by_role("status")).to_contain_text("It is being cancelled.")
                expect(page.locator("#action .state")).to_contain_text("cancelled", timeout=60_000)
        finally:
            shop.source.run("UPDATE ticks SET value = 1 WHERE value = 'slow'")

    def test_a_finding_is_mended(self, browser: Browser, shop: Shop) -> None:
        mend(shop.source)
        with person(browser, shop.console.log_in()) as somebody:
            page = somebody.page
            somebody.open("/?q=acme+ticks")
            page.locator("a.mend").first.click()
            page.get_by_role("button", name="Backfill", exact=True).click()
            page.wait_for_url(ONE_ACTION)
            expect(page.locator("#action .state")).to_contain_text("done")
            somebody.open("/?q=acme+ticks")
            expect(page.locator("#fleet tbody")).not_to_contain_text("failed")

    def test_a_finding_of_doctor_is_mended(self, browser: Browser, shop: Shop) -> None:
        shop.warehouse.run("DROP VIEW public.foodlogstats")
        with person(browser, shop.console.log_in()) as somebody:
            page = somebody.page
            somebody.open("/doctor")
            page.get_by_role("button", name=re.compile("Run the checks|Check again")).click()
            finding = page.locator(".finding", has_text="public.foodlogstats")
            finding.locator("a[href*='kind=fix']").click()
            page.get_by_role("button", name="Fix", exact=True).click()
            page.wait_for_url(ONE_ACTION)
            expect(page.locator("#action .state")).to_contain_text("done")
            assert shop.warehouse.value("SELECT to_regclass('public.foodlogstats') IS NOT NULL")
            assert not somebody.complaints

    def test_an_auditor_is_refused_what_an_operator_may(self, browser: Browser, shop: Shop) -> None:
        with person(browser, shop.console.log_in(shop.auditor)) as somebody:
            page = somebody.page
            somebody.open("/")
            assert not page.locator("a[href^='/actions/new']").count()
            assert somebody.open("/actions/new?kind=backfill&tenant=acme") == 403
            expect(page.get_by_role("heading", level=1)).to_have_text("Not allowed")
