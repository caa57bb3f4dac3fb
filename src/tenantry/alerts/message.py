"""Messages: what other programs read of an alert, and its text for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from typing_extensions import TypedDict

from tenantry.alerts.cause import name
from tenantry.alerts.conditions import DIFFERS, DOCTOR, JOB_FAILED, JOB_LATE, NO_SCHEDULER, NOT_FRESH
from tenantry.core.words import count
from tenantry.flow.alert.kept import Alert, Event, Notice

FORMAT = 1
"""The version of the format. It changes when a name or a type does, not when something is added."""

MOST = 20
"""How many alerts a message names."""

FEW = 3
"""How many of them a title names."""


class AlertFacts(TypedDict):
    """One thing that is wrong. `tenant` and `template` are null if it is not about one."""

    kind: str
    severity: Literal["warning", "error"]
    tenant: str | None
    template: str | None
    message: str
    since: str


class Message(TypedDict):
    """A message. `id` stays the same if it is sent again. `count` says how many things are wrong, and `alerts` names the first of
    them. `since` is when the first one was seen, `at` when the message was made; both are in UTC.
    """

    format: int
    id: str
    event: Literal["began", "continues", "grew", "recovered", "test"]
    kind: str
    severity: Literal["warning", "error"]
    warehouse: str
    route: str
    title: str
    text: str
    count: int
    alerts: list[AlertFacts]
    times: int
    since: str
    at: str


def message(
    number: str,
    event: Event,
    notice: Notice,
    about: Sequence[Alert],
    *,
    route: str,
    database: str,
    now: datetime,
) -> Message:
    """The message about a notice; `about` are its alerts, which are over if it has recovered."""
    facts: list[AlertFacts] = [
        {
            "kind": alert.kind,
            "severity": alert.severity,
            "tenant": alert.tenant,
            "template": alert.template,
            "message": alert.message,
            "since": _moment(alert.first_seen),
        }
        for alert in about[:MOST]
    ]
    title = f"{_BEGINNINGS[event]}{notice.summary}"
    lines = [title, ""]
    if event == "recovered":
        lines.append(f"All is well again. It began at {_moment(notice.opened_at)}.")
    else:
        lines += [f"- {alert['message']}" for alert in facts]
        if len(about) > MOST:
            lines.append(f"- and {len(about) - MOST:,} more")
        lines += ["", f"Since {_moment(notice.opened_at)}. Severity: {notice.severity}."]
        lines.append(_NEXT.get(notice.kind, "To see all: tenantry alert list"))
    lines.append(f"Warehouse: {database}. Message {number}.")
    return {
        "format": FORMAT,
        "id": number,
        "event": event,
        "kind": notice.kind,
        "severity": notice.severity,
        "warehouse": database,
        "route": route,
        "title": title,
        "text": "\n".join(lines),
        "count": notice.alerts,
        "alerts": facts,
        "times": notice.times_sent,
        "since": _moment(notice.opened_at),
        "at": _moment(now),
    }


def trial(number: str, route: str, database: str, now: datetime) -> Message:
    """A message that says only that messages arrive."""
    notice = Notice(route, "test", "test", "warning", "messages of this route arrive", now, now, 1, 0)
    return message(number, "test", notice, (), route=route, database=database, now=now)


def summary(alerts: Sequence[Alert]) -> str:
    """Alerts of one cause in a line: what it is, how many, and whose."""
    first = alerts[0]
    if len(alerts) == 1:
        return first.message
    names = list(dict.fromkeys(name(alert.tenant) for alert in alerts if alert.tenant))
    rest = len(names) - FEW
    of = f" ({', '.join(names[:FEW])}{f' and {rest:,} more' if rest > 0 else ''})" if names else ""
    noun, verb = _WORDS.get(first.kind, ("alert", ""))
    what = first.cause.partition(": ")[2] if first.kind in (JOB_FAILED, DOCTOR) else ""
    return f"{count(len(alerts), noun)} {verb}{of}{': ' if what else ''}{what}"


_WORDS = {
    JOB_FAILED: ("job", "failed"),
    JOB_LATE: ("job", "are late"),
    NOT_FRESH: ("feed", "are not fresh"),
    DIFFERS: ("feed", "differ from the source"),
    DOCTOR: ("finding", "of tenantry doctor"),
}

_BEGINNINGS = {
    "began": "",
    "continues": "Still: ",
    "grew": "More: ",
    "recovered": "Recovered: ",
    "test": "Test: ",
}

_NEXT = {
    JOB_FAILED: "To see the runs: tenantry schedule history --failed",
    JOB_LATE: "To see the jobs: tenantry schedule show",
    NOT_FRESH: "To see the feeds: tenantry status",
    DOCTOR: "To see what fixes it: tenantry doctor",
    NO_SCHEDULER: "To run the jobs: tenantry scheduler",
    "test": "Nothing is wrong.",
}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
