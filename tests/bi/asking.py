"""Ask a client what it finds in a warehouse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bi import data
from tests.support.databases import Database

BI = Path(os.environ.get("TENANTRY_TEST_BI", ".bi")).absolute()
CLIENTS = Path(__file__).parent / "clients"
PASSWORD = "reader-password"


def missing(environment: str) -> str | None:
    """Why a client cannot be run, or None."""
    if environment == "java":
        return None if shutil.which("java") else "java is not installed"
    if (BI / environment / ".installed").exists():
        return None
    reason = BI / f"{environment}.missing"
    return reason.read_text().strip() if reason.exists() else "it is not installed"


def environment(database: Database) -> dict[str, str]:
    """libpq's environment for a login; its machine is somewhere else, where days begin at other times."""
    return {
        **os.environ,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(database.server.port),
        "PGUSER": database.user,
        "PGPASSWORD": PASSWORD,
        "PGDATABASE": database.name,
        "PGTZ": "America/Chicago",
        "TZ": "America/Chicago",
        "NODE_PATH": str(BI / "node/node_modules"),
        "PYTHONWARNINGS": "ignore",
    }


@dataclass
class Said:
    """What a client printed: values by what they are of."""

    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    values: dict[str, list[str]] = field(default_factory=dict)
    limited: dict[str, str] = field(default_factory=dict)


def ask(command: list[str], database: Database, settings: Mapping[str, str], *arguments: str) -> Said:
    """What a program prints of the warehouse as a login sees it; `settings` are added to its environment."""
    done = subprocess.run(
        [*command, *arguments],
        env={**environment(database), **settings},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = Said()
    for line in done.stdout.splitlines():
        what, *rest = line.split("\t")
        if what == "column":
            said.columns[rest[0]] = (rest[1], rest[2])
        elif what == "said":
            said.values.setdefault(what, []).append(rest[0])
        elif what == "limited":
            said.limited[rest[0]] = rest[1]
        else:
            said.values[what] = rest
    return said


PLACES = ("acme", "globex", "public")
"""Where the login of acme counts rows."""


def sees_only_its_own(found: Mapping[str, str]) -> str:
    """Say "yes" if the login of acme found acme's rows, no others in public, and was refused globex; else what it found."""
    right = found == {"acme": data.OWN, "globex": "refused", "public": data.OWN}
    return "yes" if right else f"no: {json.dumps(found)}"
