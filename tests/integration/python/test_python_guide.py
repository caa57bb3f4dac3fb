"""The examples of the guide for Python programs, run as they stand there; of the schedulers only the decorators are made up."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tenantry
from tenantry.core.days import today_utc
from tenantry.warehouse.files import template_as_file
from tests.support.databases import Source, Warehouse

pytestmark = pytest.mark.any_server

GUIDE = Path(__file__).parents[3] / "docs/how-to/use-from-python.md"


def examples() -> dict[str, str]:
    """The blocks of Python by the heading that they stand under."""
    sections = re.split(r"^#+ (.+)$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {
        heading: re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        for heading, text in zip(sections[1::2], sections[2::2], strict=True)
    }
    return {heading: blocks[0] for heading, blocks in found.items() if blocks}


@pytest.fixture
def ready(acme: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch) -> date:
    """The first of the three days that a feed of acme is to have, the last of them yesterday."""
    first = today_utc() - timedelta(days=3)
    source.fill(first, 3)
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    acme.load(first, first)
    acme.run("SELECT _wh.update_public_view_by_template('foodlogstats')")
    monkeypatch.setenv("TENANTRY_DSN", acme.conninfo)
    for name in ("airflow", "airflow.decorators", "dagster", "prefect"):
        monkeypatch.setitem(sys.modules, name, _scheduler(name))
    return first


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the examples run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _scheduler(name: str) -> ModuleType:
    """The decorators that the examples use, each of which leaves the function as it is."""
    module = ModuleType(name)
    for decorator in ("dag", "task", "asset", "flow"):
        setattr(module, decorator, _leave)
    module.MaterializeResult = lambda metadata: metadata  # type: ignore[attr-defined]
    return module


def _leave(function: Callable[..., Any] | None = None, **options: object) -> Any:
    return function or (lambda decorated: decorated)


def run(heading: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(examples()[heading], f"{GUIDE.name}: {heading}", "exec"), names)
    return names


def loaded(warehouse: Warehouse) -> int:
    return int(warehouse.value("SELECT count(DISTINCT logged_time::date) FROM public.foodlogstats"))


@pytest.mark.parametrize("heading", ["Use it from Python", "Progress", "Airflow"])
def test_an_example_loads_what_was_missing(
    ready: date, acme: Warehouse, heading: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(heading)
    assert loaded(acme) == 3
    if heading != "Airflow":
        assert "rows" in capsys.readouterr().out


def test_the_example_of_an_asset_says_how_many_rows_it_has(ready: date, acme: Warehouse) -> None:
    told = run("Dagster")["foodlogstats"]()
    assert told["complete"]
    assert loaded(acme) == 3


def test_the_example_of_a_flow_loads_what_was_missing(ready: date, acme: Warehouse) -> None:
    assert run("Prefect")["nightly"]() > 0
    assert loaded(acme) == 3


def test_the_example_of_a_notebook_prints_how_feeds_stand(
    ready: date, acme: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    run("A notebook")
    out = capsys.readouterr().out
    assert "acme foodlogstats" in out
    assert "('acme', " in out


def test_the_example_of_a_tenant_brings_it_up_to_date(
    ready: date, acme: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    run("Tenants")
    assert "True" in capsys.readouterr().out
    assert loaded(acme) == 3


def test_the_example_of_a_template_tries_it_and_loads_it(
    ready: date, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenantry.Warehouse.open() as opened:
        text = opened.template("foodlogstats").text
    (folder / "foodlogstats.sql").write_text(template_as_file(replace(text, description="Another one")))
    run("Templates")
    out = capsys.readouterr().out
    assert "rows yesterday" in out
    assert "foodlogstats changed" in out


def test_the_example_of_a_fleet_changes_the_warehouse_and_loads(
    ready: date, acme: Warehouse, source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenantry.Warehouse.open() as opened:
        (variable,) = opened.export(folder / "tenantry.toml").variables
        monkeypatch.setenv(variable, source.password)
        opened.disable_tenant("acme", "until the file says otherwise")
    run("The fleet's file")
    assert acme.value("SELECT disabled_at IS NULL FROM _wh.tenants")
    assert loaded(acme) == 3


def test_the_example_of_a_backup_writes_one(
    ready: date, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANTRY_BACKUP_PASSPHRASE", "open sesame")
    run("Backups")
    assert [file.suffix for file in folder.iterdir()] == [".backup"]


def test_every_example_of_the_guide_is_run() -> None:
    assert set(examples()) == {
        "Use it from Python",
        "Progress",
        "Airflow",
        "Dagster",
        "Prefect",
        "A notebook",
        "Tenants",
        "Templates",
        "The fleet's file",
        "Backups",
    }
