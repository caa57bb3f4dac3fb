"""dbt and SQLMesh build models in a workspace, twice, and Superset charts a view: in both storages with the same result."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg import sql

from tests.bi import data
from tests.bi.asking import BI, CLIENTS, PASSWORD, PLACES, ask, environment, missing, sees_only_its_own
from tests.bi.table import RESULTS, Result
from tests.support.databases import Database, Warehouse

PROJECTS = Path(__file__).parent / "projects"
DAYS = '{"first_day": "%s", "next_day": "%s"}' % (data.FIRST, data.FIRST + timedelta(days=data.DAYS))  # noqa: UP031
NEXT = data.DAY + timedelta(days=1)

MODELLERS = {
    "dbt": [["build", "--vars", DAYS]],
    "SQLMesh": [["plan", "--auto-apply", "--no-prompts"]],
}
QUERIES = {"dbt": ["show", "--vars", DAYS, "--inline"], "SQLMesh": ["fetchdf"]}
"""The command with which a tool shows the rows of the query that follows."""
QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1"}


def run(tool: str, arguments: list[str], project: Path, login: Database) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BI / tool.lower() / "bin" / tool.lower()), *arguments],
        cwd=project,
        env=environment(login) | QUIET,
        capture_output=True,
        text=True,
        timeout=800,
    )


def rows(tool: str, place: str, project: Path, login: Database) -> str:
    """How many rows a tool shows a login in a schema, or that the login is refused."""
    statement = f"SELECT 'rows ' || count(*) AS found FROM {place}.{data.NAME}"
    done = run(tool, [*QUERIES[tool], statement], project, login)
    said = done.stdout + done.stderr
    if "permission denied" in said:
        return "refused"
    counted = re.search(r"rows (\d+)", said)
    return counted[1] if counted else f"failed: {said[-1000:]}"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tool", MODELLERS)
def test_a_modelling_tool_builds_in_a_workspace_twice_and_shows_a_tenant_only_its_rows(
    filled: Warehouse, storage: str, login: Callable[..., Database], tmp_path: Path, tool: str
) -> None:
    if reason := missing(tool.lower()):
        RESULTS.keep(Result(tool, storage, {}, reason))
        pytest.skip(reason)
    modeller = login(None, workspace="marts")
    project = tmp_path / "project"
    shutil.copytree(PROJECTS / tool.lower(), project)
    for arguments in 2 * MODELLERS[tool]:
        done = run(tool, arguments, project, modeller)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    total = "SELECT sum(amount) FROM marts.by_day WHERE reading_day = %s"
    with Database(filled.server, filled.name, "postgres").connect() as opened:
        (found,) = opened.execute(total, (data.DAY,)).fetchone() or (None,)
        schemas = opened.execute(
            "SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE pg_get_userbyid(c.relowner) = %s AND n.nspname !~ '^pg_'",
            (modeller.user,),
        ).fetchall()
    limited = login(["acme"])
    result = {
        "sum": "yes" if found == data.SUM else f"no: {found}",
        "limited": sees_only_its_own({place: rows(tool, place, project, limited) for place in PLACES}),
    }
    RESULTS.keep(Result(tool, storage, result))
    assert result == {"sum": "yes", "limited": "yes"}
    assert schemas == [("marts",)]


@pytest.fixture
def superset(filled: Warehouse) -> Iterator[Mapping[str, str]]:
    """The settings of a Superset with an administrator, whose own data are in a database of the test's server.

    In SQLite, Superset refuses two datasets of one name.
    """
    if missing("superset"):
        yield {}
        return
    name = f"superset_{secrets.token_hex(4)}"
    made = sql.Identifier(name)
    settings = {
        "SUPERSET_CONFIG_PATH": str(CLIENTS / "superset_config.py"),
        "SUPERSET_METADATA": f"postgresql+psycopg2://{name}:{PASSWORD}@127.0.0.1:{filled.server.port}/{name}",
        "FLASK_APP": "superset",
        # The session's time zone comes from the settings of the database in Superset.
        "PGTZ": "default",
    }
    with filled.admin.connect() as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(made, PASSWORD))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(made, made))
        try:
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
            yield settings
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(made))
            admin.execute(sql.SQL("DROP ROLE {}").format(made))


@pytest.mark.timeout(1800)
def test_superset_charts_a_day_and_shows_a_tenant_only_its_rows(
    filled: Warehouse, storage: str, login: Callable[..., Database], superset: Mapping[str, str]
) -> None:
    if reason := missing("superset"):
        RESULTS.keep(Result("Superset", storage, {}, reason))
        pytest.skip(reason)
    command = [str(BI / "superset/bin/python"), str(CLIENTS / "superset_chart.py")]
    said = ask(command, filled.reader, superset, "public", data.NAME, str(data.DAY), str(NEXT))
    found = {
        "columns": "yes" if {"id", "at", "amount", "label", "maybe"} <= said.columns.keys() else "no",
        "comments": "yes" if said.columns["at"][1] == data.DESCRIPTIONS["at"] else "no",
        "sum": "yes" if Decimal(said.values["sum"][0]) == data.SUM else f"no: {said.values['sum'][0]}",
    }
    limited = login(["acme"])
    found["limited"] = sees_only_its_own(
        ask(command, limited, superset, "public", data.NAME, "limited", *PLACES).limited
    )
    RESULTS.keep(Result("Superset", storage, found))
    assert found == {"columns": "yes", "comments": "yes", "sum": "yes", "limited": "yes"}
