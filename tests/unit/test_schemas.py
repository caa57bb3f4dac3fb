"""The published schemas: of every command's JSON, and of the fleet's file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as some
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import ValidationError
from typer.core import TyperGroup

from tenantry.cli.main import commands
from tenantry.core.errors import TenantryError
from tenantry.fleet import export
from tenantry.fleet.model import Fleet
from tenantry.fleet.tables import TABLES, FeedTable, File
from tenantry.schemas import encode, generate, published
from tenantry.schemas.results import RESULTS

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
FLEET = json.loads(export.schema())


def with_json(group: TyperGroup, before: str = "") -> Iterator[str]:
    """The full names of the commands that have --json."""
    for name, command in group.commands.items():
        full = before + name
        if any("--json" in parameter.opts for parameter in command.params):
            yield full
        if isinstance(command, TyperGroup):
            yield from with_json(command, f"{full} ")


def test_every_command_with_json_has_a_schema() -> None:
    """If this fails: add a line to src/tenantry/schemas/results.py, and run python -m tenantry.schemas.generate."""
    assert set(with_json(commands())) == set(RESULTS)


def test_the_published_schemas_are_those_of_the_types() -> None:
    """If this fails: python -m tenantry.schemas.generate"""
    for path, text in generate.texts().items():
        assert path.read_text(encoding="utf-8") == text, path.name
    Draft202012Validator.check_schema(published.output())
    Draft7Validator.check_schema(FLEET)


def test_one_thing_has_one_name_in_every_document() -> None:
    odd = []
    for place, name, schema in named(published.output()["$defs"]):
        if name in ("schema", "schema_name", "seconds", "bytes", "tenant_name", "template_name"):
            odd.append(place)
        if name == "failed" and schema.get("type") != "integer":
            odd.append(place)
        if name in ("tenant", "template", "connection", "storage") and not is_text(schema):
            odd.append(place)
        if name == "day" and schema != {"type": "string", "format": "date"}:
            odd.append(place)
        if name.endswith("_at") and "date-time" not in json.dumps(schema):
            odd.append(place)
    # The moment at which a backup was made is in it as text.
    assert set(odd) <= {"Summary.made_at"}


def named(definitions: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for kind, definition in definitions.items():
        for name, schema in definition.get("properties", {}).items():
            yield f"{kind}.{name}", name, schema


def is_text(schema: dict[str, Any]) -> bool:
    kinds = schema.get("anyOf", [schema])
    return all(kind.get("type") in ("string", "null") for kind in kinds)


def test_a_renamed_value_is_one_that_the_dataclass_has() -> None:
    from dataclasses import fields

    from tenantry.schemas import results

    known = {kind.__name__: kind for kind in _dataclasses(results)}
    for kind, names in encode.NAMES.items():
        if kind in known:
            assert set(names) <= {field.name for field in fields(known[kind])}, kind


def _dataclasses(module: Any) -> Iterator[Any]:
    from dataclasses import is_dataclass

    for value in vars(module).values():
        if is_dataclass(value) and isinstance(value, type):
            yield value


def test_every_kind_of_error_is_in_the_reference() -> None:
    def codes(kind: type[TenantryError]) -> Iterator[str]:
        yield kind.code
        for child in kind.__subclasses__():
            yield from codes(child)

    known = {*codes(TenantryError), "usage", "interrupted", "internal_error"}
    assert [code for code in sorted(known) if f"| `{code}` |" not in REFERENCE] == []


@pytest.mark.parametrize("name", ["status", "tenant list", "year fold"])
def test_the_schema_of_a_command_stands_alone(name: str) -> None:
    schema = published.of_command(name)
    assert schema is not None
    Draft202012Validator.check_schema(schema)
    assert set(schema["$defs"]) >= {"".join(map(str.capitalize, name.split()))}


def test_an_exported_file_names_its_schema_in_its_first_line() -> None:
    written = export.export(Fleet(tenants={}), "service=warehouse").files
    first = written["tenantry.toml"].splitlines()[0]
    assert first == f"#:schema ./{export.SCHEMA_FILE}"
    assert json.loads(written[export.SCHEMA_FILE]) == FLEET
    Draft7Validator(FLEET).validate(tomllib.loads(written["tenantry.toml"]))


TEXTS = some.sampled_from(["", "acme", "all", "env:X", "file:", "env:", "pw", "matview", "year", "weekly"])
SCALARS = TEXTS | some.integers(-1, 70_000) | some.booleans() | some.just(1.5)
VALUES = some.recursive(
    SCALARS,
    lambda inner: (
        some.lists(inner, max_size=2)
        | some.dictionaries(some.sampled_from(["command", "sslmode", "connection", "storage", "x"]), inner)
    ),
    max_leaves=4,
)


def tables(kind: type[Any], own: dict[str, Any]) -> some.SearchStrategy[dict[str, Any]]:
    """Mostly valid tables of a kind: known keys with good or any values, and sometimes an unknown key."""
    keys = [*kind.model_fields, "unknown"]
    return some.dictionaries(some.sampled_from(keys), VALUES, max_size=2).map(lambda more: {**own, **more})


GOOD: dict[str, dict[str, Any]] = {
    "warehouse": {},
    "templates": {},
    "connections": {"host": "h", "dbname": "d", "username": "u"},
    "tenants": {"connection": "c"},
    "readers": {"tenants": "all"},
    "alerts": {"webhook": "https://example.com/hook"},
    "schedule": {},
    "jobs": {"name": "n", "schedule": "0 * * * *", "command": "SELECT 1"},
}


@given(some.data())
def test_the_schema_refuses_what_the_program_refuses(data: some.DataObject) -> None:
    document: dict[str, Any] = {}
    for key in data.draw(some.lists(some.sampled_from([*TABLES, "unknown"]), max_size=2, unique=True)):
        if key == "unknown":
            document[key] = {}
            continue
        table = data.draw(tables(TABLES[key], GOOD[key]))
        if key == "tenants" and data.draw(some.booleans()):
            table["feeds"] = {"t": data.draw(tables(FeedTable, {}))}
        many = {"templates", "connections", "tenants", "readers", "alerts"}
        document[key] = {"name": table} if key in many else [table] if key == "jobs" else table
    text = tomlkit.dumps(document)
    parsed = tomllib.loads(text)
    try:
        File.model_validate(parsed)
        valid = True
    except ValidationError:
        valid = False
    assert Draft7Validator(FLEET).is_valid(parsed) == valid, text
