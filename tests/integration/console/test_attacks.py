"""What those send who are not browsers of people that may log in: every request here is refused, and harms nobody else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from urllib.parse import quote

import pytest

from tenantry.console.guard import MOST_BYTES
from tenantry.console.rights import may
from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR
from tests.support.browser.console import COOKIE, FORM, Answer, Console, House, Visitor, hurried
from tests.support.browser.pages import PAGES, Page
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

MADE_UP = "A" * 43


@pytest.fixture
def whadmin(house: House) -> Visitor:
    """Somebody who may do everything."""
    return house.console.log_in()


def is_sent_to_login(answer: Answer) -> bool:
    return answer.status == 303 and answer.header("location") == "/login" and not answer.body


def is_logged_in(visitor: Visitor) -> bool:
    return visitor.get("/sessions").status == 200


def shown_id(visitor: Visitor) -> str:
    """What the page of sessions calls the visitor's own session."""
    row = next(row for row in visitor.get("/sessions").html.split("<tr>") if "(this one)" in row)
    return row.split('name="session" value="')[1].partition('"')[0]


# Without a session, and with one that is over.


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_is_not_shown_without_a_cookie(house: House, page: Page) -> None:
    assert is_sent_to_login(house.console.visitor().get(page.of("acme", "foodlogstats", "2024-03-10")))


@pytest.mark.parametrize("role", ["operator", "auditor", "author"])
def test_a_page_is_only_shown_to_those_who_may_see_it(house: House, role: str) -> None:
    groups = {"operator": OPERATOR, "auditor": AUDITOR, "author": AUTHOR}
    visitor = house.console.log_in(house.logins[role])
    for page in PAGES:
        if not may(groups[role], page.needs):
            answer = visitor.get(page.of("acme", "foodlogstats", "2024-03-10"))
            assert answer.status in (303, 403), page
            assert answer.header("location") in ("", "/templates"), page


def test_events_are_not_told_without_a_cookie(house: House) -> None:
    answer = house.console.visitor().get("/events")
    assert (answer.status, answer.text) == (401, "Log in first.")


@pytest.mark.parametrize(
    "value", [MADE_UP, "", " ", "é", "%00", "a" * 4000, '"', f"{MADE_UP}; {COOKIE}={MADE_UP}"]
)
def test_a_cookie_that_somebody_made_up_opens_nothing(house: House, value: str) -> None:
    stranger = house.console.visitor()
    assert is_sent_to_login(stranger.get("/", cookie=f"{COOKIE}={value}"))


def test_the_id_that_the_page_of_sessions_shows_is_not_a_cookie(whadmin: Visitor) -> None:
    shown = shown_id(whadmin)
    stranger = whadmin.console.visitor()
    stranger.cookies[COOKIE] = shown
    assert is_sent_to_login(stranger.get("/"))


def test_a_stolen_cookie_is_worth_nothing_after_the_logout(whadmin: Visitor) -> None:
    thief = whadmin.copy()
    assert is_logged_in(thief)
    assert whadmin.post("/logout").header("location") == "/login"
    assert is_sent_to_login(thief.get("/"))
    assert thief.get("/events").status == 401


def test_a_logout_takes_the_cookie_away(whadmin: Visitor) -> None:
    whadmin.post("/logout")
    assert COOKIE not in whadmin.cookies


def test_a_session_that_an_administrator_ended_is_over_at_once(house: House, whadmin: Visitor) -> None:
    operator = house.console.log_in(house.operator)
    public = shown_id(operator)
    with house.console.line() as line:
        request = f"GET /events HTTP/1.1\r\nHost: {house.console.host}\r\nCookie: {COOKIE}={operator.cookies[COOKIE]}\r\n\r\n"
        line.sendall(request.encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        assert whadmin.post("/sessions/end", {"session": public}).status == 303
        assert is_sent_to_login(operator.get("/"))
        # The open stream ends, too: at the next thing that happens, or at its next sign of life.
        assert operator.get("/events").status == 401


@pytest.mark.parametrize("role", ["operator", "auditor", "author"])
def test_nobody_but_an_administrator_ends_the_session_of_somebody_else(
    house: House, whadmin: Visitor, role: str
) -> None:
    public = shown_id(whadmin)
    other = house.console.log_in(house.logins[role])
    assert public not in other.get("/sessions").html
    assert other.post("/sessions/end", {"session": public}).status == 404
    assert is_logged_in(whadmin)


# Forms of other sites.


def test_a_form_without_a_token_is_refused(whadmin: Visitor) -> None:
    assert whadmin.post("/logout", {"csrf": ""}).status == 403
    assert whadmin.ask("POST", "/logout", b"").status == 403
    assert is_logged_in(whadmin)


def test_a_form_with_the_token_of_another_session_is_refused(house: House, whadmin: Visitor) -> None:
    other = house.console.log_in()
    assert whadmin.post("/logout", {"csrf": other.csrf}).status == 403
    assert is_logged_in(whadmin)


def test_a_form_whose_token_is_not_ascii_is_refused(whadmin: Visitor) -> None:
    assert whadmin.post("/logout", {"csrf": "é\0\udc80".encode(errors="replace").decode()}).status == 403
    assert whadmin.ask("POST", "/logout", b"csrf=%ff%fe").status == 403
    assert is_logged_in(whadmin)


@pytest.mark.parametrize("path", ["/logout", "/sessions/end"])
def test_what_changes_something_cannot_be_done_by_a_link(whadmin: Visitor, path: str) -> None:
    assert whadmin.get(f"{path}?csrf={whadmin.csrf}").status == 405
    assert is_logged_in(whadmin)


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1", "https://{host}", "http://{host}.evil.example", "http://evil@{host}", "{host}", ""],
)  # fmt: skip
def test_a_form_of_another_origin_is_refused(whadmin: Visitor, origin: str | None) -> None:
    host = whadmin.console.host
    answer = whadmin.post("/logout", origin=origin.format(host=host) if origin else origin)
    assert (answer.status, answer.text) == (403, "The form comes from another site.")
    assert is_logged_in(whadmin)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "SAME-ORIGIN "])
def test_a_form_that_the_browser_calls_foreign_is_refused(whadmin: Visitor, site: str) -> None:
    assert whadmin.post("/logout", sec_fetch_site=site).status == 403
    assert is_logged_in(whadmin)


def test_two_origins_are_not_better_than_none(whadmin: Visitor) -> None:
    console = whadmin.console
    body = f"csrf={whadmin.csrf}"
    lines = (
        f"POST /logout HTTP/1.1\r\nHost: {console.host}\r\nOrigin: {console.origin}\r\nOrigin: https://evil.example\r\n"
        f"Cookie: {COOKIE}={whadmin.cookies[COOKIE]}\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n\r\n{body}"
    )
    assert console.send(lines.encode()).startswith(b"HTTP/1.1 403")
    assert is_logged_in(whadmin)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", "", None]
)
def test_a_form_of_another_kind_is_refused(whadmin: Visitor, kind: str | None) -> None:
    assert whadmin.post("/logout", content_type=kind).status == 415
    assert is_logged_in(whadmin)


def test_what_was_refused_is_in_the_log(whadmin: Visitor) -> None:
    whadmin.post("/logout", {"csrf": "made up"})
    whadmin.post("/logout", origin="https://evil.example")
    # A thread of the test reads the console's output.
    for told in (
        "refused: POST /logout of whadmin: its token",
        f"refused: POST /logout from {whadmin.address}: The form comes from another site",
    ):
        wait_until(partial(_is_printed, whadmin.console, told))


def _is_printed(console: Console, told: str) -> bool:
    return told in console.printed


# Names of hosts: what a name server of somebody else's may make of the console's address.


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.example", "[::1%lo]:{port}", "evil@127.0.0.1:{port}", "127.1:{port}", ""])  # fmt: skip
def test_an_address_of_somebody_else_is_refused(whadmin: Visitor, host: str) -> None:
    answer = whadmin.get("/", host=host.format(port=whadmin.console.port))
    assert (answer.status, answer.text) == (421, "This address is not the console's.")


@pytest.mark.parametrize(
    "lines",
    [
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : {host}\r\nConnection: close\r\n\r\n",
        "GET http://{host}/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    ],
)
def test_a_request_needs_one_host(house: House, lines: str) -> None:
    answer = house.console.send(lines.format(host=house.console.host).encode())
    assert answer.startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_whole_address_in_place_of_a_path_leads_nowhere(whadmin: Visitor) -> None:
    for target in (
        "http://evil.example/",
        f"{whadmin.console.origin}/sessions",
        "*",
        "//evil.example/sessions",
    ):
        answer = whadmin.ask("GET", target)
        assert answer.status in (400, 404), target
        assert not answer.all("location")


# Paths.


@pytest.mark.parametrize(
    "path",
    [
        "../app.py", "..%2fapp.py", "%2e%2e/app.py", "%2e%2e%2fapp.py", "%252e%252e%252fapp.py", "..%5capp.py", "..\\app.py",
        "....//app.py", "console.css%00.png", "%00", "/etc/passwd", "%2fetc%2fpasswd", "..%c0%afapp.py", "./../static/../app.py",
        "a" * 300, "", "con",
    ],
)  # fmt: skip
def test_no_file_but_those_for_browsers_is_given(house: House, path: str) -> None:
    answer = house.console.visitor().get(f"/static/{path}")
    assert answer.status == 404
    assert b"import" not in answer.body
    assert b"root:" not in answer.body


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "//evil.example/static", "/login/", "/static", "/%2f%2fevil.example/", "/;@evil.example", "/login?next=https://evil.example", "/sessions/"]
)  # fmt: skip
def test_nobody_is_sent_to_another_site(house: House, whadmin: Visitor, path: str) -> None:
    for visitor in (house.console.visitor(), whadmin):
        answer = visitor.get(path)
        assert answer.header("location") in ("", "/login", "/")
        assert "evil.example" not in "".join(
            value
            for one in answer.elements
            for name, value in one.attributes.items()
            if name in ("href", "action", "src")
        )


@pytest.mark.parametrize(
    "words", ["\r\nX-Evil: 1", "\nX-Evil: 1", "\r\n\r\n<script>alert(1)</script>", "\0", "\u2028X-Evil: 1"]
)
def test_no_line_is_smuggled_into_the_head_of_an_answer(whadmin: Visitor, words: str) -> None:
    for path in (
        f"/{quote(words)}",
        f"/tenants/{quote(words)}",
        f"/?q={quote(words)}&state={quote(words)}&sort={quote(words)}",
    ):
        answer = whadmin.get(path)
        assert answer.status in (200, 400, 404)
        assert not answer.all("x-evil")
        assert not any(one.name == "script" and not one.attributes.get("src") for one in answer.elements)


def test_an_address_that_is_too_long_is_refused(whadmin: Visitor) -> None:
    assert whadmin.get("/?q=" + "a" * 4100).status == 414
    assert whadmin.get("/" + "a" * 4100).status == 414


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X"]
)
def test_other_methods_are_refused(whadmin: Visitor, method: str) -> None:
    answer = whadmin.ask(method, "/", headers={"x-mark": "said by the visitor"})
    assert answer.status == 405
    assert b"said by the visitor" not in answer.body


# Requests that two programs would read in two ways.

_SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "Content-Length: 0\r\nContent-Length: 6",
        "Content-Length: +5",
        "Content-Length: -1",
        "Content-Length: 0x5",
        "Content-Length: 5, 6",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding:\x0bchunked",
        "X-Evil: 1\r\n folded: 2\r\nTransfer-Encoding : chunked",
        "X-Evil: a\0b",
    ],
)
def test_no_request_hides_within_another(house: House, head: str) -> None:
    console = house.console
    lines = (
        f"POST /login HTTP/1.1\r\nHost: {console.host}\r\nOrigin: {console.origin}\r\nContent-Type: {FORM}\r\n{head}\r\n\r\n"
        f"0\r\n\r\n{_SMUGGLED.format(host=console.host)}"
    )
    answer = console.send(lines.encode("latin-1"))
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0" * 1000,
        b"GET / HTTP/9.9\r\nConnection: close\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(5000)) + b"\r\n",
    ],
)
def test_what_is_not_http_is_answered_with_an_error_and_the_end(house: House, data: bytes) -> None:
    answer = house.console.send(data)
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert house.console.visitor().get("/login").status == 200


def test_a_socket_for_other_protocols_is_not_opened(whadmin: Visitor) -> None:
    answer = whadmin.get(
        "/events", upgrade="websocket", connection="Upgrade, close", cookie="x=1", sec_websocket_key="AAAA", sec_websocket_version="13"
    )  # fmt: skip
    assert answer.status == 401


# Too much, and too slowly.


def test_a_body_that_says_it_is_too_long_is_refused_before_it_arrives(whadmin: Visitor) -> None:
    console = whadmin.console
    for length in (str(MOST_BYTES + 1), "9" * 30, "٣"):
        head = (
            f"POST /login HTTP/1.1\r\nHost: {console.host}\r\nOrigin: {console.origin}\r\nContent-Type: {FORM}\r\n"
            f"Content-Length: {length}\r\n\r\n"
        )
        assert console.send(head.encode()).startswith((b"HTTP/1.1 413", b"HTTP/1.1 400")), length


def test_a_body_that_is_too_long_without_saying_so_is_cut_off(house: House) -> None:
    console = house.console
    head = (
        f"POST /login HTTP/1.1\r\nHost: {console.host}\r\nOrigin: {console.origin}\r\nContent-Type: {FORM}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    answer = console.send(head.encode() + piece * (2 * MOST_BYTES // 0x10000))
    # Nothing at all if the connection is broken while more is sent.
    assert not answer or answer.startswith(b"HTTP/1.1 413")


def test_a_form_of_too_many_fields_is_refused(whadmin: Visitor) -> None:
    many = {f"field{n}": "1" for n in range(300)}
    assert whadmin.post("/logout", many).status == 400
    assert whadmin.post("/login", many).status == 400
    assert is_logged_in(whadmin)


def test_a_form_that_is_not_utf_8_is_refused(whadmin: Visitor) -> None:
    assert whadmin.ask("POST", "/logout", b"csrf=\xff\xfe").status == 400
    assert whadmin.ask("POST", "/login", b"login=\xff\xfe").status == 400


@pytest.fixture(scope="module")
def in_a_hurry(house: House) -> Iterator[Console]:
    """A console that waits for two seconds."""
    with hurried(house.warehouse, patience=2) as console:
        yield console


def ends(line: socket.socket, drip: bytes = b"") -> bool:
    """Whether the console ends a connection on which a byte arrives now and then; it has much longer for it than it may take."""
    begun = time.monotonic()
    line.settimeout(0.5)
    while time.monotonic() - begun < 120:
        try:
            if drip:
                line.sendall(drip)
            if not line.recv(1 << 16):
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


def test_slow_requests_are_ended(in_a_hurry: Console) -> None:
    """All at once, as each takes seconds: a head, a body and nothing at all."""
    head = (
        f"POST /login HTTP/1.1\r\nHost: {in_a_hurry.host}\r\nOrigin: {in_a_hurry.origin}\r\nContent-Type: {FORM}\r\nContent-Length: 100000\r\n\r\n"
    ).encode()
    get = f"GET /login HTTP/1.1\r\nHost: {in_a_hurry.host}\r\n".encode()
    found: dict[str, bool] = {}

    def slow(name: str, begin: bytes, drip: bytes) -> None:
        with in_a_hurry.line() as line:
            line.sendall(begin)
            found[name] = ends(line, drip)

    threads = [
        threading.Thread(target=slow, args=one)
        for one in (
            ("nothing", b"", b""),
            ("a head that does not end", get, b"X: 1\r\n"),
            ("a body that stops", head + b"login=", b""),
            ("a body that drips", head + b"login=", b"a"),
            ("a second request that does not end", get + b"\r\n" + get, b"X: 1\r\n"),
            ("a body that nobody reads", get + b"Content-Length: 100000\r\n\r\n", b"a"),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    assert len(found) == len(threads)
    assert all(found.values()), found


def test_who_does_not_read_the_answers_holds_up_nobody(house: House) -> None:
    # It loses its patience only after whoever would have to wait for that.
    with hurried(house.warehouse, patience=400) as patient:
        request = f"GET /static/console.css HTTP/1.1\r\nHost: {patient.host}\r\n\r\n".encode()
        with patient.line(3) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with suppress(TimeoutError, ConnectionError):
                for _ in range(2000):
                    line.sendall(request * 100)
            assert patient.visitor().get("/login").status == 200
        assert not [line for line in patient.lines if "Traceback" in line]


def test_one_address_cannot_take_all_connections(house: House) -> None:
    with hurried(house.warehouse, patience=400) as console:
        with ExitStack() as stack:
            for _ in range(300):
                stack.enter_context(console.line())
            assert console.visitor().get("/login").status == 200
        assert console.visitor().get("/login").status == 200


# What every answer says to browsers.

EXPECTED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_every_answer_restricts_what_browsers_may_do(house: House, whadmin: Visitor) -> None:
    stranger = house.console.visitor()
    answers = {
        "page": whadmin.get("/"),
        "redirect": stranger.get("/"),
        "login": stranger.get("/login"),
        "login refused": stranger.try_login("nobody", "wrong"),
        "missing": whadmin.get("/nothing"),
        "missing, without a login": stranger.get("/nothing"),
        "no form": whadmin.get("/logout"),
        "method": whadmin.ask("PUT", "/"),
        "host": whadmin.get("/", host="evil.example"),
        "origin": whadmin.post("/logout", origin="null"),
        "token": whadmin.post("/logout", {"csrf": ""}),
        "static": stranger.get("/static/console.css"),
        "not static": stranger.get("/static/nothing"),
        "events": stranger.get("/events"),
        "long": whadmin.get("/?q=" + "a" * 5000),
        "head": whadmin.ask("HEAD", "/"),
    }
    for name, answer in answers.items():
        assert {key: answer.header(key) for key in EXPECTED} == EXPECTED, name
        assert not answer.all("server"), name
        assert not answer.all("access-control-allow-origin"), name
        if name != "static":
            assert answer.header("cache-control") == "no-store", name


def test_an_answer_to_what_is_not_http_restricts_browsers_too(house: House) -> None:
    head = house.console.send(b"GET\r\n\r\n").partition(b"\r\n\r\n")[0].decode().lower()
    assert head.startswith("http/1.1 400")
    for name, value in EXPECTED.items():
        assert f"{name}: {value.lower()}" in head


def test_only_files_that_never_change_are_kept_by_browsers(house: House) -> None:
    stranger = house.console.visitor()
    links = [one.attributes["href"] for one in stranger.get("/login").elements if one.name == "link"]
    assert links
    for link in links:
        assert stranger.get(link).header("cache-control") == "public, max-age=31536000, immutable"
        assert stranger.get(link.partition("?")[0]).header("cache-control") == "no-cache"


def test_every_cookie_is_for_this_host_and_its_pages_alone(house: House) -> None:
    stranger = house.console.visitor()
    given = stranger.get("/login").all("set-cookie")
    given += stranger.try_login("whadmin", "whadmin-password").all("set-cookie")
    assert len(given) == 3
    for cookie in given:
        name, *marks = [part.strip().lower() for part in cookie.split(";")]
        assert name.startswith("__host-")
        assert {"httponly", "secure", "samesite=strict", "path=/"} <= set(marks)
        assert not [mark for mark in marks if mark.startswith("domain")]
