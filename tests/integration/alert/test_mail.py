"""E-mail: by a real mail server on loopback, with logins and STARTTLS, and with names that try to add headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenantry.alerts import send as sending
from tenantry.alerts.send import answer
from tenantry.alerts.send.answer import NotTaken
from tenantry.alerts.service import attempt
from tenantry.flow.alert.route import Route
from tenantry.warehouse import Warehouse as Library
from tests.integration.alert.receivers import mail_receiver
from tests.integration.alert.steps import fail_jobs, look
from tests.support.databases import Warehouse

pytestmark = pytest.mark.any_server

PASSWORD = "the password of the mail server"

EVIL = "x\r\nBcc: evil@example.com\r\n\r\n<b>\u202e"


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate that this process trusts, with its key."""
    own, authority = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    return own


@pytest.mark.parametrize("implicit", [False, True])
def test_a_mail_goes_by_an_encrypted_line_with_a_login(
    well: Warehouse, trusted: Path, *, implicit: bool
) -> None:
    library = Library(well.conninfo)
    with mail_receiver(trusted, ("tenantry", PASSWORD), implicit=implicit) as server:
        library.put_alert_route(
            "mail",
            email=["ops@example.com", "boss@example.com"],
            smtp=f"smtp{'s' if implicit else ''}://tenantry@127.0.0.1:{server.port}",
            sender="tenantry@example.com",
            secret=PASSWORD,
        )
        well.run("SELECT cron.schedule(%s, '0 0 1 1 *', 'SELECT 1')", (EVIL,))
        fail_jobs(well, 3, first=200)
        look(well)
        well.run("DELETE FROM cron.job WHERE jobname = %s", (EVIL,))
        ((envelope, mail),) = server.mails
        assert server.logins == ["tenantry"]
        assert envelope.rcpt_tos == ["ops@example.com", "boss@example.com"]
        assert mail["Bcc"] is None
        assert mail["From"] == "Tenantry <tenantry@example.com>"
        assert mail["Auto-Submitted"] == "auto-generated"
        number = well.value("SELECT message_id FROM _wh.alert_deliveries")
        assert mail["Message-ID"] == f"<{number}@example.com>"
        assert mail["Subject"].startswith("[tenantry] 2 jobs failed")
        text = mail.get_payload(decode=True)
        assert isinstance(text, bytes)
        assert "x\\x0d\\nBcc: evil@example.com" in text.decode()
        assert "\\u202e" in text.decode()
        server.login = ("tenantry", "another one")
        found = attempt(library, "mail")
        assert not found.taken
        assert "535" in found.answer
        assert PASSWORD not in found.answer


def test_a_title_with_line_breaks_stays_one_header(trusted: Path) -> None:
    title = f"Still: {EVIL} failed"
    message = {"id": "1", "title": title, "text": title, "event": "began", "severity": "error"}
    with mail_receiver(trusted) as server:
        route = Route(
            "mail",
            "email",
            f"smtp://127.0.0.1:{server.port}",
            "a@example.com",
            ["b@example.com", "c@example.com"],
        )
        server.refused.add("c@example.com")
        assert sending.send(route, None, message) == "accepted, except for c@example.com"
        ((envelope, mail),) = server.mails
        assert envelope.rcpt_tos == ["b@example.com"]
        assert mail["Bcc"] is None
        assert mail["Subject"].strip().startswith("[tenantry] Still: x\\x0d\\nBcc: evil")
        server.farewell = "421 too many connections"
        assert sending.send(route, None, message) == "accepted, except for c@example.com", (
            "what a server has taken is not sent again, whatever it says afterwards"
        )
        assert len(server.mails) == 2
        server.refused.add("b@example.com")
        with pytest.raises(NotTaken, match="no recipient is accepted: 550"):
            sending.send(route, None, message)


def test_a_server_that_is_not_known_or_not_encrypted_gets_no_password(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydantic import SecretStr

    message = {"id": "1", "title": "t", "text": "t", "event": "began", "severity": "error"}
    own, _ = certificate
    with mail_receiver(own, ("u", PASSWORD)) as server, mail_receiver(None) as plain:
        strange = Route(
            "mail", "email", f"smtp://u@127.0.0.1:{server.port}", "a@example.com", ["b@example.com"]
        )
        with pytest.raises(NotTaken, match="certificate is not trusted"):
            sending.send(strange, SecretStr(PASSWORD), message)
        assert server.logins == []
        open_line = Route(
            "mail", "email", f"smtp://127.0.0.1:{plain.port}", "a@example.com", ["b@example.com"]
        )
        assert sending.send(open_line, None, message) == "accepted", (
            "nobody else hears what stays on this machine"
        )
        monkeypatch.setattr("tenantry.flow.alert.address.is_here", lambda host: False)
        with pytest.raises(NotTaken, match="no encryption"):
            sending.send(open_line, None, message)


def test_a_server_that_never_ends_its_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import threading

    monkeypatch.setattr(answer, "WHOLE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def drip() -> None:
            line, _ = listener.accept()
            with line:
                try:
                    while not done.wait(0.05):
                        line.sendall(b"220-\r\n")
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        port = listener.getsockname()[1]
        route = Route("mail", "email", f"smtp://127.0.0.1:{port}", "a@example.com", ["b@example.com"])
        message = {"id": "1", "title": "t", "text": "t", "event": "began", "severity": "error"}
        with pytest.raises(NotTaken, match="no answer"):
            sending.send(route, None, message)
        done.set()
        thread.join()
