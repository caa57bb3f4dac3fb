"""How long a session of the console lasts, how many there may be, and how often somebody may try to log in."""

from __future__ import annotations

import pytest

from tenantry.console import sessions
from tenantry.console.sessions import Sessions
from tenantry.console.throttle import MOST, WINDOW, Throttle


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time of both."""
    return Clock()


def begin(kept: Sessions, login: str = "anna") -> str:
    return kept.begin(login, "tenantry_operator", f"user={login} password=secret", "127.0.0.1", "a browser")[
        0
    ]


def test_a_session_ends_after_its_last_request(clock: Clock) -> None:
    kept = Sessions(60, 1000, clock=clock)
    token = begin(kept)
    for _ in range(5):
        clock.now += 60
        assert kept.find(token)
    clock.now += 60.1
    assert not kept.find(token)
    assert not kept.all()


def test_what_an_open_page_asks_does_not_keep_its_session_from_ending(clock: Clock) -> None:
    kept = Sessions(60, 1000, clock=clock)
    token = begin(kept)
    clock.now += 59
    assert kept.find(token, touch=False)
    clock.now += 2
    assert not kept.find(token, touch=False)


def test_a_session_ends_at_the_latest_after_its_longest_time(clock: Clock) -> None:
    kept = Sessions(60, 300, clock=clock)
    token = begin(kept)
    for _ in range(6):
        clock.now += 50
        assert kept.find(token)
    clock.now += 1
    assert not kept.find(token)


def test_the_password_of_a_session_is_forgotten_with_the_last_session_that_has_it(clock: Clock) -> None:
    forgotten: list[str] = []
    kept = Sessions(60, 300, forget=forgotten.append, clock=clock)
    first, second = begin(kept), begin(kept)
    for token in (first, second):
        assert not forgotten
        session = kept.find(token)
        assert session
        kept.end(session)
        assert session.ended
    assert forgotten == ["user=anna password=secret"]


def test_a_session_beyond_the_most_ends_the_oldest_of_its_login(clock: Clock) -> None:
    kept = Sessions(60, 300, clock=clock)
    other = begin(kept, "bob")
    tokens = [begin(kept) for _ in range(sessions.MOST_OF_LOGIN + 1)]
    assert not kept.find(tokens[0])
    assert all(map(kept.find, tokens[1:]))
    assert kept.find(other)


def test_people_for_whom_a_proxy_vouches_do_not_end_the_sessions_of_others_with_their_login(
    clock: Clock,
) -> None:
    kept = Sessions(60, 300, clock=clock)
    people = [f"person{number}@example.com" for number in range(sessions.MOST_OF_LOGIN + 1)]
    for by in people:
        kept.begin("operators", "tenantry_operator", "user=operators", "127.0.0.1", "a browser", by=by)
    assert [session.by for session in kept.all("operators")] == people


def test_nothing_of_a_session_is_what_its_cookie_holds(clock: Clock) -> None:
    kept = Sessions(60, 300, clock=clock)
    token = begin(kept)
    said = repr(kept.all()) + repr(vars(kept))
    assert token not in said
    assert "secret" not in said


def test_tries_count_for_a_while(clock: Clock) -> None:
    throttle = Throttle(clock)
    for _ in range(MOST["pair"]):
        assert not throttle.begin("anna", "192.0.2.1")
    assert throttle.begin("anna", "192.0.2.1") == WINDOW
    assert not throttle.begin("anna", "192.0.2.2")
    assert not throttle.begin("bob", "192.0.2.1")
    clock.now += WINDOW
    assert not throttle.begin("anna", "192.0.2.1")


def test_a_login_that_succeeds_does_not_count(clock: Clock) -> None:
    throttle = Throttle(clock)
    for _ in range(10 * MOST["address"]):
        assert not throttle.begin("anna", "192.0.2.1")
        throttle.accepted("anna", "192.0.2.1")


@pytest.mark.parametrize(
    "addresses, are_one",
    [
        (["2001:db8::1", "2001:db8::2"], True),
        (["2001:db8::1", "2001:0db8:0:0:ffff::1"], True),
        (["2001:db8::1", "2001:db8:0:1::1"], False),
        (["::ffff:192.0.2.1", "192.0.2.1"], True),
        (["192.0.2.1", "192.0.2.2"], False),
        (["somewhere", "elsewhere"], False),
    ],
)
def test_who_may_choose_among_addresses_has_the_tries_of_one(
    clock: Clock, addresses: list[str], are_one: bool
) -> None:
    throttle = Throttle(clock)
    for _ in range(MOST["pair"]):
        throttle.begin("anna", addresses[0])
    assert bool(throttle.begin("anna", addresses[1])) is are_one
