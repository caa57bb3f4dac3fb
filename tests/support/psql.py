"""Running psql as a DBA would, with no Python of ours in between."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from tests.support.databases import Database

SQL = Path(str(files("tenantry") / "sql"))
"""Where create.sql and the other scripts are."""


def psql(
    database: Database, *arguments: str | Path, text: str = "", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run psql on the database with these arguments, and with `text` as its standard input."""
    options = [f"--set={name}={value}" for name, value in (variables or {}).items()]
    return subprocess.run(
        [database.server.program("psql"), "-X", "-q", database.conninfo, *options, *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ | {"PGCLIENTENCODING": "UTF8"},
    )


def run_scripts(
    database: Database, *names: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run scripts of src/tenantry/sql by name, stopping at the first error; fails unless all is well."""
    arguments = [f"--file={SQL / name}" for name in names]
    done = psql(database, "--set=ON_ERROR_STOP=on", *arguments, variables=variables)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr, done.stderr
    return done
