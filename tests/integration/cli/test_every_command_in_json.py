"""Every command that has --json prints a document of its schema: `run` holds each to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import LiteralString

import pytest

from tenantry.schemas.results import RESULTS
from tests.support.citus.cluster import stand_in
from tests.support.databases import SECRET, Database, Source, Warehouse
from tests.support.program import address, run
from tests.support.samples.small_template import COLUMNS, QUERY, make_ticks

pytestmark = pytest.mark.any_server

TEMPLATE = (
    f"-- name: ticks\n-- columns: {COLUMNS}\n-- time_column: at\n-- storage: partition\n\n{QUERY.strip()}\n"
)
BY_HAND: LiteralString = """
    CREATE SCHEMA _wh
    CREATE TABLE tenant_connections (tenant_name text, host text, port integer, dbname text, username text, password text)
    CREATE TABLE mv_templates (template_name text, query_template text, column_definitions text)
"""
"""What makes a database look as if its warehouse were made by hand."""


def test_every_command_prints_a_document_of_its_schema(
    warehouse: Warehouse,
    source: Source,
    make_source: Callable[[], Source],
    server_parent: Path,
    tmp_path: Path,
    today: date,
) -> None:
    """If a command is missing here: add a line that runs it."""
    first = date(today.year - 2, 1, 1)
    make_ticks(source, first, (today - first).days + 1, per_day=1)
    files = {
        name: tmp_path / name
        for name in ("ticks.sql", "query.sql", "out/tenantry.toml", "key", "phrase", "b", "reader")
    }
    files["ticks.sql"].write_text(TEMPLATE)
    files["query.sql"].write_text(QUERY.strip() + "\n")
    for name in ("phrase", "reader"):
        files[name].write_text("correct horse battery")
        files[name].chmod(0o600)
    span = ("--from", first, "--to", first + timedelta(days=366))
    few = ("--from", first, "--to", first + timedelta(days=2))
    day = str(first)
    one = ("ticks", "--tenant", "acme")
    reader = f"reader_{server_parent.name.replace('-', '_')}".lower()[:40]
    export = files["out/tenantry.toml"]
    seal = ("--passphrase-file", files["phrase"])
    env = {
        "TENANTRY_SOURCE_PASSWORD": SECRET,
        "TENANTRY_ACME_PASSWORD": SECRET,
        "TENANTRY_SERVER_DIR": str(server_parent / "demo"),
        "HOME": str(tmp_path),
        "EDITOR": "true",
    }
    everyday: list[tuple[object, ...]] = [
        ("template", "load", files["ticks.sql"]),
        ("template", "lint", "ticks"),
        ("tenant", "add", "acme", "--source", address(source), "--template", "ticks", "--from", today),
        ("tenant", "list"),
        ("tenant", "show", "acme"),
        ("tenant", "test", "acme"),
        ("tenant", "edit", "acme", "--option", "connect_timeout=9"),
        ("backfill", *one, *span),
        ("refresh", *one, "--date", day),
        ("verify", *one, *few),
        ("slice", "list", *one),
        ("slice", "show", "ticks", day, "--tenant", "acme"),
        ("slice", "reload", "ticks", day, "--tenant", "acme"),
        ("year", "list"),
        ("year", "check", "ticks", first.year, "--all"),
        ("year", "fold", "ticks", first.year, "--tenant", "acme"),
        ("template", "list"),
        ("template", "show", "ticks"),
        ("template", "new", "other", files["query.sql"], "--connection", "acme"),
        ("template", "test", "ticks", "--tenant", "acme", "--day", day),
        ("template", "edit", "ticks"),
        ("connection", "add", "spare", "--source", address(source)),
        ("connection", "test", "spare"),
        ("connection", "list"),
        ("connection", "drop", "spare", "--yes"),
        ("override", "set", "ticks", "acme", files["query.sql"], "--day", day),
        ("override", "show", "ticks", "acme"),
        ("override", "list"),
        ("override", "check", "ticks", "--day", day),
        ("override", "drop", "ticks", "acme"),
        ("describe", "ticks"),
        ("template", "set-storage", "ticks", "partition"),
        ("template", "drop-old", "ticks"),
        ("status",),
        ("doctor", "--fix"),
        ("metrics",),
        ("sizes",),
        ("logs", "--since", "1h"),
        ("audit", "--since", "1h"),
        ("queries",),
        ("schedule", "remove", "--job", "ticks_update_acme", "--yes"),
        ("schedule", "install", "--all"),
        ("schedule", "show"),
        ("schedule", "next"),
        ("schedule", "run", "ticks_update_acme"),
        ("schedule", "history"),
        ("schedule", "disable", "--tenant", "acme"),
        ("schedule", "enable", "--tenant", "acme"),
        ("action", "list"),
        ("action", "show", 1),
        ("action", "cancel", 1),
        ("action", "work", "--once"),
        ("scheduler", "--once"),
        ("alert", "add", "ops", "--webhook", "http://127.0.0.1:9/"),
        ("alert", "test", "ops"),
        ("watch", "--once"),
        ("alert", "list"),
        ("alert", "drop", "ops", "--yes"),
        ("export", "--file", export),
        ("plan", "--file", export),
        ("apply", "--file", export, "--yes"),
        ("tenant", "rotate", "--all", "--file", export),
        ("tenant", "disable", "acme", "--reason", "rests"),
        ("tenant", "enable", "acme"),
        ("tenant", "reload", "acme", *few, "--yes"),
        ("recover", "--all", "--dry-run"),
        ("recover", "--all"),
        ("backup", "key"),
        ("backup", "write", files["b"], *seal),
        ("backup", "verify", files["b"], *seal),
        ("restore", files["b"], *seal, "--dry-run"),
        ("tenant", "drop", "acme", "--yes"),
        ("template", "drop", "ticks", "--yes"),
    ]
    administrators: list[tuple[object, ...]] = [
        ("init",),
        ("upgrade", "--dry-run"),
        ("reader", "add", reader, "--all", "--password-file", files["reader"]),
        ("reader", "list"),
        ("reader", "show", reader),
        ("reader", "drop", reader, "--yes"),
    ]
    for kind in ("verify", "refresh"):
        warehouse.run("SELECT _wh.request_action(%s, '{}')", (kind,))
    by_hand = make_source()
    by_hand.run(BY_HAND)
    printed = set()
    failed = []

    def in_turn() -> Iterator[tuple[Database | None, tuple[object, ...]]]:
        yield from ((warehouse, words) for words in everyday)
        yield from ((warehouse.admin, words) for words in administrators)
        yield None, ("demo", "--days", 2)
        yield None, ("server", "status")
        yield by_hand, ("adopt", "--dry-run")
        stand_in(warehouse)
        yield warehouse, ("cluster", "status")
        yield warehouse.admin, ("cluster", "add-worker", "localhost", "--port", 9703)
        yield warehouse, ("cluster", "rebalance", "--yes")

    for database, words in in_turn():
        try:
            outcome = run(database, *words, "--json", env=env)
        except AssertionError as error:
            failed.append(f"{words}: {error}")
            continue
        if outcome.out:
            in_lines = words[0] in ("scheduler", "watch") or words[:2] == ("action", "work")
            printed.add(json.loads(outcome.out.splitlines()[0] if in_lines else outcome.out)["command"])
        # doctor, server status and alert test exit with 1 to say what they found.
        if outcome.code and words[0] not in ("doctor", "server") and words[:2] != ("alert", "test"):
            failed.append(f"{words}: {outcome.err}")
        assert SECRET.strip() not in outcome.out + outcome.err
    assert not failed, "\n".join(failed)
    assert set(RESULTS) - printed == set()
