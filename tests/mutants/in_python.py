"""Mutants of Python code, by the operators of Cosmic Ray; as JSON from an environment of its own."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.mutants.mutant import ROOT, Mutant, change

PACKAGES = ("core", "loader", "schedule")

OPERATORS = (
    "AddNot",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Add",
    "ReplaceBreakWithContinue",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceContinueWithBreak",
    "ReplaceFalseWithTrue",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceUnaryOperator_Delete_Not",
    "ZeroIterationForLoop",
)
"""Those whose mutants mean something else; of Cosmic Ray's operators on numbers and comparisons one of each kind."""

CHOSEN = re.compile(
    r"""
    \[0\].*->.*\[\ -1\]             # the last column of a row is the first where there is but one
    | ^\w+(:\ [\w.]+)?\ ?=\ ?[\d.]*[2-9.][\d.]*,?\ \ ->   # a number that somebody chose, such as a time to wait
    | ^[A-Z_]+\ =\ \([\d_.,\ ]+\)\ \ ->   # or several
    | ^@dataclass
    """,
    re.VERBOSE,
)
"""Changes that no test is to notice."""


def mutants() -> Iterator[Mutant]:
    """All that the operators make of all modules, except what changes annotations only."""
    made = subprocess.run(
        [ROOT / ".mutants/bin/python", "-m", "tests.mutants.in_python"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    for line in made.stdout.splitlines():
        found = json.loads(line)
        yield Mutant(**found | {"path": Path(found["path"])})


def _make() -> Iterator[Mutant]:
    importlib.import_module("parso.python")  # Cosmic Ray cannot be the first to load parso.
    plugins = importlib.import_module("cosmic_ray.plugins")
    mutating = importlib.import_module("cosmic_ray.mutating")
    for package in PACKAGES:
        for path in sorted((ROOT / "src/tenantry" / package).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            for name in OPERATORS:
                operator = plugins.get_operator(f"core/{name}")()
                number = 0
                while (new := mutating.mutate_code(text, operator, number)) is not None:
                    number += 1
                    mutant = _mutant(path.relative_to(ROOT), text, new)
                    if _meaning(new) not in (None, _meaning(text)) and not CHOSEN.search(mutant.change):
                        yield mutant


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions and methods of a module, inner ones included, with their dotted names."""

    def inside(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}".lstrip(".")
            if isinstance(child, ast.FunctionDef):
                yield name, child
            yield from inside(child, name)

    return inside(tree, "")


def module_name(path: Path) -> str:
    """`tenantry.core.days` for src/tenantry/core/days.py."""
    return ".".join(path.with_suffix("").parts[1:])


def _mutant(path: Path, text: str, new: str) -> Mutant:
    before, after = text.splitlines(), new.splitlines()
    pairs = enumerate(zip(before, after, strict=False))
    line = next((number for number, (a, b) in pairs if a != b), len(after) - 1)
    inner = [
        name
        for name, node in functions(ast.parse(text))
        if node.lineno <= line + 1 <= (node.end_lineno or node.lineno)
    ]
    touched = f"{module_name(path)}:{inner[-1] if inner else ''}"
    return Mutant(path, line + 1, touched, change(before[line], after[line]), new)


def _meaning(text: str) -> str | None:
    """The code without its annotations; None if it is none."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


if __name__ == "__main__":
    for made in _make():
        print(json.dumps(asdict(made), default=str))
