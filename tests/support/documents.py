"""Holds what the program prints with --json to the published schemas, in which nothing else may be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tenantry.schemas import published

UNKNOWN_COMMAND = (
    "{name} prints JSON, and no line of src/tenantry/schemas/results.py says of which keys: add one, and run "
    "python -m tenantry.schemas.generate"
)


def check(words: Sequence[str], out: str, err: str) -> None:
    """Fail unless both streams are as docs/reference/json.md promises, if the words ask for JSON."""
    if "--json" not in words:
        return
    for document in documents(out):
        name = document["command"]
        assert name in known(), UNKNOWN_COMMAND.format(name=name)
        found = [f"{error.json_path}: {error.message}" for error in _of(name).iter_errors(document)]
        assert not found, f"tenantry {name} --json: {found}"
    for line in err.splitlines():
        problems = list(_of("").iter_errors(json.loads(line)))
        assert not problems, line


def documents(out: str) -> list[Any]:
    """One document of several lines, or one in each line."""
    try:
        return [json.loads(out)] if out else []
    except json.JSONDecodeError:
        return [json.loads(line) for line in out.splitlines()]


@cache
def known() -> set[str]:
    """The commands that have a schema."""
    found = (document["properties"].get("command", {}) for document in published.output()["anyOf"])
    return {command["const"] for command in found if "const" in command}


@cache
def _of(command: str) -> Draft202012Validator:
    """The schema of a command, or of what is on standard error."""
    whole = published.output()
    if command:
        schema = published.of_command(command)
    else:
        schema = whole | {"anyOf": [one for one in whole["anyOf"] if "data" not in one["properties"]]}
    return Draft202012Validator(_strict(schema), format_checker=FormatChecker(["date"]))


def _strict(schema: Any) -> Any:
    if isinstance(schema, dict):
        strict = {key: _strict(value) for key, value in schema.items()}
        if "properties" in strict and isinstance(schema.get("required"), list):
            strict["additionalProperties"] = False
        return strict
    return [_strict(item) for item in schema] if isinstance(schema, list) else schema
