"""Sending a message to a route, and hearing whether the other side has taken it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from tenantry.alerts.send import apprise, mail, webhook
from tenantry.alerts.send.answer import NotTaken
from tenantry.core.errors import TenantryError
from tenantry.core.visible import visible
from tenantry.flow.alert.route import Route

MOST = 200
"""Characters of an answer that are kept."""


def send(route: Route, secret: SecretStr | None, message: Mapping[str, Any]) -> str:
    """Send a message; return what the other side said when it took it, in one line without the secret.

    Raises NotTaken, with the reason, if it did not take it.
    """
    plain = secret.get_secret_value() if secret else None
    try:
        if route.kind == "webhook":
            said = webhook.post(route, plain, message)
        elif route.kind == "email":
            said = mail.send(route, plain, message)
        else:
            said = apprise.notify(route, plain, message)
    except NotTaken as reason:
        raise NotTaken(_clean(str(reason), plain)) from None
    except TenantryError as error:
        # A route that somebody wrote into its table.
        raise NotTaken(_clean(f"{error.message} {error.hint or ''}".strip(), plain)) from None
    except Exception as error:  # noqa: BLE001 - see below
        # Whatever a library or the other side does, the message stays; and what it says may hold the secret.
        raise NotTaken(f"{type(error).__name__} while sending") from None
    return _clean(said, plain)


def _clean(text: str, secret: str | None) -> str:
    """In one line, short, and without the secret, however it is written."""
    line = visible(" ".join(text.split()), lines=False)
    if secret:
        for form in (
            secret,
            quote(secret),
            quote(secret, safe=""),
            base64.b64encode(secret.encode()).decode(),
        ):
            line = line.replace(form, "…")
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"
