"""One function in each file, named after it, with a fixed search_path and its owner's rights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest
from pglast import ast, parse_sql

from tenantry.db.build import function_files, public_files
from tenantry.db.queries import SQL

COMMITTING = {
    "adopt_copies",
    "adopt_tenants",
    "refresh_window",
    "set_storage",
    "drop_old_storage",
    "fit_storage",
    "fold_in_steps",
}
"""Procedures that commit: PostgreSQL allows them neither a search_path of their own nor SECURITY DEFINER."""

OTHER_PATHS = {"call_user_function": ["public", "pg_temp"]}
"""Functions that call those of the operators, who name dblink without a schema."""


@dataclass(frozen=True)
class Function:
    """What a CREATE FUNCTION statement says."""

    schema: str
    name: str
    search_path: list[str] | None
    definer: bool
    replaces: bool


def functions(file: Traversable) -> list[Function]:
    found = []
    for statement in parse_sql(file.read_text(encoding="utf-8")):
        node = statement.stmt
        if isinstance(node, ast.CreateFunctionStmt):
            schema, name = (part.sval for part in node.funcname or ())
            options = node.options or ()
            paths = [
                [word.val.sval for word in option.arg.args]
                for option in options
                if option.defname == "set" and option.arg.name == "search_path"
            ]
            definer = any(option.defname == "security" and option.arg.boolval for option in options)
            found.append(Function(schema, name, paths[0] if paths else None, definer, bool(node.replace)))
    return found


FILES = {file.name: file for file in function_files()}
INTERNAL = set(FILES) - {file.name for file in public_files()}


def test_the_files_are_found() -> None:
    assert {"update_mv_by_template.sql", "load_slice.sql", "connection_triggers.sql"} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_the_function_that_it_is_named_after(name: str) -> None:
    found = functions(FILES[name])
    if name.endswith("_triggers.sql"):
        assert found
    else:
        assert [function.name for function in found] == [name.removesuffix(".sql")]
    internal = name in INTERNAL
    assert {function.schema for function in found} == {"_wh_internal" if internal else "_wh"}


@pytest.mark.parametrize("name", FILES)
def test_a_function_can_be_loaded_again_and_has_a_search_path_of_its_own(name: str) -> None:
    for function in functions(FILES[name]):
        assert function.replaces
        if function.name not in COMMITTING:
            assert function.search_path == OTHER_PATHS.get(function.name, ["pg_catalog", "pg_temp"])


@pytest.mark.parametrize("name", [name for name, file in FILES.items() if functions(file)[0].schema == "_wh"])
def test_a_function_for_operators_runs_with_the_rights_of_whadmin_and_is_described(name: str) -> None:
    (function,) = functions(FILES[name])
    assert function.definer is (function.name not in COMMITTING)
    assert "COMMENT ON " in FILES[name].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_whatever_handles_errors_of_a_source_handles_those_that_others_leaves_out(name: str) -> None:
    """A source may give its errors any code, and OTHERS is neither query_canceled nor assert_failure."""
    for condition in re.findall(r"WHEN ([\w ]*\bOTHERS)\b", FILES[name].read_text(encoding="utf-8")):
        if "query_canceled" in condition:
            assert "assert_failure" in condition


SOURCE = Path(str(SQL)).parent
NAMED = re.compile(
    r"storage *(=|<>|!=|IN\b|NOT IN\b|IS (NOT )?DISTINCT FROM) *\(?'|CASE (\w+\.)?storage\b", re.IGNORECASE
)
"""A test of a storage's name in SQL."""
NAMED_IN_PYTHON = re.compile(r"""storage\b *((==|!=) *["']|(not )?in *[(\["'])""")


def test_nothing_in_sql_tests_the_name_of_a_storage() -> None:
    """Code asks what a storage can do (_wh.storages), or calls storage_<operation>."""
    files = [*(SOURCE / "sql" / "functions").rglob("*.sql"), *(SOURCE / "sql" / "queries").rglob("*.sql")]
    assert [f.name for f in files if NAMED.search(f.read_text(encoding="utf-8"))] == []


def test_only_the_interface_of_storages_compares_storages() -> None:
    files = [
        f
        for f in FILES.values()
        if "/internal/storage/" not in str(f)
        and re.search(r"storage *(=[^>]|<>)|storage IN", f.read_text(encoding="utf-8"))
    ]
    assert files == []


def test_nothing_in_python_tests_the_name_of_a_storage() -> None:
    files = SOURCE.rglob("*.py")
    assert [f.name for f in files if NAMED_IN_PYTHON.search(f.read_text(encoding="utf-8"))] == []


def test_all_that_looks_for_a_password_in_a_definition_has_one_expression() -> None:
    one = (SQL / "functions/internal/adopt/shows_password.sql").read_text(encoding="utf-8")
    parts = re.findall(r"E'.*'", one)
    assert len(parts) == 2
    for name in ("adopt/1_find.sql", "adopt/8_finish.sql", "queries/install.sql"):
        text = (SQL / name).read_text(encoding="utf-8")
        assert [part for part in parts if part not in text] == [], name
