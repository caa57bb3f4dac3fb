"""The tables of the file, key by key, as they are written. docs/reference/fleet-file.md explains each key."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from tenantry.core.file import Warehouse
from tenantry.core.storage import BUILT_IN
from tenantry.fleet.secrets import Reference, reference


def _secret(value: object) -> object:
    return value if isinstance(value, Reference) else reference(value)


_BARE = re.compile(r"[a-z_][a-z0-9_]*")
"""A schema that needs no quotes."""


def _option(value: object) -> object:
    """libpq's values are all text; TOML has numbers, Booleans, and lists, which are schemas."""
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        return ", ".join(
            name if _BARE.fullmatch(name) else '"' + name.replace('"', '""') + '"' for name in value
        )
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _names(value: object) -> object:
    if value == "all" or (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        return value
    raise ValueError('write a list of tenants, or "all"')


def _storage(value: object) -> object:
    if isinstance(value, str) and value in BUILT_IN:
        return value
    raise ValueError(f"input should be {' or '.join(map(repr, BUILT_IN))}")


_SECRET_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": "^(env|file):(.|\\n)"},
        {
            "type": "object",
            "properties": {"command": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
            "required": ["command"],
            "additionalProperties": False,
        },
    ]
}
_NAMES_SCHEMA = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"enum": ["all"]}]}

Secret = Annotated[Reference, BeforeValidator(_secret), WithJsonSchema(_SECRET_SCHEMA)]
Option = Annotated[str, BeforeValidator(_option), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Text = Annotated[str, Field(min_length=1)]
Storage = Annotated[str, BeforeValidator(_storage), WithJsonSchema({"enum": list(BUILT_IN)})]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class TemplateTable(_Table):
    """`[templates.NAME]`"""

    file: Text | None = None
    storage: Storage | None = None
    partition_by: Literal["year", "month"] | None = None
    ahead: Annotated[int, Field(strict=True, ge=0, le=3660)] | None = None
    lookback: Annotated[int, Field(strict=True, ge=1, le=3660)] | None = None
    description: Text | None = None
    descriptions: dict[Text, Text] | None = None


class ConnectionTable(_Table):
    """`[connections.NAME]`"""

    host: Text
    port: int = Field(5432, ge=1, le=65535)
    dbname: Text
    username: Text
    password: Secret | None = None
    options: dict[str, Option] = {}


class FeedTable(_Table):
    """`[tenants.NAME.feeds.TEMPLATE]`"""

    connection: Text | None = None
    storage: Storage | None = None
    query: Text | None = None


class TenantTable(_Table):
    """`[tenants.NAME]`: with its own address, or with the name of a connection."""

    connection: Text | None = None
    host: Text | None = None
    port: int | None = Field(None, ge=1, le=65535)
    dbname: Text | None = None
    username: Text | None = None
    password: Secret | None = None
    options: dict[str, Option] | None = None
    templates: list[Text] = ["foodlogstats"]
    feeds: dict[str, FeedTable] = {}
    disabled: Text | None = None
    automatic: bool = True

    def address(self) -> dict[str, Any]:
        """The keys of a connection that this table contains."""
        keys = ConnectionTable.model_fields
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}


class ReaderTable(_Table):
    """`[readers.NAME]`"""

    tenants: Annotated[list[str] | Literal["all"], BeforeValidator(_names), WithJsonSchema(_NAMES_SCHEMA)]
    password: Secret | None = None
    connections: int | None = Field(None, ge=1)
    statement_timeout: Text | None = None


class ScheduleTable(_Table):
    """`[schedule]`"""

    automatic: bool = False


class JobTable(_Table):
    """`[[jobs]]`"""

    name: Text
    schedule: Text
    command: Text
    active: bool = True


class AlertTable(_Table):
    """`[alerts.NAME]`: one of webhook, email and apprise."""

    webhook: Text | None = None
    email: list[Text] | None = None
    smtp: Text | None = None
    sender: Text | None = None
    apprise: Text | None = None
    secret: Secret | None = None
    severity: Literal["warning", "error"] = "warning"
    tenants: list[Text] = []
    templates: list[Text] = []
    repeat_after: Text = "4h"
    plain: bool = False


class File(_Table):
    """The whole file."""

    warehouse: Warehouse | None = None
    templates: dict[Text, TemplateTable] | None = None
    connections: dict[Text, ConnectionTable] | None = None
    tenants: dict[Text, TenantTable] | None = None
    readers: dict[Text, ReaderTable] | None = None
    schedule: ScheduleTable | None = None
    jobs: list[JobTable] | None = None
    alerts: dict[Text, AlertTable] | None = None


TABLES: dict[str, type[BaseModel]] = {
    "warehouse": Warehouse,
    "templates": TemplateTable,
    "connections": ConnectionTable,
    "tenants": TenantTable,
    "readers": ReaderTable,
    "schedule": ScheduleTable,
    "jobs": JobTable,
    "alerts": AlertTable,
}
"""The table that each key of the file holds, directly, by name or in a list."""
