"""What came of the clients' checks, as a table in Markdown: python -m tests.bi.table prints that of the last run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

CHECKS = {
    "columns": "columns and types",
    "comments": "descriptions",
    "sum": "a day's sum",
    "bound": "prepared statement",
    "instant": "moments",
    "stream": "streams rows",
    "limited": "sees only its tenants",
}


@dataclass(frozen=True)
class Result:
    """What came of a client's checks in a storage, by the names of `CHECKS`; `missing` says why it could not be run."""

    client: str
    storage: str
    found: Mapping[str, str]
    missing: str | None = None


class Results:
    """The results of a run, a file for each, because tests run in several processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, result: Result) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{result.client} {result.storage}.json".replace("/", "-")
        (self._folder / name).write_text(json.dumps(asdict(result)))

    def read(self) -> list[Result]:
        return [Result(**json.loads(file.read_text())) for file in sorted(self._folder.glob("*.json"))]


BI = Path(os.environ.get("TENANTRY_TEST_BI", ".bi"))
RESULTS = Results(BI / "results")

_LIBRARIES = {
    "psycopg": "psycopg",
    "SQLAlchemy": "sqlalchemy",
    "pandas": "pandas",
    "polars": "polars",
    "ADBC": "adbc-driver-postgresql",
}


def _version(client: str) -> str:
    """The version of a client, as its environment says."""
    if client in _LIBRARIES:
        return _said(
            str(BI / "python/bin/python"),
            "-c",
            f"from importlib.metadata import version; print(version('{_LIBRARIES[client]}'))",
        )
    if client == "node pg":
        found = BI / "node/node_modules/pg/package.json"
        return str(json.loads(found.read_text())["version"]) if found.exists() else ""
    if client in ("dbt", "SQLMesh", "Superset"):
        package = {"dbt": "dbt-core", "SQLMesh": "sqlmesh", "Superset": "apache-superset"}[client]
        program = f"from importlib.metadata import version; print(version('{package}'))"
        return _said(str(BI / client.lower() / "bin/python"), "-c", program)
    package = {"pgjdbc": "libpostgresql-jdbc-java", "psqlodbc": "odbc-postgresql"}[client]
    said = _said("dpkg-query", "--show", "--showformat=${Version}", package)
    return said.split(":")[-1].split("-")[0].split("+")[0]


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _server() -> str:
    """The server that the tests ran on."""
    bindir = os.environ.get("TENANTRY_TEST_PG_BINDIR")
    if not bindir:
        return "the embedded PostgreSQL"
    # postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)
    return f"PostgreSQL {_said(f'{bindir}/postgres', '--version').split()[2]}"


def markdown(results: list[Result]) -> str:
    """The table. Where the storages differ, a cell has both."""
    clients = dict.fromkeys(result.client for result in results)
    lines = [f"| client | {' | '.join(CHECKS.values())} |", f"|---|{'---|' * len(CHECKS)}"]
    left_out = []
    for client in clients:
        its = [result for result in results if result.client == client]
        if its[0].missing:
            left_out.append(f"{client} was not tried: {its[0].missing}")
            continue
        cells = []
        for check in CHECKS:
            found = {result.storage: result.found.get(check, "") for result in its}
            said = set(found.values())
            cells.append(
                said.pop()
                if len(said) == 1
                else ", ".join(f"{where}: {what}" for where, what in found.items())
            )
        lines.append(f"| {client} {_version(client)} | {' | '.join(cells)} |")
    ran = f"As `make test-bi` printed it on {datetime.now(UTC):%Y-%m-%d}, on {_server()}:"
    return "\n".join([ran, "", *lines, *(["", *left_out] if left_out else [])])


if __name__ == "__main__":
    print(markdown(RESULTS.read()))
