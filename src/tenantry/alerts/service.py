"""The program that looks, decides and delivers: beside a scheduler, or alone as `tenantry watch`. Any number may run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tenantry.alerts.conditions import judge
from tenantry.alerts.decide import decide
from tenantry.alerts.message import trial
from tenantry.alerts.send import send
from tenantry.alerts.send.answer import NotTaken
from tenantry.core.errors import TenantryError
from tenantry.warehouse import Warehouse

Tell = Callable[..., None]
"""Called for each event with its name, and facts about it by name."""

EVERY = 60.0
"""Seconds between two looks, whoever looks."""

EXAMINE = timedelta(minutes=15)
"""How often doctor's checks run."""

_DELIVER = 15.0
"""Seconds after which messages whose time has come are looked for, if nothing was decided here."""


@dataclass(frozen=True)
class Answer:
    """What the other side said to a message, and whether it took it."""

    taken: bool
    answer: str


class Alerts:
    """Looks every so often, and delivers what there is to tell."""

    def __init__(self, conninfo: str, tell: Tell, every: float = EVERY) -> None:
        self._warehouse = Warehouse(conninfo)
        self._tell = tell
        self._every = every
        self._stop = threading.Event()
        self._queued = threading.Event()
        self._beside: threading.Thread | None = None

    def stop(self) -> None:
        """Begin no further look and no further message."""
        self._stop.set()
        self._queued.set()

    def run(self) -> None:
        """Look and deliver until `stop`. Messages that take long keep nobody from looking."""
        looking = threading.Thread(target=self._looking, name="alerts", daemon=True)
        looking.start()
        self._delivering()
        looking.join(5)

    def start(self) -> None:
        """Look and deliver beside what else the program does, until `end`."""
        if self._beside is None:
            self._beside = threading.Thread(target=self.run, name="alerts beside", daemon=True)
            self._beside.start()

    def end(self) -> None:
        """Stop, and wait a little: what is being sent now is not sent again if its answer is heard."""
        self.stop()
        if self._beside is not None:
            self._beside.join(10)

    def once(self) -> None:
        """Look once, unless another program has just looked, and deliver what is due."""
        self.look()
        self.deliver()

    def look(self) -> bool:
        """Look, and queue what is to be told. False if there is nobody to tell, or another program has just looked."""
        due = self._warehouse.alerts_due()
        rest = timedelta(seconds=self._every * 0.8)
        if not due.routes or (due.looked_at is not None and timedelta(0) <= due.now - due.looked_at < rest):
            return False
        examine = due.examined_at is None or due.now - due.examined_at >= EXAMINE
        judgement = judge(self._warehouse.alert_facts(examine=examine))
        told = self._warehouse.decide_alerts(
            lambda known: decide(known, judgement, examined=examine), due.looked_at
        )
        for one in told or ():
            self._tell("alert", route=one.notice.route, about=one.event, message=one.message["title"])
        if told:
            self._queued.set()
        return told is not None

    def deliver(self) -> int:
        """Deliver the messages that are due; return how many were tried."""
        tried = 0
        while not self._stop.is_set():
            answers: list[Answer] = []

            def ask(delivery: Any, answers: list[Answer] = answers) -> tuple[bool, str]:
                answers.append(_asked(delivery.route, delivery.secret, delivery.message))
                return answers[0].taken, answers[0].answer

            delivery = self._warehouse.deliver_alert(ask)
            if delivery is None:
                break
            tried += 1
            self._tell(
                "delivered" if answers[0].taken else "not delivered",
                route=delivery.route.name,
                message=delivery.message_id,
                answer=answers[0].answer,
            )
        return tried

    def _looking(self) -> None:
        while not self._stop.is_set():
            self._guarded(self.look)
            self._stop.wait(self._every)

    def _delivering(self) -> None:
        while not self._stop.is_set():
            self._queued.clear()
            self._guarded(self.deliver)
            if not self._stop.is_set():
                self._queued.wait(_DELIVER)

    def _guarded(self, work: Callable[[], object]) -> None:
        """Do some work; what goes wrong is told, and tried again the next time: nobody is told if this ends."""
        try:
            work()
        except TenantryError as error:
            self._tell("alerts lost", error=error.message)
        except Exception as error:  # noqa: BLE001 - see above
            self._tell("alerts lost", error=f"{type(error).__name__} in {work.__name__}")


def attempt(warehouse: Warehouse, name: str) -> Answer:
    """Send a message to a route that says only that messages arrive. Raises InputError if the route does not exist."""
    route, secret = warehouse.alert_route(name)
    with warehouse.session() as opened:
        database = opened.info.dbname
    return _asked(route, secret, trial(str(uuid4()), name, database, datetime.now(UTC)))


def _asked(route: Any, secret: Any, message: Any) -> Answer:
    try:
        return Answer(True, send(route, secret, message))
    except NotTaken as reason:
        return Answer(False, str(reason))
