"""What is asked of the nodes that `syntax.parse` gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any

from pglast import ast, enums
from pglast.stream import RawStream

from tenantry.core.syntax import Unreadable, parse


@dataclass(frozen=True)
class Column:
    """A column as declared: `kind` is the bare name of its type, such as timestamptz or numeric."""

    name: str
    kind: str
    array: bool

    @property
    def is_time(self) -> bool:
        """Whether it can be a time column."""
        return self.kind in ("date", "timestamp", "timestamptz") and not self.array


@dataclass(frozen=True)
class Output:
    """An item of a select list: its name, or None if PostgreSQL would make one up; `star` stands for several items."""

    name: str | None
    value: Any
    offset: int
    star: bool = False


def is_a(node: Any, kind: type | UnionType) -> bool:
    """isinstance, without the parser's own types, which declare every part as optional."""
    return isinstance(node, kind)


def walk(node: Any) -> Iterator[Any]:
    """A node and all below it, parents first."""
    if isinstance(node, tuple | list):
        for item in node:
            yield from walk(item)
    elif isinstance(node, ast.Node):
        yield node
        for name in node:
            value = getattr(node, name)
            if is_a(value, tuple | list | ast.Node):
                yield from walk(value)


def written(node: Any) -> str:
    """A node as SQL."""
    return str(RawStream()(node))


def words(names: Any) -> list[str]:
    """The parts of a qualified name."""
    return [getattr(name, "sval", "*") for name in names or ()]


def columns(definitions: str) -> list[Column]:
    """The columns of a template's column_definitions.

    Raises Unreadable: they cannot be read, or say more than name and type.
    """
    return [
        Column(item.colname, words(item.typeName.names)[-1], bool(item.typeName.arrayBounds))
        for item in _declared(definitions)
    ]


def types(definitions: str) -> dict[str, str]:
    """The type of each column of a template's column_definitions, as SQL. Raises what `columns` raises."""
    return {item.colname: written(item.typeName) for item in _declared(definitions)}


def _declared(definitions: str) -> list[Any]:
    head = "CREATE TABLE t ("
    try:
        (raw,) = parse(f"{head}{definitions}\n)")
    except Unreadable as error:
        raise Unreadable(error.message, max(0, error.offset - len(head))) from None
    except ValueError:
        raise Unreadable("more than a list of columns", 0) from None
    found = []
    for item in raw.stmt.tableElts or ():
        if not is_a(item, ast.ColumnDef):
            raise Unreadable("there is a constraint among the columns", 0)
        if item.constraints or item.collClause:
            raise Unreadable(
                f'column "{item.colname}" has more than a type', max(0, item.location - len(head))
            )
        found.append(item)
    if not found:
        raise Unreadable("there is no column", 0)
    return found


def first_select(select: Any) -> Any:
    """The SELECT whose list names the columns: the leftmost of a UNION."""
    while select.larg is not None:
        select = select.larg
    return select


def outputs(select: Any) -> list[Output]:
    """The select list of a query; for VALUES, one item for each column."""
    select = first_select(select)
    if select.valuesLists:
        return [Output(f"column{n}", value, 0) for n, value in enumerate(select.valuesLists[0], 1)]
    return [_output(target) for target in select.targetList or ()]


def _output(target: Any) -> Output:
    value = target.val
    offset = max(0, target.location or 0)
    if target.name:
        return Output(target.name, value, offset)
    if is_a(value, ast.ColumnRef):
        last = value.fields[-1]
        if is_a(last, ast.A_Star):
            return Output(None, value, offset, star=True)
        return Output(last.sval, value, offset)
    # PostgreSQL makes up a name from the function or the type. Nothing here depends on it.
    return Output(None, value, offset)


def conditions(statement: Any) -> list[Any]:
    """What decides which rows are returned: WHERE and ON, also in subqueries."""
    found = []
    for node in walk(statement):
        if is_a(node, ast.SelectStmt) and node.whereClause is not None:
            found.append(node.whereClause)
        elif is_a(node, ast.JoinExpr) and node.quals is not None:
            found.append(node.quals)
    return found


def alternatives(condition: Any) -> list[Any]:
    """The parts of a condition that need not be true: those under OR and NOT."""
    return [
        node
        for node in walk(condition)
        if is_a(node, ast.BoolExpr) and node.boolop != enums.BoolExprType.AND_EXPR
    ]


def column_refs(node: Any) -> list[Any]:
    """The columns that an expression names."""
    return [item for item in walk(node) if is_a(item, ast.ColumnRef)]


def strings(node: Any) -> list[str]:
    """The string literals of an expression."""
    return [item.val.sval for item in walk(node) if is_a(item, ast.A_Const) and is_a(item.val, ast.String)]


def integer(node: Any) -> int | None:
    """The value of an integer literal, None for anything else."""
    if isinstance(node, ast.A_Const) and isinstance(node.val, ast.Integer):
        return int(node.val.ival or 0)
    return None


def is_table(node: Any) -> bool:
    """Whether an item of FROM is a single table."""
    return isinstance(node, ast.RangeVar)
