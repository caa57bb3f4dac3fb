"""Who may ask for what, and what comes of arguments that nobody should give."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tenantry.core.errors import DatabaseError, InputError
from tests.integration.action.conftest import FIRST, Shop
from tests.support.databases import Database
from tests.support.jobs import schedule
from tests.support.people import member
from tests.support.program import run, succeed

pytestmark = pytest.mark.any_server

DAY = str(FIRST)


def _ask(database: Database, kind: Any, arguments: Any) -> int:
    found: int = database.value("SELECT _wh.request_action(%s, %s)", (kind, arguments))
    return found


@pytest.fixture(scope="module")
def job(shop: Shop) -> str:
    """A job of whadmin's."""
    schedule(shop.warehouse, "nightly", command="SELECT 1")
    return "nightly"


def test_operators_ask_for_what_they_may_do_themselves(shop: Shop, job: str) -> None:
    feed = {"tenant": "acme", "template": "ticks"}
    kinds: dict[str, dict[str, Any]] = {
        "backfill": {"tenant": "acme", "reload": True, "outdated": False},
        "refresh": {"template": "ticks", "days": 14},
        "verify": {**feed, "sample": 3},
        "reload": {**feed, "from": DAY, "to": DAY},
        "fold": {**feed, "year": FIRST.year},
        "disable": {"tenant": "acme", "reason": "a test"},
        "enable": {"tenant": "acme"},
        "pause": {"job": job},
        "resume": {"tenant": "acme"},
    }
    for kind, arguments in kinds.items():
        asked = _ask(shop.operator, kind, json.dumps(arguments))
        assert _ask(shop.operator, kind, json.dumps(dict(reversed(arguments.items())))) == asked
        assert shop.operator.value("SELECT _wh.cancel_action(%s)", (asked,)) == "cancelled"
        assert _ask(shop.operator, kind, json.dumps(arguments)) != asked
    for action in shop.opened(shop.operator).actions(unfinished=True):
        assert shop.opened(shop.operator).cancel_action(action.id).state == "cancelled"


@pytest.mark.parametrize(
    "kind, arguments",
    [("run_job", {"job": "nightly"}), ("fix", {"check": "views"}), ("backfill", {"outdated": True})],
)
def test_operators_cannot_ask_for_what_needs_whadmin_nor_cancel_it(
    shop: Shop, job: str, kind: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not ask for"):
        _ask(shop.operator, kind, json.dumps(arguments))
    asked = _ask(shop.warehouse, kind, json.dumps(arguments))
    with pytest.raises(DatabaseError, match=f"may not cancel action {asked}"):
        shop.opened(shop.operator).cancel_action(asked)
    with shop.warehouse.connect() as session:
        # A session of whadmin's that acts as an operator asks as one.
        shop.warehouse.admin.run("GRANT tenantry_operator TO whadmin")
        try:
            session.execute("SET ROLE tenantry_operator")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("SELECT _wh.request_action(%s, %s)", (kind, json.dumps(arguments)))
        finally:
            shop.warehouse.admin.run("REVOKE tenantry_operator FROM whadmin")
    assert shop.opened().cancel_action(asked).cancelled_by == "whadmin"


def test_nobody_else_can_ask_or_cancel(shop: Shop) -> None:
    asked = _ask(shop.operator, "refresh", "{}")
    with (
        member(shop.warehouse, "tenantry_template_author") as author,
        member(shop.warehouse, "phood_ro") as reader,
    ):
        for person in (shop.auditor, author, reader, shop.warehouse.reader):
            for statement in (
                "SELECT _wh.request_action('refresh', '{}')",
                f"SELECT _wh.cancel_action({asked})",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                    person.run(statement)
        for person in (author, reader):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                person.run("SELECT FROM _wh.actions")
    for statement in (
        "INSERT INTO _wh.actions (kind) VALUES ('fix')",
        "UPDATE _wh.actions SET state = 'waiting'",
        "DELETE FROM _wh.actions",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            shop.operator.run(statement)
    assert shop.opened(shop.auditor).action(asked).state == "waiting"
    refused = run(shop.auditor, "action", "cancel", asked)
    assert (refused.code, "who can read but not change anything" in refused.err) == (1, True)
    shop.opened().cancel_action(asked)


@pytest.mark.parametrize(
    "kind, arguments",
    [
        ("drop", {}),
        (None, {}),
        ("refresh'; DROP TABLE _wh.actions; --", {}),
        ("refresh", None),
        ("refresh", []),
        ("refresh", "x"),
        ("refresh", {"sql": "SELECT 1"}),
        ("refresh", {"dsn": "host=elsewhere"}),
        ("refresh", {"tenant!": "acme"}),
        ("refresh", {"tenant": "acme'; DROP TABLE x; --"}),
        ("refresh", {"tenant": 'ac"me'}),
        ("refresh", {"tenant": ""}),
        ("refresh", {"tenant": ["acme"]}),
        ("refresh", {"tenant": False}),
        ("refresh", {"tenant": "_wh"}),
        ("refresh", {"template": "nonsense"}),
        ("refresh", {"tenant": "acme", "template": "foodlogstats"}),
        ("refresh", {"day": "4713-01-01 BC"}),
        ("refresh", {"day": "infinity"}),
        ("refresh", {"day": "today"}),
        ("refresh", {"day": "2024-02-30"}),
        ("refresh", {"day": "0001-01-01"}),
        ("refresh", {"day": "9999-12-31"}),
        ("refresh", {"day": 20240101}),
        ("refresh", {"day": "2024-01-01\n"}),
        ("refresh", {"days": 0}),
        ("refresh", {"days": -1}),
        ("refresh", {"days": 1.5}),
        ("refresh", {"days": 1e9}),
        ("refresh", {"days": 3661}),
        ("refresh", {"days": "7"}),
        ("backfill", {"reload": "true"}),
        ("backfill", {"from": "2024-01-02", "to": "2024-01-01"}),
        ("backfill", {"tenant": "x" * 1_000_000}),
        ("backfill", {str(n): n for n in range(1000)}),
        ("verify", {"sample": 10_000}),
        ("reload", {"tenant": "acme", "template": "ticks"}),
        ("fold", {"tenant": "acme", "template": "ticks", "year": 2999}),
        ("fold", {"tenant": "acme", "template": "ticks"}),
        ("disable", {"tenant": "acme"}),
        ("disable", {"tenant": "acme", "reason": " "}),
        ("disable", {"tenant": "acme", "reason": "x" * 301}),
        ("enable", {}),
        ("enable", {"tenant": "acme", "tenant!": "again"}),
        ("pause", {}),
        ("pause", {"tenant": "acme", "job": "nightly"}),
        ("pause", {"job": "nonsense"}),
        ("run_job", {"job": "SELECT 1"}),
        ("fix", {"check": "views; DROP"}),
        ("fix", {}),
    ],
)
def test_arguments_that_an_action_does_not_take_are_refused(shop: Shop, kind: Any, arguments: Any) -> None:
    before = shop.warehouse.value("SELECT count(*) FROM _wh.actions")
    for person in (shop.operator, shop.warehouse):
        with pytest.raises(psycopg.Error) as refused:
            _ask(person, kind, None if arguments is None else json.dumps(arguments))
        assert refused.value.sqlstate in {"22023", "42704", "22008", "42501"}, refused.value
        assert len(refused.value.diag.message_primary or "") < 200
    assert shop.warehouse.value("SELECT count(*) FROM _wh.actions") == before


def test_a_reason_is_stored_without_what_a_terminal_would_obey(shop: Shop) -> None:
    asked = shop.opened(shop.operator).request("disable", tenant="acme", reason="a\x1b[2Jb\nc")
    assert "\x1b" not in asked.arguments["reason"]
    assert "\x1b" not in succeed(shop.operator, "action", "list").out
    shop.opened().cancel_action(asked.id)


def test_jobs_are_paused_resumed_and_run(shop: Shop, job: str) -> None:
    def is_active() -> bool:
        return bool(shop.warehouse.value("SELECT active FROM cron.job WHERE jobname = %s", (job,)))

    assert shop.done("pause", shop.operator, job=job).result == "disabled: nightly"
    assert not is_active()
    assert shop.done("pause", shop.operator, job=job).result == "nothing: the named jobs are already disabled"
    assert shop.done("resume", shop.operator, job=job).result == "enabled: nightly"
    assert is_active()
    ran = shop.done("run_job", job=job)
    assert (ran.state, (ran.result or "").startswith("SELECT 1 in ")) == ("succeeded", True)


def test_a_change_of_the_jobs_does_not_wait_for_a_load(shop: Shop) -> None:
    opened = shop.opened()
    load = opened.request("backfill", template="ticks", first=FIRST, last=FIRST)
    behind, before = (
        opened.request("refresh", tenant="bolt", day=FIRST),
        opened.request("pause", tenant="acme"),
    )
    with shop.warehouse.connect() as session:
        # As a worker at work holds it.
        session.execute("SELECT pg_advisory_lock(8321568, %s::integer)", (load.id,))
        session.execute("UPDATE _wh.actions SET state = 'running' WHERE id = %s", (load.id,))
        shop.work()
        assert [opened.action(action.id).state for action in (load, behind, before)] == [
            "running",
            "waiting",
            "failed",
        ]
        session.execute("UPDATE _wh.actions SET cancel_requested_at = now() WHERE id = %s", (load.id,))
    shop.work()
    assert opened.action(load.id).result == "cancelled; what was done before is kept"
    assert opened.action(behind.id).state == "succeeded"


def test_the_program_lists_and_shows_actions(shop: Shop) -> None:
    done = shop.done("refresh", shop.operator, tenant="acme", day=FIRST)
    shown = succeed(shop.auditor, "action", "show", done.id).out
    assert f"tenantry refresh ticks --tenant acme --date {DAY}" in " ".join(shown.split())
    assert f"{shop.operator.user}, as tenantry_operator" in shown
    assert "succeeded" in shown
    assert succeed(shop.auditor, "action", "list", "--unfinished").out == "No actions.\n"
    assert succeed(shop.auditor, "action", "cancel", done.id, "--help").code == 0
    assert succeed(shop.operator, "action", "cancel", done.id).out == f"Action {done.id}: succeeded\n"
    with pytest.raises(InputError, match="there is no action 999999"):
        shop.opened().action(999_999)
    refused = run(shop.operator, "action", "work", "--once")
    assert (refused.code, "needs whadmin" in refused.err) == (1, True)
