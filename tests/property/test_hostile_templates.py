"""Templates of hypothesis' making, two thousand of them: nothing in one runs, and each is taken or refused in one line."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pglast.parser import ParseError, parse_sql

from tests.support.databases import Warehouse

pytestmark = pytest.mark.any_server

EXAMPLES = 1000

QUOTES = [
    *(
        "'",
        "''",
        "E'",
        "U&'",
        "N'",
        "x'",
        '"',
        '""',
        'U&"',
        "$$",
        "$a$",
        "$é$",
        "1$a$",
        "\\",
        "\\'",
        "\\0027",
        "\\0022",
    ),
    *(
        "--",
        "/*",
        "*/",
        "\n",
        "\r",
        " ",
        "\t",
        "\v",
        "\u00a0",
        "\u2028",
        ";",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "{",
        "}",
    ),
]
WORDS = [
    *(
        "n",
        "int",
        "text",
        "numeric",
        "(10, 2)",
        "timestamp",
        "with time zone",
        "collate",
        '"C"',
        "setof",
        "as",
        "u",
        "e",
        "1",
        "-",
    ),
    *(
        "public.lose(1)",
        "public.lose(n)",
        "SELECT public.lose(1)",
        "DELETE FROM public.canary",
        "DROP TABLE public.canary",
    ),
    *(
        "CREATE INDEX",
        "CREATE UNIQUE INDEX",
        "ON {SCHEMA}.{VIEW_NAME}",
        "(n)",
        "WHERE",
        "WITH (fillfactor = 70)",
        "INCLUDE (s)",
    ),
    *(
        "INTO STDOUT",
        "COMMIT",
        "'{SCHEMA}'",
        "'{START_TIME}'",
        "UNION ALL SELECT 1",
        "FROM ticks",
        "default",
        "$1",
        "é",
        "||",
        "::",
    ),
]
"""What leaves a quote, a comment or a list, if anything does."""

pieces = st.one_of(st.sampled_from(QUOTES), st.sampled_from(WORDS), st.text(max_size=3))


def around(*parts: str) -> st.SearchStrategy[str]:
    """Texts that begin and end as right ones do, with hostile pieces between."""
    hostile = st.lists(pieces, max_size=12).map(
        lambda words: "".join(f"{word}{' ' * (len(word) > 2)}" for word in words)
    )
    return st.one_of(
        hostile,
        st.tuples(st.sampled_from(parts), hostile, st.sampled_from(["", *parts])).map("".join),
    )


columns = around("n int, s text", "n int", "n int, ", "n numeric(", 'n "')
indexes = around(
    "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (n)",
    "CREATE UNIQUE INDEX {VIEW_NAME}_x ON {SCHEMA}.{VIEW_NAME} (n) WHERE s <> ",
    " (",
)
queries = around("SELECT 1", "SELECT ", "SELECT 1 FROM (", ")")
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def unhinged(text: str) -> str:
    return text.replace("\0", "")


def oracle(query: str) -> None:
    """PostgreSQL's own scanner and parser see one subquery in a query that was taken, or refuse it."""
    said = ""
    statements: Any = ()
    try:
        statements = parse_sql(f"SELECT * FROM ({query}\n) AS q; SELECT 2")
    except (ParseError, ValueError) as error:
        said = str(error)
    assert "unterminated" not in said, query
    if not said:
        first, _ = statements
        assert len(first.stmt.fromClause) == 1, query
        assert not first.stmt.intoClause, query


def test_two_thousand_templates_run_nothing(warehouse: Warehouse) -> None:
    warehouse.admin.run(
        "CREATE TABLE public.canary (n int); INSERT INTO public.canary VALUES (1); GRANT ALL ON public.canary TO PUBLIC;"
        " CREATE SEQUENCE public.lost; GRANT ALL ON public.lost TO PUBLIC;"
    )
    warehouse.admin.run("GRANT CREATE ON SCHEMA public TO phood_ro")
    warehouse.reader.run(
        "CREATE FUNCTION public.lose(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$"
        " BEGIN PERFORM nextval('public.lost'); RETURN $1; END $$"
    )
    catalog = "SELECT count(*) FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_')"
    before = warehouse.value(catalog)
    taken = {"columns": 0, "indexes": 0, "query": 0}

    with warehouse.connect() as opened:
        opened.execute("BEGIN")

        def store(part: str, name: str, texts: dict[str, str]) -> bool:
            values = {"columns": "n int, s text", "indexes": None, "query": "SELECT 1"} | texts
            said: psycopg.Error | None = None
            opened.execute("SAVEPOINT one")
            try:
                opened.execute(
                    "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes)"
                    " VALUES (%s, %s, %s, %s)",
                    (name, values["query"], values["columns"], values["indexes"]),
                )
            except psycopg.Error as error:
                said = error
            opened.execute("ROLLBACK TO one; RELEASE one")
            if said is None:
                taken[part] += 1
                return True
            message = said.diag.message_primary or ""
            assert message.startswith("template "), (message, texts)
            assert said.sqlstate != "XX000", (message, texts)
            return False

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(names, st.one_of(columns.map(lambda c: ("columns", c)), indexes.map(lambda i: ("indexes", i))))
        def executed(name: str, text: tuple[str, str]) -> None:
            store(text[0], name, {text[0]: unhinged(text[1])})

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(names, queries)
        def sent(name: str, query: str) -> None:
            if store("query", name, {"query": unhinged(query)}):
                oracle(unhinged(query))

        executed()
        sent()
        opened.execute("COMMIT")
    assert all(number > 10 for number in taken.values()), taken
    assert warehouse.value("SELECT count(*) FROM public.canary") == 1
    assert warehouse.value("SELECT is_called FROM public.lost") is False
    assert warehouse.value(catalog) == before
