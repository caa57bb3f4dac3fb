"""Tenantry: a multi-tenant PostgreSQL warehouse run from Python.

    from tenantry import Warehouse

    with Warehouse.open() as warehouse:
        warehouse.refresh(warehouse.feeds("foodlogstats"))

`docs/reference/python.md` lists all that is here.
"""

from __future__ import annotations

__version__ = "0.2.0"

TYPE_CHECKING = False
"""As in typing, which takes longer to import than all that is here."""

if TYPE_CHECKING:
    from tenantry.core.days import Span
    from tenantry.core.errors import (
        DatabaseError,
        InputError,
        NotInstalled,
        SliceError,
        SourceError,
        TenantryError,
        WarehouseUnreachable,
    )
    from tenantry.core.model import Connection, Feed
    from tenantry.flow.source.candidate import Candidate
    from tenantry.loader.add_tenant import Newcomer
    from tenantry.loader.events import Watcher
    from tenantry.loader.result import Result
    from tenantry.loader.run import Limits
    from tenantry.loader.verify import Verdict
    from tenantry.warehouse import Interrupted, Warehouse

__all__ = [
    "Candidate",
    "Connection",
    "DatabaseError",
    "Feed",
    "InputError",
    "Interrupted",
    "Limits",
    "Newcomer",
    "NotInstalled",
    "Result",
    "SliceError",
    "SourceError",
    "Span",
    "TenantryError",
    "Verdict",
    "Warehouse",
    "WarehouseUnreachable",
    "Watcher",
]

_ELSEWHERE = {
    "Candidate": "flow.source.candidate",
    "Connection": "core.model",
    "Feed": "core.model",
    "Interrupted": "warehouse",
    "Limits": "loader.run",
    "Newcomer": "loader.add_tenant",
    "Result": "loader.result",
    "Span": "core.days",
    "Verdict": "loader.verify",
    "Warehouse": "warehouse",
    "Watcher": "loader.events",
}
"""Where what is here is defined; errors are in core.errors."""


def __getattr__(name: str) -> object:
    # Imported when it is asked for: the command line and scripts that want one part do not wait for all.
    if name not in __all__:
        raise AttributeError(f"module 'tenantry' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"tenantry.{_ELSEWHERE.get(name, 'core.errors')}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
