"""The table of README.md says of every module here how many tests it has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent


def count_tests(module: Path) -> int:
    return sum(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    )


def test_the_table_names_every_module_with_its_number_of_tests() -> None:
    lines = (HERE / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [re.match(r"\| .+ \| \d+ \| `(test_\w+\.py)` \| (\d+) \| ", line) for line in lines]
    table = [(row[1], int(row[2])) for row in rows if row]
    modules = [path for path in HERE.glob("test_*.py") if path != Path(__file__)]
    assert sorted(table) == sorted((path.name, count_tests(path)) for path in modules)
