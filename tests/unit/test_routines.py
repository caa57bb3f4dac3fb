"""What `tenantry doctor` compares a database with is what the files make."""

from __future__ import annotations

from collections import Counter

from pglast import ast, parse_sql

from tenantry.db.build import cron_files, function_files
from tenantry.db.routines import routines, triggers


def test_every_routine_and_trigger_of_the_files_is_known() -> None:
    made: Counter[str] = Counter()
    fired = set()
    for file in [*function_files(), *cron_files()]:
        for statement in parse_sql(file.read_text(encoding="utf-8")):
            node = statement.stmt
            if isinstance(node, ast.CreateFunctionStmt):
                made[".".join(part.sval for part in node.funcname or ())] += 1
            elif isinstance(node, ast.CreateTrigStmt) and node.relation and node.relation.schemaname == "_wh":
                fired.add((f"_wh.{node.relation.relname}", node.trigname))
    assert Counter(f"{routine.schema}.{routine.name}" for routine in routines(own_cron=True)) == made
    assert triggers() == fired
