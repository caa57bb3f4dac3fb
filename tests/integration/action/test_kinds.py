"""Each kind of action does what its command does, and says the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tenantry.core.errors import InputError
from tenantry.flow.action.model import KINDS, Action, command_line
from tests.integration.action.conftest import DAYS, FIRST, Shop
from tests.support.samples.small_template import mend, spoil

pytestmark = pytest.mark.any_server

LAST = FIRST + timedelta(days=DAYS - 1)


@pytest.fixture(scope="module")
def filled(shop: Shop) -> Action:
    """The backfill of all days that the source has, for acme."""
    return shop.done("backfill", shop.operator, tenant="acme", first=FIRST, last=LAST)


def test_a_backfill_loads_the_days_and_says_so(shop: Shop, filled: Action) -> None:
    done = filled
    assert (done.state, done.login, done.role) == ("succeeded", shop.operator.user, "tenantry_operator")
    assert (done.result or "").startswith(f"{DAYS} days loaded, {2 * DAYS} rows in ")
    assert done.progress is not None
    assert (done.progress.done, done.progress.total, done.progress.rows) == (DAYS, DAYS, 2 * DAYS)
    assert shop.warehouse.value("SELECT count(*) FROM acme.ticks") == 2 * DAYS
    assert done.command == f"tenantry backfill ticks --tenant acme --from {FIRST} --to {LAST}"


def test_the_audit_trail_names_who_asked(shop: Shop) -> None:
    done = shop.done("refresh", shop.operator, tenant="acme", template="ticks", day=FIRST)
    assert (done.result or "").startswith("1 day loaded, 2 rows in ")
    rows = shop.warehouse.rows(
        "SELECT login, what, result FROM _wh_audit.entries WHERE subject LIKE %s ORDER BY id",
        (f"{done.id}%",),
    )
    assert rows == [
        (shop.operator.user, "request_action", "done"),
        ("whadmin", "action refresh", "begun"),
        ("whadmin", "action refresh", "done"),
    ]
    assert shop.warehouse.value(
        "SELECT subject FROM _wh_audit.entries WHERE what = 'action refresh' ORDER BY id DESC LIMIT 1"
    ).startswith(f"{done.id} for {shop.operator.user}: tenantry refresh ticks")


def test_a_day_that_fails_fails_the_action_and_keeps_the_others(shop: Shop) -> None:
    spoil(shop.source, FIRST)
    failed = shop.done("backfill", tenant="acme", template="ticks", first=FIRST, last=FIRST, reload=True)
    mend(shop.source)
    assert failed.state == "failed"
    assert "1 slice failed" in (failed.result or "")
    assert "invalid input syntax" in (failed.result or "")
    assert failed.progress is not None
    assert failed.progress.failed == 1
    assert str(FIRST) in (failed.progress.error or "")


@pytest.mark.usefixtures("filled")
def test_a_comparison_finds_what_differs_and_a_reload_loads_it(shop: Shop) -> None:
    span: dict[str, str | date] = {"tenant": "acme", "template": "ticks", "first": FIRST, "last": FIRST}
    shop.source.run("UPDATE ticks SET value = 77 WHERE at = (SELECT min(at) FROM ticks)")
    differs = shop.done("verify", shop.operator, **span)
    assert differs.state == "failed"
    assert f"1 day of 1 differs from the source: {FIRST}" in (differs.result or "")
    reloaded = shop.done("reload", shop.operator, **span)
    assert (reloaded.state, "every row matches the source" in (reloaded.result or "")) == ("succeeded", True)
    same = shop.done("verify", shop.operator, **span)
    assert (same.result or "").startswith("1 day and 2 rows compared in ")


@pytest.mark.usefixtures("filled")
def test_a_tenant_is_disabled_and_enabled(shop: Shop) -> None:
    off = shop.done("disable", shop.operator, tenant="acme", reason="no contract; 'really'")
    assert off.result == "acme is disabled. Jobs paused: none"
    assert off.command == """tenantry tenant disable --reason 'no contract; '"'"'really'"'"'' acme"""
    assert shop.opened().tenant("acme").disabled_reason == "no contract; 'really'"
    left_out = shop.done("backfill", template="ticks", first=FIRST, last=FIRST)
    assert left_out.progress is not None
    assert left_out.progress.at == "bolt.ticks"
    on = shop.done("enable", shop.operator, tenant="acme")
    assert (on.result or "").startswith("acme is enabled. 0 rows loaded.")
    assert shop.opened().tenant("acme").disabled_at is None


@pytest.mark.usefixtures("filled")
def test_a_year_is_folded_once(shop: Shop) -> None:
    year: dict[str, str | int] = {"tenant": "acme", "template": "ticks", "year": FIRST.year}
    done = shop.done("fold", shop.operator, **year)
    assert (done.state, f"{2 * DAYS} rows in ticks_{FIRST.year}" in (done.result or "")) == (
        "succeeded",
        True,
    )
    again = shop.done("fold", shop.operator, **year)
    assert again.state == "failed"


@pytest.mark.usefixtures("filled")
def test_what_doctor_finds_is_fixed(shop: Shop) -> None:
    shop.warehouse.run("DROP VIEW public.ticks")
    done = shop.done("fix", check="views")
    assert (done.state, done.result) == ("succeeded", "1 finding fixed")
    assert shop.warehouse.value("SELECT to_regclass('public.ticks')") is not None
    with pytest.raises(InputError, match='no check "nonsense"'):
        shop.opened().request("fix", check="nonsense")


@pytest.mark.usefixtures("filled")
def test_an_outdated_table_is_brought_up_to_date(shop: Shop) -> None:
    shop.warehouse.run(
        "UPDATE _wh.mv_templates SET indexes = indexes || '; CREATE INDEX {VIEW_NAME}_at ON {SCHEMA}.{VIEW_NAME} (at)'"
        " WHERE template_name = 'ticks'"
    )
    done = shop.done("backfill", tenant="acme", template="ticks", first=FIRST, last=FIRST, outdated=True)
    assert done.state == "succeeded"
    assert shop.warehouse.value("SELECT count(*) FROM pg_indexes WHERE indexname LIKE '%ticks%\\_at%'") > 0


@pytest.mark.parametrize(
    "kind, arguments, command",
    [
        ("backfill", {"outdated": True}, "tenantry backfill a --all --outdated && tenantry backfill b --all --outdated"),
        ("refresh", {"template": "a", "day": "2024-01-02", "days": 3}, "tenantry refresh a --all --date 2024-01-02 --days 3"),
        ("verify", {"template": "a", "sample": 5}, "tenantry verify a --all --sample 5"),
        ("reload", {"tenant": "t", "template": "a", "from": "2024-01-01", "to": "2024-01-02"}, "tenantry slice reload a --tenant t --from 2024-01-01 --to 2024-01-02"),
        ("fold", {"tenant": "t", "template": "a", "year": 2023}, "tenantry year fold a 2023 --tenant t"),
        ("disable", {"tenant": "t", "reason": "-x"}, "tenantry tenant disable --reason=-x t"),
        ("enable", {"tenant": "t"}, "tenantry tenant enable t"),
        ("pause", {"tenant": "t"}, "tenantry schedule disable --tenant t"),
        ("resume", {"job": "--all"}, "tenantry schedule enable --job=--all"),
        ("run_job", {"job": "-j $(x)"}, "tenantry schedule run -- '-j $(x)'"),
        ("fix", {"check": "views", "tenant": "t"}, "tenantry doctor --fix --only views --tenant t"),
    ],
)  # fmt: skip
def test_each_kind_has_a_command_line(kind: str, arguments: dict[str, object], command: str) -> None:
    assert kind in KINDS
    assert command_line(kind, arguments, ["a", "b"]) == command
