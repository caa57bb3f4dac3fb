"""Chats and other services, through the library Apprise, which is loaded only if a route needs it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

from tenantry.alerts.send.answer import NotTaken
from tenantry.core.visible import visible
from tenantry.flow.alert.route import Route

MISSING = "Apprise is not installed: pip install 'tenantry[alerts]'"


def notify(route: Route, secret: str | None, message: Mapping[str, Any]) -> str:
    """Send a message; the secret is a URL of Apprise's. Raises NotTaken if the service does not take it.

    Apprise logs why it was not taken, with parts of URLs: nothing of that is shown.
    """
    if secret is None:
        raise NotTaken("the URL, which is a secret, is missing")
    if secret.partition("://")[0].lower() != route.address.lower():
        raise NotTaken(f"the URL is not one of {route.address}")
    with warnings.catch_warnings():
        # What a library's own modules are warned of is nothing that the user can change.
        warnings.simplefilter("ignore")
        try:
            import apprise
        except ImportError:
            raise NotTaken(MISSING) from None
        logging.getLogger("apprise").disabled = True
        service = apprise.Apprise()
        if not service.add(secret):
            raise NotTaken("Apprise cannot read the URL")
        kinds = {"recovered": apprise.NotifyType.SUCCESS, "test": apprise.NotifyType.INFO}
        worst = apprise.NotifyType.FAILURE if message["severity"] == "error" else apprise.NotifyType.WARNING
        taken = service.notify(
            title=visible(str(message["title"]), lines=False),
            body=visible(str(message["text"])),
            notify_type=kinds.get(str(message["event"]), worst),
            body_format=apprise.NotifyFormat.TEXT,
        )
    if not taken:
        raise NotTaken(f"{route.address} did not take it")
    return f"{route.address} took it"
