"""Where alerts arrive: a web server and a mail server on loopback, which keep what they get and can be told to misbehave."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Post:
    """A request: its path, headers and body."""

    path: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class WebReceiver:
    """A web server. It answers `status`, once `open` is set; `arrived` is set with the first request."""

    port: int = 0
    status: int = 200
    location: str | None = None
    posts: list[Post] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    encrypted: bool = False

    @property
    def url(self) -> str:
        """Where it takes messages."""
        return f"http{'s' if self.encrypted else ''}://{HERE}:{self.port}/alerts"

    def told(self) -> list[Any]:
        """The messages so far, which it forgets."""
        found = [post.json for post in self.posts]
        self.posts.clear()
        return found


@contextmanager
def web_receiver(port: int = 0, certificate: Path | None = None) -> Iterator[WebReceiver]:
    """Serve on a port of loopback, a free one by default; with a certificate, by HTTPS."""
    receiver = WebReceiver(encrypted=certificate is not None)
    receiver.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.arrived.set()
            receiver.open.wait(120)
            receiver.posts.append(Post(self.path, self.headers, body))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed, or that does not trust the certificate, is no news."""

    server = Server((HERE, port), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.open.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class MailReceiver:
    """A mail server. `login` is whom it lets in; `refused` are recipients that it does not take; `farewell` is its last word."""

    port: int = 0
    login: tuple[str, str] | None = None
    refused: set[str] = field(default_factory=set)
    farewell: str = "221 Bye"
    mails: list[tuple[Envelope, Message]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - a name of aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, recipient: str, options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if recipient in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(recipient)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take leave."""
        return self.farewell

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append((envelope, BytesParser(policy=default).parsebytes(content)))
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Whether a login is right."""
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        self.logins.append(given[0])
        return AuthResult(success=given == self.login, handled=False)


@contextmanager
def mail_receiver(
    certificate: Path | None, login: tuple[str, str] | None = None, *, implicit: bool = False
) -> Iterator[MailReceiver]:
    """Serve on a free port of loopback: with a certificate by STARTTLS, which it then requires, or by TLS from the start."""
    receiver = MailReceiver(login=login)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    controller = Controller(
        receiver,
        hostname=HERE,
        port=_free_port(),
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        require_starttls=context is not None and not implicit,
        authenticator=receiver.authenticate if login else None,
        auth_required=login is not None and not implicit,
        auth_require_tls=not implicit and context is not None,
        ready_timeout=60,
    )
    controller.start()
    receiver.port = controller.port
    try:
        yield receiver
    finally:
        controller.stop()
        controller.loop.close()


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as found:
        return int(found.getsockname()[1])


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback with its key, and that of the authority that made it, which SSL_CERT_FILE may name."""
    ours, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = datetime.now(UTC)

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def begun(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
        )

    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(theirs.public_key())
    authority = (
        begun("authority", theirs)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(theirs, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))])
    certificate = (
        begun("server", ours)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(theirs, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = ours.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(key + certificate.public_bytes(pem))
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    return folder / "server.pem", folder / "authority.pem"
