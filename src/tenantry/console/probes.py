"""What programs ask the console for, without a login: whether it lives and is ready, and, with a token, the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tenantry import metrics
from tenantry.console import rights
from tenantry.console.sessions import same

if TYPE_CHECKING:
    from tenantry.console.app import Console

PATHS = ("/healthz", "/readyz", "/metrics")
"""They may be asked for by any name of the host: a probe has its own, and no answer holds what a browser is trusted with."""


async def _alive(request: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _ready(request: Request) -> Response:
    console: Console = request.app.state.console
    status, word = await run_in_threadpool(metrics.health, console.numbers)
    return Response(word, status, media_type="text/plain")


async def _metrics(request: Request) -> Response:
    console: Console = request.app.state.console
    if not await _may_read(console, request):
        headers = {"WWW-Authenticate": "Bearer"}
        return PlainTextResponse("Metrics need the token of --metrics-token, or a login.\n", 401, headers)
    accept = request.headers.get("accept", "")
    text, kind = await run_in_threadpool(metrics.exposition, console.numbers, accept)
    return Response(text, headers={"content-type": kind})


async def _may_read(console: Console, request: Request) -> bool:
    token = console.settings.metrics_token
    given = request.headers.get("authorization", "")
    if token and same(given, f"Bearer {token}"):
        return True
    viewer = await console.viewer(request)
    return viewer is not None and rights.may(viewer.role, "look")


ROUTES = [Route("/healthz", _alive), Route("/readyz", _ready), Route("/metrics", _metrics)]
