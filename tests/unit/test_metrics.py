"""The table of metrics, and the files that name them: documents, a dashboard and alert rules."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from docs.reference import metrics as reference
from tenantry.core.errors import InputError
from tenantry.metrics import require_client
from tenantry.metrics.address import read_address
from tenantry.metrics.families import FAMILIES

ROOT = Path(__file__).parents[2]
RULES = ROOT / "packaging/prometheus/tenantry-rules.yaml"
DASHBOARD = ROOT / "packaging/grafana/tenantry.json"
NAMES = {family.name for family in FAMILIES}
LABELS = {label for family in FAMILIES for label in family.labels}
OF_PROMETHEUS = {"up"}


def test_metrics_md_is_what_the_program_tells() -> None:
    assert reference.METRICS.read_text(encoding="utf-8") == reference.metrics_md(), (
        "run: python docs/reference/metrics.py"
    )


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_metric_is_named_as_prometheus_advises(family: Any) -> None:
    assert re.fullmatch(r"tenantry_[a-z]+(_[a-z]+)*", family.name)
    assert family.unit in ("", "seconds", "bytes", "ratio", "days"), "base units only"
    assert not family.unit or family.name.endswith(f"_{family.unit}")
    assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_created")), (
        "these are not gauges"
    )
    assert set(family.labels) <= {"tenant", "template", "state", "job_name", "connection", "version"}
    assert family.help.endswith(".")


def test_no_metric_is_named_twice() -> None:
    assert len(NAMES) == len(FAMILIES)


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def dashboard_queries() -> list[str]:
    """All queries of the dashboard, with something in place of its variables."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    variables = [one["query"]["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    chosen = [re.sub(r"label_values\((.*), \w+\)", r"\1", query) for query in variables]
    return [re.sub(r"\$\w+", ".*", query) for query in panels + chosen]


def selectors(expression: Any) -> Iterator[Any]:
    """The series that a query selects."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for part in ("lhs", "rhs", "expr", "vector_selector"):
        if getattr(expression, part, None) is not None:
            yield from selectors(getattr(expression, part))
    for part in getattr(expression, "args", None) or []:
        yield from selectors(part)


@pytest.mark.parametrize("query", [rule["expr"] for rule in rules()] + dashboard_queries())
def test_a_query_selects_metrics_that_the_program_tells(query: str) -> None:
    found = list(selectors(promql_parser.parse(query)))
    assert found
    assert {one.name for one in found} - OF_PROMETHEUS <= NAMES
    # A selector that the walk missed would be found here.
    assert set(re.findall(r"tenantry_\w+", query)) == {one.name for one in found} - OF_PROMETHEUS
    for one in found:
        labels = {matcher.name for matcher in one.matchers.matchers}
        own = next((set(family.labels) for family in FAMILIES if family.name == one.name), set())
        assert labels <= own | {"instance", "job"}


def test_rules_and_dashboard_leave_out_no_metric_that_shows_a_fault() -> None:
    used = set(re.findall(r"tenantry_\w+", RULES.read_text() + DASHBOARD.read_text()))
    assert NAMES - used <= {
        "tenantry_build_info",
        "tenantry_feed_last_day_timestamp_seconds",
        "tenantry_job_last_run_timestamp_seconds",
        "tenantry_last_backup_size_bytes",
        "tenantry_last_load_timestamp_seconds",
        "tenantry_scheduler_last_tick_timestamp_seconds",
    }


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_waits_and_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"Tenantry[A-Za-z]+", rule["alert"])
    assert re.fullmatch(r"\d+[mhd]", rule["for"])
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "description"}
    for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
        assert label in LABELS | {"instance"}


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    require_client()
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(InputError, match="prometheus-client") as refused:
        require_client()
    assert refused.value.hint == "Run: pip install 'tenantry[metrics]'"


def test_other_commands_load_nothing_of_it() -> None:
    program = "import sys, tenantry.cli.main; print([m for m in sys.modules if m.startswith(('prometheus', 'tenantry.metrics'))])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "text, host, port",
    [
        ("127.0.0.1:9187", "127.0.0.1", 9187),
        ("localhost:9187", "127.0.0.1", 9187),
        (":9187", "127.0.0.1", 9187),
        ("[::1]:0", "::1", 0),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    address = read_address(text)
    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize(
    "text", ["", "9187", "127.0.0.1", "127.0.0.1:99999", "a b:1", "[::1:9187", "::1:9187", "x.example:1"]
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_address(text)


@pytest.mark.parametrize("text", ["0.0.0.0:9187", "[::]:9187", "192.0.2.7:9187"])
def test_an_address_that_others_reach_needs_a_name(text: str) -> None:
    with pytest.raises(InputError, match="reached from other hosts"):
        read_address(text)
    assert read_address(text, ["warehouse.example.com"]).allows("warehouse.example.com:9187")


def test_a_page_of_another_site_cannot_ask() -> None:
    address = read_address(":9187", ["Warehouse.example.com"])
    for host in ("localhost:9187", "127.0.0.1", "127.0.0.1:9187", "[::1]:9187", "WAREHOUSE.example.com"):
        assert address.allows(host), host
    for host in (
        "",
        "evil.example",
        "localhost.evil.example:9187",
        "127.0.0.1.evil.example",
        "::1",
        "[evil]:1",
        "localhost\n",
    ):
        assert not address.allows(host), host
