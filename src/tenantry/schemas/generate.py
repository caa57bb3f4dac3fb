"""Writes output.schema.json, alert.schema.json and fleet.schema.json from the types: python -m tenantry.schemas.generate

output.schema.json describes the documents of all commands, each with the name of its command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, make_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from tenantry.alerts.message import FORMAT as MESSAGES
from tenantry.alerts.message import Message
from tenantry.fleet.tables import TABLES, FeedTable, File
from tenantry.schemas.encode import FORMAT, NAMES, PROPERTIES
from tenantry.schemas.records import Error
from tenantry.schemas.results import RESULTS

FOLDER = Path(__file__).parent
FLEET = FOLDER.parent / "fleet" / "fleet.schema.json"

_PAGE = FOLDER.parents[2] / "docs" / "reference" / "fleet-file.md"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_EDITORS_DRAFT = "http://json-schema.org/draft-07/schema#"
"""What editors read: those for TOML know no newer one."""

_BASIC = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _basic(kind: Any) -> JsonSchemaValue:
    """The schema of a basic type, or of one that may also be None."""
    if isinstance(kind, UnionType):
        return {"anyOf": [{"type": "null" if one is NoneType else _BASIC[one]} for one in get_args(kind)]}
    return {"type": _BASIC[kind]}


class _Schema(GenerateJsonSchema):
    """What `encode.plain` makes of a value: every key is there, and some have another name."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        return True

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().dataclass_schema(schema)
        kind = schema["cls"]
        names = NAMES.get(kind.__name__, {})
        properties = {}
        for key, value in made.get("properties", {}).items():
            properties[names.get(key, key)] = {
                k: v for k, v in value.items() if k not in ("title", "default")
            }
        for field in fields(kind):
            if not field.init:
                properties[field.name] = {"type": _BASIC[get_type_hints(kind)[field.name]]}
        for key, name in PROPERTIES.get(kind.__name__, {}).items():
            properties[name] = _basic(get_type_hints(getattr(kind, key).fget)["return"])
        return {"type": "object", "properties": properties, "required": list(properties)}

    def timedelta_schema(self, schema: Any) -> JsonSchemaValue:
        return {"type": "number"}

    def typed_dict_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().typed_dict_schema(schema)
        return {key: made[key] for key in ("type", "properties", "required")}


def output() -> dict[str, Any]:
    """The schema of every command's document, and of errors and notes on standard error."""
    kinds = {name: _kind(name, keys) for name, keys in RESULTS.items()}
    every: dict[str, Any] = {**kinds, "": Error}
    adapters: list[Any] = [(name, "serialization", TypeAdapter(kind)) for name, kind in every.items()]
    found, made = TypeAdapter.json_schemas(adapters, schema_generator=_Schema)
    data = {name: found[name, "serialization"] for name in kinds}
    return {
        "$schema": _DRAFT,
        "title": f"JSON of Tenantry's commands, format {FORMAT}",
        "anyOf": [_document(name, {"data": schema}) for name, schema in data.items()]
        + [
            _document(None, {"error": found["", "serialization"]}),
            {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]},
        ],
        "$defs": _untitled(made["$defs"]),
    }


def _document(command: str | None, more: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        "tenantry": {"type": "string", "description": "the version of the program"},
        "format": {"const": FORMAT},
        "command": {"type": "string"} if command is None else {"const": command},
        "ok": {"const": False} if command is None else {"type": "boolean"},
        **more,
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _kind(name: str, keys: Mapping[str, Any]) -> type:
    return make_dataclass("".join(map(str.capitalize, name.replace("-", " ").split())), keys.items())


def fleet() -> dict[str, Any]:
    """The schema of the fleet's file, with what docs/reference/fleet-file.md says of each key."""
    made = _without_null(_untitled(File.model_json_schema(ref_template="#/definitions/{model}")))
    made["definitions"] = made.pop("$defs")
    page = _PAGE.read_text(encoding="utf-8")
    tables: dict[str, type] = {**TABLES, "feeds": FeedTable}
    for name, table in tables.items():
        known = made["definitions"].get(table.__name__)
        for key, told in _documented(page, name).items() if known else ():
            # Next to a reference, a description belongs to the place that refers.
            known["properties"][key]["description"] = told
    title = "The fleet of a Tenantry warehouse: tenantry.toml, or a file of tenantry.d"
    return {"$schema": _EDITORS_DRAFT, "title": title, **made}


def _without_null(value: Any) -> Any:
    """A schema for TOML, which has no null: a value that may be left out is either there or not."""
    if isinstance(value, list):
        return [_without_null(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_null(each) for key, each in value.items() if (key, each) != ("default", None)}
    if {"type": "null"} in kept.get("anyOf", ()):
        kept["anyOf"].remove({"type": "null"})
        if len(kept["anyOf"]) == 1:
            kept |= kept.pop("anyOf")[0]
    return kept


def _documented(page: str, heading: str) -> dict[str, str]:
    """The keys of a section's table, and what they mean."""
    section = re.search(rf"^##+ {heading}\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE)
    rows = [row.strip("| ").split(" | ", 1) for row in (section[1] if section else "").splitlines()]
    return {
        key: re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", row[1])
        for row in rows
        if row[0].startswith("`") and len(row) == 2
        for key in re.findall(r"`(\w+)`", row[0])
    }


def alert() -> dict[str, Any]:
    """The schema of an alert's message, as webhooks get it."""
    made = TypeAdapter(Message).json_schema(schema_generator=_Schema, mode="serialization")
    return {
        "$schema": _DRAFT,
        "title": f"A message of Tenantry's alerts, format {MESSAGES}",
        **_untitled(made),
    }


def _untitled(value: Any) -> Any:
    """Without pydantic's titles, which only repeat the names."""
    if isinstance(value, dict):
        return {
            key: _untitled(each)
            for key, each in value.items()
            if not (key == "title" and isinstance(each, str))
        }
    return [_untitled(each) for each in value] if isinstance(value, list) else value


def texts() -> dict[Path, str]:
    """The files and what they hold."""
    schemas = {FOLDER / "output.schema.json": output(), FOLDER / "alert.schema.json": alert(), FLEET: fleet()}
    return {path: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for path, schema in schemas.items()}


def main() -> None:
    """Write the files."""
    for path, text in texts().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
