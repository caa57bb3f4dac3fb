"""The console as people reach it: the real program, and somebody who talks HTTP to it with a jar of cookies."""

from __future__ import annotations

import http.client
import re
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from itertools import count
from urllib.parse import urlencode, urlsplit

import psycopg
from psycopg import sql

from tenantry.core.model import AUDITOR, AUTHOR, OPERATOR
from tenantry.embedded import Server
from tenantry.embedded.ports import find_free_port
from tests.support.databases import Database, Maker, Warehouse
from tests.support.program import command, environment, hear_signals

COOKIE = "__Host-tenantry"
FORM = "application/x-www-form-urlencoded"

PASSWORDS = {"whadmin": "whadmin-password", "phood_ro": "reader-password"}
"""Of the logins that every warehouse of the tests has; `people.member` gives "a password" to others."""

_addresses = count(2)
"""Every address of 127.0.0.0/8 is this machine: who guesses passwords in a test has one of its own."""


@dataclass(frozen=True)
class Element:
    """An element of a page, with its attributes."""

    name: str
    attributes: Mapping[str, str]


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@dataclass(frozen=True)
class Answer:
    """An answer of the console."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of a header, one for each time that it is there."""
        return [value for key, value in self.headers if key.lower() == name]

    def header(self, name: str) -> str:
        """A header that is there at most once; empty if it is not."""
        values = self.all(name)
        assert len(values) <= 1, values
        return values[0] if values else ""

    @property
    def html(self) -> str:
        """The body as text."""
        return self.body.decode()

    @cached_property
    def _parsed(self) -> _Elements:
        parsed = _Elements()
        parsed.feed(self.html)
        parsed.close()
        return parsed

    @property
    def elements(self) -> list[Element]:
        """The elements of the page, in their order."""
        return self._parsed.found

    @property
    def text(self) -> str:
        """What a person reads, and the titles of pictures, with one blank between words."""
        return " ".join(" ".join(self._parsed.text).split())

    def field(self, name: str) -> str:
        """The value of the page's first input of this name."""
        return next(
            one.attributes["value"]
            for one in self.elements
            if one.name == "input" and one.attributes.get("name") == name
        )


@dataclass
class Visitor:
    """Somebody at the console: an address of this machine, and the cookies that the console gave.

    It sends what a browser would send. `headers`, in lower case, go over that, and a header that is None is left out.
    """

    console: Console
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    headers: dict[str, str | None] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """Ask for a path, and keep the cookies of the answer."""
        wanted: dict[str, str | None] = {"host": self.console.host}
        if self.cookies:
            wanted["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            wanted |= {
                "content-type": FORM,
                "content-length": str(len(body or b"")),
                "origin": self.console.origin,
                "sec-fetch-site": "same-origin",
            }
        wanted |= self.headers | dict(headers or {})
        line = http.client.HTTPConnection(
            "127.0.0.1", self.console.port, timeout=200, source_address=(self.address, 0)
        )
        try:
            line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in wanted.items():
                if value is not None:
                    line.putheader(name, value)
            line.endheaders(body)
            response = line.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        finally:
            line.close()
        for cookie in answer.all("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            if value.strip('"'):
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    def get(self, path: str, **headers: str | None) -> Answer:
        """Ask for a page. A header's name is given with _ for -."""
        return self.ask(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str | None) -> Answer:
        """Send a form, with the token of this visitor's session unless the form has another `csrf`."""
        body = urlencode({"csrf": self.csrf} | dict(form or {})).encode()
        return self.ask(
            "POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )

    def try_login(self, login: str, password: str) -> Answer:
        """Open the page for logging in, and send its form."""
        token = self.get("/login").field("token")
        return self.post("/login", {"token": token, "login": login, "password": password})

    def log_in(self, login: str, password: str) -> Visitor:
        """Log in, which must be possible; `sessions` is a page that every role has."""
        answer = self.try_login(login, password)
        assert answer.status == 303, answer.text
        self.csrf = self.get("/sessions").field("csrf")
        return self

    def copy(self) -> Visitor:
        """Somebody else who has the same cookies."""
        return Visitor(self.console, self.address, dict(self.cookies), self.csrf)


@dataclass
class Console:
    """A console that runs, and all that it has printed."""

    process: subprocess.Popen[str]
    origin: str
    port: int
    lines: list[str]

    @property
    def host(self) -> str:
        """What browsers send as Host."""
        return urlsplit(self.origin).netloc

    @property
    def printed(self) -> str:
        """All that it has printed."""
        return "".join(self.lines)

    def visitor(self) -> Visitor:
        """Somebody without a login, at an address where nobody has been."""
        n = next(_addresses)
        return Visitor(self, f"127.0.{n // 250}.{n % 250 + 2}")

    def log_in(self, login: str = "whadmin", password: str | None = None) -> Visitor:
        """Somebody who has logged in; whadmin unless another is named."""
        return self.visitor().log_in(login, password or PASSWORDS.get(login, "a password"))

    def line(self, timeout: float = 120) -> socket.socket:
        """A connection to it, for what no client would send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def send(self, data: bytes, timeout: float = 120) -> bytes:
        """Send bytes as they are, and return all that comes until the console closes the connection or nothing more comes."""
        received = b""
        with self.line(timeout) as line, suppress(ConnectionError, TimeoutError):
            line.sendall(data)
            while piece := line.recv(1 << 16):
                received += piece
        return received


@contextmanager
def serving(
    database: Database | str, *options: object, env: Mapping[str, str] | None = None
) -> Iterator[Console]:
    """`tenantry console` on a port that is free, until the end of the block."""
    # It takes one by itself, and says which; behind a proxy it only says where the proxy is.
    port = find_free_port() if "--behind-proxy" in options else 0
    arguments = command(database, "console", "--listen", f"127.0.0.1:{port}", *options)
    with _started(arguments, environment(env), port) as console:
        yield console


@contextmanager
def hurried(
    database: Database, *, idle: float = 60, longest: float = 60, patience: float = 60
) -> Iterator[Console]:
    """A console whose sessions last as many seconds, and which waits no longer for a request: the program waits longer than a test."""
    arguments = [sys.executable, "-m", "tests.support.browser.hurried_console", database.conninfo]
    arguments += map(str, (0, idle, longest, patience))
    with _started(arguments, environment(), 0) as console:
        yield console


@contextmanager
def _started(arguments: Sequence[str], env: Mapping[str, str], port: int) -> Iterator[Console]:
    with subprocess.Popen(
        arguments,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=hear_signals,  # noqa: PLW1509 - calls nothing that locks
    ) as process:
        lines: list[str] = []
        ready = threading.Event()

        def read() -> None:
            for line in process.stderr or ():
                lines.append(line)
                if "The console is at" in line:
                    ready.set()
            ready.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            assert ready.wait(120), "the console does not start"
            found = re.search(r"The console is at (\S+)/ \(", "".join(lines))
            assert found, "".join(lines)
            yield Console(process, found[1], port or urlsplit(found[1]).port or 0, lines)
        finally:
            process.terminate()
            try:
                process.wait(120)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join(120)


@dataclass
class House:
    """A warehouse and its console, with a login for each role; the password of `operator`, `auditor` and `author` is "a password"."""

    warehouse: Warehouse
    console: Console
    operator: str
    auditor: str
    author: str

    @property
    def logins(self) -> dict[str, str]:
        """The login of each role."""
        return {
            "administrator": "whadmin",
            "operator": self.operator,
            "auditor": self.auditor,
            "author": self.author,
        }


@contextmanager
def warehouse_with_people(server: Server) -> Iterator[tuple[Warehouse, dict[str, str]]]:
    """An installed, empty warehouse, and a login for each group."""
    maker = Maker(server)
    warehouse = Warehouse(server, maker.clone("tests_warehouse", "warehouse"), "whadmin")
    maker.run("GRANT CREATE ON DATABASE {} TO whadmin", warehouse.name)
    groups = {"operator": OPERATOR, "auditor": AUDITOR, "author": AUTHOR}
    people = {role: f"{role}_{secrets.token_hex(4)}" for role in groups}
    with warehouse.admin.connect() as admin:
        for role, name in people.items():
            statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'a password' IN ROLE {}")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(groups[role])))
    try:
        yield warehouse, people
    finally:
        maker.drop_all()
        with psycopg.connect(server.conninfo(), autocommit=True) as admin:
            for name in people.values():
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@contextmanager
def housed(server: Server, *options: object, env: Mapping[str, str] | None = None) -> Iterator[House]:
    """A warehouse with people, and its console."""
    with (
        warehouse_with_people(server) as (warehouse, people),
        serving(warehouse, *options, env=env) as console,
    ):
        yield House(warehouse, console, **people)
