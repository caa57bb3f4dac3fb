"""Words of tenants, templates, sources, logs and browsers that would become a part of the page; and words that no page may show."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from tenantry.console import login
from tenantry.console.app import Console as Served
from tenantry.console.page import Asked
from tenantry.console.settings import settle
from tenantry.core.days import today_utc
from tenantry.embedded import Server
from tests.support.browser.console import COOKIE, PASSWORDS, Answer, House, Visitor, housed
from tests.support.browser.pages import PAGES, Page, not_listed
from tests.support.samples import hostile
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server


@pytest.fixture(scope="module")
def house(server: Server, templates: None) -> Iterator[House]:
    """A warehouse full of hostile words, and its console."""
    with housed(server) as house:
        hostile.fill(house.warehouse)
        yield house


@pytest.fixture(scope="module")
def whadmin(house: House) -> Visitor:
    """Somebody who may do everything."""
    return house.console.log_in()


def address(page: Page) -> str:
    name = quote(hostile.TENANT, safe="")
    return page.of(name, name, today_utc() - timedelta(days=2))


def strange(answer: Answer) -> list[str]:
    """Elements and attributes that a word has become."""
    found = []
    for element in answer.elements:
        if element.name in ("script", "img", "iframe", "object", "embed", "base", "style", "u", "i"):
            source = element.attributes.get("src", "")
            if element.name != "script" or not source.startswith("/static/"):
                found.append(str(element))
        for name, value in element.attributes.items():
            if name.startswith("on") or name in (hostile.MARK, "style", "srcdoc", "formaction"):
                found.append(f"{element.name} {name}")
            if name in ("href", "src", "action") and not value.startswith(("/", "#", "?")):
                found.append(f"{element.name} {name}={value}")
    return found


def test_the_table_of_pages_is_complete() -> None:
    assert not not_listed()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_word_becomes_a_part_of_a_page(whadmin: Visitor, page: Page) -> None:
    answer = whadmin.get(address(page))
    assert answer.status == 200, answer.text
    assert not strange(answer)


def test_the_fleet_shows_the_name_as_it_is(house: House) -> None:
    assert hostile.TENANT in house.console.log_in().get("/").text


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_word_of_an_address_becomes_a_part_of_a_page(whadmin: Visitor, page: Page) -> None:
    word = quote(" ".join(hostile.WORDS), safe="")
    path = address(page)
    names = (
        "q",
        "state",
        "sort",
        "template",
        "year",
        "kind",
        "tenant",
        "first",
        "last",
        "level",
        "page",
        "before",
        "login",
        "what",
    )
    for name in names:
        answer = whadmin.get(f"{path}{'&' if '?' in path else '?'}{name}={word}")
        assert answer.status in (200, 400, 403, 404), name
        assert not strange(answer), name


def test_an_address_of_words_leads_nowhere(whadmin: Visitor) -> None:
    word = quote(" ".join(hostile.WORDS), safe="")
    for path in (
        word,
        f"tenants/{word}",
        f"tenants/{word}/{word}/{word}",
        f"templates/{word}",
        f"actions/{word}",
    ):
        answer = whadmin.get(f"/{path}")
        assert answer.status in (400, 404), path
        assert not strange(answer), path


def test_no_word_of_a_browser_becomes_a_part_of_the_page_of_sessions(house: House) -> None:
    visitor = house.console.visitor()
    visitor.headers["user-agent"] = hostile.WORDS[1] + "\x1b[31m\u202e".encode().decode("latin-1")
    visitor.log_in(house.operator, "a password")
    answer = visitor.get("/sessions")
    assert "onerror" in answer.text
    assert "\x1b" not in answer.html
    assert not strange(answer)


def test_no_word_of_a_login_becomes_a_part_of_the_page_or_a_line_of_the_log(house: House) -> None:
    visitor = house.console.visitor()
    answer = visitor.try_login("x\n2026-01-01T00:00:00Z  login: whadmin\r\x1b[2J<u data-evil>", "x")
    assert not strange(answer)

    def lines() -> list[str]:
        return [line for line in house.console.lines if "2026-01-01" in line]

    # What the console prints is read in a thread, which may come after the answer.
    wait_until(lambda: bool(lines()))
    (line,) = lines()
    assert "\x1b" not in line
    assert "\\n2026-01-01" in line
    assert visitor.address in line


# Secrets.


def test_no_secret_is_shown_or_said(house: House) -> None:
    """The passwords, what the cookie holds, and the token of a form of somebody else's, in all that the console says to others."""
    person = house.console.log_in(house.operator)
    admin = house.console.log_in()
    secrets = ["a password", PASSWORDS["whadmin"], person.cookies[COOKIE], admin.cookies[COOKIE], person.csrf]
    visitor = house.console.visitor()
    visitor.try_login(house.operator, "a wrong password")
    visitor.try_login("whadmin", "a wrong password")
    said = [admin.get(address(page)).html for page in PAGES]
    said += [admin.get(path).html for path in ("/nothing", "/tenants/nothing", "/?sort=%00")]
    said += [admin.post("/sessions/end", {"session": "x", "password": "a password"}).html]
    said += [visitor.get("/login").html, house.console.printed]
    said += [str(house.warehouse.admin.rows("SELECT * FROM _wh_audit.entries"))]
    said += [str(house.warehouse.admin.rows("SELECT * FROM _wh.function_logs"))]
    for secret in (*secrets, "a wrong password"):
        assert not [text for text in said if secret in text], secret
    assert not [
        one.attributes for one in admin.get("/sessions").elements if person.csrf in str(one.attributes)
    ]


def test_no_secret_is_in_what_python_says_of_an_object(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    accepted = login.with_password(house.warehouse.conninfo, house.operator, "a password")
    assert "password='a password'" in accepted.conninfo
    served = Served(house.warehouse.conninfo, settle("127.0.0.1:0"))
    token, session = served.sessions.begin(
        house.operator, accepted.role, accepted.conninfo, "127.0.0.1", "a browser"
    )
    asked = Asked(served, session, None, {}, {}, {"password": "a password"})  # type: ignore[arg-type]
    said = [repr(accepted), repr(session), repr(served), repr(served.sessions), repr(asked)]
    # A traceback shows the line that failed.
    wrong = house.operator + "'s password"
    try:
        login.with_password(house.warehouse.conninfo, house.operator, wrong)
    except login.Refused as refused:
        said += [repr(refused), refused.told, refused.reason, repr(refused.__dict__)]
        logging.getLogger("tenantry.console").exception("refused", exc_info=refused)
    said.append(caplog.text)
    for secret in ("a password", wrong, token, session.csrf):
        assert not [text for text in said if secret in text]
