"""Actions in the console: asked for by a form, carried out by its worker, seen while they run, cancelled."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date

import psycopg
import pytest

from tenantry import Warehouse as Opened
from tenantry.core.days import today_utc
from tenantry.embedded import Server
from tests.support.browser.console import House, Visitor, housed, serving
from tests.support.databases import Maker, Source
from tests.support.samples.small_template import QUERY, define, make_ticks, mend, spoil
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

FIRST = date(today_utc().year - 1, 3, 1)
DAYS = 31
LAST = FIRST.replace(day=DAYS)


@dataclass
class Shop(House):
    """A warehouse of three tenants of one source, nothing loaded; its console has a worker. Each test has days of its own."""

    source: Source
    stack: ExitStack
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def of(self, login: str = "whadmin") -> Visitor:
        """Somebody who has logged in."""
        if login not in self.visitors:
            self.visitors[login] = self.console.log_in(login)
        return self.visitors[login]

    def restart(self) -> None:
        """Kill the console, and start another one."""
        self.visitors.clear()
        self.console.process.send_signal(signal.SIGKILL)
        self.console.process.wait(120)
        self.console = self.stack.enter_context(serving(self.warehouse))

    def opened(self) -> Opened:
        """The front door."""
        return Opened(self.warehouse.conninfo)

    def loaded(self, tenant: str, first: int, last: int) -> int:
        """How many days of a tenant are loaded, from one day of the month to another."""
        asked = (
            "SELECT count(*) FROM _wh.slices WHERE schema_name = %s AND status = 'loaded'"
            " AND slice_date BETWEEN %s AND %s"
        )
        span = (FIRST.replace(day=first), FIRST.replace(day=last))
        found: int = self.warehouse.value(asked, (tenant, *span))
        return found


@pytest.fixture(scope="module")
def shop(server: Server, templates: None) -> Iterator[Shop]:
    """The warehouse and its console."""
    maker = Maker(server)
    try:
        source = Source(server, maker.clone("tests_source", "source"), "postgres")
        make_ticks(source, FIRST, DAYS)
        with housed(server) as house, ExitStack() as stack:
            held = "WHEN 'held' THEN length(pg_advisory_xact_lock_shared(4711)::text) ELSE"
            define(house.warehouse, query=QUERY.replace("ELSE", held))
            house.warehouse.run(
                "UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'"
            )
            for tenant in ("acme", "bolt", "cork"):
                house.warehouse.connect_to(source, tenant)
                house.warehouse.make_schema(tenant)
                house.warehouse.run("SELECT _wh_internal.open_feed('ticks', %s, %s)", (tenant, tenant))
            yield Shop(**vars(house), source=source, stack=stack)
    finally:
        maker.drop_all()


def ask(visitor: Visitor, kind: str, **fields: object) -> str:
    """Send the form, and return the address of the action's page."""
    form = {key.rstrip("_"): str(value) for key, value in fields.items()}
    answer = visitor.post("/actions/new", {"kind": kind, "step": "begin", **form})
    assert answer.status == 303, answer.text
    assert re.fullmatch(r"/actions/\d+", answer.header("location"))
    return answer.header("location")


def ended(visitor: Visitor, path: str) -> str:
    """What an action's page says as soon as it has ended."""
    page = ""

    def over() -> bool:
        nonlocal page
        page = visitor.get(path).text
        return bool(re.search(r"[^\w\s] (done|failed|cancelled) .*What was asked for", page))

    wait_until(over)
    return page


def slowed(shop: Shop) -> Callable[[], None]:
    """Let days take 0.3 s a row; returns what ends that."""
    shop.source.run("UPDATE ticks SET value = 'slow'")
    return lambda: shop.source.run("UPDATE ticks SET value = 1")


@contextmanager
def held(shop: Shop) -> Iterator[None]:
    """Let no day arrive before the end of the block."""
    with shop.source.connect() as session:
        session.execute("SELECT pg_advisory_lock(4711)")
        session.execute("UPDATE ticks SET value = 'held'")
        yield
    mend(shop.source)


def test_the_form_says_what_will_happen_and_shows_the_command_line(shop: Shop) -> None:
    visitor = shop.of(shop.operator)
    page = visitor.get(f"/actions/new?kind=backfill&tenant=acme&first={FIRST}&last={LAST}")
    assert page.status == 200
    assert "Loads the days that are missing" in page.text
    assert f"tenantry backfill ticks --tenant acme --from {FIRST} --to {LAST}" in page.text
    assert (page.field("from"), page.field("to")) == (str(FIRST), str(LAST))
    before = shop.opened().actions()
    shown = visitor.post(
        "/actions/new", {"kind": "backfill", "step": "look", "tenant": "bolt", "reload": "1"}
    )
    assert "tenantry backfill ticks --tenant bolt --reload" in shown.text
    assert shop.opened().actions() == before


def test_a_backfill_loads_days_and_asked_for_twice_runs_once(shop: Shop) -> None:
    visitor = shop.of(shop.operator)
    with held(shop):
        path = ask(visitor, "backfill", tenant="acme", from_=FIRST, to=FIRST.replace(day=4))
        assert ask(shop.of(), "backfill", tenant="acme", from_=FIRST, to=FIRST.replace(day=4)) == path
        wait_until(lambda: bool(re.search(r"loading: \d of 4 days", visitor.get(path).text)))
        running = visitor.get("/loads")
        assert path in running.html
        assert "<progress" in running.html
        assert "tenantry backfill ticks --tenant acme" in running.text
    page = ended(visitor, path)
    assert "done 4 days loaded, 8 rows" in page
    assert f"{shop.operator} as tenantry_operator" in page
    assert shop.loaded("acme", 1, 4) == 4
    assert "4 days loaded, 8 rows" in visitor.get("/loads").text
    assert "request_action" in shop.of(shop.auditor).get(f"/audit?who={shop.operator}").text


def test_one_is_cancelled_and_keeps_what_it_has_loaded(shop: Shop) -> None:
    visitor = shop.of(shop.operator)
    end = slowed(shop)
    path = ask(visitor, "backfill", tenant="acme", from_=FIRST.replace(day=10), to=FIRST.replace(day=25))
    wait_until(lambda: "loading" in visitor.get(path).text)
    assert visitor.post(f"{path}/cancel").status == 303
    page = ended(visitor, path)
    end()
    assert "cancelled: " in page
    assert f"Cancelled by {shop.operator}" in page
    assert "/cancel" not in visitor.get(path).html
    assert shop.loaded("acme", 10, 25) < 16


def test_an_error_of_the_source_is_shown_as_text(shop: Shop) -> None:
    visitor = shop.of(shop.operator)
    day = FIRST.replace(day=30)
    spoil(shop.source, day, "<script>alert(1)</script>")
    path = ask(visitor, "backfill", tenant="acme", template="ticks", from_=day, to=day)
    page = ended(visitor, path)
    spoil(shop.source, day, "1")
    assert " failed " in page
    for address in (path, "/loads", "/logs?level=error"):
        shown = visitor.get(address)
        assert "<script>alert(1)</script>" in shown.text, address
        assert "<script>alert" not in shown.html, address


def test_a_backfill_goes_on_when_the_console_is_killed_and_started_again(shop: Shop) -> None:
    end = slowed(shop)
    path = ask(shop.of(shop.operator), "backfill", tenant="bolt", from_=FIRST, to=FIRST.replace(day=20))
    wait_until(lambda: shop.loaded("bolt", 1, 20) > 1)
    shop.restart()
    end()
    page = ended(shop.of(shop.operator), path)
    assert " done " in page
    assert "attempt 2" in page
    rows = shop.warehouse.rows("SELECT id, at FROM bolt.ticks ORDER BY id")
    wanted = "SELECT id, at FROM ticks WHERE at < %s ORDER BY id"
    assert rows == shop.source.rows(wanted, (f"{FIRST.replace(day=21)} 00:00Z",))


@pytest.mark.parametrize(
    "kind, fields, said",
    [
        ("backfill", {"tenant": "acme", "from": "2024-05-02", "to": "2024-05-01"}, "after the last day"),
        ("backfill", {"tenant": "acme", "from": "yesterday or so"}, "yesterday or so"),
        ("backfill", {"tenant": "nobody"}, "does not exist"),
        ("refresh", {"tenant": "acme", "days": "many"}, "'many' is not a number"),
        ("fold", {"tenant": "acme", "template": "ticks"}, "fold needs year"),
        ("pause", {}, "needs either tenant or job"),
        ("run_job", {"job": "no such job"}, "no job"),
        ("fix", {"check": "nonsense"}, "there is no check"),
    ],
)
def test_what_cannot_be_is_refused_in_the_form(
    shop: Shop, kind: str, fields: dict[str, str], said: str
) -> None:
    answer = shop.of().post("/actions/new", {"kind": kind, "step": "begin", **fields})
    assert answer.status == 400
    assert said in answer.text
    assert answer.field("kind") == kind


def test_a_name_is_typed_before_rows_may_be_lost(shop: Shop) -> None:
    visitor = shop.of(shop.operator)
    day = str(FIRST.replace(day=29))
    form = {"kind": "reload", "step": "begin", "tenant": "acme", "template": "ticks", "from": day, "to": day}
    for typed in ("", "acm", "bolt"):
        answer = visitor.post("/actions/new", form | {"typed": typed})
        assert answer.status == 400
        assert "not confirmed" in answer.text
    assert visitor.post("/actions/new", form | {"typed": "acme"}).status == 303
    everything = {
        "kind": "backfill",
        "step": "begin",
        "template": "ticks",
        "from": day,
        "to": day,
        "reload": "1",
    }
    assert "type all below" in visitor.post("/actions/new", everything).text


def test_roles_are_refused_what_is_not_theirs(shop: Shop) -> None:
    """By the page, and by the form that is sent without the page."""
    auditor, operator = (shop.of(login) for login in (shop.auditor, shop.operator))
    path = ask(shop.of(), "disable", tenant="cork", reason="a test")
    ended(auditor, path)
    for visitor, kind in [
        (auditor, "backfill"),
        (auditor, "enable"),
        (operator, "run_job"),
        (operator, "fix"),
    ]:
        before = len(shop.opened().actions())
        assert visitor.get(f"/actions/new?kind={kind}&tenant=acme").status == 403
        assert visitor.post("/actions/new", {"kind": kind, "tenant": "acme", "step": "begin"}).status == 403
        assert len(shop.opened().actions()) == before
    outdated = {"kind": "backfill", "tenant": "acme", "outdated": "1", "step": "begin"}
    assert operator.post("/actions/new", outdated).status == 403
    assert "Left out" in operator.get("/actions/new?kind=backfill&tenant=acme&outdated=1").text
    waiting = shop.opened().request("enable", tenant="cork")
    assert auditor.post(f"/actions/{waiting.id}/cancel").status == 403
    assert "cancelled" not in ended(auditor, f"/actions/{waiting.id}")
    assert "/actions/new" not in auditor.get("/loads").html
    assert auditor.post("/loads/cancel", {"pid": "1"}).status == 403
    assert auditor.get("/actions/999999").status == 404
    assert shop.of(shop.author).get(path).status == 403
    assert auditor.get("/actions/new?kind=drop").status == 404


def test_a_statement_of_a_load_is_cancelled_by_whadmin_alone(shop: Shop) -> None:
    """One that this console did not begin."""
    with shop.warehouse.connect() as session:
        session.execute("SET application_name = 'tenantry backfill'")
        pid = session.info.backend_pid
        raised: list[Exception] = []

        def sleep() -> None:
            try:
                session.execute("SELECT pg_sleep(600)")
            except psycopg.Error as error:
                raised.append(error)

        load = threading.Thread(target=sleep)
        load.start()
        whadmin, operator = shop.of(), shop.of(shop.operator)
        wait_until(lambda: "pg_sleep(600)" in whadmin.get("/loads").text)
        assert "tenantry backfill" in operator.get("/loads").text
        assert operator.post("/loads/cancel", {"pid": str(pid)}).status == 403
        assert whadmin.post("/loads/cancel", {"pid": "1"}).status == 400
        assert whadmin.post("/loads/cancel", {"pid": str(pid)}).status == 303
        load.join(120)
        assert isinstance(raised[0], psycopg.errors.QueryCanceled)
