"""Alerts: causes, addresses and times, without a warehouse."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from tenantry.alerts import send as sending
from tenantry.alerts.cause import MOST, cause, line
from tenantry.alerts.conditions import Condition, Judgement
from tenantry.alerts.decide import decide
from tenantry.alerts.send.answer import NotTaken
from tenantry.core.errors import InputError
from tenantry.flow.alert import address, route
from tenantry.flow.alert.kept import Alert, Known, Notice
from tenantry.flow.alert.route import Route

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text, names, common",
    [
        ('source "acme" is down', ["acme"], 'source "*" is down'),
        ("load_acme of acmes", ["acme"], "load_* of acmes"),
        ("12 rows of 2026-01-02 03:04:05.6", [], "# rows of … …"),
        ("at 10.0.0.5, port 5432, 1,234.5 s", [], "at 10.0.0.5, port #, # s"),
        ("server wh_0123456789abcdef of db7", [], "server * of db7"),
    ],
)
def test_a_cause_is_a_message_without_what_differs_between_tenants(
    text: str, names: list[str], common: str
) -> None:
    assert cause(text, names) == common


def test_a_message_is_its_first_line_without_passwords_and_short() -> None:
    assert line("\n a  b \nDETAIL: Key (name)=(Smith)") == "a b"
    assert "hunter2" not in line("cannot reach host=h password=hunter2 or postgres://u:hunter2@h/d")
    assert line("\x1b[31m\u202e") == "\\x1b[31m\\u202e"
    assert len(line("x" * 1000)) == MOST


@pytest.mark.parametrize("text, hours", [("30min", 0.5), ("4h", 4), ("1d", 24), ("2 days", 48)])
def test_times_are_read_and_written(text: str, hours: float) -> None:
    assert route.span(text) == timedelta(hours=hours)
    assert route.span(route.as_text(route.span(text))) == route.span(text)


@pytest.mark.parametrize("text", ["", "4", "-4h", "4 weeks", "1e3h"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a time"):
        route.span(text)


@pytest.mark.parametrize(
    "text", ["", "ops", "@example.com", "a@b@c", "Ops <ops@example.com>", "-x@example.com", "a@b\r\nBcc: c@d"]
)
def test_what_is_no_mailbox_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not an e-mail address"):
        address.mailbox(text)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"webhook": "https://example.com/", "apprise": "slack"},
        {"email": ["a@example.com"], "sender": "b@example.com"},
        {"email": ["a@example.com"], "smtp": "smtp://example.com"},
        {"webhook": "https://example.com/", "sender": "b@example.com"},
        {"webhook": "https://example.com/", "severity": "note"},
        {"webhook": "https://example.com/", "repeat_after": "0min"},
        {"apprise": "slack://token"},
        {"email": ["a@example.com"], "smtp": "smtp://u:pw@example.com", "sender": "b@example.com"},
    ],
)
def test_a_route_that_cannot_work_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        route.given("ops", **given)  # type: ignore[arg-type]
    assert "pw" not in str(caught.value)


def test_without_apprise_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    chat = Route("chat", "apprise", "slack", has_secret=True)
    with pytest.raises(NotTaken, match=r"pip install 'tenantry\[alerts\]'"):
        sending.send(chat, SecretStr("slack://x"), {})


def test_what_a_route_no_longer_hears_of_is_not_called_over() -> None:
    ops = Route("ops", "webhook", "https://example.com/", tenants=("brook",))
    alert = Alert("k", "job_failed", "c", "error", "acme", None, "m", 1, NOW, NOW)
    notice = Notice("ops", "c", "job_failed", "error", "m", NOW, NOW, 1, 1)
    known = Known(NOW + timedelta(hours=1), "w", [ops], [alert], [notice], frozenset())
    decided = decide(known, Judgement([], frozenset(), frozenset()))
    assert decided.told == []
    assert [noted.closed_at for noted in decided.notices] == [known.now]


def test_what_is_wrong_for_another_reason_than_before_is_not_called_over() -> None:
    ops = Route("ops", "webhook", "https://example.com/")
    alert = Alert("k", "job_failed", "no route to host", "error", "acme", None, "m", 1, NOW, NOW)
    notice = Notice("ops", alert.cause, "job_failed", "error", "m", NOW, NOW, 1, 1)
    known = Known(NOW + timedelta(hours=1), "w", [ops], [alert], [notice], frozenset())
    now = Condition("k", "job_failed", "error", "password refused", "m", "acme")
    decided = decide(known, Judgement([now], frozenset({"job_failed"}), frozenset()))
    assert [(told.event, told.notice.cause) for told in decided.told] == [("began", now.cause)]
    assert [(noted.cause, noted.closed_at) for noted in decided.notices] == [(alert.cause, known.now)]
