"""The day predicate: which rows belong to a UTC day, and whether an index of the source can find them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pglast import ast, enums

from tenantry.flow.template.lint import tree
from tenantry.flow.template.lint.finding import ERROR, NOTE, WARNING, Finding, Text
from tenantry.flow.template.lint.placeholders import DAYS

_UTC = {"utc", "etc/utc", "gmt", "etc/gmt", "z", "zulu", "uct", "universal"}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}
_CUTTING = {"date", "date_trunc", "date_part", "extract", "to_char", "time", "date_bin"}


@dataclass(frozen=True)
class Comparison:
    """A comparison of a column with a day: `operator` with the column on its left.

    `way` says what is done to the column first: bare (nothing), utc (cut to a UTC day), session (cut to a day of the
    session's zone), zone (of another zone), wrapped (anything else). A comparison under OR or NOT is not `certain`.
    """

    column: Any
    operator: str
    bound: Any
    way: str
    offset: int
    certain: bool = True

    @property
    def name(self) -> str:
        """The column as it is written."""
        return tree.written(self.column)


def comparisons(statement: Any) -> list[Comparison]:
    """All comparisons with a day in the conditions of a query."""
    found: dict[int, Comparison] = {}
    for condition in tree.conditions(statement):
        loose = {id(node) for part in tree.alternatives(condition) for node in tree.walk(part)}
        for node in tree.walk(condition):
            if tree.is_a(node, ast.A_Expr) and id(node) not in found:
                comparison = _comparison(node)
                if comparison:
                    found[id(node)] = replace(comparison, certain=id(node) not in loose)
    return list(found.values())


def _comparison(node: Any) -> Comparison | None:
    operator = tree.words(node.name)[-1]
    left, right = node.lexpr, node.rexpr
    if node.kind in (enums.A_Expr_Kind.AEXPR_BETWEEN, enums.A_Expr_Kind.AEXPR_BETWEEN_SYM):
        operator = "BETWEEN"
    elif node.kind in (enums.A_Expr_Kind.AEXPR_IN, enums.A_Expr_Kind.AEXPR_OP_ANY):
        if operator != "=":
            return None
    elif node.kind != enums.A_Expr_Kind.AEXPR_OP or operator in ("+", "-", "*", "/", "||"):
        return None
    if _day_in(left) and not tree.column_refs(left):
        left, right = right, left
        operator = _MIRRORED.get(operator, operator)
    refs = _subjects(left)
    if not refs or not _day_in(right) or _day_in(left) or tree.column_refs(right):
        return None
    return Comparison(refs[0], operator, right, _way(left), max(0, node.location or 0))


def _subjects(node: Any) -> list[Any]:
    """The columns of an expression, without those that name a time zone."""
    zones = [
        id(ref)
        for call in tree.walk(node)
        if tree.is_a(call, ast.FuncCall) and tree.words(call.funcname)[-1] == "timezone"
        for ref in tree.column_refs(call.args[0])
    ]
    return [ref for ref in tree.column_refs(node) if id(ref) not in zones]


def _day_in(node: Any) -> bool:
    return any(placeholder in text for text in tree.strings(node) for placeholder in DAYS)


def _way(subject: Any) -> str:
    if tree.is_a(subject, ast.ColumnRef):
        return "bare"
    zones: list[str | None] = []
    cut = False
    for node in tree.walk(subject):
        if tree.is_a(node, ast.FuncCall):
            name = tree.words(node.funcname)[-1]
            if name == "timezone" and len(node.args) == 2:
                zones.append(_constant(node.args[0]))
            elif name in _CUTTING:
                cut = True
                if name == "date_trunc" and len(node.args) == 3:
                    zones.append(_constant(node.args[2]))
        elif tree.is_a(node, ast.TypeCast) and tree.words(node.typeName.names)[-1] in (
            "date",
            "text",
            "varchar",
        ):
            cut = True
    if any(zone is None or zone.lower() not in _UTC for zone in zones):
        return "zone"
    if cut:
        return "utc" if zones else "session"
    return "wrapped"


def _constant(node: Any) -> str | None:
    while tree.is_a(node, ast.TypeCast):
        node = node.arg
    found = tree.strings(node)
    return found[0] if tree.is_a(node, ast.A_Const) and found else None


def check(
    query: Text, statement: Any, declared: Sequence[tree.Column], time_column: str | None
) -> list[Finding]:
    """Findings about the day predicate."""
    found = comparisons(statement)
    if not found:
        return [_missing(query, statement)]
    kinds = _Kinds(statement, declared, time_column)
    by_column: dict[str, list[Comparison]] = {}
    for comparison in found:
        by_column.setdefault(comparison.name, []).append(comparison)
    judged = {
        name: list(_judge(query, group, kinds.kind(group[0].column))) for name, group in by_column.items()
    }
    good = [name for name, findings in judged.items() if all(f.severity != ERROR for f in findings)]
    # Next to a column that decides the day, others may be compared in any way, except across zones.
    findings = [
        finding
        for name, group in judged.items()
        for finding in group
        if not good or name in good or finding.rule == "day-not-utc"
    ]
    return findings + _other_column(query, kinds, [by_column[name][0] for name in good])


class _Kinds:
    """The declared type of a source's column, if the query returns it unchanged."""

    def __init__(self, statement: Any, declared: Sequence[tree.Column], time_column: str | None) -> None:
        self.time: Any = None
        self._kinds: dict[str, str] = {}
        outputs = tree.outputs(statement)
        if len(outputs) != len(declared) or any(output.star for output in outputs):
            return
        for output, column in zip(outputs, declared, strict=True):
            if tree.is_a(output.value, ast.ColumnRef):
                self._kinds[tree.words(output.value.fields)[-1]] = column.kind
                if column.name == time_column and column.is_time:
                    self.time = output.value

    def kind(self, column: Any) -> str | None:
        return self._kinds.get(tree.words(column.fields)[-1])


def _judge(query: Text, group: Sequence[Comparison], kind: str | None) -> Iterator[Finding]:
    """Findings about the comparisons of one column, whose declared type is `kind` if known."""
    first = group[0]
    right = _right(first, kind)
    in_utc = kind == "date" or all(c.way not in ("session", "zone") for c in group)
    if in_utc and not _bounded({c.operator for c in group}):
        wrong = f"{first.name} has only one bound: rows of other days are included"
        yield query.find("half-open", ERROR, first.offset, wrong, f"Write {right}")
        return
    if not any(c.certain for c in group):
        yield query.find(
            "day-predicate", WARNING, first.offset, "the day is selected under OR or NOT: rows of other days may be included",
            f"Make it a condition of its own: {right}",
        )  # fmt: skip
    bare = [c for c in group if c.way == "bare"]
    for c in group:
        if c.way in ("session", "zone") and not (kind == "date" and c.way == "session"):
            zone = "the session's time zone" if c.way == "session" else "a time zone other than UTC"
            yield query.find(
                "day-not-utc", ERROR, c.offset, f"the day of {c.name} is computed in {zone}: days would overlap",
                f"Write {right}",
            )  # fmt: skip
        elif c.way == "utc":
            yield query.find(
                "no-index", NOTE, c.offset,
                f"correct, but no index on {c.name} serves it, and days are loaded one by one", f"Better: {right}",
            )  # fmt: skip
        elif c.way in ("wrapped", "session"):
            yield query.find(
                "no-index", WARNING, c.offset, f"{c.name} is compared within an expression, which no index on it serves",
                f"Write {right}",
            )  # fmt: skip
    if bare and len(bare) == len(group):
        yield from _judge_bare(query, bare, kind, right)


def _bounded(operators: set[str]) -> bool:
    """Whether comparisons with these operators select only the rows of one day, or of a span."""
    usual = {"<", "<=", ">", ">=", "<>"}
    return bool(operators - usual or (operators & {"<", "<="} and operators & {">", ">="}))


def _judge_bare(query: Text, group: Sequence[Comparison], kind: str | None, right: str) -> Iterator[Finding]:
    first = group[0]
    operators = {c.operator for c in group}
    wrong = None
    if operators - {"=", "<", ">", "<=", ">=", "BETWEEN"}:
        yield query.find(
            "no-index",
            WARNING,
            first.offset,
            f"no ordinary index on {first.name} serves this",
            f"Write {right}",
        )
        return
    if kind != "date":
        lower_at_end = [c for c in group if c.operator in (">", ">=") and _is(c, "{END_TIME}")]
        upper_at_start = [c for c in group if c.operator in ("<", "<=") and _is(c, "{START_TIME}")]
        if "BETWEEN" in operators:
            wrong = f"BETWEEN includes the midnight after the day: {first.name} at 00:00 would be in two days"
        elif "=" in operators:
            wrong = f"{first.name} = a day is only true at its first moment"
        elif lower_at_end or upper_at_start:
            wrong = f"{first.name} is compared with the wrong end of the day"
        elif "<=" in operators:
            wrong = f"<= includes the midnight after the day: {first.name} at 00:00 would be in two days"
        elif ">" in operators:
            wrong = f"> leaves out the first moment of the day: {first.name} at 00:00 would be in none"
    if wrong:
        yield query.find("half-open", ERROR, first.offset, wrong, f"Write {right}")
        return
    unclear = next((c for c in group if not _has_zone(c.bound)), None)
    if unclear and kind not in ("date", "timestamp"):
        yield query.find(
            "day-zone", WARNING, unclear.offset,
            "midnight is taken in the session's time zone, which is UTC only where Tenantry opened the session",
            f"Write {right}",
        )  # fmt: skip


def _right(comparison: Comparison, kind: str | None) -> str:
    cast = "" if kind == "date" else "::timestamp" if kind == "timestamp" else "::timestamptz"
    return f"{comparison.name} >= '{{START_TIME}}'{cast} AND {comparison.name} < '{{END_TIME}}'{cast}"


def _is(comparison: Comparison, placeholder: str) -> bool:
    """Whether a bound is only a placeholder, with nothing added to it."""
    return _constant(comparison.bound) == placeholder


def _has_zone(bound: Any) -> bool:
    """Whether a bound is a complete point in time: {START_TIME} and {END_TIME} end in +00."""
    for node in tree.walk(bound):
        if tree.is_a(node, ast.FuncCall) and tree.words(node.funcname)[-1] == "timezone":
            return True
        if tree.is_a(node, ast.TypeCast) and tree.words(node.typeName.names)[-1] in ("date", "timestamp"):
            return False
    texts = tree.strings(bound)
    return any(
        "{START_TIME}" in text or "{END_TIME}" in text or re.search(r"\}.*(\+00|Z|UTC)", text)
        for text in texts
    )


def _missing(query: Text, statement: Any) -> Finding:
    used = any(
        _day_in(node)
        for select in tree.walk(statement) if tree.is_a(select, ast.SelectStmt)
        for node in (select.fromClause, select.whereClause) if node is not None
    )  # fmt: skip
    if used:
        return query.find(
            "day-predicate", WARNING, 0, "it is not clear which column determines the day",
            "Compare the column itself: column >= '{START_TIME}'::timestamptz AND column < '{END_TIME}'::timestamptz",
        )  # fmt: skip
    return query.find(
        "day-predicate", ERROR, 0, "no condition selects the day: every slice would hold all rows",
        "Add WHERE column >= '{START_TIME}'::timestamptz AND column < '{END_TIME}'::timestamptz",
    )  # fmt: skip


def _other_column(query: Text, kinds: _Kinds, deciding: Sequence[Comparison]) -> list[Finding]:
    """Whether the time column is the one that decides the day."""
    if kinds.time is None or not deciding:
        return []
    time = tree.words(kinds.time.fields)
    for comparison in deciding:
        column = tree.words(comparison.column.fields)
        if column[-1] == time[-1] and (len(column) == 1 or len(time) == 1 or column == time):
            return []
    return [
        query.find(
            "time-column", WARNING, deciding[0].offset,
            f"{deciding[0].name} determines the day, but time_column is {tree.written(kinds.time)}: "
            "a day with a row of another day is refused",
            "Use the same column for both.",
        )
    ]  # fmt: skip
