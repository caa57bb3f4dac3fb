"""A backup takes as much memory of a large warehouse as of a small one, and a killed one leaves the earlier file."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pyrage
import pytest

from tests.support.databases import Database, Warehouse
from tests.support.program import command, environment, run, succeed

pytestmark = pytest.mark.any_server

KEY = pyrage.x25519.Identity.generate()
TO = ("--recipient", str(KEY.to_public()), "--unsigned", "--force")

FEW, MANY = 100, 8_000
"""Entries of the log, of 4 kB each: 32 MB."""

MORE = 12
"""MiB by which the peaks may differ."""

PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def log(warehouse: Warehouse, rows: int) -> None:
    warehouse.run("TRUNCATE _wh.function_logs")
    warehouse.run(
        "INSERT INTO _wh.function_logs (function_name, message) SELECT 'test', string_agg(md5(r || ' ' || n), '')"
        " FROM generate_series(1, %s) r, generate_series(1, 125) n GROUP BY r",
        (rows,),
    )


def peak(database: Database | None, *words: object) -> int:
    """The largest memory of a command, in MiB."""
    measuring = [sys.executable, "-c", PEAK, *command(database, *words)]
    done = subprocess.run(measuring, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    return file


def test_a_backup_and_its_check_take_no_more_memory_of_many_entries_than_of_few(
    warehouse: Warehouse, tmp_path: Path, key: Path
) -> None:
    writing, checking = [], []
    file = tmp_path / "warehouse.backup"
    for rows in (FEW, MANY):
        log(warehouse, rows)
        writing.append(peak(warehouse.admin, "backup", file, *TO))
        checking.append(peak(None, "backup", "verify", file, "--identity", key, "--unsigned"))
    assert file.stat().st_size > 12 * 2**20
    assert [few + MORE > many for few, many in (writing, checking)] == [True, True], (writing, checking)


def killed_in_the_middle(warehouse: Warehouse, file: Path) -> Path:
    """The part of a backup that was killed. On a busy machine this test may come too late, and then tries again."""
    before = file.read_bytes()
    for _ in range(20):
        with subprocess.Popen(
            command(warehouse.admin, "backup", file, *TO), env=environment(), stderr=subprocess.DEVNULL
        ) as running:
            while running.poll() is None and _size(file) < 2**20:
                time.sleep(0.005)
            running.kill()
        parts = list(file.parent.glob(f".{file.name}.*"))
        if parts:
            return parts[0]
        file.write_bytes(before)
    raise AssertionError("each backup was made before it could be killed")


def _size(file: Path) -> int:
    """The bytes that a backup has written so far."""
    with suppress(FileNotFoundError):
        return sum(part.stat().st_size for part in file.parent.glob(f".{file.name}.*"))
    return 0


def test_a_backup_that_is_killed_leaves_the_earlier_file_and_nothing_that_passes_for_one(
    warehouse: Warehouse, tmp_path: Path, key: Path
) -> None:
    file = tmp_path / "warehouse.backup"
    succeed(warehouse.admin, "backup", file, *TO)
    before = file.read_bytes()
    log(warehouse, MANY)
    part = killed_in_the_middle(warehouse, file)
    assert file.read_bytes() == before
    refused = run(None, "backup", "verify", part, "--identity", key, "--unsigned")
    assert (refused.code, "the file is damaged" in refused.errors[0]) == (2, True)
    succeed(warehouse.admin, "backup", file, *TO)
    succeed(None, "backup", "verify", file, "--identity", key, "--unsigned")
