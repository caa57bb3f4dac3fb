"""`backup verify` says what a restore would do with a file; `backup --keep` removes old backups and nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import date
from pathlib import Path

import pyrage
import pytest

from tenantry.core.errors import InputError
from tenantry.db.connect import session
from tenantry.recovery import retention
from tests.support.databases import Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples import backups

pytestmark = pytest.mark.any_server

AGE = pyrage.x25519.Identity.generate()
DAY = date(2024, 3, 10)
TO = ("--recipient", AGE.to_public(), "--unsigned")


@pytest.fixture
def opened_by(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    file = tmp_path_factory.mktemp("age") / "key"
    file.write_text(f"{AGE}\n")
    file.chmod(0o600)
    return ("--identity", file, "--unsigned")


def test_verify_reads_a_whole_backup_and_restores_it_if_asked(
    acme: Warehouse, source: Source, tmp_path: Path, server_parent: Path, opened_by: tuple[object, ...]
) -> None:
    source.fill(DAY, 1)
    acme.load(DAY, DAY)
    acme.run("CREATE FUNCTION _wh.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    acme.run("CREATE TABLE _wh.notes (note text)")
    acme.run("SELECT cron.schedule('other', '13 * * * *', 'SELECT 2')")
    file = tmp_path / "warehouse.backup"
    succeed(acme.admin, "backup", file, *TO)
    env = {"TMPDIR": str(server_parent)}
    told = succeed(None, "backup", "verify", file, *opened_by, "--rehearse", "--json", env=env).json
    assert (told["failures"], told["rehearsed"], told["content"]["tenants"]) == ([], True, ["acme"])
    assert told["records"] > 10
    assert list(server_parent.iterdir()) == []
    plain = succeed(None, "backup", "verify", file, *opened_by)
    assert "whole" in plain.err
    assert "restored only with --other-jobs: job other" in plain.err
    assert source.password not in plain.out + plain.err
    for damaged in (file.read_bytes()[:-10], b"", b"PGDMP"):
        odd = tmp_path / "odd"
        odd.write_bytes(damaged)
        assert run(None, "backup", "verify", odd, *opened_by).code == 2


def test_verify_names_what_a_restore_would_leave_out(
    warehouse: Warehouse, tmp_path: Path, opened_by: tuple[object, ...]
) -> None:
    with session(warehouse.admin.conninfo, role=None) as opened:
        content = backups.read(opened)
    lines = content.lines | {
        "function": [json.dumps("CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")],
        "table function_logs": ["{", "[]", "{}"],
        "table odd": ["{}"],
        "table tenant_connections": [json.dumps({"tenant_name": "acme", "port": -1})],
    }
    file = tmp_path / "warehouse.backup"
    packed = backups.packed(dataclasses.replace(content, lines=lines))
    file.write_bytes(backups.seal(packed, recipients=[str(AGE.to_public())]))
    outcome = run(None, "backup", "verify", file, *opened_by, "--json")
    assert (outcome.code, {one["what"]: one["error"] for one in outcome.json["failures"]}) == (
        1,
        {
            "function public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'": "it is not in the schema _wh",
            "table _wh.function_logs": "2 of 3 rows are not valid",
            "table _wh.odd": "backups do not hold it; 1 row",
        },
    )
    rehearsed = run(None, "backup", "verify", file, *opened_by, "--rehearse")
    assert (rehearsed.code, "not restored: _wh.tenant_connections acme" in rehearsed.err) == (1, True)


def test_keep_leaves_the_newest_backups_and_all_that_is_none(warehouse: Warehouse, tmp_path: Path) -> None:
    old = backups.seal(b"", recipients=[str(AGE.to_public())])
    names = [f"wh-2026-11-{day:02}.backup" for day in (1, 2, 3, 4)]
    others = [
        "other-2026-11-01.backup", "wh-2026-11-01.backup.txt", "wh2-2026-11-01.backup", "wh-.backup", "wh-latest.backup",
        "wh-2026-11-01.age", "WH-2026-11-01.backup", "wh-2026-11-0.backup", "wh-2026-11-01-2026-11-02.backup",
    ]  # fmt: skip
    for name in [*names, *others]:
        (tmp_path / name).write_bytes(old)
    (tmp_path / "wh-2025-01-01.backup").write_text("a diary")
    (tmp_path / "wh-2025-01-02.backup").mkdir()
    (tmp_path / "wh-2025-01-03.backup").symlink_to(tmp_path / "wh-latest.backup")
    kept = {*others, "wh-2025-01-01.backup", "wh-2025-01-02.backup", "wh-2025-01-03.backup"}
    # Newer than the new one: it is kept, too, and the new one is never removed.
    (tmp_path / "wh-2027-01-01.backup").write_bytes(old)
    told = succeed(
        warehouse.admin, "backup", tmp_path / "wh-2026-11-05.backup", "--keep", 3, "--json", *TO
    ).json
    assert told["removed"] == [str(tmp_path / name) for name in names[:3]]
    assert {file.name for file in tmp_path.iterdir()} == kept | {
        names[3],
        "wh-2026-11-05.backup",
        "wh-2027-01-01.backup",
    }
    refused = run(warehouse.admin, "backup", tmp_path / "wh.backup", "--keep", 3, *TO)
    assert (refused.code, (tmp_path / "wh.backup").exists()) == (2, False)
    assert "has no date in its name" in refused.errors[0]


def test_backups_of_one_day_are_told_by_their_times_and_of_others_nothing_is_removed(tmp_path: Path) -> None:
    stamps = ["20261129", "20261129T0900", "20261129T090001Z", "20261129T1000", "20261130"]
    for stamp in stamps:
        (tmp_path / f"b{stamp}.age").write_bytes(backups.seal(b"", recipients=[str(AGE.to_public())]))
    new = tmp_path / "b20261130.age"
    assert [old.name for old in retention.older(new, 2)] == [f"b{stamp}.age" for stamp in stamps[:3]]
    assert retention.older(new, 9) == []
    if os.geteuid() == 0:
        os.chown(tmp_path / "b20261129.age", 12345, -1)
        assert [old.name for old in retention.older(new, 1)] == [f"b{stamp}.age" for stamp in stamps[1:4]]
    for name in ("b.age", "2026-11-29-2026-11-30", "b123456789.age"):
        with pytest.raises(InputError, match="no date"):
            retention.require_dated(tmp_path / name)
