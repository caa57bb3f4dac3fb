"""docs/reference/fleet-file.md has every key of the file, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenantry.fleet import file as files
from tenantry.fleet.tables import TABLES, FeedTable, File

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "fleet-file.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "how-to" / "keep-the-fleet-in-a-file.md").read_text(encoding="utf-8")


def documented(heading: str) -> set[str]:
    """The keys in the first column of a section's table."""
    section = re.search(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section is not None, heading
    rows = [row.split(" | ")[0] for row in section[1].splitlines() if row.startswith("| `")]
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("table", TABLES)
def test_the_keys_of_a_table_are_documented(table: str) -> None:
    assert documented(table) == set(TABLES[table].model_fields)


def test_the_keys_of_a_feed_are_documented() -> None:
    assert documented("feeds") == set(FeedTable.model_fields)


def test_every_table_of_the_file_is_known() -> None:
    assert set(File.model_fields) == set(TABLES)


def test_the_example_of_the_guide_is_a_fleet(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert example is not None
    (tmp_path / "tenantry.toml").write_text(example[1], encoding="utf-8")
    declared = files.read([tmp_path / "tenantry.toml"])
    assert set(declared.fleet.tenants or ()) == {"landb"}
    unread = files.with_secrets(declared).connections["landb_conn"].unread
    assert unread == "tenants.landb.password: environment variable LANDB_PASSWORD is not set"
