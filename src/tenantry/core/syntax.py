"""SQL read by PostgreSQL's own grammar; the only module that calls the parser.

It is loaded when it is first needed: most commands read no SQL, and it takes longer to load than they take to work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any


class Unreadable(Exception):
    """SQL that PostgreSQL's parser refuses: its words, and where (in characters)."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def parse(text: str) -> tuple[Any, ...]:
    """The statements of a text, as RawStmt nodes that say where things stand. Raises Unreadable."""
    from pglast.parser import ParseError, parse_sql

    try:
        return tuple(parse_sql(text))
    except ParseError as error:
        raise Unreadable(str(error.args[0]), error.args[1] or 0) from None


def statements(text: str) -> list[dict[str, Any]]:
    """The statements of a text, each as {node type: node}; none if it cannot be parsed.

    Five times as fast as `parse`, for what reads thousands of short texts. What has its default value is not in a node.
    """
    from pglast.parser import ParseError, parse_sql_json

    try:
        parsed = json.loads(parse_sql_json(text))
    except (ParseError, ValueError):
        return []
    return [statement["stmt"] for statement in parsed.get("stmts", ()) if "stmt" in statement]


def parts(name: list[dict[str, Any]]) -> list[str]:
    """The parts of a qualified name in what `statements` gives."""
    return [part["String"].get("sval", "") for part in name]


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Each node in what `statements` gives, parents first."""
    if isinstance(tree, list):
        for item in tree:
            yield from nodes(item)
    elif isinstance(tree, dict):
        yield tree
        for item in tree.values():
            yield from nodes(item)


def identifier(name: str) -> str:
    """A name as SQL writes it: in quotes if it needs them."""
    from pglast import keywords

    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in (
        keywords.RESERVED_KEYWORDS | keywords.TYPE_FUNC_NAME_KEYWORDS | keywords.COL_NAME_KEYWORDS
    )
    return name if plain else '"' + name.replace('"', '""') + '"'


def load() -> None:
    """Load the parser now, so that nothing waits for it later."""
    import_module("pglast.parser")
