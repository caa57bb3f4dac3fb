"""Templates are data: whoever writes one, nothing in it runs, and what a source is sent is one statement that reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tenantry.core.errors import TenantryError
from tenantry.core.model import Template
from tenantry.db.connect import session
from tenantry.db.install import install
from tenantry.db.queries import query
from tenantry.flow.template import draft, trial
from tenantry.recovery.backup import OURS
from tests.support.databases import Database, Source, Warehouse
from tests.support.loading import Pull, by_loader, by_sql
from tests.support.program import run
from tests.support.samples.small_template import COLUMNS, define, make_ticks

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 8)

CANARY = """
CREATE TABLE public.canary (n int);
INSERT INTO public.canary VALUES (1);
CREATE SCHEMA theirs AUTHORIZATION phood_ro;
GRANT USAGE ON SCHEMA theirs TO PUBLIC;
GRANT ALL ON public.canary TO PUBLIC;
"""
"""What nobody may lose."""

THEIRS = """
CREATE FUNCTION theirs.lose(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    DELETE FROM public.canary;
    RETURN $1;
END
$$;
CREATE FUNCTION theirs.lose_both(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT theirs.lose($1)';
CREATE OPERATOR theirs.@+@ (LEFTARG = int, RIGHTARG = int, FUNCTION = theirs.lose_both);
CREATE DOMAIN theirs.number AS int CHECK (theirs.lose(VALUE) IS NOT NULL);
"""
"""What somebody else made, for whadmin to run."""


@pytest.fixture
def guarded(warehouse: Warehouse) -> Warehouse:
    """A warehouse with a canary, and a reader with functions of his own, who may write templates and nothing else."""
    warehouse.admin.run(CANARY)
    warehouse.reader.run(THEIRS)
    warehouse.admin.run("GRANT USAGE ON SCHEMA _wh TO phood_ro; GRANT INSERT ON _wh.mv_templates TO phood_ro")
    return warehouse


INSERT: LiteralString = "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, indexes) VALUES ('t', %s, %s, %s)"


def insert(database: Database, columns: str, indexes: str | None = None, query: str = "SELECT 1") -> None:
    database.run(INSERT, (query, columns, indexes))


def canaries(database: Database) -> int:
    return len(database.rows("SELECT n FROM public.canary"))


@pytest.mark.parametrize(
    "columns",
    [
        "n int); DELETE FROM public.canary; SELECT * FROM json_to_recordset('[]') AS u(n int",
        "n int), theirs.lose(1) AS l(m",
        "n int), LATERAL (SELECT theirs.lose(1)) AS l(m",
        "n numeric(theirs.lose(1))",
        "n numeric((SELECT 1))",
        "n int DEFAULT theirs.lose(1)",
        "n int CHECK (theirs.lose(1) > 0)",
        'n int, U&"m\\0029\\003b" nothing',
        "n int /* ) */), theirs.lose(1) AS l(m",
        "n int -- \r), theirs.lose(1) AS l(m",
        "n int $$), theirs.lose(1) AS l(m$$",
        "n 'int'",
        "n int' ) '",
        "n theirs.number",
        "n theirs.number[]",
        "n public.canary%TYPE",
    ],
)
def test_no_column_list_runs_anything(guarded: Warehouse, columns: str) -> None:
    for database in (guarded, guarded.reader):
        with pytest.raises(psycopg.Error, match='template "t": column') as refused:
            insert(database, columns)
        assert "\n" not in (refused.value.diag.message_primary or "")
    assert canaries(guarded) == 1


@pytest.mark.parametrize(
    "indexes",
    [
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((theirs.lose(1)))",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((theirs.lose(n)))",
        'CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((theirs . /* */ "lose"(n)))',
        'CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((U&"\\0074heirs".lose(1)))',
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (n) WHERE 1 OPERATOR(theirs.@+@) 1 > 0",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (n) WHERE 1::theirs.number > 0",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (n) WITH (fillfactor = 70); DELETE FROM public.canary",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (n) WHERE n <> 1$a$; DELETE FROM public.canary; --$a$",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (s) WHERE s <> E'a'\n'\\'; DELETE FROM public.canary; --'",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (s) WHERE s <> $€$';$€$; DELETE FROM public.canary; --'",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (s) WHERE s <> '\\'; DELETE FROM public.canary; --'; x '",
        "CREATE INDEX {VIEW_NAME}_x ON public.canary (n)",
        "CREATE INDEX {VIEW_NAME}_x ON ONLY public.canary (n)",
        "CREATE INDEX CONCURRENTLY {VIEW_NAME}_x ON {SCHEMA}.{VIEW_NAME} (n)",
        'CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (U&"pg\\005ftemp")',
        'CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ("{SCHEMA}")',
        "CREATE TABLE {SCHEMA}.{VIEW_NAME} (n int)",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (n",
    ],
)
def test_no_index_runs_anything_but_itself(guarded: Warehouse, indexes: str) -> None:
    for database in (guarded, guarded.reader):
        with pytest.raises(psycopg.Error, match='template "t": '):
            insert(database, 'n int, s text, pg_temp int, "{SCHEMA}" int', indexes)
        # What a session sets changes neither how the text is read nor what its names mean.
        with database.connect() as opened:
            opened.execute("SET standard_conforming_strings = off; SET search_path = theirs")
            with pytest.raises(psycopg.Error, match='template "t": '):
                opened.execute(INSERT, ("SELECT 1", "n int, s text", indexes))
    assert canaries(guarded) == 1
    assert guarded.value("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'") == 0


def test_indexes_may_use_functions_of_an_extension(guarded: Warehouse) -> None:
    guarded.admin.run(
        "CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext; GRANT USAGE ON SCHEMA ext TO PUBLIC"
    )
    insert(
        guarded,
        "n int, s text",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} USING gin (s ext.gin_trgm_ops); CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (ext.similarity(s, 'x'))",
    )
    assert guarded.value("SELECT count(*) FROM _wh.template_indexes WHERE template_name = 't'") == 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1) TO STDOUT; COMMIT; BEGIN READ WRITE; DELETE FROM canary; SELECT (1",
        "SELECT 1; DELETE FROM canary",
        "SELECT 1) AS q; DELETE FROM canary; SELECT * FROM (SELECT 1",
        "SELECT 1) AS q, (SELECT 2",
        "SELECT E'a'\n'\\') AS q; DELETE FROM canary; --'",
        "SELECT 1$a$ ) ; DELETE FROM canary --$a$",
        "SELECT $€$'$€$) AS q; DELETE FROM canary; --'",
        "SELECT 1 /* /* */",
        "SELECT 'x",
        "SELECT E'x\\'",
        'SELECT "x',
        "SELECT 1 -{START_TIME} (\n)",
        "SELECT (1",
        "SELECT $1",
    ],
)
def test_a_query_that_could_leave_its_parentheses_is_refused(guarded: Warehouse, query: str) -> None:
    insert(guarded, "n int")
    for database in (guarded, guarded.reader):
        with pytest.raises(psycopg.Error, match='template "t": its query cannot be read: '):
            insert(database, "n int", query=query)
    with pytest.raises(psycopg.Error, match='template "t": its query cannot be read: '):
        guarded.run("UPDATE _wh.mv_templates SET query_template = %s WHERE template_name = 't'", (query,))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1;\n",
        "SELECT ';)' AS \")\", E'\\');', $$;)$$, $a$ $$ ) $a$ -- ;)\n /* ; /* ) */ ( */ , U&\"\\0029\", N'x', (2)",
        "SELECT 'a'\n'b', E'a''b', a - -1 FROM (SELECT 1 a) x",
    ],
)
def test_a_query_that_only_looks_so_is_taken(guarded: Warehouse, query: str) -> None:
    insert(guarded, "n int", query=query)


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with a template, and a source with a table that its reader may empty."""
    make_ticks(source, DAY, 2)
    source.run(
        "CREATE TABLE canary (n int); INSERT INTO canary VALUES (1); GRANT ALL ON canary TO source_reader"
    )
    define(acme)
    return acme


ATTACKS = [
    "SELECT 1, '2024-03-08'::timestamptz, 1) TO STDOUT; COMMIT; BEGIN READ WRITE; DELETE FROM canary; COMMIT; COPY (SELECT 1",
    "SELECT 1, '2024-03-08'::timestamptz, 1) AS q; COMMIT; BEGIN READ WRITE; DELETE FROM canary; COMMIT; SELECT * FROM (SELECT 1, '2024-03-08'::timestamptz, 1",
]


@pytest.mark.parametrize("storage", ["matview", "partition"])
@pytest.mark.parametrize("pull", [by_loader, by_sql])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_query_stored_before_there_was_a_gate_is_not_sent(
    ticking: Warehouse, source: Source, storage: str, pull: Pull, attack: str
) -> None:
    ticking.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    pull(ticking, DAY, DAY, template="ticks")
    with ticking.connect() as opened:
        opened.execute("ALTER TABLE _wh.mv_templates DISABLE TRIGGER USER")
        opened.execute(
            "UPDATE _wh.mv_templates SET query_template = %s WHERE template_name = 'ticks'", (attack,)
        )
        opened.execute("ALTER TABLE _wh.mv_templates ENABLE TRIGGER USER")
    with ticking.admin.connect() as opened:
        install(opened, {})
    with pytest.raises((AssertionError, psycopg.Error, TenantryError), match="is not sent to any source"):
        pull(ticking, DAY, date(2024, 3, 9), template="ticks")
    if storage == "matview":
        with pytest.raises(psycopg.Error, match="is not sent to any source"):
            ticking.run("SELECT _wh.refresh_mv('acme', 'ticks_2024_03_08')")
    assert canaries(source) == 1
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 2
    define(ticking)
    pull(ticking, DAY, date(2024, 3, 9), template="ticks")
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 4


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_program_sends_a_source_is_one_statement(
    ticking: Warehouse, source: Source, attack: str
) -> None:
    from tenantry.flow.source.session import open_source, reading, source_conninfo

    with session(ticking.conninfo) as opened:
        there = open_source(source_conninfo(opened, "acme"))
    try:
        for text in (f"SELECT * FROM ({attack}) AS q", f"COPY ({attack}) TO STDOUT", "SELECT 1; SELECT 2"):
            with pytest.raises(psycopg.errors.SyntaxError), reading(there):
                there.execute(text.encode())
            with (
                pytest.raises(psycopg.errors.SyntaxError),
                reading(there),
                there.cursor().copy(text.encode()),
            ):
                pass
    finally:
        there.close()
    assert canaries(source) == 1


@pytest.mark.parametrize("pull", [by_loader, by_sql])
def test_a_query_cannot_write_at_its_source(ticking: Warehouse, source: Source, pull: Pull) -> None:
    source.run("CREATE FUNCTION lose() RETURNS int LANGUAGE sql AS 'DELETE FROM canary RETURNING 1'")
    for lose in ("lose()", "set_config('transaction_read_only', 'off', false)::boolean::int + lose()"):
        define(ticking, query=f"SELECT {lose}, '2024-03-08'::timestamptz, 1")
        with pytest.raises((AssertionError, psycopg.Error, TenantryError)):
            pull(ticking, DAY, DAY, template="ticks")
    assert canaries(source) == 1


NAMES = ["a\n) AS q; DELETE FROM canary; --", "a*/) /*", "it's \\", "\\'); --"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "pull, storage", [(by_loader, "partition"), (by_sql, "matview"), (by_sql, "partition")]
)
def test_a_tenants_name_cannot_leave_a_comment_or_a_string(
    ticking: Warehouse, source: Source, name: str, pull: Pull, storage: str
) -> None:
    ticking.connect_to(source, name)
    ticking.make_schema(name)
    define(
        ticking,
        query="SELECT id, at, 1, '{SCHEMA}', 'x' || $$'{SCHEMA}'$$ -- of '{SCHEMA}'\n/* '{SCHEMA}' */ FROM ticks"
        " WHERE at >= '{START_TIME}' AND at < '{END_TIME}' -- and '{SCHEMA}'",
        columns=f"{COLUMNS}, tenant text, odd text",
    )
    ticking.run("UPDATE _wh.mv_templates SET storage = %s WHERE template_name = 'ticks'", (storage,))
    pull(ticking, DAY, DAY, template="ticks", name=name)
    with ticking.connect() as opened:
        rows = opened.execute(
            sql.SQL("SELECT DISTINCT tenant FROM {}.ticks").format(sql.Identifier(name))
        ).fetchall()
    assert rows == [(name,)]
    assert canaries(source) == 1


def test_what_is_kept_of_columns_makes_every_table_whatever_their_text_says(ticking: Warehouse) -> None:
    define(
        ticking,
        columns="id int, at timestamptz -- x",
        query="SELECT id, at FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
    )
    with ticking.connect() as opened:
        opened.execute("ALTER TABLE _wh.mv_templates DISABLE TRIGGER USER")
        opened.execute(
            "UPDATE _wh.mv_templates SET column_definitions = 'id int); nonsense (' WHERE template_name = 'ticks'"
        )
        opened.execute("ALTER TABLE _wh.mv_templates ENABLE TRIGGER USER")
    with ticking.admin.connect() as opened:
        install(opened, {})
    for pull in (by_sql, by_loader):
        pull(ticking, DAY, DAY, template="ticks")
    with session(ticking.conninfo) as opened:
        from tenantry.flow.slice import move

        move.run(opened, "ticks", "partition", "acme", lambda step: None)
    for pull in (by_sql, by_loader):
        pull(ticking, DAY, date(2024, 3, 9), template="ticks")
    assert ticking.value("SELECT count(*) FROM public.ticks") == 4


def test_a_collation_that_a_column_has_stays_with_it(ticking: Warehouse) -> None:
    define(
        ticking,
        columns='id int, at timestamptz, value text COLLATE "C"',
        query="SELECT id, at, value FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'",
    )
    ticking.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    by_loader(ticking, DAY, DAY, template="ticks")
    assert ticking.rows(
        "SELECT DISTINCT attcollation::regcollation::text FROM pg_attribute"
        " WHERE attrelid IN ('acme.ticks'::regclass, '_wh_data.\"acme.ticks_2024\"'::regclass, 'public.ticks'::regclass) AND attname = 'value'"
    ) == [('"C"',)]


HOSTILE = "numeric); SELECT public.dblink_connect('host=evil'); SELECT (1"


def test_what_a_source_calls_things_is_quoted_here(acme: Warehouse, source: Source, tmp_path: Path) -> None:
    # A source whose own functions lie.
    with source.connect() as there:
        there.execute("SET allow_system_table_mods = on")
        for function in ("format_type(oid, integer)", "quote_ident(text)"):
            there.execute(
                f"CREATE OR REPLACE FUNCTION pg_catalog.{function} RETURNS text LANGUAGE sql IMMUTABLE AS $f$ SELECT $l${HOSTILE}$l$ $f$".encode()
            )
        there.execute(
            sql.SQL("CREATE DOMAIN {} AS int; CREATE TYPE {} AS ENUM ('x')").format(
                sql.Identifier(HOSTILE[:60]), sql.Identifier("x\n-- name: y\n;" + HOSTILE[:40])
            )
        )
        there.execute(
            sql.SQL("CREATE TABLE odd (at timestamptz, {} {}, {} {})").format(
                sql.Identifier('a" int); DELETE FROM canary; --\n-- index: x'),
                sql.Identifier(HOSTILE[:60]),
                sql.Identifier("b\n{SCHEMA}"),
                sql.Identifier("x\n-- name: y\n;" + HOSTILE[:40]),
            )
        )
        there.execute("GRANT SELECT ON odd TO source_reader")
    query = tmp_path / "q.sql"
    query.write_text(
        "SELECT * FROM odd WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz"
    )
    with session(acme.conninfo) as opened:
        made = draft.draft(opened, "odd", query.read_text(), "acme").template
        assert made.columns.split(",\n") == [
            "at timestamp with time zone",
            '"a"" int); DELETE FROM canary; --\n-- index: x" integer',
            '"b\n{SCHEMA}" text',
        ]
        trial.run(opened, made, "acme", DAY)
    assert run(acme, "template", "new", "odd", str(query), "--connection", "acme").code == 0


def test_a_trial_runs_nothing_of_a_template(guarded: Warehouse, source: Source) -> None:
    guarded.connect_to(source)
    for template in (
        Template(
            "t",
            "SELECT 1",
            "n int); DELETE FROM public.canary; SELECT * FROM json_to_recordset('[]') AS u(n int",
        ),
        Template("t", "SELECT 1) AS q; DELETE FROM canary; SELECT (1", "n int"),
        Template("t", "SELECT 1", "n int", indexes="CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((theirs.lose(1)))"),
    ):
        with session(guarded.conninfo) as opened, pytest.raises(psycopg.Error, match='template "t": '):
            trial.run(opened, template, "acme", DAY)
    assert canaries(guarded) == 1


def test_former_parts_in_a_backup_are_not_taken_for_those_of_its_templates(warehouse: Warehouse) -> None:
    with warehouse.connect() as session:
        held = {row[0] for row in session.execute(query("recovery", "tables"), OURS | {"without": []})}
    assert "mv_templates" in held
    assert held.isdisjoint({"template_columns", "template_indexes"})


OPERATORS: LiteralString = (
    "CREATE OPERATOR CLASS theirs.ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,"
    " OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int); ALTER OPERATOR CLASS theirs.ops USING btree OWNER TO phood_ro"
)


@pytest.mark.parametrize(
    "index",
    [
        "(theirs.lose(n))",
        "((n::theirs.number))",
        "(n) WHERE n OPERATOR(theirs.@+@) 1 > 0",
        "(n theirs.ops)",
    ],
)
def test_an_index_is_refused_that_came_to_need_what_is_somebody_elses(
    guarded: Warehouse, index: LiteralString
) -> None:
    """Behind the words, which are looked at first, stands what PostgreSQL made of them."""
    guarded.admin.run(OPERATORS)
    guarded.admin.run("CREATE TABLE public.scratch (n int); CREATE DOMAIN public.number AS int")
    guarded.admin.run("ALTER DOMAIN public.number OWNER TO whadmin")
    guarded.admin.run("CREATE INDEX ours ON public.scratch ((n::public.number))")
    guarded.admin.run("CREATE INDEX needy ON public.scratch " + index)
    refuse: LiteralString = "SELECT _wh_internal.refuse_dependence(%s::regclass)"
    guarded.run(refuse, ("public.ours",))
    with pytest.raises(psycopg.Error, match="belongs to a role that may not act for whadmin"):
        guarded.run(refuse, ("public.needy",))
