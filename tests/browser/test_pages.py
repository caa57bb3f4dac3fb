"""Every page as every role sees it: wide and narrow, light and dark, for feeds of both storages, with the keyboard and without scripts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tenantry.console.rights import may
from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR, OWNER
from tests.browser.conftest import Shop
from tests.support.browser.chromium import NARROW, WIDE, Person, person
from tests.support.browser.pages import PAGES, Page

pytestmark = [pytest.mark.any_server, pytest.mark.timeout(900)]

ROLES = {"administrator": OWNER, "operator": OPERATOR, "auditor": AUDITOR, "author": AUTHOR}

FEEDS = {"partition": "foodlogstats", "matview": "ticks"}

LOOKED_AT = {True: {("1400", "light"), ("390", "dark")}, False: {("390", "light")}}
"""When axe looks at a page in CI, by whether the administrator does; with TENANTRY_TEST_AXE=all, it always does."""

ALWAYS = os.environ.get("TENANTRY_TEST_AXE") == "all"

People = Callable[[str], Person]


@pytest.fixture(scope="module")
def people(shop: Shop, browser: Browser) -> Iterator[People]:
    """The browser of a person of each role, opened once."""
    with ExitStack() as stack:
        found: dict[str, Person] = {}

        def of(role: str) -> Person:
            if role not in found:
                visitor = shop.console.log_in(shop.logins[role])
                found[role] = stack.enter_context(person(browser, visitor))
            found[role].complaints.clear()
            return found[role]

        yield of


def shown() -> list[object]:
    """Each page as each role that may see it; pages about a feed in both storages."""
    return [
        pytest.param(role, page, storage, id=f"{role}-{page.address}-{storage}")
        for role in ROLES
        for page in PAGES
        for storage in (FEEDS if "{template}" in page.address else ["partition"])
        if may(ROLES[role], page.needs)
    ]


@pytest.mark.parametrize("role, page, storage", shown())
def test_a_page_can_be_used_by_everybody(
    people: People, shop: Shop, role: str, page: Page, storage: str
) -> None:
    somebody = people(role)
    status = somebody.open(page.of("acme", FEEDS[storage], shop.first))
    assert status == 200, somebody.page.inner_text("main")
    for viewport, width in ((WIDE, "1400"), (NARROW, "390")):
        for scheme in ("light", "dark"):
            somebody.look(viewport, scheme)
            assert somebody.overhang() <= 0, (width, scheme)
            # Each colour and each width once for whoever sees most; other roles see less of the same.
            if ALWAYS or (width, scheme) in LOOKED_AT[role == "administrator"]:
                assert not somebody.axe(), (width, scheme)
            name = page.address.strip("/").replace("/", "_").partition("&")[0] or "fleet"
            somebody.picture(f"{name}-{storage}-{role}-{width}-{scheme}")
    assert not somebody.violations()
    assert not somebody.complaints


def test_the_page_for_logging_in_can_be_used_by_everybody(browser: Browser, shop: Shop) -> None:
    with person(browser, shop.console.visitor()) as somebody:
        for address in ("/login", "/nothing"):
            somebody.open(address)
            for viewport in (WIDE, NARROW):
                for scheme in ("light", "dark"):
                    somebody.look(viewport, scheme)
                    assert somebody.overhang() <= 0
                    assert not somebody.axe()
                    somebody.picture(f"{address.strip('/')}-{viewport['width']}-{scheme}")
        assert not somebody.complaints


def test_the_keyboard_reaches_the_content_the_pages_and_the_forms(people: People) -> None:
    somebody = people("administrator")
    somebody.look(WIDE, "light")
    somebody.open("/")
    press = somebody.page.keyboard.press
    press("Tab")
    assert somebody.focused() == "Skip to the content"
    box = somebody.page.locator(".skip").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["y"] >= 0
    press("Enter")
    assert somebody.page.evaluate("document.activeElement.id") == "main"
    press("Tab")
    assert somebody.page.evaluate("document.activeElement.closest('main') !== null")
    somebody.open("/")
    reached = []
    for _ in range(20):
        press("Tab")
        reached.append(somebody.focused())
        outlined = somebody.page.evaluate(
            "(() => { const seen = getComputedStyle(document.activeElement); return seen.outlineStyle !== 'none' || seen.boxShadow !== 'none'; })()"
        )
        assert outlined, reached
    for name in ("Fleet", "Templates", "Doctor", "Plan", "Log out"):
        assert name in reached


@pytest.mark.parametrize("storage", FEEDS)
def test_pages_are_read_without_scripts(browser: Browser, shop: Shop, storage: str) -> None:
    with person(browser, shop.console.log_in(), scripts=False) as somebody:
        for page in PAGES:
            assert somebody.open(page.of("acme", FEEDS[storage], shop.first)) == 200
            assert somebody.page.locator("h1").first.is_visible()
            # Without scripts nothing says that it does something by itself.
            assert not somebody.page.locator("#live").is_visible()
        assert not somebody.complaints
