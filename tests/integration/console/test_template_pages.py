"""The pages about templates: what they show, and how a text gets into the warehouse through them, and how not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tenantry.embedded import Server
from tests.support.browser.console import Answer, Visitor
from tests.support.samples.loaded_house import DAYS, HOSTILE, Loaded, loaded_house
from tests.support.samples.small_template import COLUMNS, QUERY, define, mend, spoil

pytestmark = pytest.mark.any_server

GOOD = f"""-- name: ticks
-- description: What the clock said.
-- time_column: at
-- columns:
--   {COLUMNS}
-- index: CREATE UNIQUE INDEX {{VIEW_NAME}}_id ON {{SCHEMA}}.{{VIEW_NAME}} (id)

{QUERY.strip()} AND id > 0
"""


@pytest.fixture(scope="module")
def loaded(server: Server, templates: None) -> Iterator[Loaded]:
    """The tenants use the template `ticks`, HOSTILE with a query of its own."""
    with loaded_house(server) as loaded:
        own = QUERY.replace("WHERE", "WHERE id > -1 AND")
        loaded.opened().set_override("ticks", HOSTILE, own, loaded.day(0))
        yield loaded


@pytest.fixture
def stored(loaded: Loaded) -> Iterator[Loaded]:
    """The template is as it was, whatever a test stored."""
    yield loaded
    define(loaded.warehouse)
    loaded.warehouse.run("UPDATE _wh.mv_templates SET description = NULL WHERE template_name = 'ticks'")


def form(page: Answer, text: str, step: str, **more: str) -> Mapping[str, str]:
    """The form of a page, filled in."""
    hidden = {
        one.attributes["name"]: one.attributes["value"]
        for one in page.elements
        if one.name == "input"
        and one.attributes.get("type") == "hidden"
        and one.attributes["name"] != "token"
    }
    return hidden | {"text": text.replace("\n", "\r\n"), "step": step} | more


def send(someone: Visitor, page: Answer, text: str, step: str, **more: str) -> Answer:
    """Send the form of a page about `ticks`."""
    return someone.post("/templates/ticks", form(page, text, step, **more))


def query_of(loaded: Loaded) -> str:
    """The query that is stored."""
    found: str = loaded.opened().template("ticks").text.query
    return found


def lines(page: Answer, kind: str) -> int:
    """How many lines of differences are marked so."""
    return sum(one.name == kind for one in page.elements)


def test_the_list_and_a_template_say_who_uses_it_and_what_differs(loaded: Loaded) -> None:
    someone = loaded.console.log_in(loaded.operator)
    listed = someone.get("/templates")
    assert f"ticks matview at {HOSTILE}, acme (1 own query) {2 * DAYS} " in listed.text
    page = someone.get("/templates/ticks")
    assert QUERY.split("\n")[1] in page.text
    for told in ("id integer", "at timestamptz", "[volatile]", f"{HOSTILE} has a query of its own"):
        assert told in page.text
    assert "+FROM ticks WHERE id > -1 AND at >=" in page.text
    assert (lines(page, "ins"), lines(page, "del")) == (1, 1)
    assert "<script>co" not in page.html
    assert someone.get("/templates/none").status == 404


def test_an_author_stores_what_was_linted_and_shown(stored: Loaded) -> None:
    someone = stored.console.log_in(stored.author)
    page = someone.get("/templates/ticks?edit=1")
    before = query_of(stored)
    bad = GOOD.replace("< '{END_TIME}'", "<= '{END_TIME}'")
    page = send(someone, page, bad, "check")
    assert "error line 12: <= includes the midnight after the day" in page.text
    assert "cannot be stored as it is" in page.text
    assert send(someone, page, bad, "store").status != 303
    assert query_of(stored) == before

    page = send(someone, page, GOOD, "check")
    assert page.status == 200
    assert "+WHERE" not in page.text
    assert "AND id > 0" in page.text
    assert f"{2 * DAYS} loaded days become outdated" in page.text
    assert f"{DAYS} of them already are" in page.text
    assert f"tenantry backfill ticks --tenant acme --from {stored.first}" in page.text
    assert query_of(stored) == before
    done = send(someone, page, GOOD, "store")
    assert (done.status, done.header("location")) == (303, "/templates/ticks")
    assert query_of(stored).endswith("AND id > 0")
    after = someone.get("/templates/ticks").text
    assert f"Template ticks was stored. Outdated now: {2 * DAYS} days" in after
    entries = stored.opened().audit(about="ticks")
    assert stored.author in [entry.login for entry in entries]


def test_a_text_that_was_not_shown_is_not_stored(stored: Loaded) -> None:
    someone = stored.console.log_in("whadmin")
    before = query_of(stored)
    page = someone.get("/templates/ticks?edit=1")
    page = send(someone, page, GOOD, "store")
    assert page.status == 409
    assert "not the one whose difference was shown" in page.text
    assert query_of(stored) == before
    other = GOOD.replace("id > 0", "id > 1")
    assert send(someone, page, other, "store").status == 409
    assert query_of(stored) == before
    assert send(someone, page, GOOD, "store").status == 303


def test_a_form_is_refused_once_somebody_else_has_changed_the_template(stored: Loaded) -> None:
    someone = stored.console.log_in(stored.author)
    page = send(someone, someone.get("/templates/ticks?edit=1"), GOOD, "check")
    theirs = define(stored.warehouse, query=QUERY.replace("WHERE", "WHERE id > -5 AND"))
    page = send(someone, page, GOOD, "store")
    assert page.status == 409
    assert f'template "{theirs}" was changed meanwhile' in page.text
    assert "id > -5" in query_of(stored)
    assert "-FROM ticks WHERE id > -5" in page.text
    # What has been seen now may be replaced.
    assert send(someone, page, GOOD, "store").status == 303
    assert "id > -5" not in query_of(stored)


def test_a_trial_shows_rows_time_and_plan_and_stores_nothing(loaded: Loaded) -> None:
    before = query_of(loaded)
    for login in (loaded.author, "whadmin"):
        someone = loaded.console.log_in(login)
        page = someone.get("/templates/ticks?edit=1")
        day = str(loaded.day(1))
        tried = send(someone, page, GOOD, "try", tenant="acme", day=day)
        assert tried.status == 200, tried.text
        assert f"acme , {day} 2 rows" in tried.text
        assert "plan: cost" in tried.text
        assert "no index finds the day" in tried.text
        assert f"{day} 12:00:00+00" in tried.text
        unknown = send(someone, tried, GOOD, "try", tenant="none", day=day)
        assert "does not exist" in unknown.text
    assert query_of(loaded) == before


def test_what_a_source_says_in_a_trial_is_text(loaded: Loaded) -> None:
    spoil(loaded.source, loaded.day(2), "<script>alert(1)</script>")
    try:
        someone = loaded.console.log_in(loaded.author)
        page = someone.get("/templates/ticks?edit=1")
        tried = send(someone, page, GOOD, "try", tenant="acme", day=str(loaded.day(2)))
    finally:
        mend(loaded.source)
    assert '"<script>alert(1)</script>"' in tried.text
    assert "<script>alert" not in tried.html


def test_a_text_comes_back_as_it_was_sent(loaded: Loaded) -> None:
    someone = loaded.console.log_in(loaded.author)
    page = someone.get("/templates/ticks?edit=1")
    hostile = "\n</textarea><script>alert(1)</script> \u202e &amp; '{\x01}\t"
    back = send(someone, page, hostile, "check")
    assert back.status == 409
    assert "<script>alert" not in back.html
    begin = back.html.index("<textarea")
    inside = back.html[back.html.index(">", begin) + 1 : back.html.index("</textarea>", begin)]
    assert inside == "\n" + hostile.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace(
        "'", "&#39;"
    )


def test_a_template_is_neither_renamed_nor_made_of_anything(stored: Loaded) -> None:
    someone = stored.console.log_in("whadmin")
    page = someone.get("/templates/ticks?edit=1")
    for text, why in (
        (GOOD.replace("name: ticks", "name: tocks"), 'must define template "ticks", not "tocks"'),
        (GOOD.replace("What", "Wh\0t"), "a character that no template can have"),
        ("", "the text"),
        (GOOD + "; SELECT 1", "there are 2 statements"),
    ):
        answer = send(someone, page, text, "check")
        assert why in answer.text
        assert "Nothing is stored before" in answer.text
    assert stored.opened().names("templates", "tocks") == []


def test_who_may_not_write_templates_is_not_offered_it_and_refused(loaded: Loaded) -> None:
    author = loaded.console.log_in(loaded.author)
    page = author.get("/templates/ticks?edit=1")
    assert "/tenants/acme" not in author.get("/templates/ticks").html
    for login in (loaded.operator, loaded.auditor):
        someone = loaded.console.log_in(login)
        shown = someone.get("/templates/ticks?edit=1")
        assert not any(one.name == "textarea" for one in shown.elements)
        answer = someone.post("/templates/ticks", {**form(page, GOOD, "store"), "csrf": someone.csrf})
        assert answer.status == 403
    assert "id > 0" not in query_of(loaded)
