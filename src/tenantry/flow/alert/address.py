"""Addresses of alerts: what they may look like, so that none carries a secret or leads over an open line unnoticed."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tenantry.core.errors import InputError

PLACE = "{secret}"
"""What stands in a webhook's URL for its secret."""

_MAILBOX = re.compile(
    r"[^\s@<>(),;:\\\"\[\]\x00-\x1f\x7f-]?[^\s@<>(),;:\\\"\[\]\x00-\x1f\x7f]*@[^\s@<>(),;:\\\"\[\]/\x00-\x1f\x7f]+"
)
_SERVICE = re.compile(r"[a-z][a-z0-9+.-]*")
_TEXT = re.compile(r"[!-~]+")
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~-]{20,}")
"""A part of a URL that may well be a token."""


@dataclass(frozen=True)
class Webhook:
    """Where a webhook's messages are posted; `target` is the path with its query, in which the secret may be missing."""

    host: str
    port: int
    encrypted: bool
    target: str


@dataclass(frozen=True)
class MailServer:
    """A server for outgoing mail. With `implicit`, TLS comes first; otherwise STARTTLS follows. `user` None: no login."""

    host: str
    port: int
    implicit: bool
    user: str | None


def webhook(url: str, *, plain: bool) -> Webhook:
    """The parts of a webhook's URL.

    Raises InputError, without the URL, if it is not one, holds what looks like a secret, or has no encryption although
    it is not `plain` and the host is not this machine.
    """
    scheme, host, port, user, target = _split(url, "the webhook's URL", "https://hooks.example.com/tenantry")
    if scheme not in ("https", "http"):
        raise InputError("the webhook's URL does not begin with https://")
    if user:
        raise InputError("the webhook's URL holds a login", hint=_ELSEWHERE)
    if PLACE not in url and any(_TOKEN.fullmatch(part) for part in re.split("[/?&=]", target)):
        raise InputError(
            "the webhook's URL seems to hold a secret, which everybody could read", hint=_ELSEWHERE
        )
    if scheme == "http" and not plain and not is_here(host):
        raise InputError(
            "the webhook's URL is http://, so everybody on the way can read and change the messages",
            hint="Use https://, or allow it: --plain (plain = true in the fleet's file).",
        )
    return Webhook(host, port or (443 if scheme == "https" else 80), scheme == "https", target)


_ELSEWHERE = f"Write {PLACE} in its place, and give the secret itself with --secret-file."


def mail_server(url: str) -> MailServer:
    """The parts of smtp://user@host:port, or smtps://. Raises InputError, without the URL, if it is not one."""
    scheme, host, port, user, target = _split(
        url, "the mail server's URL", "smtp://user@mail.example.com:587"
    )
    if scheme not in ("smtp", "smtps") or target not in ("", "/"):
        raise InputError("the mail server's URL is not smtp://user@host:port or smtps://user@host:port")
    if ":" in user:
        raise InputError("the mail server's URL holds a password", hint="Give it with --secret-file.")
    implicit = scheme == "smtps"
    return MailServer(host, port or (465 if implicit else 587), implicit, unquote(user) or None)


def mailbox(text: str) -> str:
    """An e-mail address, unchanged. Raises InputError for anything else, such as a name beside it."""
    if len(text) > 254 or not _MAILBOX.fullmatch(text) or text.startswith(("@", "-")):
        raise InputError(f"{text!r} is not an e-mail address", hint="Write it as ops@example.com.")
    return text


def service(name: str) -> str:
    """The name of a service of Apprise's, which its URLs begin with. Raises InputError, without the text, for others."""
    if len(name) > 40 or not _SERVICE.fullmatch(name):
        raise InputError(
            "a service of Apprise is named by how its URLs begin, such as slack",
            hint="The URL itself is a secret: give it with --secret-file.",
        )
    return name


def is_here(host: str) -> bool:
    """Whether a host is this machine, to which a line needs no encryption."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str, what: str, example: str) -> tuple[str, str, int | None, str, str]:
    """Scheme, host, port, what is before the @, and the path with its query."""
    hint = f"Write it as {example}"
    if not _TEXT.fullmatch(url) or len(url) > 2000 or "\\" in url:
        raise InputError(f"{what} has characters that a URL cannot have", hint=hint)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InputError(f"{what} cannot be read", hint=hint) from None
    if not host or parts.fragment or "{" in parts.netloc:
        raise InputError(f"{what} cannot be read", hint=hint)
    user = parts.netloc.rpartition("@")[0]
    target = (parts.path or ("/" if parts.scheme.startswith("http") else "")) + (
        f"?{parts.query}" if parts.query else ""
    )
    return parts.scheme, host, port, user, target
