"""The server that tells the metrics: what it answers, to whom, and how little one query costs."""

from __future__ import annotations

import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse_text

import tenantry
from tenantry.embedded import Server
from tenantry.metrics import Cache, cache, server
from tenantry.metrics.address import read_address
from tenantry.observe.metrics import Counted, Metrics
from tests.support.databases import Maker, Warehouse
from tests.support.program import run, running
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server


class Counting(tenantry.Warehouse):
    """A warehouse that counts how often it was asked, and how often about all days."""

    asked = 0
    asked_all = 0

    def metrics(self, counted: Counted | None = None, *, patience: int = 10) -> Metrics:
        self.asked += 1
        self.asked_all += counted is None
        return super().metrics(counted, patience=patience)


@pytest.fixture(scope="module")
def one(server: Server, templates: None) -> Iterator[Warehouse]:
    """An empty warehouse for all tests here, with a job."""
    maker = Maker(server)
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse"), "whadmin")
    warehouse.run("SELECT cron.schedule('nightly', '0 3 * * *', 'SELECT 1')")
    yield warehouse
    maker.drop_all()


@contextmanager
def listening(warehouse: tenantry.Warehouse, **options: Any) -> Iterator[int]:
    """The port of a server of a warehouse's metrics."""
    listener = server.Listener(read_address(":0"))
    listener.start(Cache(warehouse, **options))
    try:
        yield port_of(listener.url)
    finally:
        listener.stop()


def port_of(url: str) -> int:
    """The port in an address."""
    return int(re.findall(r":(\d+)/", url)[0])


@pytest.fixture(scope="module")
def port(one: Warehouse) -> Iterator[int]:
    """A server of that warehouse's metrics."""
    with tenantry.Warehouse(one.conninfo) as warehouse, listening(warehouse) as port:
        yield port


def send(port: int, request: bytes, seconds: float = 120) -> tuple[int, dict[str, str], bytes]:
    """The answer to the bytes of a request: status, headers and body."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(request)
        answer = b""
        while part := line.recv(1 << 16):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


def get(port: int, path: str, *headers: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """The answer to a request."""
    lines = [f"{method} {path} HTTP/1.1", *(headers or ("Host: localhost",)), "", ""]
    return send(port, "\r\n".join(lines).encode())


def test_prometheus_gets_the_format_that_it_asks_for(port: int) -> None:
    status, headers, body = get(port, "/metrics?name[]=x")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    names = {family.name for family in parse_text(body.decode())}
    assert {"tenantry_up", "tenantry_locks_held", "tenantry_job_active", "tenantry_build_info"} <= names
    accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    status, headers, body = get(port, "/metrics", "Host: 127.0.0.1", accept)
    assert headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert body.endswith(b"# EOF\n")
    assert "tenantry_locks_held" in {family.name for family in parse_open(body.decode())}  # type: ignore[no-untyped-call]


def test_it_says_whether_it_lives_and_is_ready(port: int) -> None:
    assert get(port, "/healthz")[::2] == (200, b"alive\n")
    assert get(port, "/readyz")[::2] == (200, b"ready\n")


def test_head_has_the_same_headers_and_no_body(port: int) -> None:
    status, headers, body = get(port, "/healthz", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "6", b"")


ATTACKS = {
    "POST": (b"POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "DELETE": (b"DELETE /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    "CONNECT": (b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a method of its own": (b"get /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "another site's page": (b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    "no Host": (b"GET /metrics HTTP/1.0\r\n\r\n", 421),
    "two Hosts": (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 421),
    "a folded header": (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n evil.example\r\n\r\n", 400),
    "path traversal": (b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "an encoded path": (b"GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a path beside": (b"GET /metrics/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "another server's address": (b"GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a body": (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 413),
    "a chunked body": (
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        413,
    ),
    "huge headers": (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
    "a header without an end": (b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 20_000, 431),
    "a long path": (b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "a NUL": (b"GET /metrics\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "lines in a header": (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: a\nb: c\r\n\r\n", 400),
    "TLS": (bytes.fromhex("160301") + b"\r\n\r\n", 400),
    "another protocol": (b"GET /metrics HTTP/3\r\n\r\n", 400),
}


@pytest.mark.parametrize("request_and_status", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_refused_and_learns_nothing(port: int, request_and_status: tuple[bytes, int]) -> None:
    request, expected = request_and_status
    try:
        status, headers, body = send(port, request)
    except ConnectionResetError:
        # Something of the request was left unread when the server closed.
        assert expected in (413, 431)
        return
    assert status == expected
    assert not any(name.lower().startswith(("access-control", "server")) for name in headers)
    assert len(body) < 40
    assert not re.search(rb"etc|evil|tenant|Traceback|python", body)


def test_an_accept_header_does_not_reach_the_answer(port: int) -> None:
    accept = "Accept: application/openmetrics-text; version=99.x; escaping=evil"
    status, headers, _ = get(port, "/metrics", "Host: localhost", accept)
    assert status == 200
    assert "evil" not in str(headers)
    assert "99" not in headers["Content-Type"]


def test_slow_clients_and_a_hundred_connections_keep_nobody_out(
    one: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_SECONDS", 0.6)
    with (
        tenantry.Warehouse(one.conninfo) as warehouse,
        listening(warehouse) as port,
        ExitStack() as lines,
    ):
        wait_until(lambda: get(port, "/metrics")[0] == 200)
        opened = [
            lines.enter_context(socket.create_connection(("127.0.0.1", port), timeout=120))
            for _ in range(100)
        ]
        for line in opened[:20]:
            # A byte now and then does not buy more time.
            line.sendall(b"G")
        names = [thread.name for thread in threading.enumerate()]
        assert sum("process_request_thread" in name for name in names) <= 32
        # Each is turned away at once, or in time.
        assert {told_or_closed(line)[:12] for line in opened} <= {b"", b"HTTP/1.1 503"}
        # A thread gives its place back a moment after it has closed the connection.
        wait_until(lambda: get(port, "/metrics")[0] == 200)


def told_or_closed(line: socket.socket) -> bytes:
    """What a server says before it closes."""
    said = b""
    try:
        while part := line.recv(4096):
            said += part
    except ConnectionResetError:
        pass
    return said


def test_whoever_asks_there_is_one_query_in_fifteen_seconds(one: Warehouse) -> None:
    assert cache.KEPT == 15
    with Counting(one.conninfo) as warehouse:
        kept = Cache(warehouse, kept=3600)
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda _: kept.numbers(), range(60)))
        assert warehouse.asked == 1
        assert found[0] is not None
        assert all(one is found[0] for one in found)
        kept._kept = 0.0
        assert kept.numbers() is not found[0]
        # The second question is not about all days.
        assert (warehouse.asked, warehouse.asked_all) == (2, 1)


def test_a_warehouse_that_is_gone_is_told_at_once_and_asked_rarely(one: Warehouse) -> None:
    told: list[str | None] = []
    gone = one.conninfo.replace(f"dbname={one.name}", "dbname=not_there")
    with Counting(gone) as warehouse, listening(warehouse, kept=3600, told=told.append) as port:
        for _ in range(3):
            status, _, body = get(port, "/metrics")
            assert status == 200
            assert [s.value for f in parse_text(body.decode()) for s in f.samples] == [0]
            assert body.splitlines()[-1] == b"tenantry_up 0.0"
        assert get(port, "/readyz")[::2] == (503, b"the warehouse does not answer\n")
        assert get(port, "/healthz")[0] == 200
        assert warehouse.asked == 1
        assert len(told) == 1


def test_a_warehouse_that_hangs_keeps_nobody_waiting(one: Warehouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        conninfo = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=x user=y password=z sslmode=disable"
        with Counting(conninfo) as warehouse, listening(warehouse, kept=3600, patience=0.3, limit=2) as port:
            with ThreadPoolExecutor(10) as pool:
                answers = list(pool.map(lambda _: get(port, "/metrics"), range(10)))
            assert all(body.endswith(b"tenantry_up 0.0\n") for _, _, body in answers)
            assert warehouse.asked == 1


def line_of(stream: Any, wanted: Callable[[str], bool]) -> str:
    """The first line of a program that is wanted."""
    for line in stream:
        if wanted(line):
            return str(line)
    raise AssertionError("the program ended without a word")


def test_the_scheduler_serves_metrics_until_sigterm(one: Warehouse) -> None:
    with running(one, "scheduler", "--metrics", "127.0.0.1:0") as process:
        port = port_of(line_of(process.stderr, lambda line: "  serves  " in line))
        wait_until(lambda: get(port, "/readyz")[0] == 200)
        body = get(port, "/metrics")[2].decode()
        assert "tenantry_scheduler_up 1.0\n" in body or "tenantry_scheduler_up 0.0\n" in body
        taken = run(one, "scheduler", "--metrics", f"127.0.0.1:{port}")
        assert (taken.code, len(taken.errors)) == (2, 1)
        assert f"127.0.0.1:{port}: Address already in use" in taken.errors[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0
    with pytest.raises(ConnectionRefusedError):
        get(port, "/healthz")


def test_the_command_serves_where_pg_cron_runs_the_jobs(one: Warehouse) -> None:
    with running(one, "metrics", "--listen", ":0") as process:
        port = port_of(line_of(process.stderr, lambda line: line.startswith("Metrics: ")))
        assert b"tenantry_up 1.0" in get(port, "/metrics")[2]
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0


@pytest.mark.parametrize(
    "words, reason",
    [
        (("scheduler", "--metrics", "0.0.0.0:0"), "reached from other hosts"),
        (("scheduler", "--once", "--metrics", ":0"), "exclude each other"),
        (("metrics", "--listen", "[::]:0"), "reached from other hosts"),
        (("metrics", "--listen", "nowhere"), "is not an address"),
        (("metrics", "--metrics-host", "warehouse.example.com"), "needs --listen"),
        (("metrics", "--listen", ":0", "--json"), "exclude each other"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(
    one: Warehouse, words: tuple[str, ...], reason: str
) -> None:
    outcome = run(one, *words)
    assert outcome.code == 2
    message = outcome.error["message"] if "--json" in words else outcome.errors[0]
    assert reason in message
    assert "Traceback" not in outcome.err
