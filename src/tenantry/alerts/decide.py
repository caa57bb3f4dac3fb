"""What to tell each route, judged by what is wrong and by what it was told before. Pure: the time is among the facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tenantry.alerts.conditions import AT_ONCE, Condition, Judgement
from tenantry.alerts.message import message, summary
from tenantry.flow.alert.kept import Alert, Decided, Event, Known, Notice, Told
from tenantry.flow.alert.route import Route, Severity

HOLDS = timedelta(minutes=1)
"""How long something has to be wrong, in two looks at least, before it is told."""

WELL = timedelta(minutes=1)
"""How long all has to be well before that is told; four times as long each time that it was not for good."""

MOST_WELL = timedelta(hours=4)

LONGEST = timedelta(days=1)
"""The longest time between two messages about what is not over, unless a route says more."""

GROWS = timedelta(minutes=15)
"""How long after a message another one may say that there is twice as much of it."""

BACK = timedelta(days=1)
"""For how long after its end a cause that comes back counts as the same one."""


def decide(known: Known, judgement: Judgement, *, examined: bool = False) -> Decided:
    """What changes: the alerts, what is noted, and the messages. Each message has a new id."""
    alerts = _merged(known, judgement)
    notices = {(notice.route, notice.cause): notice for notice in known.notices}
    noted: list[Notice] = []
    told: list[Told] = []
    wrong = {alert.key: alert for alert in alerts if alert.recovered_at is None}
    # What is wrong for another reason than before is not over, either.
    ongoing = {alert.cause for alert in wrong.values()} | {
        before.cause for before in known.alerts if before.recovered_at is None and before.key in wrong
    }
    for route in known.routes:
        groups: dict[str, list[Alert]] = defaultdict(list)
        for alert in alerts:
            if hears(route, alert):
                groups[alert.cause].append(alert)
        causes = {**groups, **{cause: groups.get(cause, []) for name, cause in notices if name == route.name}}
        for cause, members in causes.items():
            old = notices.get((route.name, cause))
            step = _step(route, members, old, known.now, elsewhere=cause in ongoing)
            if step is None:
                continue
            event, notice, about = step
            if event is None or (event in ("continues", "grew") and (route.name, cause) in known.waiting):
                # What waits says that it is wrong; a second one would say no more.
                noted.append(notice)
                continue
            number = uuid4()
            told.append(Told(number, event, _message(known, route, event, notice, about, number), notice))
    changed = [alert for alert in alerts if alert not in known.alerts]
    return Decided(changed, noted, told, examined)


def hears(route: Route, alert: Alert) -> bool:
    """Whether a route gets an alert. If it names tenants or templates, it gets only what is about one of them."""
    return (
        (alert.severity == "error" or route.severity == "warning")
        and (not route.tenants or alert.tenant in route.tenants)
        and (not route.templates or alert.template in route.templates)
    )


def _merged(known: Known, judgement: Judgement) -> list[Alert]:
    """The alerts after this look."""
    before = {alert.key: alert for alert in known.alerts}
    merged: dict[str, Alert] = {}
    for one in judgement.conditions:
        merged[one.key] = _seen(before.get(one.key), one, known.now)
    for key, alert in before.items():
        if key not in merged:
            over = (
                alert.recovered_at is None and alert.kind in judgement.kinds and key not in judgement.unsure
            )
            merged[key] = replace(alert, recovered_at=known.now) if over else alert
    return list(merged.values())


def _seen(old: Alert | None, one: Condition, now: datetime) -> Alert:
    looks, first = (1, now) if old is None or old.recovered_at else (old.looks + 1, old.first_seen)
    return Alert(
        one.key, one.kind, one.cause, one.severity, one.tenant, one.template, one.message, looks, first, now
    )


def _step(
    route: Route, members: Sequence[Alert], old: Notice | None, now: datetime, *, elsewhere: bool
) -> tuple[Event | None, Notice, Sequence[Alert]] | None:
    """What to tell a route of a cause: the event (None: nothing, only note it), what to note, and what it is about.

    `elsewhere`: the cause goes on, or what it was about is wrong for another reason. If the route no longer hears of that as this
    cause, nothing has recovered.
    """
    wrong = [alert for alert in members if alert.recovered_at is None]
    firm = [alert for alert in wrong if _is_firm(alert, now)]
    if old is None or old.closed_at is not None:
        if not firm:
            return None
        back = old is not None and old.closed_at is not None and now - old.closed_at < BACK
        again = old.reopened + 1 if old is not None and back else 0
        first = min(alert.first_seen for alert in firm)
        return "began", _notice(route, firm, first, now, 1, again), firm
    if not wrong:
        if elsewhere:
            return None, replace(old, closed_at=now), ()
        ended = max((alert.recovered_at for alert in members if alert.recovered_at), default=old.last_sent_at)
        if now - ended < min(WELL * int(4 ** min(old.reopened, 10)), MOST_WELL):
            return None
        over = [alert for alert in members if alert.recovered_at and alert.recovered_at >= old.opened_at]
        return "recovered", replace(old, last_sent_at=now, closed_at=now), over
    if not firm:
        return None
    if now - old.last_sent_at >= _patience(route, old.times_sent):
        return "continues", _notice(route, firm, old.opened_at, now, old.times_sent + 1, old.reopened), firm
    if len(firm) >= 2 * old.alerts and now - old.last_sent_at >= GROWS:
        return "grew", _notice(route, firm, old.opened_at, now, old.times_sent, old.reopened), firm
    return None


def _is_firm(alert: Alert, now: datetime) -> bool:
    return alert.kind in AT_ONCE or (alert.looks >= 2 and now - alert.first_seen >= HOLDS)


def _patience(route: Route, times: int) -> timedelta:
    """How long after the message number `times` the next one comes."""
    doubled: int = 2 ** min(times - 1, 20)
    return min(route.repeat_after * doubled, max(LONGEST, route.repeat_after))


def _notice(
    route: Route, firm: Sequence[Alert], opened: datetime, now: datetime, times: int, reopened: int
) -> Notice:
    worst: Severity = "error" if any(alert.severity == "error" for alert in firm) else "warning"
    first = firm[0]
    return Notice(
        route.name, first.cause, first.kind, worst, summary(firm), opened, now, times, len(firm), reopened
    )


def _message(
    known: Known, route: Route, event: Event, notice: Notice, about: Iterable[Alert], number: object
) -> Mapping[str, Any]:
    return message(
        str(number), event, notice, list(about), route=route.name, database=known.database, now=known.now
    )
