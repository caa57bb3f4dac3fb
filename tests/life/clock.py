"""A clock that a test moves, for PostgreSQL and for the program alike: Debian's libfaketime, which adds an offset."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Clock:
    """The time of all processes that run with `environment`; it goes on by itself from where it was set."""

    def __init__(self, file: Path) -> None:
        assert LIBRARY is not None, "libfaketime is missing; .ci/system-packages installs it"
        self._file = file
        self.set(datetime.now(UTC))

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to live by this clock."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # A process that is there looks at the file again after so many seconds.
            "FAKETIME_CACHE_DURATION": "1",
            # Time limits and pauses are measured with the other clock, and are to stay as they are.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def now(self) -> datetime:
        """What the clock shows, within a second."""
        return datetime.fromtimestamp(time.time() + self._offset, UTC)

    def set(self, moment: datetime) -> None:
        """Put the clock to a moment."""
        self._offset = round(moment.timestamp() - time.time())
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._offset:+d}\n")
        new.chmod(0o644)
        new.replace(self._file)
