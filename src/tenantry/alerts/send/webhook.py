"""Webhooks: a message as JSON, posted by HTTPS and, if there is a key, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

from tenantry import __version__
from tenantry.alerts.send.answer import WAIT, NotTaken, in_time
from tenantry.core.visible import in_json
from tenantry.flow.alert import address
from tenantry.flow.alert.route import Route

SIGNATURE = "Tenantry-Signature"

_MOST = 64 * 1024
"""Bytes of an answer that are read."""


def post(route: Route, secret: str | None, message: Mapping[str, Any]) -> str:
    """Post a message. The secret takes its place in the URL, or signs the message.

    Raises NotTaken unless the answer is 2xx. Redirects are not followed: they would send the message elsewhere.
    """
    where = address.webhook(route.address, plain=route.plain)
    body = in_json(json.dumps(message, ensure_ascii=False)).encode()
    target = where.target
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"tenantry/{__version__}",
        "Idempotency-Key": str(message["id"]),
        "Connection": "close",
    }
    if address.PLACE in target:
        if secret is None:
            raise NotTaken("the secret that belongs into the URL is missing")
        target = target.replace(address.PLACE, secret)
        if not target.isascii() or any(character <= " " or character == "#" for character in target):
            raise NotTaken("the secret has characters that a URL cannot have")
    elif secret is not None:
        headers[SIGNATURE] = signature(secret, body, int(time.time()))
    line = (
        HTTPSConnection(where.host, where.port, timeout=WAIT, context=ssl.create_default_context())
        if where.encrypted
        else HTTPConnection(where.host, where.port, timeout=WAIT)
    )
    try:
        with in_time(lambda: line.sock):
            line.request("POST", target, body, headers)
            answer = line.getresponse()
            answer.read(_MOST)
    except ssl.SSLCertVerificationError as error:
        raise NotTaken(f"the certificate is not trusted: {error.verify_message}") from None
    except (OSError, HTTPException) as error:
        raise NotTaken(f"no answer: {_reason(error)}") from None
    finally:
        line.close()
    said = f"{answer.status} {answer.reason}".strip()
    if 300 <= answer.status < 400:
        raise NotTaken(f"{said}: redirects are not followed")
    if not 200 <= answer.status < 300:
        raise NotTaken(said)
    return said


def signature(key: str, body: bytes, moment: int) -> str:
    """The value of the header: when it was signed (seconds since 1970), and the HMAC-SHA256 of that and the body."""
    signed = hmac.digest(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hex()
    return f"t={moment},v1={signed}"


def _reason(error: OSError | HTTPException) -> str:
    if isinstance(error, TimeoutError):
        return "it takes too long"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    # Its text may be what the other side sent, or the URL.
    return f"it is not HTTP ({type(error).__name__})"
