"""E-mail, by a mail server that is known by its certificate."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from tenantry.alerts.send.answer import WAIT, NotTaken, in_time
from tenantry.core.visible import visible
from tenantry.flow.alert import address
from tenantry.flow.alert.address import MailServer
from tenantry.flow.alert.route import Route

_SUBJECT = 200
"""Characters of a subject."""


def send(route: Route, secret: str | None, message: Mapping[str, Any]) -> str:
    """Send a message to all recipients. It counts as taken if the server takes it for one of them at least: sending it again
    would send it twice to those.

    Raises NotTaken with the server's reason.
    """
    where = address.mail_server(route.address)
    mail = written(route, message)
    try:
        with _left(_connected(where, plain=route.plain)) as server, in_time(lambda: server.sock):
            if where.user is not None:
                if secret is None:
                    raise NotTaken("the password of the mail server is missing")
                server.login(where.user, secret)
            refused = server.send_message(mail, route.sender, list(route.recipients))
    except ssl.SSLCertVerificationError as error:
        raise NotTaken(f"the certificate is not trusted: {error.verify_message}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise NotTaken(f"no recipient is accepted: {', '.join(map(str, codes))}") from None
    except smtplib.SMTPNotSupportedError as error:
        raise NotTaken(f"the server lacks something: {error}") from None
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        raise NotTaken(
            f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        reason = "it takes too long" if isinstance(error, TimeoutError) else getattr(error, "strerror", None)
        raise NotTaken(f"no answer: {reason or type(error).__name__}") from None
    if refused:
        return f"accepted, except for {', '.join(sorted(refused))}"
    return "accepted"


class _InTime(smtplib.SMTP):
    """A line that is cut if the server's greeting takes too long."""

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: Any = None
    ) -> tuple[int, bytes]:
        """Connect, and read the greeting."""
        with in_time(lambda: self.sock):
            return super().connect(host, port, source_address)


class _InTimeEncrypted(_InTime, smtplib.SMTP_SSL):
    """The same, with TLS from the start."""


@contextmanager
def _left(server: smtplib.SMTP) -> Iterator[smtplib.SMTP]:
    """Take leave of a server at the end, whatever it says to that: a mail that it has taken must not be sent again."""
    try:
        yield server
        with suppress(OSError, smtplib.SMTPException), in_time(lambda: server.sock):
            server.quit()
    finally:
        server.close()


def _connected(where: MailServer, *, plain: bool) -> smtplib.SMTP:
    """A line to the server: encrypted, unless it is on this machine or may be plain."""
    trusted = ssl.create_default_context()
    me = socket.gethostname()
    if where.implicit:
        return _InTimeEncrypted(where.host, where.port, me, timeout=WAIT, context=trusted)
    server = _InTime(where.host, where.port, me, timeout=WAIT)
    try:
        with in_time(lambda: server.sock):
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls(context=trusted)
                server.ehlo()
            elif not (plain or address.is_here(where.host)):
                raise NotTaken("the mail server offers no encryption (STARTTLS)")
    except BaseException:
        server.close()
        raise
    return server


def written(route: Route, message: Mapping[str, Any]) -> EmailMessage:
    """The e-mail. Names of tenants and errors of sources are in it, which cannot add a header or a line to one."""
    mail = EmailMessage(policy=SMTP)
    sender = route.sender or ""
    mail["From"] = Address("Tenantry", addr_spec=sender)
    mail["To"] = ", ".join(route.recipients)
    mail["Subject"] = f"[tenantry] {visible(str(message['title']), lines=False)}"[:_SUBJECT]
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{message['id']}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Tenantry-Event"] = str(message["event"])
    mail["X-Tenantry-Severity"] = str(message["severity"])
    mail.set_content(visible(str(message["text"])))
    return mail
