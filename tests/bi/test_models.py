"""dbt and SQLMesh build models in a workspace, twice, and Superset charts a view: in both storages with the same result."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.bi import data
from tests.bi.asking import BI, CLIENTS, ask, environment, missing
from tests.bi.table import RESULTS, Result
from tests.support.databases import Database, Warehouse

PROJECTS = Path(__file__).parent / "projects"
DAYS = '{"first_day": "%s", "next_day": "%s"}' % (data.FIRST, data.FIRST + timedelta(days=data.DAYS))  # noqa: UP031
NEXT = data.DAY + timedelta(days=1)

MODELLERS = {
    "dbt": [["build", "--vars", DAYS]],
    "SQLMesh": [["plan", "--auto-apply", "--no-prompts"]],
}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tool", MODELLERS)
def test_a_modelling_tool_builds_in_a_workspace_twice(
    filled: Warehouse, storage: str, login: Callable[..., Database], tmp_path: Path, tool: str
) -> None:
    if reason := missing(tool.lower()):
        RESULTS.keep(Result(tool, storage, {}, reason))
        pytest.skip(reason)
    modeller = login(None, workspace="marts")
    project = tmp_path / "project"
    shutil.copytree(PROJECTS / tool.lower(), project)
    environ = environment(modeller) | {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1",
    }
    for arguments in 2 * MODELLERS[tool]:
        done = subprocess.run(
            [str(BI / tool.lower() / "bin" / tool.lower()), *arguments],
            cwd=project,
            env=environ,
            capture_output=True,
            text=True,
            timeout=800,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    total = "SELECT sum(amount) FROM marts.by_day WHERE reading_day = %s"
    with Database(filled.server, filled.name, "postgres").connect() as opened:
        (found,) = opened.execute(total, (data.DAY,)).fetchone() or (None,)
        schemas = opened.execute(
            "SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE pg_get_userbyid(c.relowner) = %s AND n.nspname !~ '^pg_'",
            (modeller.user,),
        ).fetchall()
    RESULTS.keep(Result(tool, storage, {"sum": "yes" if found == data.SUM else f"no: {found}"}))
    assert found == data.SUM
    assert schemas == [("marts",)]


@pytest.mark.timeout(1800)
def test_superset_charts_a_day(filled: Warehouse, storage: str, tmp_path: Path) -> None:
    if reason := missing("superset"):
        RESULTS.keep(Result("Superset", storage, {}, reason))
        pytest.skip(reason)
    settings = {
        "SUPERSET_CONFIG_PATH": str(CLIENTS / "superset_config.py"),
        "SUPERSET_METADATA": str(tmp_path / "metadata.db"),
        "FLASK_APP": "superset",
        # The session's time zone comes from the settings of the database in Superset.
        "PGTZ": "default",
    }
    prepared = BI / "superset/metadata.db"
    if not prepared.exists():
        for arguments in (
            ["db", "upgrade"],
            ["fab", "create-admin", "--username", "admin", "--password", "admin-password",
             "--firstname", "a", "--lastname", "b", "--email", "a@example.com"],
            ["init"],
        ):  # fmt: skip
            done = subprocess.run(
                [str(BI / "superset/bin/superset"), *arguments],
                env={**os.environ, **settings}, capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr[-3000:]
        shutil.copy(tmp_path / "metadata.db", prepared)
    shutil.copy(prepared, tmp_path / "metadata.db")
    command = [str(BI / "superset/bin/python"), str(CLIENTS / "superset_chart.py")]
    said = ask(command, filled.reader, settings, "public", data.NAME, str(data.DAY), str(NEXT))
    found = {
        "columns": "yes" if {"id", "at", "amount", "label", "maybe"} <= said.columns.keys() else "no",
        "comments": "yes" if said.columns["at"][1] == data.DESCRIPTIONS["at"] else "no",
        "sum": "yes" if Decimal(said.values["sum"][0]) == data.SUM else f"no: {said.values['sum'][0]}",
    }
    RESULTS.keep(Result("Superset", storage, found))
    print(said.values["query"][0])
    assert found == {"columns": "yes", "comments": "yes", "sum": "yes"}
