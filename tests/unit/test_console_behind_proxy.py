"""What a console answers to people whom a proxy names while the warehouse does not answer."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from tenantry.console.app import Console, make
from tenantry.console.settings import Address, Proxy, Settings

SECRET = "0123456789abcdef" * 4


def asked(console: Console, path: str) -> tuple[int, str]:
    """Status and text of a page, as somebody sees it whom the proxy names."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"host": "tenantry.example", "x-user": "anna@example.com", "x-tenantry-secret": SECRET}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    asyncio.run(make(console)(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], body.decode()


@pytest.mark.parametrize("path", ["/", "/login", "/events", "/nowhere", "/metrics"])
def test_people_whom_a_proxy_names_are_told_that_the_warehouse_does_not_answer(path: str) -> None:
    proxy = Proxy("x-user", SECRET, {"anna@example.com": "anna"})
    settings = Settings(
        Address("127.0.0.1", 0), "https://tenantry.example", behind_proxy=True, proxy=proxy, worker=False
    )
    # Nothing listens on this port.
    console = Console("host=127.0.0.1 port=1 dbname=warehouse user=whadmin", settings)
    status, text = asked(console, path)
    if path == "/nowhere":
        assert status == 404
    else:
        assert status == 503
        assert "The warehouse does not answer." in text
