"""`tenantry metrics`: the numbers of the warehouse for Prometheus."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli.options import AsJson
from tenantry.cli.output import data, notes, print_json
from tenantry.cli.target import open_warehouse
from tenantry.core.errors import InputError

if TYPE_CHECKING:
    from tenantry.metrics.server import Listener
    from tenantry.warehouse import Warehouse

_ADDRESS = "HOST:PORT"

MetricsAddress = Annotated[
    str | None,
    typer.Option(
        "--metrics",
        metavar=_ADDRESS,
        help="Also serve metrics at this address, such as 127.0.0.1:9187, [::1]:9187 or :9187.",
    ),
]
MetricsHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--metrics-host",
        metavar="NAME",
        help="A name of this host, by which others ask for the metrics. Required for an address other than "
        "loopback: there is no login. Repeatable.",
    ),
]


def metrics(
    listen: Annotated[
        str | None,
        typer.Option(
            metavar=_ADDRESS,
            help="Serve the metrics at this address until a signal to stop, such as 127.0.0.1:9187 or :9187.",
        ),
    ] = None,
    metrics_host: MetricsHosts = None,
    as_json: AsJson = False,
) -> None:
    """Print the numbers of the warehouse for Prometheus, or serve them.

    One statement reads them from what loads have recorded, not from the rows.
    With --listen, at most one is sent in 15 seconds, no matter how many
    clients ask. /metrics has the numbers, /healthz answers while the program
    runs, and /readyz while the warehouse also answers.

    Where tenantry scheduler runs the jobs, its option --metrics serves the
    same. Log in as whadmin, an operator or an auditor.
    """
    from tenantry.metrics import named, require_client, written

    if listen is None and metrics_host:
        raise InputError("--metrics-host needs --listen")
    if as_json:
        if listen is not None:
            raise InputError("--json and --listen exclude each other")
        with open_warehouse() as warehouse:
            print_json(metrics=named(warehouse.metrics()))
        return
    if listen is None:
        require_client()
        with open_warehouse() as warehouse:
            data.print(written(warehouse.metrics()).decode().rstrip("\n"), raw=True)
        return
    ended = threading.Event()
    with taking(listen, metrics_host) as taken, open_warehouse() as warehouse:
        if taken is None:
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: ended.set())
        with taken.serving(warehouse, told=_tell) as url:
            notes.print(f"Metrics: {url}")
            ended.wait()


def _tell(failure: str | None) -> None:
    notes.print(f"The warehouse does not answer: {failure}" if failure else "The warehouse answers again.")


@contextmanager
def taking(address: str | None, names: list[str] | None) -> Iterator[Taken | None]:
    """Take the port before anything else happens; None without an address.

    Raises InputError for an address that is not one, is not free, or is open to others without a name, and if
    prometheus-client is not installed.
    """
    if address is None:
        if names:
            raise InputError("--metrics-host needs --metrics")
        yield None
        return
    from tenantry.metrics import require_client
    from tenantry.metrics.address import read_address
    from tenantry.metrics.server import Listener

    require_client()
    listener = Listener(read_address(address, names or ()))
    try:
        yield Taken(listener)
    finally:
        listener.stop()


class Taken:
    """A port that was taken, and that answers nothing yet."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    @contextmanager
    def serving(
        self,
        warehouse: Warehouse,
        serves: Callable[[], bool] = lambda: True,
        told: Callable[[str | None], None] = lambda failure: None,
    ) -> Iterator[str]:
        """Answer until the end of the block; the value is the address of the metrics."""
        from tenantry.metrics import Cache

        # Nobody needs the command's own session any more, which would stay open as long as this.
        warehouse.release()
        self._listener.start(Cache(warehouse, told=told), serves)
        try:
            yield self._listener.url
        finally:
            self._listener.stop()
