"""Messages are kept until the other side has taken them, and each is sent by one program at a time."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tenantry.alerts.send.webhook import SIGNATURE, signature
from tenantry.alerts.service import Alerts
from tenantry.core.errors import InputError
from tenantry.warehouse import Warehouse as Library
from tests.integration.alert.receivers import WebReceiver, web_receiver
from tests.integration.alert.steps import fail_jobs, later, look, route_to, silent
from tests.support.databases import Warehouse
from tests.support.program import run, running
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

KEY = "a-key-that-nobody-else-has-1"


def deliveries(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows("SELECT state, attempts, answer FROM _wh.alert_deliveries ORDER BY id")


def together(work: Callable[[], object], number: int) -> None:
    """Do the same in several threads that begin together."""
    barrier = threading.Barrier(number)

    def begin() -> None:
        barrier.wait()
        work()

    threads = [threading.Thread(target=begin) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_program_that_is_killed_between_decision_and_delivery_loses_nothing(
    well: Warehouse, receiver: WebReceiver
) -> None:
    route_to(well, receiver)
    fail_jobs(well, 2)
    receiver.open.clear()
    with running(well, "watch") as program:
        assert receiver.arrived.wait(120)
        program.kill()
        program.wait()
    # Its session holds the message until the server notices.
    wait_until(
        lambda: (
            well.admin.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name LIKE 'tenantry%'"
            )
            == 0
        )
    )
    assert deliveries(well) == [("waiting", 0, None)]
    receiver.open.set()
    outcome = run(well, "watch", "--once", "--json")
    assert outcome.code == 0, outcome.err
    assert "delivered" in outcome.out
    first, second = receiver.posts
    assert first.json["id"] == second.json["id"] == second.headers["Idempotency-Key"]
    assert deliveries(well) == [("sent", 1, "200 OK")]


def test_the_scheduler_sends_alerts_beside_the_jobs(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver)
    fail_jobs(well, 2)
    with running(well, "scheduler") as program:
        wait_until(lambda: bool(receiver.posts))
        program.terminate()
        assert program.wait(120) == 0
    (told,) = receiver.told()
    assert (told["kind"], told["count"]) == ("job_failed", 2)


def test_programs_that_look_and_deliver_at_once_send_each_message_once(
    well: Warehouse, receiver: WebReceiver
) -> None:
    for name in ("a", "b", "c"):
        route_to(well, receiver, name)
    fail_jobs(well, 2)
    programs = Alerts(well.conninfo, silent, every=0)
    together(programs.look, 4)
    together(programs.deliver, 4)
    assert sorted(told["route"] for told in receiver.told()) == ["a", "b", "c"]


def test_a_receiver_that_is_down_gets_the_messages_in_order_when_it_is_back(well: Warehouse) -> None:
    with web_receiver() as gone:
        route_to(well, gone)
    fail_jobs(well, 1)
    look(well)
    ((state, attempts, answer),) = deliveries(well)
    assert (state, attempts) == ("waiting", 1)
    assert "Connection refused" in str(answer)
    fail_jobs(well, 1, "ERROR: another one", first=2)
    look(well)
    assert [row[:2] for row in deliveries(well)] == [("waiting", 1), ("waiting", 0)], (
        "not before the first one"
    )
    later(well, "5 hours")
    look(well, deliver=False)
    assert len(deliveries(well)) == 2, "what waits need not be said again"
    with web_receiver(gone.port) as back:
        Alerts(well.conninfo, silent).deliver()
        assert ["another" in told["title"] for told in back.told()] == [False, True]
    assert [row[0] for row in deliveries(well)] == ["sent", "sent"]


@pytest.mark.parametrize("status, answer", [(500, "500"), (302, "redirects are not followed"), (404, "404")])
def test_only_an_answer_of_2xx_counts(
    well: Warehouse, receiver: WebReceiver, status: int, answer: str
) -> None:
    with web_receiver() as elsewhere:
        receiver.status, receiver.location = status, elsewhere.url
        route_to(well, receiver)
        fail_jobs(well, 1)
        look(well)
        assert elsewhere.posts == []
    ((state, _, said),) = deliveries(well)
    assert state == "waiting"
    assert answer in str(said)
    state_of = Library(well.conninfo).alert_routes()[0]
    assert (state_of.waiting, state_of.answer) == (1, said)
    later(well, "8 days")
    Alerts(well.conninfo, silent).deliver()
    assert deliveries(well)[0][0] == "failed", "nobody will want to know any more"


def test_a_message_is_signed_with_the_key(well: Warehouse, receiver: WebReceiver) -> None:
    route_to(well, receiver, secret=KEY)
    fail_jobs(well, 1)
    look(well)
    (post,) = receiver.posts
    given = post.headers[SIGNATURE]
    moment = re.fullmatch(r"t=(\d+),v1=[0-9a-f]{64}", given)
    assert moment
    assert given == signature(KEY, post.body, int(moment[1]))


def test_a_secret_takes_its_place_in_the_url_and_stands_in_no_answer(
    well: Warehouse, receiver: WebReceiver
) -> None:
    library = Library(well.conninfo)
    library.put_alert_route("ops", webhook=f"{receiver.url}/{{secret}}?v=1", secret=KEY)
    receiver.status = 400
    fail_jobs(well, 1)
    look(well)
    assert receiver.posts[0].path == f"/alerts/{KEY}?v=1"
    assert KEY not in str(deliveries(well))


def test_an_encrypted_receiver_has_to_be_the_one_that_is_named(
    well: Warehouse, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    own, authority = certificate
    with web_receiver(certificate=own) as receiver:
        route_to(well, receiver)
        outcome = run(well, "alert", "test", "ops", "--json")
        assert outcome.code == 1
        assert "certificate is not trusted" in outcome.json["answer"]
        outcome = run(well, "alert", "test", "ops", "--json", env={"SSL_CERT_FILE": str(authority)})
        assert (outcome.code, outcome.json) == (0, {"route": "ops", "taken": True, "answer": "200 OK"})
        (told,) = receiver.told()
        assert told["event"] == "test"


def test_apprise_sends_by_a_url_that_is_the_secret(well: Warehouse, receiver: WebReceiver) -> None:
    library = Library(well.conninfo)
    secret = f"json://somebody:{KEY}@127.0.0.1:{receiver.port}/chat"
    with pytest.raises(InputError, match="needs its secret"):
        library.put_alert_route("chat", apprise="json")
    library.put_alert_route("chat", apprise="json", secret=secret)
    fail_jobs(well, 1)
    look(well)
    (post,) = receiver.posts
    assert post.path == "/chat"
    assert "10.0.0.5" in post.json["title"]
    assert post.json["type"] == "failure"
    receiver.status = 500
    outcome = run(well, "alert", "test", "chat", "--json")
    assert outcome.json == {"route": "chat", "taken": False, "answer": "json did not take it"}
    assert KEY not in outcome.out + outcome.err
    library.put_alert_route("wrong", apprise="slack", secret=secret)
    assert "not one of slack" in run(well, "alert", "test", "wrong", "--json").json["answer"]


@pytest.mark.parametrize(
    "url, reason",
    [
        ("http://example.com/hook", "http://"),
        ("ftp://example.com/hook", "https://"),
        ("https://me:pw@example.com/hook", "login"),
        ("https://hooks.example.com/services/T024BE7LD/B024BE7LH/Xy1ABCDEFGHIJKLMNOPQRS", "secret"),
        ("https://example.com/\r\nX: y", "characters"),
        ("https://", "read"),
        ("https://example.com/#x", "read"),
    ],
)
def test_an_address_that_is_not_safe_is_refused_without_being_repeated(url: str, reason: str) -> None:
    from tenantry.flow.alert import route

    with pytest.raises(InputError) as caught:
        route.given("ops", webhook=url)
    assert reason in caught.value.message
    said = json.dumps([caught.value.message, caught.value.hint])
    assert "pw" not in said
    assert "Xy1ABC" not in said
