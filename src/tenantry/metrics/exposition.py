"""The metrics as Prometheus reads them: its own text format, or OpenMetrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenantry.core.errors import InputError
from tenantry.metrics.families import FAMILIES, UP, Family

if TYPE_CHECKING:
    from prometheus_client import Metric

    from tenantry.metrics.cache import Cache
    from tenantry.observe.metrics import Metrics

OPEN_METRICS = "application/openmetrics-text"

_TYPES = {
    True: f"{OPEN_METRICS}; version=1.0.0; charset=utf-8",
    False: "text/plain; version=0.0.4; charset=utf-8",
}


def require_client() -> None:
    """Raise InputError unless prometheus-client is installed, which writes the formats."""
    from importlib.util import find_spec

    if find_spec("prometheus_client") is None:
        raise InputError(
            "metrics need the package prometheus-client, which is not installed",
            hint="Run: pip install 'tenantry[metrics]'",
        )


def content_type(accept: str) -> str:
    """The format for an Accept header: OpenMetrics if it is named, otherwise Prometheus's text."""
    return _TYPES[_wants_open(accept)]


def exposition(cache: Cache, accept: str = "") -> tuple[bytes, str]:
    """The metrics and their content type, in the format that an Accept header asks for. It never raises for a warehouse
    that does not answer: then tenantry_up is 0, and all else is left out.
    """
    wants_open = _wants_open(accept)
    return cache.text(wants_open, lambda found: written(found, wants_open)), _TYPES[wants_open]


@dataclass(frozen=True)
class Named:
    """A sample of a metric, with its labels by name."""

    name: str
    labels: Mapping[str, str]
    value: float


def named(found: Metrics) -> list[Named]:
    """All samples, without a format."""
    return [
        Named(family.name, dict(zip(family.labels, labels, strict=True)), value)
        for family in FAMILIES
        for labels, value in family.samples(found)
    ]


def _wants_open(accept: str) -> bool:
    return any(part.partition(";")[0].strip().lower() == OPEN_METRICS for part in accept.split(","))


def written(found: Metrics | None, wants_open: bool = False) -> bytes:
    """The numbers in Prometheus's text format, or in OpenMetrics; None says that the warehouse does not answer."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import generate_latest
    from prometheus_client.openmetrics.exposition import generate_latest as generate_open

    # Not the global registry: that also tells of the process, and other libraries add to it.
    registry = CollectorRegistry()
    registry.register(_Collector(found))
    # One of them has no types.
    write: Callable[[CollectorRegistry], bytes] = generate_open if wants_open else generate_latest
    return write(registry)


class _Collector:
    """What prometheus-client asks for the metrics."""

    def __init__(self, found: Metrics | None) -> None:
        self._found = found

    def describe(self) -> Iterator[Metric]:
        """No names in advance: nothing else is in the registry."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The metrics that have a value."""
        if self._found is None:
            yield _metric(UP, [((), 0)])
            return
        for family in FAMILIES:
            samples = list(family.samples(self._found))
            if samples:
                yield _metric(family, samples)


def _metric(family: Family, samples: list[tuple[tuple[str, ...], float]]) -> Metric:
    from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily

    if family.name.endswith("_info"):
        (values, _) = samples[0]
        named = dict(zip(family.labels, values, strict=True))
        return InfoMetricFamily(family.name.removesuffix("_info"), family.help, value=named)
    metric = GaugeMetricFamily(family.name, family.help, labels=family.labels, unit=family.unit)
    # Prometheus refuses everything if one series comes twice, as of two jobs that are called the same.
    told: set[tuple[str, ...]] = set()
    for labels, value in samples:
        if labels not in told:
            told.add(labels)
            metric.add_metric(labels, value)
    return metric
