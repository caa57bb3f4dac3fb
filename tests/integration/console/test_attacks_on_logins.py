"""Who tries to log in and may not, how often one may try, how long a session lasts, and who a proxy may name."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlencode

import psycopg
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql

from tenantry.console import app, serve
from tenantry.console.settings import settle
from tenantry.console.throttle import MOST
from tenantry.core.model import OPERATOR
from tenantry.db.connect import session
from tenantry.embedded import Server
from tenantry.flow.tenant import reader as readers
from tests.support.browser.console import (
    COOKIE,
    PASSWORDS,
    Answer,
    Console,
    House,
    Visitor,
    housed,
    hurried,
    serving,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

WRONG = "Login or password is wrong."


@pytest.fixture(scope="module")
def house(server: Server, templates: None) -> Iterator[House]:
    """A console whose environment has whadmin's password, for everybody who has none."""
    with housed(server, env={"PGPASSWORD": PASSWORDS["whadmin"], "PGUSER": "whadmin"}) as house:
        yield house


@pytest.fixture
def person(house: House) -> Iterator[Callable[..., str]]:
    """Makes logins, which are dropped after the test."""
    made: list[str] = []

    def make(options: LiteralString, name: str = "") -> str:
        name = name or f"somebody_{secrets.token_hex(4)}"
        made.append(name)
        house.warehouse.admin.run(
            sql.SQL(f"CREATE ROLE {{}} {options}").format(sql.Identifier(name)).as_string()
        )
        return name

    yield make
    for name in made:
        house.warehouse.admin.run(
            sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)).as_string()
        )


def refused(answer: Answer, told: str = WRONG) -> bool:
    return (
        answer.status == 403
        and told in answer.text
        and COOKIE not in str(answer.headers).replace("tenantry-login", "")
    )


def form_of(answer: Answer) -> str:
    """The page without its token."""
    return re.sub(r'name="token" value="[^"]+"', "", answer.html)


# Who may not log in.


def test_the_reader_of_reports_does_not_get_in(house: House) -> None:
    answer = house.console.visitor().try_login("phood_ro", PASSWORDS["phood_ro"])
    assert refused(answer, "This login is a reader's or somebody else's.")


def test_a_reader_of_some_tenants_does_not_get_in(house: House) -> None:
    name = f"reader_{secrets.token_hex(4)}"
    warehouse = house.warehouse
    warehouse.run("CREATE SCHEMA limited")
    warehouse.run(
        "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username) VALUES ('limited', '127.0.0.1', 1, 'x', 'x')"
    )
    warehouse.run("SELECT _wh_internal.open_feed('foodlogstats', 'limited', 'limited')")
    with session(warehouse.admin.conninfo, role=None) as admin:
        readers.put(admin, name, ["limited"], "a password for reports")
    try:
        answer = house.console.visitor().try_login(name, "a password for reports")
        assert refused(answer, "This login is a reader's or somebody else's.")
    finally:
        warehouse.admin.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_superuser_does_not_get_in(house: House, person: Callable[..., str]) -> None:
    name = person("LOGIN SUPERUSER PASSWORD 'a password'")
    answer = house.console.visitor().try_login(name, "a password")
    assert refused(answer, "The server's administrator cannot log in here.")


def test_a_superuser_in_a_group_does_not_get_in_either(house: House, person: Callable[..., str]) -> None:
    name = person("LOGIN CREATEROLE SUPERUSER PASSWORD 'a password' IN ROLE tenantry_operator")
    assert refused(house.console.visitor().try_login(name, "a password"), "administrator")


@pytest.mark.parametrize("options", ["LOGIN IN ROLE tenantry_operator", "NOLOGIN PASSWORD 'a password' IN ROLE tenantry_operator", "LOGIN PASSWORD 'a password' VALID UNTIL '2020-01-01' IN ROLE tenantry_operator", "LOGIN PASSWORD 'a password' CONNECTION LIMIT 0 IN ROLE tenantry_operator"])  # fmt: skip
def test_a_login_that_the_server_refuses_is_refused(
    house: House, person: Callable[..., str], options: LiteralString
) -> None:
    assert refused(house.console.visitor().try_login(person(options), "a password"))


@pytest.mark.parametrize("login", ["whadmin", "", "postgres"])
def test_an_empty_password_is_not_filled_in_from_the_consoles_own(house: House, login: str) -> None:
    assert refused(house.console.visitor().try_login(login, ""))


def test_the_consoles_own_password_is_not_used_for_a_login_without_one(
    house: House, person: Callable[..., str]
) -> None:
    name = person("LOGIN IN ROLE tenantry_operator")
    for password in (" ", "\t", "x"):
        assert refused(house.console.visitor().try_login(name, password))


@pytest.mark.parametrize(
    "login",
    ["whadmin\0", "\0", "whadmin\n", " whadmin", "WHADMIN", "a" * 64, "é" * 40, "a" * 100_000, "whadmin dbname=postgres", "postgresql://whadmin@/x", "' user='whadmin", "host=/tmp", "tenantry_operator", "pg_monitor"],
)  # fmt: skip
def test_a_name_that_is_not_a_login_is_not_read_as_anything_else(house: House, login: str) -> None:
    visitor = house.console.visitor()
    for password in (PASSWORDS["whadmin"], "' host=evil.example", "a" * 100_000, "\0"):
        assert refused(visitor.try_login(login, password)), login[:100]


def test_a_long_name_is_not_cut_to_one_that_may_log_in(house: House, person: Callable[..., str]) -> None:
    name = person("LOGIN PASSWORD 'a password' IN ROLE tenantry_operator", "o" * 55 + secrets.token_hex(4))
    assert house.console.visitor().try_login(name, "a password").status == 303
    # PostgreSQL cuts names to 63 bytes; each of these would be a new name for the throttle.
    assert refused(house.console.visitor().try_login(name + "é" * 30, "a password"))
    assert refused(house.console.visitor().try_login(name[:62] + "é", "a password"))


@contextmanager
def trusting(server: Server, name: str) -> Iterator[None]:
    """The server lets a login in without a password."""
    hba = server.directory / "data" / "pg_hba.conf"
    before = hba.read_text()
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:

        def reload(text: str, rules: int) -> None:
            hba.write_text(text)
            admin.execute("SELECT pg_reload_conf()")
            wait_until(lambda: admin.execute("SELECT count(*) FROM pg_hba_file_rules").fetchone() == (rules,))

        ((count,),) = admin.execute("SELECT count(*) FROM pg_hba_file_rules").fetchall()
        address = server.conninfo(user=name) + " password=wrong"
        reload(f"host all {name} 127.0.0.1/32 trust\n{before}", count + 1)
        try:
            # The server itself has read it, too.
            wait_until(lambda: lets_in(address))
            yield
        finally:
            reload(before, count)
            wait_until(lambda: not lets_in(address))


def lets_in(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_server_that_trusts_everybody_lets_nobody_into_the_console(
    house: House, server: Server, person: Callable[..., str]
) -> None:
    name = person("LOGIN PASSWORD 'a password' IN ROLE tenantry_operator")
    with trusting(server, name):
        assert refused(house.console.visitor().try_login(name, "guessed"))
        assert refused(house.console.visitor().try_login(name, "a password"))
    assert house.console.visitor().try_login(name, "a password").status == 303


def test_a_refusal_does_not_tell_whether_there_is_such_a_login(
    house: House, person: Callable[..., str]
) -> None:
    superuser = person("LOGIN SUPERUSER PASSWORD 'a password'")
    pages = [
        form_of(house.console.visitor().try_login(login, "wrong"))
        for login in ("whadmin", house.operator, "phood_ro", superuser, "nobody_at_all", "tenantry_operator")
    ]
    assert len(set(pages)) == 1


# How often one may try.


def test_who_guesses_is_made_to_wait(house: House) -> None:
    login = f"guessed_{secrets.token_hex(4)}"
    guesser = house.console.visitor()
    for _ in range(MOST["pair"]):
        assert refused(guesser.try_login(login, "wrong"))
    answer = guesser.try_login(login, "wrong")
    assert answer.status == 429
    assert "Wait 15 min" in answer.text


def test_the_right_password_does_not_help_who_has_to_wait(house: House) -> None:
    guesser = house.console.visitor()
    for _ in range(MOST["pair"]):
        guesser.try_login(house.auditor, "wrong")
    assert guesser.try_login(house.auditor, "a password").status == 429
    # The person is somewhere else, and not locked out.
    assert house.console.visitor().try_login(house.auditor, "a password").status == 303


def test_an_address_cannot_try_one_password_on_many_logins(house: House) -> None:
    guesser = house.console.visitor()
    statuses = [guesser.try_login(f"login_{n}", "summer").status for n in range(MOST["address"] + 2)]
    assert statuses == [403] * MOST["address"] + [429, 429]
    assert guesser.try_login("whadmin", PASSWORDS["whadmin"]).status == 429


def test_many_tries_at_once_are_not_more_than_one_after_the_other(house: House) -> None:
    login = f"guessed_{secrets.token_hex(4)}"
    guesser = house.console.visitor()
    token = guesser.get("/login").field("token")
    copies = [guesser.copy() for _ in range(20)]

    def guess(visitor: Visitor) -> int:
        return visitor.post("/login", {"token": token, "login": login, "password": "wrong"}).status

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(guess, copies))
    assert statuses == [403] * MOST["pair"] + [429] * (20 - MOST["pair"])


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-real-ip", "forwarded", "client-ip"])
def test_an_address_that_is_only_said_does_not_help_who_guesses(house: House, header: str) -> None:
    login = f"guessed_{secrets.token_hex(4)}"
    guesser = house.console.visitor()
    statuses = []
    for n in range(MOST["pair"] + 1):
        guesser.headers[header] = f"192.0.2.{n}"
        statuses.append(guesser.try_login(login, "wrong").status)
    assert statuses[-1] == 429


def test_what_is_longer_than_a_login_is_not_kept_to_count_tries(house: House) -> None:
    """Names of half a megabyte would use up the console's memory: they count as what they begin with."""
    guesser = house.console.visitor()
    begin = secrets.token_hex(40)
    statuses = [guesser.try_login(f"{begin}{n}" + "a" * 400_000, "x").status for n in range(MOST["pair"] + 1)]
    assert statuses == [403] * MOST["pair"] + [429]


# Sessions.


def test_a_session_that_was_there_before_the_login_is_not_taken_over(house: House) -> None:
    visitor = house.console.visitor()
    visitor.cookies[COOKIE] = planted = "B" * 43
    visitor.log_in(house.operator, "a password")
    assert visitor.cookies[COOKIE] != planted
    attacker = house.console.visitor()
    attacker.cookies[COOKIE] = planted
    assert attacker.get("/sessions").status == 303


def test_a_second_login_in_a_browser_ends_the_first(house: House) -> None:
    visitor = house.console.log_in(house.operator)
    first = visitor.copy()
    visitor.log_in(house.operator, "a password")
    assert first.cookies[COOKIE] != visitor.cookies[COOKIE]
    assert first.get("/sessions").status == 303


def test_another_site_cannot_log_a_browser_in(house: House) -> None:
    attacker = house.console.visitor()
    token = attacker.get("/login").field("token")
    victim = house.console.visitor()
    form = {"token": token, "login": house.operator, "password": "a password"}
    for visitor in (victim, attacker.copy()):
        visitor.cookies.pop("__Host-tenantry-login", None)
        assert visitor.post("/login", form).status == 403
        assert COOKIE not in visitor.cookies
    victim.get("/login")
    assert victim.post("/login", form).status == 403
    assert victim.post("/login", form | {"token": ""}).status == 403
    assert victim.post("/login", form, origin="https://evil.example").status == 403


def test_the_token_of_the_login_form_is_used_once(house: House) -> None:
    visitor = house.console.visitor()
    token = visitor.get("/login").field("token")
    visitor.post("/login", {"token": token, "login": "nobody", "password": "wrong"})
    answer = visitor.post("/login", {"token": token, "login": house.operator, "password": "a password"})
    assert "too old" in answer.text
    assert COOKIE not in visitor.cookies


def test_a_session_is_worth_nothing_once_its_login_has_another_password(
    house: House, person: Callable[..., str]
) -> None:
    name = person("LOGIN PASSWORD 'a password' IN ROLE tenantry_operator")
    visitor = house.console.log_in(name)
    house.warehouse.admin.run(f"ALTER ROLE {name} PASSWORD 'another one'")
    answer = visitor.get("/")
    assert (answer.status, answer.header("location")) == (303, "/login")
    house.warehouse.admin.run(f"ALTER ROLE {name} PASSWORD 'a password'")
    assert visitor.get("/").status == 303


def test_a_session_is_worth_nothing_once_its_login_has_lost_its_group(
    house: House, person: Callable[..., str]
) -> None:
    name = person("LOGIN PASSWORD 'a password' IN ROLE tenantry_operator")
    visitor = house.console.log_in(name)
    house.warehouse.admin.run(f"REVOKE {OPERATOR} FROM {name}")
    answer = visitor.get("/")
    assert (answer.status, answer.header("location")) == (303, "/login")
    assert visitor.get("/events").status == 401


def test_a_session_may_only_do_what_its_login_may_by_now(house: House, person: Callable[..., str]) -> None:
    name = person("LOGIN PASSWORD 'a password' IN ROLE tenantry_operator")
    visitor = house.console.log_in(name)
    house.warehouse.admin.run(f"REVOKE {OPERATOR} FROM {name}; GRANT tenantry_auditor TO {name}")
    visitor.get("/")
    assert "auditor" in visitor.get("/sessions").text


def test_a_session_is_worth_nothing_once_its_login_is_dropped(house: House) -> None:
    name = f"somebody_{secrets.token_hex(4)}"
    house.warehouse.admin.run(f"CREATE ROLE {name} LOGIN PASSWORD 'a password' IN ROLE {OPERATOR}")
    visitor = house.console.log_in(name)
    house.warehouse.admin.run(f"DROP ROLE {name}")
    assert visitor.get("/").header("location") == "/login"


def test_a_session_ends_by_time(house: House) -> None:
    """Whether it is used or not; tests/unit/test_console_sessions.py holds the times."""
    with hurried(house.warehouse, idle=6, longest=9) as console:
        used = console.log_in(house.operator)
        left, open_page = used.copy(), console.log_in(house.operator)
        wait_until(lambda: used.get("/sessions").status == 303)
        assert left.get("/sessions").status == 303
        wait_until(lambda: open_page.get("/sessions", x_tenantry_live="1").status == 303)
        assert open_page.get("/events").status == 401


# A proxy that says who somebody is.

SECRET = secrets.token_hex(32)


@pytest.fixture(scope="module")
def proxied(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console behind a proxy."""
    file = tmp_path_factory.mktemp("proxy") / "proxy.toml"
    file.write_text(
        f'header = "X-User"\nsecret = "{SECRET}"\n[logins]\n"anna@example.com" = "{house.operator}"\n"gone@example.com" = "nobody"\n'
    )
    file.chmod(0o600)
    house.warehouse.server.save_password(house.operator, "a password")
    with serving(
        house.warehouse, "--behind-proxy", "https://tenantry.example", "--proxy-logins", file
    ) as console:
        yield console


def test_a_proxy_with_the_secret_is_believed(proxied: Console, house: House) -> None:
    visitor = proxied.visitor()
    visitor.headers = {"x-user": "anna@example.com", "x-tenantry-secret": SECRET}
    answer = visitor.get("/")
    assert answer.status == 200
    assert house.operator in answer.text
    assert answer.header("strict-transport-security") == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-user": "anna@example.com"},
        {"x-user": "anna@example.com", "x-tenantry-secret": ""},
        {"x-user": "anna@example.com", "x-tenantry-secret": "0" * 64},
        {"x-user": "anna@example.com", "x-tenantry-secret": SECRET[:-1]},
        {"x-user": "anna@example.com", "x-tenantry-secret": f"{SECRET}, {SECRET}"},
        {"x-user": "anna@example.com", "x-tenantry-secret": "é"},
        {"x-user": "", "x-tenantry-secret": SECRET},
        {"x-user": "ANNA@example.com", "x-tenantry-secret": SECRET},
        {"x-user": "bob@example.com", "x-tenantry-secret": SECRET},
        {"x-user": "gone@example.com", "x-tenantry-secret": SECRET},
        {"x-user": "whadmin", "x-tenantry-secret": SECRET},
        {"x_user": "anna@example.com", "x-tenantry-secret": SECRET},
        {"x-tenantry-secret": SECRET},
        {"authorization": "Basic d2hhZG1pbjp3aGFkbWluLXBhc3N3b3Jk"},
    ],
)
def test_whoever_a_proxy_does_not_vouch_for_is_nobody(
    proxied: Console, headers: dict[str, str | None]
) -> None:
    visitor = proxied.visitor()
    visitor.headers = headers
    assert visitor.get("/").header("location") == "/login"
    assert visitor.get("/events").status == 401
    answer = visitor.get("/login")
    assert answer.status == 403
    assert not [one for one in answer.elements if one.name == "form"]


def test_a_name_beside_the_proxys_is_not_taken(proxied: Console) -> None:
    for first, second in (("anna@example.com", "bob@example.com"), ("bob@example.com", "anna@example.com")):
        lines = (
            f"GET / HTTP/1.1\r\nHost: tenantry.example\r\nX-User: {first}\r\nX-User: {second}\r\n"
            f"X-Tenantry-Secret: {SECRET}\r\nConnection: close\r\n\r\n"
        )
        assert b"location: /login" in proxied.send(lines.encode())
    lines = (
        "GET / HTTP/1.1\r\nHost: tenantry.example\r\nX-User: anna@example.com\r\n"
        f"X-Tenantry-Secret: {SECRET}\r\nX-Tenantry-Secret: wrong\r\nConnection: close\r\n\r\n"
    )
    assert b"location: /login" in proxied.send(lines.encode())


def test_behind_a_proxy_nobody_logs_in_with_a_password(proxied: Console, house: House) -> None:
    visitor = proxied.visitor()
    assert visitor.post("/login", {"login": house.operator, "password": "a password"}).status == 403


def test_behind_a_proxy_the_console_answers_to_the_proxys_name_alone(proxied: Console) -> None:
    assert proxied.visitor().get("/login", host=f"127.0.0.1:{proxied.port}").status == 421
    assert proxied.visitor().get("/login", host="localhost").status == 421


def test_a_form_behind_a_proxy_needs_its_token_all_the_same(proxied: Console) -> None:
    visitor = proxied.visitor()
    visitor.headers = {"x-user": "anna@example.com", "x-tenantry-secret": SECRET}
    public = visitor.get("/sessions").field("session")
    assert visitor.post("/sessions/end", {"session": public}).status == 403
    assert visitor.post("/sessions/end", {"session": public}, origin="https://evil.example").status == 403


def test_a_visitor_cannot_choose_the_address_that_the_proxy_saw(house: House) -> None:
    """Whether a proxy appends to the visitor's own header, or adds one of its own."""
    with serving(house.warehouse, "--behind-proxy", "https://tenantry.example") as console:
        answers = []
        for n in range(MOST["pair"] + 1):
            visitor = console.visitor()
            token = visitor.get("/login").field("token")
            body = urlencode({"token": token, "login": "nobody", "password": "wrong"})
            forwarded = (
                f"X-Forwarded-For: 192.0.2.{n}\r\nX-Forwarded-For: 198.51.100.7"
                if n % 2
                else f"X-Forwarded-For: 192.0.2.{n}, 198.51.100.7"
            )
            cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
            lines = (
                f"POST /login HTTP/1.1\r\nHost: tenantry.example\r\nOrigin: https://tenantry.example\r\n{forwarded}\r\nCookie: {cookie}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
            )
            answers.append(console.send(lines.encode()))
        assert answers[0].startswith(b"HTTP/1.1 403")
        assert answers[-1].startswith(b"HTTP/1.1 429")


# Encryption.


def test_an_encrypted_console_takes_only_strong_ciphers(house: House, tmp_path: Path) -> None:
    certificate, key = certify(tmp_path)
    with serving(house.warehouse, "--tls-cert", certificate, "--tls-key", key) as console:
        assert console.origin.startswith("https://")
        rsa, old = "AES256-SHA:AES128-SHA:AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA:ECDHE-ECDSA-AES256-SHA"
        for ciphers in (rsa, old):
            options = {"maximum_version": ssl.TLSVersion.TLSv1_2, "ciphers": ciphers}
            with pytest.raises((ssl.SSLError, ConnectionError)):
                cipher(console, certificate, options)
        assert "GCM" in cipher(console, certificate, {"maximum_version": ssl.TLSVersion.TLSv1_2})
        assert cipher(console, certificate, {}).startswith("TLS_")
        # What is not encrypted is not answered.
        assert not console.send(f"GET /login HTTP/1.1\r\nHost: {console.host}\r\n\r\n".encode())


def test_who_agrees_on_no_encryption_is_cut_off_as_soon_as_who_sends_no_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = certify(tmp_path)
    monkeypatch.setattr(serve, "PATIENCE", 0.2)
    # No page is asked for, so no warehouse is, either.
    console = app.Console("", settle("127.0.0.1:0", tls_cert=certificate, tls_key=key, worker=False))

    async def cut_off() -> bytes:
        config = uvicorn.Config(
            app.make(console),
            http=serve.Patient,
            lifespan="off",
            log_config=None,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        config.load()
        server = serve._Server(config, console, lambda origin: None)
        server.lifespan = config.lifespan_class(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            await server.startup([listening])
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            try:
                return await asyncio.wait_for(reader.read(), 120)
            finally:
                writer.close()
                await server.shutdown([listening])

    assert asyncio.run(cut_off()) == b""


def cipher(console: Console, certificate: Path, options: dict[str, object]) -> str:
    """The cipher that a client and the console agree on."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    for name, value in options.items():
        if name == "ciphers":
            context.set_ciphers(f"{value}:@SECLEVEL=0")
        else:
            setattr(context, name, value)
    with (
        socket.create_connection(("127.0.0.1", console.port), 120) as line,
        context.wrap_socket(line) as wrapped,
    ):
        found = wrapped.cipher()
        assert found
        return found[0]


def certify(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files
