"""What commands print on terminals of 60, 80 and 200 columns: nothing that the next command needs is cut or broken."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from rich.cells import cell_len

from tests.support.databases import Source, Warehouse
from tests.support.program import command, environment, run, run_on_terminal, succeed
from tests.support.samples.small_template import define, make_ticks, spoil

pytestmark = pytest.mark.any_server

TEMPLATE = "a_template_whose_name_has_forty_letters_"
TENANTS = ("a_tenant_whose_name_has_forty_characters", "店舗の名前が長いテナント", "two words")

READER = f"a_reader_with_a_long_name_{uuid4().hex[:12]}"
"""A role, which all databases of the server share."""

BROAD = {("tenant", "list"), ("schedule", "show"), ("refresh", TEMPLATE)}
"""What is also shown on wider terminals: all tables are drawn in one place."""

COMMAND = ("tenantry ", "psql ", "SELECT ", "CALL ", "ALTER ", "CREATE ", "VACUUM ")
"""What begins a line that is to be copied, and may therefore be longer than the terminal."""


@pytest.fixture
def fleet(warehouse: Warehouse, source: Source, today: date, secret: Path) -> Iterator[Warehouse]:
    """A warehouse with long names, some loaded days, a failed one, jobs and a reader."""
    define(warehouse, TEMPLATE)
    first = today - timedelta(days=2)
    make_ticks(source, first, 3)
    for name in TENANTS:
        warehouse.connect_to(source, name)
        warehouse.make_schema(name)
        warehouse.run(
            "SELECT _wh.update_mv_window_by_template(%s, %s, %s, %s, %s)",
            (TEMPLATE, name, name, first, today),
        )
    succeed(warehouse, "schedule", "install", "--all")
    spoil(source, today - timedelta(days=1))
    run(warehouse, "refresh", TEMPLATE, "--tenant", TENANTS[0], "--date", "yesterday")
    words = ("--tenant", TENANTS[0], "--tenant", TENANTS[1], "--password-file", secret)
    succeed(warehouse.admin, "reader", "add", READER, *words)
    yield warehouse
    succeed(warehouse.admin, "reader", "drop", READER, "--yes")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that only its owner can read, as for a password."""
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text("a phrase that is long enough")
    return file


def broken(text: str, columns: int) -> list[str]:
    """The lines that are wider than the terminal, though they are neither a command nor one name beside that of its field."""
    wide = [line.strip() for line in text.splitlines() if cell_len(line.rstrip()) > columns]
    return [
        line
        for line in wide
        if not line.startswith(COMMAND)
        and len(line.replace(TENANTS[2], "name").split("  ", 1)[-1].split()) > 1
    ]


def test_no_name_is_cut_or_broken_at_any_width(fleet: Warehouse, today: date, secret: Path) -> None:
    long, wide, spaced = TENANTS
    jobs = [row[0] for row in fleet.rows("SELECT jobname FROM cron.job")]
    feed = f"{long}.{TEMPLATE}"
    expected: dict[tuple[str, ...], Sequence[str]] = {
        ("status",): [*TENANTS, TEMPLATE],
        ("sizes",): [*TENANTS, TEMPLATE],
        ("tenant", "list"): [*TENANTS, TEMPLATE],
        ("tenant", "show", long): [feed],
        ("tenant", "show", spaced): [f"{spaced}.{TEMPLATE}"],
        ("tenant", "drop", wide): [wide],
        ("template", "list"): [TEMPLATE],
        ("slice", "list", TEMPLATE): TENANTS,
        ("slice", "show", TEMPLATE, "yesterday", "--tenant", long): [feed],
        ("year", "list"): TENANTS,
        ("year", "check", TEMPLATE, str(today.year), "--all"): TENANTS,
        ("schedule", "show"): jobs,
        ("schedule", "next"): jobs[:1],
        ("schedule", "history"): [],
        ("reader", "list"): [READER, *TENANTS[:2]],
        ("verify", TEMPLATE, "--all"): TENANTS,
        ("refresh", TEMPLATE, "--all"): TENANTS,
        ("backfill", TEMPLATE, "--all"): TENANTS,
        ("doctor", "--only", "slices", "--only", "jobs"): [feed],
        ("logs",): TENANTS[:2],
        ("audit",): [],
        ("queries",): [],
        ("plan", "--file", "tenantry.toml"): [],
        ("backup", str(secret.with_name("backup")), "--passphrase-file", str(secret)): TENANTS[:2],
    }

    for columns in (60, 80, 200):
        for arguments, names in expected.items():
            if columns > 60 and arguments[:2] not in BROAD:
                continue
            database = fleet.admin if "backup" in arguments else fleet
            _, text = run_on_terminal(database, *arguments, columns=columns)
            for name in names:
                assert name in text, (arguments, text)
            assert not broken(text, columns), (arguments, text)
            assert "…" not in text.replace("host=… dbname=… user=…", ""), (arguments, text)
    # Without a terminal, lines are as long as they are, unless somebody says how long they may be.
    plain = succeed(fleet, "tenant", "list").out.splitlines()
    assert (len(plain), max(map(cell_len, plain)) > 100) == (1 + len(TENANTS), True)
    narrow = succeed(fleet, "tenant", "list", env={"COLUMNS": "60"}).out.splitlines()
    assert len(narrow) > 3 * len(TENANTS)
    assert "\x1b" not in "".join(plain + narrow)


def test_colours_follow_the_usual_variables() -> None:
    """They are chosen when the program is loaded, so it is loaded for this."""

    def written(**variables: str) -> bytes:
        return subprocess.run(
            command(None, "backfill"),
            env=environment(variables),
            capture_output=True,
            check=False,
        ).stderr

    assert b"\x1b[31m" not in written()
    assert b"\x1b[31m" in written(FORCE_COLOR="1")
    assert b"\x1b[31m" not in written(FORCE_COLOR="1", NO_COLOR="1")
