"""The JSON Schemas that come with the program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any


def output() -> dict[str, Any]:
    """The schema of all documents, whichever command they are of, and of errors."""
    text = (files("tenantry.schemas") / "output.schema.json").read_text(encoding="utf-8")
    whole: dict[str, Any] = json.loads(text)
    return whole


def alert() -> str:
    """The schema of an alert's message."""
    return (files("tenantry.schemas") / "alert.schema.json").read_text(encoding="utf-8")


def of_command(name: str) -> dict[str, Any] | None:
    """The schema of a command's document; None if there is no such command, or it prints no JSON."""
    whole = output()
    for document in whole["anyOf"]:
        if document["properties"].get("command", {}).get("const") == name:
            named = set(_named(document, whole["$defs"]))
            about = {"$schema": whole["$schema"], "title": f"JSON of tenantry {name}"}
            found: dict[str, Any] = (
                about | document | {"$defs": {k: v for k, v in whole["$defs"].items() if k in named}}
            )
            return found
    return None


def _named(value: Any, definitions: dict[str, Any]) -> Iterator[str]:
    """The definitions that a schema needs."""
    if isinstance(value, dict):
        name = str(value.get("$ref", "")).removeprefix("#/$defs/")
        if name:
            yield name
            yield from _named(definitions[name], definitions)
        for each in value.values():
            yield from _named(each, definitions)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each, definitions)
