"""A PANIC of the server, as when it is killed while a session commits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from tenantry.core.errors import DatabaseError, WarehouseUnreachable
from tenantry.db.errors import translate


class Told(psycopg.InternalError):
    """An error with these words of the server, which no statement can provoke."""

    def __init__(self, severity: str) -> None:
        super().__init__()
        self.severity = severity

    @property
    def diag(self) -> Any:
        return SimpleNamespace(
            severity_nonlocalized=self.severity,
            sqlstate="XX000",
            message_primary="cannot abort transaction 1594, it was already committed",
            message_hint=None,
            context=None,
        )


@pytest.mark.parametrize("severity, kind", [("PANIC", WarehouseUnreachable), ("ERROR", DatabaseError)])
def test_a_panic_means_that_the_server_is_gone(severity: str, kind: type[Exception]) -> None:
    assert type(translate(Told(severity))) is kind
