"""The query as a statement: one SELECT, its list, and what makes it return other rows when it runs again."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pglast import ast, enums

from tenantry.core import syntax
from tenantry.flow.template.lint import tree
from tenantry.flow.template.lint.finding import ERROR, NOTE, WARNING, Finding, Text

VOLATILE = {
    *("now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "pg_sleep"),
    *(
        "random",
        "random_normal",
        "setseed",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "uuid_generate_v1",
        "uuid_generate_v4",
    ),
    *("nextval", "currval", "lastval", "setval", "txid_current", "pg_current_xact_id", "pg_backend_pid"),
    *("pg_notify", "set_config", "dblink", "dblink_exec"),
}
"""Functions that return something else, or have an effect, each time they are called."""

_MOMENTS = {"now", "today", "yesterday", "tomorrow"}
_OF_TIME = {
    member
    for name, member in enums.SQLValueFunctionOp.__members__.items()
    if name.removeprefix("SVFOP_").startswith(("CURRENT_DATE", "CURRENT_TIME", "LOCALTIME"))
}


def the_query(query: Text) -> tuple[Any, list[Finding]]:
    """The SELECT of a query, or None with the reason."""
    sql = query.sql
    try:
        statements = syntax.parse(sql)
    except syntax.Unreadable as error:
        return None, [query.find("syntax", ERROR, error.offset, error.message)]
    if not statements:
        return None, [query.find("not-a-select", ERROR, 0, "there is no query")]
    if len(statements) > 1:
        second = statements[1].stmt_location or 0
        return None, [
            query.find(
                "one-statement", ERROR, second + len(sql[second:]) - len(sql[second:].lstrip()),
                f"there are {len(statements)} statements", "A template is one SELECT.",
            )
        ]  # fmt: skip
    statement = statements[0].stmt
    refusal = _refusal(statement)
    if refusal:
        return None, [
            query.find("not-a-select", ERROR, 0, refusal, "A template is one SELECT; sources are only read.")
        ]
    return statement, []


def _refusal(statement: Any) -> str | None:
    if not tree.is_a(statement, ast.SelectStmt):
        return f"this is not a SELECT but {type(statement).__name__.removesuffix('Stmt').upper()}"
    for node in tree.walk(statement):
        if tree.is_a(node, ast.SelectStmt):
            if node.intoClause is not None:
                return "SELECT INTO makes a table"
            if node.lockingClause:
                return "FOR UPDATE or FOR SHARE locks rows of the source"
        elif tree.is_a(node, ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt | ast.MergeStmt):
            return "a part of the query changes data"
    return None


def check(query: Text, statement: Any, also_volatile: Collection[str] = ()) -> list[Finding]:
    """SELECT *, LIMIT, ORDER BY and volatile functions."""
    return [
        *_stars(query, statement),
        *_limits(query, statement),
        *_volatile(query, statement, VOLATILE | set(also_volatile)),
    ]


def _stars(query: Text, statement: Any) -> list[Finding]:
    return [
        query.find(
            "select-star", WARNING, output.offset, f"{tree.written(output.value)} selects whatever columns exist",
            "Name the columns: one that the source adds would make every load fail.",
        )
        for output in tree.outputs(statement) if output.star
    ]  # fmt: skip


def _limits(query: Text, statement: Any) -> list[Finding]:
    found = []
    if statement.limitCount is not None or statement.limitOffset is not None:
        # The parser does not report the position of a number. LIMIT comes last, except for those in
        # subqueries before it.
        *_, word = re.finditer(r"\b(?:limit|offset|fetch)\b", query.sql, re.IGNORECASE)
        found.append(
            query.find(
                "limit", ERROR, word.start(),
                "LIMIT or OFFSET leaves out rows, of a day or of a whole range of days", "Remove it.",
            )
        )  # fmt: skip
    elif statement.sortClause and not statement.distinctClause:
        node = statement.sortClause[0].node
        found.append(
            query.find(
                "order-by", NOTE, max(0, getattr(node, "location", 0) or 0),
                "ORDER BY costs the source a sort, and the order is not kept", "Remove it.",
            )
        )  # fmt: skip
    return found


def called(statement: Any) -> set[str]:
    """The functions that a query calls, without their schemas."""
    return {tree.words(node.funcname)[-1] for node in tree.walk(statement) if tree.is_a(node, ast.FuncCall)}


def _volatile(query: Text, statement: Any, names: Collection[str]) -> list[Finding]:
    found = []
    for node in tree.walk(statement):
        name = None
        if tree.is_a(node, ast.FuncCall) and tree.words(node.funcname)[-1] in names:
            name = f"{tree.words(node.funcname)[-1]}()"
        elif tree.is_a(node, ast.SQLValueFunction) and node.op in _OF_TIME:
            name = node.op.name.removeprefix("SVFOP_").removesuffix("_N").lower()
        elif tree.is_a(node, ast.TypeCast) and any(
            text.lower() in _MOMENTS for text in tree.strings(node.arg)
        ):
            name = tree.written(node)
        if name:
            found.append(
                query.find(
                    "volatile", WARNING, max(0, node.location or 0),
                    f"{name} returns something else each time: a day that is loaded again differs",
                    "Use columns of the source and the placeholders only.",
                )
            )  # fmt: skip
    return found
