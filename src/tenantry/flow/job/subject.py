"""What a job's command is about: the template, tenant and connection named in its calls of `_wh` functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from tenantry.core.syntax import nodes, parts, statements

Kind = Literal["hourly", "window", "yearly", "other"]
"""What a job does for a feed: load today, load a window of days, fold a year, or none of these."""

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "check_views_by_template_for_year": ("template", "schema"),
    "create_combined_table_from_template_by_year": ("template", "schema"),
    "create_foodlogstats_mv": ("connection", "schema", "base"),
    "create_mv_from_template": ("template", "connection", "schema"),
    "does_mv_exist": ("schema",),
    "drop_old_storage": ("template", "schema"),
    "fit_storage": ("template", "schema"),
    "fold_in_steps": ("template", "schema"),
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
"""The functions of `_wh` that work on a tenant, and the meaning of their first arguments."""

_NAMES = {
    "template_name": "template",
    "tenant_connection_name": "connection",
    "target_schema": "schema",
    "base_view_name": "base",
    "update_function_name": "function",
}
"""The same for named arguments."""

_KINDS: Mapping[str, Kind] = {
    "update_mv_by_template": "hourly",
    "update_foodlogstats": "hourly",
    "update_mv_core": "hourly",
    "refresh_window": "window",
    "update_mv_window": "window",
    "update_mv_window_by_template": "window",
    "create_combined_table_from_template_by_year": "yearly",
    "fold_in_steps": "yearly",
}


@dataclass(frozen=True)
class Subject:
    """What a command is about; None where it does not say, or names several."""

    kind: Kind = "other"
    template: str | None = None
    schema: str | None = None
    connection: str | None = None


@lru_cache(4096)
def subject(command: str) -> Subject:
    """Return what a job's command is about, by PostgreSQL's own grammar; an empty Subject if that cannot be determined.

    A command that works on several tenants belongs to none of them: pausing it for one would pause it for all.
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


_MAY_CALL = {*PARAMETERS, "create_mv_name", "current_date_utc"}

_CALL_OTHERS = {"update_mv_core": "create_function_name", "update_mv_window": "update_function_name"}
"""The argument that names another function."""

_TYPES = {
    "bool", "date", "float8", "int2", "int4", "int8", "interval", "json", "jsonb", "name", "numeric", "regclass", "text",
    "time", "timestamp", "timestamptz", "varchar",
}  # fmt: skip
"""Types to which a command may cast a value: reading one runs no code."""

_FUNCTIONS = {
    "age", "date_part", "date_trunc", "extract", "format", "make_date", "make_interval", "make_timestamp", "now", "timezone",
    "to_char", "to_date", "to_timestamp",
}  # fmt: skip
"""PostgreSQL's functions that may appear in a value."""


def is_plain(command: str) -> bool:
    """Whether a command consists only of calls of Tenantry's functions with plain values.

    Such a command may come from a file, because it can only do what those functions do.
    """
    found = statements(command)
    return bool(found) and all(_is_plain_call(statement) for statement in found)


def _is_plain_call(statement: dict[str, Any]) -> bool:
    match statement:
        case {"CallStmt": {"funccall": call, **rest}} if not rest:
            return _is_ours({"FuncCall": call})
        case {"SelectStmt": {"targetList": targets, "limitOption": _, "op": "SETOP_NONE", **rest}}:
            values = [target["ResTarget"]["val"] for target in targets]
            match rest:
                case _ if not rest:
                    return all(map(_is_ours, values))
                case {
                    "fromClause": [{"RangeFunction": {"functions": [{"List": {"items": [call, {}]}}], **how}}]
                }:
                    return (
                        len(rest) == 1
                        and not how.keys() - {"alias"}
                        and _is_ours(call)
                        and all(
                            "A_Star" in value.get("ColumnRef", {}).get("fields", [{}])[0] for value in values
                        )
                    )
    return False


def _is_ours(node: dict[str, Any]) -> bool:
    match node:
        case {"TypeCast": {"arg": argument, "typeName": kind}}:
            return _is_harmless(kind) and _is_ours(argument)
        case {"FuncCall": {"funcname": [{"String": {"sval": "_wh"}}, {"String": {"sval": name}}]}}:
            return (
                name in _MAY_CALL
                and _is_value(node)
                and _loads_by_ours(name, node["FuncCall"].get("args", []))
            )
    return False


def _loads_by_ours(name: str, arguments: list[dict[str, Any]]) -> bool:
    """Whether a call names only Tenantry's functions: two of them take the name of a function to call, as their fifth argument."""
    if name not in _CALL_OTHERS:
        return True
    chosen = [
        argument
        for place, argument in enumerate(arguments)
        if place == 4 or argument.get("NamedArgExpr", {}).get("name") == _CALL_OTHERS[name]
    ]
    named = [
        _literals(("function",), [argument.get("NamedArgExpr", argument).get("arg", argument)])
        for argument in chosen
    ]
    return all(one.get("function", "").removeprefix("_wh.") in PARAMETERS for one in named)


def _is_harmless(kind: dict[str, Any]) -> bool:
    names = parts(kind["names"])
    return names[:-1] in ([], ["pg_catalog"]) and names[-1] in _TYPES and not kind.get("setof")


def _is_value(node: Any) -> bool:
    """Whether an expression is a constant, or computed from constants by PostgreSQL's or Tenantry's functions."""
    match node:
        case {"A_Const": _} | {"SQLValueFunction": _}:
            return True
        case {"TypeCast": {"arg": argument, "typeName": kind}}:
            return _is_harmless(kind) and _is_value(argument)
        case {"NamedArgExpr": {"arg": argument}}:
            return _is_value(argument)
        case {"A_ArrayExpr": array}:
            return all(map(_is_value, array.get("elements", [])))
        case {"A_Expr": {"kind": "AEXPR_OP", "name": [{"String": {"sval": operator}}], **sides}}:
            operands = [sides[side] for side in ("lexpr", "rexpr") if side in sides]
            return operator in ("+", "-", "*", "/", "||") and all(_is_value(side) for side in operands)
        case {"FuncCall": _}:
            return _is_known_call(node["FuncCall"])
    return False


def _is_known_call(call: dict[str, Any]) -> bool:
    *schema, name = parts(call["funcname"])
    known = _MAY_CALL if schema == ["_wh"] else _FUNCTIONS if schema in ([], ["pg_catalog"]) else set()
    plain = not call.keys() - {"funcname", "args", "funcformat", "location"}
    return plain and name in known and all(map(_is_value, call.get("args", [])))


def _calls(found: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each call of a known function in some statements: its name, and its arguments that are string literals."""
    for node in nodes(found):
        *schema, name = parts(node.get("funcname", [])) or [""]
        if schema == ["_wh"] and name in PARAMETERS:
            yield name, _literals(PARAMETERS[name], node.get("args", []))


def window_days(command: str) -> int | None:
    """The number of days that a command's call of refresh_window names; None if it leaves that to the template."""
    for node in nodes(statements(command)):
        if parts(node.get("funcname", [])) != ["_wh", "refresh_window"]:
            continue
        for place, argument in enumerate(node.get("args", [])):
            named = argument.get("NamedArgExpr")
            value = (named["arg"] if named else argument).get("A_Const", {}).get("ival")
            if value is not None and (named["name"] == "days" if named else place == 3):
                return int(value.get("ival", 0))
    return None


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
            # An empty string has no key "sval".
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
    """The only value besides None."""
    values = values - {None}
    return values.pop() if len(values) == 1 else None
