"""`python -m tests.sqlcheck`: does PostgreSQL's own parser accept every SQL file, and every function body in them?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pglast import ast, parse_plpgsql, parse_sql
from pglast.parser import ParseError, scan

SQL = Path(__file__).parent.parent / "src" / "tenantry" / "sql"

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?s")


def errors_of(path: Path) -> list[str]:
    """What is wrong with a file, a line each; nothing for a psql script, which is no SQL."""
    text = path.read_text(encoding="utf-8")
    if re.search(r"^\\", text, re.MULTILINE):
        return []
    if path.parent.name == "queries":
        named = _NAME.split(text)
        return [
            f"{name}: {error}"
            for name, body in zip(named[1::2], named[2::2], strict=True)
            for error in errors_in(_PLACEHOLDER.sub("NULL", body).replace("%%", "%"))
        ]
    return errors_in(text)


def errors_in(text: str) -> list[str]:
    """What is wrong with some statements, and with the functions that they make."""
    try:
        statements = parse_sql(text)
    except ParseError as error:
        message, location = (*error.args, None)[:2]
        line = text.count("\n", 0, location) + 1 if isinstance(location, int) else "?"
        return [f"line {line}: {message}"]
    return [
        f"{what}: {error}"
        for statement in statements
        for what, language, body, source in _bodies(statement, text)
        for error in _errors_in_body(language, body, source)
    ]


def _bodies(statement: ast.RawStmt, text: str) -> Iterator[tuple[str, str, str, str]]:
    """Name, language and text of a statement's function body, and the statement that makes such a function."""
    # Counted in characters; a length of 0 means up to the end.
    begin, length = statement.stmt_location or 0, statement.stmt_len or 0
    source = text[begin : begin + length] if length else text[begin:]
    node = statement.stmt
    if isinstance(node, ast.CreateFunctionStmt):
        options: dict[str, Any] = {option.defname: option.arg for option in node.options or ()}
        if "as" in options:
            name = ".".join(part.sval for part in node.funcname or ())
            yield name, options["language"].sval, options["as"][0].sval, source
    elif isinstance(node, ast.DoStmt):
        (body,) = (option.arg.sval for option in node.args or () if option.defname == "as")
        yield "DO", "plpgsql", body, f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $do${body}$do$"


def backslashes_in(text: str) -> list[str]:
    """Plain literals with a backslash: with standard_conforming_strings off they mean something else. E'' always means the same."""
    literals = (text[token.start : token.end + 1] for token in scan(text) if token.name == "SCONST")
    return [
        f"a backslash in the plain literal {literal}; write E'' or [0-9]"
        for literal in literals
        if literal.startswith("'") and "\\" in literal
    ]


def _errors_in_body(language: str, body: str, source: str) -> list[str]:
    found = backslashes_in(body)
    if language == "sql":
        return found + errors_in(body)
    try:
        parse_plpgsql(_with_known_types(source))
    except ParseError as error:
        return [*found, str(error)]
    return found


def _with_known_types(source: str) -> str:
    """The parser has no catalog: it takes unknown types of the schema public for rows, and refuses those of others."""
    source = re.sub(r"\b_wh(_internal)?\.\w+\[\]", "text[]", source)
    return re.sub(r"\b_wh(_internal)?\.", "public.", source)


def main() -> int:
    """Check all files; the exit code."""
    found = [
        f"{path.relative_to(SQL)}: {error}"
        for path in sorted(SQL.rglob("*.sql"))
        for error in errors_of(path)
    ]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
