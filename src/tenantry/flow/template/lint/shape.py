"""Columns, indexes and the time column: what the warehouse makes of the query's rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pglast import ast

from tenantry.core import storage, syntax
from tenantry.core.model import Template
from tenantry.core.visible import visible
from tenantry.flow.template.lint import tree
from tenantry.flow.template.lint.finding import ERROR, NOTE, WARNING, Finding, Text

_SCHEMA, _VIEW = "tenantry_schema", "tenantry_view"


def columns(text: Text) -> tuple[list[tree.Column] | None, list[Finding]]:
    """The declared columns, or None with the reason."""
    try:
        found = tree.columns(text.sql)
    except syntax.Unreadable as error:
        return None, [
            text.find(
                "columns", ERROR, error.offset, f"the columns cannot be read: {error.message}",
                "Write name and type alone, as in CREATE TABLE: id integer, sold_at timestamptz",
            )
        ]  # fmt: skip
    names = [column.name for column in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    return found, [
        text.find("columns", ERROR, 0, f'column "{name}" is declared twice', "Give one of them another name.")
        for name in doubled
    ]


def compare(query: Text, statement: Any, declared: Sequence[tree.Column]) -> list[Finding]:
    """The declared columns against the select list: how many, and those that the list names."""
    outputs = tree.outputs(statement)
    if any(output.star for output in outputs):
        return []
    if len(outputs) != len(declared):
        given = {output.name for output in outputs}
        missing = [column.name for column in declared if column.name not in given]
        which = f": not {', '.join(missing)}" if missing and len(declared) > len(outputs) else ""
        return [
            query.find(
                "column-count", ERROR, outputs[0].offset if outputs else 0,
                f"the query returns {len(outputs)} columns, but {len(declared)} are declared{which}",
                "Declare each column of the query, in the same order; tenantry template new does it.",
            )
        ]  # fmt: skip
    names = {column.name for column in declared}
    given = {output.name for output in outputs}
    found = []
    for place, (output, column) in enumerate(zip(outputs, declared, strict=True), 1):
        if output.name is None or output.name == column.name:
            continue
        # Two tables may both have a "name". Columns are swapped if each side has the other's name in another
        # position.
        elsewhere = output.name in names and column.name in given
        found.append(
            query.find(
                "column-names", ERROR if elsewhere else WARNING, output.offset,
                f'column {place} is "{output.name}" in the query and "{column.name}" where it is declared',
                "A load matches columns by name, and refuses unclear ones: put them in the same order." if elsewhere
                else f"Write AS {column.name} in the query, or declare it as {output.name}.",
            )
        )  # fmt: skip
    return found


_TAKEN = {"schema_name", "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"}
"""Names of columns that the public view uses, or that every table of PostgreSQL has."""

_LOCAL = {"oid", "xid", "xid8", "cid", "tid", "aclitem", "refcursor", "pg_snapshot", "txid_snapshot"}
"""Types whose values have a meaning in one database only, in addition to all that begin with reg."""


def storable(template: Template, text: Text, declared: Sequence[tree.Column]) -> list[Finding]:
    """Names that no slice can have, and types that have a meaning only at the source."""
    taken = _TAKEN if template.time_column else _TAKEN | {"slice_date"}
    return [
        text.find(
            "column-taken", ERROR, 0, f'the name of column "{column.name}" is used by the warehouse itself',
            "Give it another one in the query, with AS, and where it is declared.",
        )
        for column in declared if column.name in taken
    ] + [
        text.find(
            "local-type", WARNING, 0, f'column "{column.name}" is of type {column.kind}: its values only mean something at the source',
            "Declare it as text.",
        )
        for column in declared if column.kind in _LOCAL or column.kind.startswith("reg")
    ] + [
        text.find(
            "own-day", NOTE, 0, 'the template has a column "day", so its views get no column "day" with the UTC day',
            "To get it, give this column another name: in the query, with AS, and where it is declared.",
        )
        for column in declared if column.name == "day"
    ]  # fmt: skip


MOST_DESCRIBED = 1000
"""Characters of a description; `_wh_internal.check_descriptions` has the same number."""


def descriptions(template: Template, text: Text, declared: Sequence[tree.Column]) -> list[Finding]:
    """Descriptions of what is no column, and such as the warehouse refuses."""
    names = [column.name for column in declared]
    found = [
        text.find("descriptions", ERROR, 0, f'column "{name}" is described, but not declared', f"Columns are {', '.join(names)}.")
        for name in template.descriptions or () if name not in names
    ]  # fmt: skip
    said = {"the description": template.description or ""} | {
        f'the description of column "{name}"': words for name, words in (template.descriptions or {}).items()
    }
    for what, words in said.items():
        if len(words) > MOST_DESCRIBED:
            reason, fix = f"is longer than {MOST_DESCRIBED:,} characters", "Shorten it."
        elif visible(words) != words:
            reason, fix = (
                "has characters that cannot be seen",
                f"Remove what is written with a backslash here: {visible(words)}",
            )
        else:
            continue
        found.append(text.find("descriptions", ERROR, 0, f"{what} {reason}", fix))
    return found


def time_column(template: Template, text: Text, declared: Sequence[tree.Column]) -> list[Finding]:
    """Whether the time column can be one."""
    times = [column.name for column in declared if column.is_time]
    named = next((column for column in declared if column.name == template.time_column), None)
    if template.time_column and (named is None or not named.is_time):
        reason = (
            "is not among the columns"
            if named is None
            else f"is of type {named.kind}, which is not a time type"
        )
        fix = f"It may be {' or '.join(times)}." if times else "Declare a column of type timestamptz."
        return [text.find("time-column", ERROR, 0, f'time_column "{template.time_column}" {reason}', fix)]
    if template.time_column:
        return []
    if storage.traits(template.storage or "").needs_time_column:
        fix = (
            f"Add time_column: {times[0]}" if times else "Add a column of type timestamptz, and time_column."
        )
        return [text.find("time-column", ERROR, 0, f"{template.storage} storage needs a time_column", fix)]
    if times:
        # A file that does not mention it may be loaded over a template that has one.
        severity = NOTE if template.time_column is None else WARNING
        return [
            text.find(
                "time-column", severity, 0,
                "there is no time_column: each day is kept in a materialized view, reports read all days, "
                "and rows of a wrong day are not noticed",
                f"Add time_column: {times[0]}",
            )
        ]  # fmt: skip
    return []


def indexes(template: Template, text: Text, declared: Sequence[tree.Column]) -> list[Finding]:
    """Statements that are not an index of the slice, and whether rows can be told apart."""
    sql = text.sql.replace("{SCHEMA}", _SCHEMA).replace("{VIEW_NAME}", _VIEW)
    try:
        statements = syntax.parse(sql)
    except syntax.Unreadable as error:
        # Lines are as they were, and the parser stops at the first.
        line = text.first_line + sql.count("\n", 0, error.offset)
        return [Finding("indexes", ERROR, line, f"the indexes cannot be read: {error.message}")]
    found = []
    names = {column.name for column in declared}
    unique = []
    for raw in statements:
        index = raw.stmt
        start = raw.stmt_location or 0
        line = text.first_line + sql.count("\n", 0, start + len(sql[start:]) - len(sql[start:].lstrip()))
        reason, fix = _refusal(index, names)
        if reason:
            found.append(Finding("indexes", ERROR, line, reason, fix))
        elif index.unique:
            unique.append(index)
    if found:
        return found
    if not any(index.whereClause is None and all(p.name for p in index.indexParams) for index in unique):
        found.append(_no_unique_index(template, text, partial=bool(unique)))
    return found


def _refusal(index: Any, names: set[str]) -> tuple[str, str]:
    if not tree.is_a(index, ast.IndexStmt):
        return "this is not a CREATE INDEX", "Only indexes are allowed here."
    relation = (index.relation.schemaname, index.relation.relname)
    if relation != (_SCHEMA, _VIEW):
        return "the index is not on {SCHEMA}.{VIEW_NAME}", "Write CREATE INDEX … ON {SCHEMA}.{VIEW_NAME} (…)"
    if index.idxname and _VIEW not in index.idxname:
        return (
            f'the index would have the same name "{index.idxname}" on every day, but only one can have it',
            "Put {VIEW_NAME} into its name, or leave the name out.",
        )
    if index.concurrent:
        return "CONCURRENTLY is not possible while a slice is created", "Remove the word."
    unknown = [
        name
        for node in tree.walk((index.indexParams, index.indexIncludingParams or (), index.whereClause))
        for name in _named(node)
        if name not in names
    ]
    if unknown:
        return (
            f'the index is on "{unknown[0]}", which is not a column',
            f"Columns are {', '.join(sorted(names))}.",
        )
    return "", ""


def _named(node: Any) -> list[str]:
    if tree.is_a(node, ast.IndexElem) and node.name:
        return [str(node.name)]
    if tree.is_a(node, ast.ColumnRef):
        return tree.words(node.fields)[-1:]
    return []


def _no_unique_index(template: Template, text: Text, *, partial: bool) -> Finding:
    cost = (
        "a refresh replaces the whole day instead of the rows that differ"
        if storage.traits(storage.of_template(template.storage, template.time_column)).merges
        else "a refresh blocks reports, and creates the day's view again"
    )
    reason = "no unique index over columns of all rows" if partial else "no unique index"
    return text.find(
        "no-unique-index", WARNING, 0, f"there is {reason}: {cost}",
        "Add one over the columns that identify a row, such as index: UNIQUE (id)",
    )  # fmt: skip
