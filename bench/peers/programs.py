"""The programs that are measured besides Tenantry: where each is, how it is called, and what its environment has.

README.md beside this file says why each is called so; `make bench-peers` installs them beside the project.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from string import Template

from bench.stage import Stage

SCRIPTS = Path(__file__).parent
ENVIRONMENTS = Path(__file__).parents[2] / ".peers"
NEWER = "program"
"""The file of an environment that replaces its program: a version that PyPI does not have."""


@dataclass(frozen=True)
class Peer:
    """A program: `command` loads a new table, and `again` loads a day again; words that begin with $ are filled in.

    `environment` is the directory of ENVIRONMENTS in which it is installed, None if it is one of the system's. `again` is
    empty if it is not measured: `unmeasured` says why. One that `copies_indexes` takes a table of the source with its
    indexes, which has the name of the table to make; others get the rows from a view, and the indexes afterwards.
    """

    name: str
    environment: str | None
    command: Sequence[str]
    again: Sequence[str]
    package: str
    """The distribution whose version is told."""
    copies_indexes: bool = False
    unmeasured: str = ""
    install: str = "make bench-peers does it"

    def program(self) -> Path | None:
        """Its program, or None if it is not installed."""
        if self.environment is None:
            found = shutil.which(self.command[0])
            return Path(found) if found else None
        newer = ENVIRONMENTS / self.environment / NEWER
        places = [
            *([newer] if newer.is_file() and self.command[0] != _PYTHON else []),
            *sorted((ENVIRONMENTS / self.environment).glob(self.command[0])),
        ]
        return places[0] if places else None

    def version(self) -> str:
        """The version that is installed."""
        if self.environment is None:
            said = subprocess.run([self.command[0], "--version"], capture_output=True, text=True, check=True)
            return said.stdout.split()[2]
        if (ENVIRONMENTS / self.environment / NEWER).is_file():
            return "(another version)"
        stem = self.package.replace("-", "_")
        found = sorted(
            (ENVIRONMENTS / self.environment).glob(f"lib/python*/site-packages/{stem}-*.dist-info")
        )
        return found[0].name.removeprefix(f"{stem}-").removesuffix(".dist-info") if found else ""


_PYTHON = "bin/python"


def _script(name: str, environment: str, package: str, script: str, *arguments: str) -> Peer:
    words = [_PYTHON, str(SCRIPTS / script), *arguments]
    return Peer(
        name,
        environment,
        [*words, "backfill", "$FIRST", "$NEXT"],
        [*words, "day", "$FIRST", "$NEXT"],
        package,
    )


def _dlt(backend: str, unmeasured: str = "") -> Peer:
    peer = _script(f"dlt, {backend}", "dlt", "dlt", "dlt_sql_table.py", backend)
    if not unmeasured:
        return peer
    return Peer(peer.name, peer.environment, peer.command, [], peer.package, unmeasured=unmeasured)


_SLING = ["lib/python*/site-packages/sling_linux_amd64/bin/sling-linux-amd64", "run", "--src-conn", "SOURCE_URL", "--src-stream",
    "public.bench_rows", "--tgt-conn", "WAREHOUSE_URL", "--tgt-object", "peer.foodlogstats"]  # fmt: skip
_INGESTR = ["bin/ingestr", "ingest", "--yes", "--progress", "log", "--source-table", "public.bench_rows", "--dest-table",
    "peer.foodlogstats"]  # fmt: skip
_AS_CONNECTORX = "a day: its merge is that of dlt, connectorx, whatever read the rows"

PEERS = (
    _script("psycopg, COPY to COPY", "drivers", "psycopg", "copy_psycopg.py"),
    _script("asyncpg, COPY to COPY", "drivers", "asyncpg", "copy_asyncpg.py"),
    Peer(
        "pgcopydb",
        None,
        ["pgcopydb", "clone", "--filters", "$FILES/pgcopydb.ini", "--dir", "$HOME/work", "--table-jobs", "2", "--index-jobs", "2",
            "--split-tables-larger-than", "64MB", "--no-owner", "--no-acl", "--skip-large-objects", "--skip-extensions"],
        [],
        "pgcopydb",
        copies_indexes=True,
        unmeasured="a day: it copies whole tables",
        install="apt install pgcopydb",
    ),
    _script("DuckDB, both attached", "duckdb", "duckdb", "duckdb_attached.py"),
    Peer(
        "ingestr",
        "ingestr",
        [*_INGESTR, "--incremental-strategy", "replace"],
        [*_INGESTR, "--incremental-strategy", "delete+insert", "--incremental-key", "logged_time", "--interval-start",
            "${FIRST}T00:00:00Z", "--interval-end", "${NEXT}T00:00:00Z"],
        "ingestr",
    ),
    Peer(
        "sling",
        "sling",
        [*_SLING, "--mode", "full-refresh"],
        [*_SLING, "--mode", "backfill", "--range", "$FIRST,$NEXT", "--update-key", "logged_time", "--primary-key", "id"],
        "sling-linux-amd64",
    ),
    _dlt("connectorx"),
    _dlt("pyarrow", _AS_CONNECTORX),
    _dlt("sqlalchemy", _AS_CONNECTORX),
)  # fmt: skip


def filled(stage: Stage, peer: Peer, words: Sequence[str], first: date, last: date) -> list[str]:
    """A command with its program, its days and its files; the end is exclusive."""
    known = {
        "FIRST": str(first),
        "NEXT": str(last + timedelta(days=1)),
        "FILES": str(stage.files),
        "HOME": str(home(stage, peer)),
    }
    command = [str(peer.program()), *(Template(word).substitute(known) for word in words[1:])]
    # When it fails, pgcopydb ends all processes of its group, which would be ours.
    return ["/usr/bin/setsid", *command] if peer.copies_indexes else command


def shown(stage: Stage, peer: Peer, command: Sequence[str]) -> str:
    """A command as people would type it."""
    words = [word for word in command if word != "/usr/bin/setsid"]
    shorter = [
        word.removeprefix(f"{SCRIPTS}{os.sep}")
        .replace(str(home(stage, peer)), "$HOME")
        .removeprefix(f"{stage.files}{os.sep}")
        for word in words[1:]
    ]
    return " ".join([Path(words[0]).name, *map(_quoted, shorter)])


def _quoted(word: str) -> str:
    return word if word.startswith("$") else shlex.quote(word)


def home(stage: Stage, peer: Peer) -> Path:
    """The directory in which a program may keep what it likes."""
    return stage.files / "homes" / peer.name.replace(" ", "_")


def environment(stage: Stage, peer: Peer) -> Mapping[str, str]:
    """Addresses with passwords, for programs that know no file for them; a separate home; no telemetry.

    pgcopydb knows libpq's, and shows addresses in its log.
    """
    directory = str(home(stage, peer))
    source, warehouse = stage.bare_urls
    programs = str(stage.server.program("pg_dump").parent)
    return {
        "HOME": directory,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "COLUMNS": stage.template().columns,
        "SOURCE_URL": stage.source_url,
        "WAREHOUSE_URL": stage.warehouse_url,
        "SOURCE_URI": stage.source_url,
        "DESTINATION_URI": stage.warehouse_url,
        "PGCOPYDB_SOURCE_PGURI": source,
        "PGCOPYDB_TARGET_PGURI": warehouse,
        "PGPASSFILE": stage.passfile,
        "TMPDIR": directory,
        "DLT_DATA_DIR": f"{directory}/dlt",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "SLING_DISABLE_TELEMETRY": "true",
        "INGESTR_DISABLE_TELEMETRY": "true",
        "DISABLE_TELEMETRY": "true",
    }
