"""What a job's command is about: the template, tenant and connection that it names in calls of `_wh` functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["hourly", "window", "yearly", "other"]
"""What a job does for a feed: pull today, pull a window of days, fold a year; or none of these."""

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "check_views_by_template_for_year": ("template", "schema"),
    "create_combined_table_from_template_by_year": ("template", "schema"),
    "create_foodlogstats_mv": ("connection", "schema", "base"),
    "create_mv_from_template": ("template", "connection", "schema"),
    "does_mv_exist": ("schema",),
    "drop_old_storage": ("template", "schema"),
    "fit_storage": ("template", "schema"),
    "recreate_mv_by_template": ("template", "connection", "schema"),
    "refresh_mv": ("schema",),
    "refresh_window": ("template", "connection", "schema"),
    "set_storage": ("template", "storage", "schema"),
    "update_foodlogstats": ("connection", "schema"),
    "update_mv_by_template": ("template", "connection", "schema"),
    "update_mv_core": ("connection", "schema", "date", "base"),
    "update_mv_window": ("connection", "schema", "start", "end", "function"),
    "update_mv_window_by_template": ("template", "connection", "schema"),
    "update_tenant_union_view_by_template": ("template", "connection", "schema"),
    "update_tenant_view": ("connection", "schema", "base"),
    "verify_slice": ("template", "schema"),
}
"""The functions of `_wh` that work on a tenant, and what their first arguments are."""

_NAMES = {
    "template_name": "template",
    "tenant_connection_name": "connection",
    "target_schema": "schema",
    "base_view_name": "base",
    "update_function_name": "function",
}
"""The same of arguments that are given by name."""

_KINDS: Mapping[str, Kind] = {
    "update_mv_by_template": "hourly",
    "update_foodlogstats": "hourly",
    "update_mv_core": "hourly",
    "refresh_window": "window",
    "update_mv_window": "window",
    "update_mv_window_by_template": "window",
    "create_combined_table_from_template_by_year": "yearly",
}


@dataclass(frozen=True)
class Subject:
    """What a command is about; None where it does not say, or says several."""

    kind: Kind = "other"
    template: str | None = None
    schema: str | None = None
    connection: str | None = None


def subject(command: str) -> Subject:
    """What a job's command is about, by PostgreSQL's own grammar; an empty Subject if that cannot be told.

    A command that works on several tenants belongs to none of them: to pause it for one would pause it for all.
    """
    calls = [_subject(name, arguments) for name, arguments in _calls(statements(command))]
    schemas = {call.schema for call in calls}
    if len(schemas) != 1 or None in schemas:
        return Subject()
    kinds = {call.kind for call in calls} - {"other"}
    return Subject(
        kinds.pop() if len(kinds) == 1 else "other",
        _only({call.template for call in calls}),
        schemas.pop(),
        _only({call.connection for call in calls}),
    )


def statements(command: str) -> list[dict[str, Any]]:
    """The statements of an SQL text, each as {node type: node} of PostgreSQL's parse tree; none if it cannot be parsed."""
    from pglast.parser import ParseError, parse_sql_json

    try:
        parsed = json.loads(parse_sql_json(command))
    except (ParseError, ValueError):
        return []
    return [statement["stmt"] for statement in parsed.get("stmts", ()) if "stmt" in statement]


def _calls(node: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """Each call of a known function below a node: its name, and its arguments that are string literals."""
    if isinstance(node, list):
        for item in node:
            yield from _calls(item)
    elif isinstance(node, dict):
        if "funcname" in node:
            names = [part["String"]["sval"] for part in node["funcname"]]
            if names[:-1] == ["_wh"] and names[-1] in PARAMETERS:
                yield names[-1], _literals(PARAMETERS[names[-1]], node.get("args", []))
        for item in node.values():
            yield from _calls(item)


def _literals(parameters: tuple[str, ...], arguments: list[dict[str, Any]]) -> dict[str, str]:
    found = {}
    for place, argument in enumerate(arguments):
        if "NamedArgExpr" in argument:
            name = _NAMES.get(argument["NamedArgExpr"]["name"])
            argument = argument["NamedArgExpr"]["arg"]
        else:
            name = parameters[place] if place < len(parameters) else None
        while "TypeCast" in argument:
            argument = argument["TypeCast"]["arg"]
        literal = argument.get("A_Const", {}).get("sval")
        if name is not None and literal is not None:
            # An empty string has no key "sval" of its own.
            found[name] = literal.get("sval", "")
    return found


def _subject(function: str, arguments: dict[str, str]) -> Subject:
    template = arguments.get("template") or arguments.get("base")
    if function in ("update_foodlogstats", "update_mv_window"):
        # Slices are named after the function that loads them.
        loader = arguments.get("function", "_wh.update_foodlogstats")
        template = loader.rpartition(".")[2].removeprefix("update_")
    return Subject(
        _KINDS.get(function, "other"), template, arguments.get("schema"), arguments.get("connection")
    )


def _only(values: set[str | None]) -> str | None:
    """The one value there is, besides None."""
    values = values - {None}
    return values.pop() if len(values) == 1 else None
