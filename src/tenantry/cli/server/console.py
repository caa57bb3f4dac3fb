"""`tenantry console`: the warehouse in a browser."""

from __future__ import annotations

import logging
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tenantry.cli.fleet.fleet import FileOption
from tenantry.cli.output import notes
from tenantry.cli.target import open_warehouse, options
from tenantry.core.errors import InputError
from tenantry.core.model import OWNER

_EXTRA = "pip install 'tenantry[console]'"


def console(
    listen: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT", help="Address to listen on. Other machines cannot reach a loopback address."
        ),
    ] = "127.0.0.1:8765",
    origin: Annotated[
        str | None,
        typer.Option(
            metavar="ORIGIN",
            help="The console's address in browsers, if it is another one: https://name:port.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificate and its chain, as PEM.", exists=True, dir_okay=False),
    ] = None,
    tls_key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Private key of the certificate.", exists=True, dir_okay=False),
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            metavar="ORIGIN", help="A proxy in front handles TLS; ORIGIN is its address in browsers."
        ),
    ] = None,
    proxy_logins: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Let the proxy name the login: a TOML file with header, secret and logins."
        ),
    ] = None,
    metrics_token: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Give /metrics to whoever sends this token (Authorization: Bearer …)."
        ),
    ] = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Also carry out the actions that people start.")
    ] = True,
    file: FileOption = None,
) -> None:
    """Serve the console, which shows the warehouse in a browser.

    Everybody logs in with a login of the warehouse: whadmin, or a login of
    their own that is an operator, an auditor or a template author. The server
    checks the password (scram-sha-256), and each page is read with that login.
    What somebody starts there is kept in the warehouse, and goes on if the
    console ends.

    Only this machine reaches the console, unless you give --tls-cert and
    --tls-key, or put a proxy with encryption in front (--behind-proxy).

    Needs the libraries of the package's extra console.
    """
    try:
        from tenantry.console import serve, settings
    except ModuleNotFoundError as error:
        raise InputError(
            f"the console needs a library that is not installed: {error.name}", hint=f"Run: {_EXTRA}"
        ) from None

    # The file may also name the warehouse.
    options.file = file
    settled = settings.settle(
        listen,
        origin=origin,
        tls_cert=tls_cert,
        tls_key=tls_key,
        behind_proxy=behind_proxy,
        proxy=settings.read_proxy(proxy_logins) if proxy_logins else None,
        worker=worker,
        metrics_token=metrics_token,
        file=file,
    )
    with open_warehouse() as warehouse:
        if warehouse.acts_as() != OWNER:
            raise InputError(
                "the console itself must log in as whadmin",
                hint="Set TENANTRY_DSN. Others log in on its page.",
            )
        _hear()
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn ends at these signals, and sends them again afterwards.
            signal.signal(number, lambda number, frame: None)
        serve.run(warehouse.conninfo, settled, _ready)


def _ready(origin: str) -> None:
    notes.print(f"The console is at {origin}/ (Ctrl-C ends it)")


class _Lines(logging.Handler):
    """Prints what the console logs, a line each."""

    def emit(self, record: logging.LogRecord) -> None:
        now = datetime.now(UTC)
        notes.print(f"{now:%Y-%m-%dT%H:%M:%SZ}  {self.format(record)}", hang=2)


def _hear() -> None:
    log = logging.getLogger("tenantry.console")
    log.handlers[:] = [_Lines()]
    log.setLevel(logging.INFO)
    log.propagate = False
