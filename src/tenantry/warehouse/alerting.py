"""Where alerts go, what is wrong, and the messages that are kept until they are delivered."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tenantry.core.visible import visible
from tenantry.warehouse.health import Health

if TYPE_CHECKING:
    from pydantic import SecretStr

    from tenantry.flow.alert.facts import Facts, Trouble
    from tenantry.flow.alert.kept import Alert, Decided, Delivery, Due, Known, Told
    from tenantry.flow.alert.route import Route, RouteState

NAME = "tenantry alerts"
"""The application_name of the sessions that decide and deliver."""

_UNEXAMINED = {"sources", "jobs", "freshness", "alerts"}
"""Checks of doctor's that alerts leave out: they ask sources, or alerts judge the same themselves, or are about alerts."""

_PAUSE = timedelta(seconds=15)
"""How long after the first failure a message is tried again; after each further one, twice as long."""

_LONGEST_PAUSE = timedelta(hours=1)

_PATIENCE = timedelta(days=7)
"""How long a message is tried."""


class Alerting(Health):
    """Methods about alerts. Only whadmin may change routes, decide and deliver."""

    def alert_routes(self) -> list[RouteState]:
        """Return where alerts go, without secrets, and the state of each route's messages."""
        from tenantry.flow.alert import route

        with self.session() as opened:
            return route.states(opened)

    def alerts(self, *, open_only: bool = True) -> list[Alert]:
        """Return what is wrong, as the last look found it; without `open_only`, also what was wrong within the last week."""
        from tenantry.flow.alert import kept

        with self.session() as opened:
            return kept.alerts(opened, open_only=open_only)

    def put_alert_route(
        self,
        name: str,
        *,
        webhook: str | None = None,
        email: Sequence[str] = (),
        smtp: str | None = None,
        sender: str | None = None,
        apprise: str | None = None,
        severity: str = "warning",
        tenants: Sequence[str] = (),
        templates: Sequence[str] = (),
        repeat_after: str = "4h",
        plain: bool = False,
        secret: str | None = None,
    ) -> bool:
        """Store where alerts go, or replace the route of that name; return whether it is new.

        Give one of `webhook` (a URL), `email` (recipients; with `smtp`, such as smtp://user@host:587, and `sender`) and `apprise`
        (the name of a service). `secret` is the key of a webhook, the password of the mail server or the URL of the service; None keeps the
        stored one. Alerts of at least this `severity` ("warning" or "error") are sent, of these `tenants` and `templates`, or of all. An
        alert that is not over is repeated after `repeat_after`. `plain` allows sending without encryption.

        Raises InputError for an address to which nothing can be sent, a missing secret, and an unknown tenant or template.
        """
        from pydantic import SecretStr

        from tenantry.flow.alert import route as routes

        given = routes.given(
            name,
            webhook=webhook,
            email=email,
            smtp=smtp,
            sender=sender,
            apprise=apprise,
            severity=severity,
            tenants=tenants,
            templates=templates,
            repeat_after=repeat_after,
            plain=plain,
        )
        hidden = None if secret is None else SecretStr(secret)
        with self._audited("put_alert_route", name), self.session() as opened:
            routes.require_names(given, *routes.known_names(opened))
            return routes.put(opened, given, hidden)

    def drop_alert_route(self, name: str) -> None:
        """Remove a route, its secret, and its messages that wait. Raises InputError if it does not exist."""
        from tenantry.flow.alert import route

        with self._audited("drop_alert_route", name), self.session() as opened:
            route.drop(opened, name)

    def alert_route(self, name: str) -> tuple[Route, SecretStr | None]:
        """Return a route and its secret, which only whadmin may read. Raises InputError if it does not exist."""
        from tenantry.flow.alert import route

        with self.session() as opened:
            return route.get(opened, name), route.secrets(opened, name).get(name)

    def alerts_due(self) -> Due:
        """Return whether there are routes, and when a program last looked."""
        from tenantry.flow.alert import kept

        with self._session(NAME) as opened:
            return kept.due(opened)

    def alert_facts(self, *, examine: bool = False) -> Facts:
        """Return the facts by which alerts are judged. With `examine`, doctor's checks run, except those that ask sources."""
        from tenantry.flow.alert import facts

        troubles = self._troubles() if examine else None
        with self._session(NAME) as opened:
            return facts.read(opened, troubles)

    def decide_alerts(
        self, judge: Callable[[Known], Decided], since: datetime | None
    ) -> Sequence[Told] | None:
        """Let `judge` decide what to tell, and keep its decision with the messages, in one transaction; return the messages.

        `since` is when a program last looked, as `alerts_due` said. Returns None if another one has looked since, or is deciding right now.
        """
        from tenantry.flow.alert import kept

        me = {"host": visible(socket.gethostname()), "pid": os.getpid()}
        with self._session(NAME) as opened:
            return kept.decide(opened, judge, since, me)

    def deliver_alert(self, send: Callable[[Delivery], tuple[bool, str]]) -> Delivery | None:
        """Deliver the message whose turn it is, and return it; None if there is none.

        `send` says whether the other side has taken it, and what it answered. Until that is stored, nobody else sends the message. If the
        program ends before that, the next one sends it again, with the same id. A message that is not taken is tried for a week.
        """
        from tenantry.db.queries import query
        from tenantry.flow.alert import kept

        with self._session(NAME) as opened, opened.transaction():
            delivery = kept.take(opened)
            if delivery is None:
                return None
            taken, answer = send(delivery)
            if taken:
                opened.execute(query("alert", "sent"), {"id": delivery.id, "answer": answer})
            else:
                pause = min(_PAUSE * 2 ** min(delivery.attempts, 20), _LONGEST_PAUSE)
                old = kept.due(opened).now - delivery.created_at > _PATIENCE
                opened.execute(
                    query("alert", "not_sent"),
                    {"id": delivery.id, "answer": answer, "pause": pause, "give_up": old},
                )
            return replace(delivery, secret=None)

    def _troubles(self) -> list[Trouble]:
        from tenantry.flow.alert.facts import Trouble
        from tenantry.observe import health

        # Old passwords are no error, but somebody has to be told before they cease to work.
        names = [check.name for check in health.CHECKS if check.name not in _UNEXAMINED]
        return [
            Trouble(
                outcome.check.name,
                "error" if finding.severity.value == "error" else "warning",
                finding.subject,
                finding.reason,
            )
            for outcome in self.doctor(names)
            for finding in outcome.findings
            if finding.severity.value == "error" or outcome.check.name == "passwords"
        ]
