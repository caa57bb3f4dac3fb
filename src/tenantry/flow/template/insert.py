"""Templates as the INSERT statement of the operations manual, which is read and never executed."""

from __future__ import annotations

import json
import re
from typing import Any

from pglast import ast

from tenantry.core import storage, syntax
from tenantry.core.errors import InputError
from tenantry.core.model import Template, TemplateFile
from tenantry.flow.template.lint import tree

COLUMNS = {
    "template_name": "name",
    "description": "description",
    "query_template": "query",
    "column_definitions": "columns",
    "column_descriptions": "descriptions",
    "indexes": "indexes",
    "storage": "storage",
    "time_column": "time_column",
    "partition_by": "partition_by",
    "ahead": "ahead",
    "lookback": "lookback",
}
"""Columns of `_wh.mv_templates`, and the fields of Template."""

CHOICES = {"storage": tuple(storage.BUILT_IN), "partition_by": ("year", "month")}
"""The allowed values."""

USUAL = {"ahead": "0", "lookback": "14"}
"""The numbers of days, and their values where nobody has set them."""

_LEAST = {"ahead": 0, "lookback": 1}

_MOST = 3660
"""Days; ten years."""


def wrong_number(name: str, text: str | None) -> str | None:
    """What is wrong with a text for a number of days, or None."""
    if text is None or not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 9 and _LEAST[name] <= int(text) <= _MOST:
        return None
    return f"{name} is a number of days from {_LEAST[name]} to {_MOST}"


_ONLY = "Only INSERT INTO _wh.mv_templates … VALUES with literals is read from such a file."


def read(text: str, origin: str) -> list[TemplateFile]:
    """The templates that a text inserts; `origin` names it in errors.

    Raises InputError for anything that cannot be read, with its line.
    """
    try:
        statements = syntax.parse(text)
    except syntax.Unreadable as error:
        raise refused(origin, _line(text, error.offset), error.message) from None
    if not statements:
        raise InputError(f"{origin} is empty", hint=_ONLY)
    found: list[TemplateFile] = []
    for raw in statements:
        statement = raw.stmt
        line = _line(text, (raw.stmt_location or 0) + _leading_blanks(text[raw.stmt_location or 0 :]))
        if tree.is_a(statement, ast.SelectStmt) and len(statements) == 1:
            raise refused(
                origin,
                line,
                "this is a query without a header",
                "Begin the file with -- name: …, or let tenantry template new write the header.",
            )
        if not tree.is_a(statement, ast.InsertStmt) or (
            statement.relation.schemaname,
            statement.relation.relname,
        ) != ("_wh", "mv_templates"):
            raise refused(origin, line, "this is not an INSERT INTO _wh.mv_templates")
        found += _rows(statement, text, origin, line)
    return found


def _rows(statement: Any, text: str, origin: str, line: int) -> list[TemplateFile]:
    names = [column.name for column in statement.cols or ()]
    if not names:
        raise refused(origin, line, "INSERT names no columns")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise refused(origin, line, f"{', '.join(unknown)} cannot be set by a file")
    if (
        statement.selectStmt is None
        or not statement.selectStmt.valuesLists
        or statement.withClause
        or statement.returningClause
    ):
        raise refused(origin, line, "INSERT takes something else than VALUES")
    _check_conflict(statement.onConflictClause, origin, line)
    found = []
    for row in statement.selectStmt.valuesLists:
        if len(row) != len(names):
            raise refused(origin, line, f"{len(names)} columns are named, and {len(row)} values given")
        values: dict[str, str] = {}
        lines = dict.fromkeys(("query", "columns", "indexes", "time_column"), line)
        for column, node in zip(names, row, strict=True):
            value = _literal(node, number=column in USUAL)
            if value is None:
                raise refused(origin, line, f"the value of {column} is not a string")
            values[COLUMNS[column]] = value
            # The parser does not report the position of a literal. A literal with doubled quotes is not found
            # by its value.
            if "\n" in value:
                lines[COLUMNS[column]] = max(line, _line(text, max(0, text.find(value))))
        missing = [
            c for c in ("template_name", "query_template", "column_definitions") if not values.get(COLUMNS[c])
        ]
        if missing:
            raise refused(origin, line, f"no value for {', '.join(missing)}")
        for name, choices in CHOICES.items():
            if values.get(name, choices[0]) not in choices:
                raise refused(origin, line, f"{name} is {' or '.join(choices)}")
        for name in USUAL:
            if reason := wrong_number(name, values.get(name)):
                raise refused(origin, line, reason)
        described = _descriptions(values.pop("descriptions", None), origin, lines)
        found.append(TemplateFile(Template(**values, descriptions=described), origin, lines))
    return found


def _descriptions(text: str | None, origin: str, lines: dict[str, int]) -> dict[str, str] | None:
    """The object of a JSON text; None if nothing was said, and none at all for an empty text."""
    if not text:
        return None if text is None else {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        line = lines.get("descriptions", lines["query"])
        raise refused(
            origin,
            line,
            "column_descriptions is not an object of texts",
            'Write {"column": "what it means"}.',
        )
    return {name: value for name, value in found.items() if value}


def _literal(node: Any, *, number: bool) -> str | None:
    """The text of a string, "" for NULL, and None for anything else; the digits of a number where one is allowed."""
    while tree.is_a(node, ast.TypeCast):
        node = node.arg
    if not tree.is_a(node, ast.A_Const):
        return None
    if node.isnull:
        return ""
    if number and tree.is_a(node.val, ast.Integer):
        return str(node.val.ival or 0)
    return str(node.val.sval) if tree.is_a(node.val, ast.String) else None


def _check_conflict(clause: Any, origin: str, line: int) -> None:
    """ON CONFLICT may only take over the inserted values, because that is what loading does."""
    if clause is None:
        return
    for target in clause.targetList or ():
        value = target.val
        takes_over = tree.is_a(value, ast.ColumnRef) and [getattr(f, "sval", "") for f in value.fields] == [
            "excluded",
            target.name,
        ]
        if not takes_over and target.name != "updated_at":
            raise refused(
                origin, line, f"ON CONFLICT sets {target.name} to something other than its new value"
            )
    if not clause.targetList or clause.whereClause:
        raise refused(origin, line, "ON CONFLICT may only DO UPDATE, without WHERE")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _leading_blanks(text: str) -> int:
    """How many characters of blanks and comments a text begins with."""
    return re.match(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", text, re.DOTALL).end()  # type: ignore[union-attr]


def refused(origin: str, line: int, reason: str, hint: str = _ONLY) -> InputError:
    """The error for a line of a file."""
    return InputError(f"{origin}:{line}: {reason}", hint=hint)


def write(template: Template) -> str:
    """The template as the manual's INSERT statement."""
    values = {
        column: getattr(template, name)
        for column, name in COLUMNS.items()
        if getattr(template, name) is not None
        and not (name in USUAL and getattr(template, name) in ("", USUAL[name]))
    }
    if template.descriptions is not None:
        # A column a line, for people to read.
        values["column_descriptions"] = (
            json.dumps(template.descriptions, ensure_ascii=False, indent=0) if template.descriptions else ""
        )
    updates = [f"    {column} = excluded.{column}" for column in values if column != "template_name"]
    return (
        f"INSERT INTO _wh.mv_templates ({', '.join(values)})\nVALUES (\n    "
        + ",\n    ".join(_quoted(value) for value in values.values())
        + "\n)\nON CONFLICT (template_name) DO UPDATE SET\n"
        + ",\n".join([*updates, "    updated_at = now();"])
        + "\n"
    )


def _quoted(value: str) -> str:
    if not value:
        return "NULL"
    if "\n" not in value and "\\" not in value:
        return "'" + value.replace("'", "''") + "'"
    tag = "$text$"
    while (value + tag).index(tag) < len(value):
        tag = tag[:-1] + "_$"
    return tag + value + tag
