"""What a result depends on besides the code."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

from tenantry import __version__


def facts(postgresql: str) -> dict[str, str | int]:
    """The machine and the versions; memory in bytes, the date in UTC."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "tenantry": __version__,
        "postgresql": postgresql,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": _cores(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
