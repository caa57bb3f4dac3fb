"""What is told of an upgrade before and after it."""

from __future__ import annotations

from tenantry.db.upgrade import Changes


def test_an_upgrade_of_many_feeds_names_some_of_them() -> None:
    feeds = [f"tenant_{number:03}.ticks" for number in range(1, 1_001)]
    (line,) = Changes([], [], [], [], published=feeds).lines()
    assert line.startswith("views with new columns: tenant_001.ticks, tenant_002.ticks, ")
    assert line.endswith("tenant_008.ticks and 992 more")
    (line,) = Changes([], [], [], [], moved=feeds[:3]).lines()
    assert line == "tables moved to _wh_data: tenant_001.ticks, tenant_002.ticks, tenant_003.ticks"
