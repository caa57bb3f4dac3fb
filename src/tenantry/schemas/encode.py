"""Results as JSON, with one name for one thing: `tenant`, `template`, `connection`, `storage`, `day`, `_seconds`, `_bytes`.

A dataclass becomes an object. The tables here say which of its values have another name in JSON, so that the names
that programs rely on stay when the code changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any

FORMAT = 1
"""The version of the format. It changes when a name or a type does, not when something is added."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "Alert": {"looks": "times_seen"},
    "ClusterNode": {"bytes": "size_bytes"},
    "Connection": {"name": "connection"},
    "Described": {"schema": "view_schema"},
    "Ended": {"seconds": "duration_seconds"},
    "Estimate": {"seconds": "duration_seconds"},
    "FeedStatus": {"bytes": "size_bytes", "last_load": "last_loaded_at"},
    "Job": {"name": "job", "schema": "tenant", "username": "role"},
    "Leader": {"last_tick": "last_tick_at"},
    "Moved": {"seconds": "duration_seconds"},
    "Outdated": {"first": "first_day", "last": "last_day"},
    "Reader": {"name": "reader", "connections": "most_sessions"},
    "Route": {"name": "route", "repeat_after": "repeat_after_seconds"},
    "RoleFacts": {"name": "role"},
    "Rotated": {"name": "connection", "reason": "error"},
    "Run": {"name": "job", "started": "started_at", "ended": "ended_at"},
    "Running": {"seconds": "running_seconds"},
    "Scan": {"bytes": "size_bytes"},
    "Slice": {
        "missing": "is_missing",
        "failed": "is_failed",
        "stale": "is_stale",
        "outdated": "is_outdated",
        "seconds": "duration_seconds",
    },
    "ShardMove": {"bytes": "size_bytes"},
    "SliceDetails": {"bytes": "size_bytes"},
    "SourceFacts": {"latency": "latency_seconds"},
    "SourceReport": {"connection": "address"},
    "SourceTable": {"schema": "table_schema", "name": "table", "bytes": "size_bytes"},
    "Span": {"first": "first_day", "last": "last_day"},
    "StoredConnection": {"connection": "address"},
    "Stored": {"name": "template"},
    "Summary": {"row_count": "rows"},
    "Template": {"name": "template"},
    "TemplateChange": {"name": "template"},
    "TenantFacts": {"name": "tenant", "feeds": "states"},
    "Trial": {"bytes": "size_bytes", "seconds": "duration_seconds"},
    "Tried": {"seconds": "duration_seconds"},
    "Use": {"bytes": "size_bytes"},
    "Work": {"name": "program"},
    "Year": {"expected": "expected_days"},
}
"""The names in JSON of a dataclass's values, by the name of its class."""

PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "Size": {"bytes": "size_bytes"},
    "Slice": {"state": "state"},
    "TenantFacts": {"state": "state"},
}
"""Properties that are in JSON as well."""


def plain(value: Any) -> Any:
    """The value as JSON can hold it: moments in UTC with a Z, days as YYYY-MM-DD."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | str():
            return value
        case float():
            return value if isfinite(value) else None
        case int():
            return int(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case timedelta():
            return value.total_seconds()
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
    if is_dataclass(value):
        return _object(value)
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    return str(value)


def _object(value: Any) -> dict[str, Any]:
    kind = type(value).__name__
    names = NAMES.get(kind, {})
    keys = ((field.name, names.get(field.name, field.name)) for field in fields(value))
    return {name: plain(getattr(value, key)) for key, name in (*keys, *PROPERTIES.get(kind, {}).items())}
