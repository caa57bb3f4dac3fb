"""Template authors: they write templates and try them, with logins of their own, and do nothing else, however they try."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tenantry.core.days import today_utc
from tests.support.databases import Database, Source, Warehouse
from tests.support.program import run, succeed
from tests.support.samples.small_template import COLUMNS, define, make_ticks
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_server

DAY = date(2024, 3, 10)
TICKS: LiteralString = "SELECT id, at, value::int FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'"

ALLOWED: list[LiteralString] = [
    "SELECT * FROM _wh.mv_templates",
    "SELECT * FROM _wh.template_columns",
    "SELECT * FROM _wh.template_indexes",
    "SELECT schema_name FROM _wh.tenants",
    "SELECT schema_name, template_name FROM _wh.feeds",
    "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, storage, time_column) VALUES ('mine', 'SELECT now() AS at', 'at timestamptz', 'partition', 'at')",
    "UPDATE _wh.mv_templates SET storage = 'matview', ahead = 3, partition_by = 'month', time_column = NULL WHERE template_name = 'unused'",
    "UPDATE _wh.mv_templates SET query_template = query_template || ' ', description = 'x', updated_at = now()",
    "UPDATE _wh.mv_templates SET column_descriptions = '{\"at\": \"when\"}' WHERE template_name = 'ticks'",
    "UPDATE _wh.mv_templates SET column_definitions = column_definitions || ', more text' WHERE template_name = 'ticks'",
    "UPDATE _wh.mv_templates SET indexes = NULL WHERE template_name = 'ticks'",
    "SELECT _wh.try_template('ticks', 'acme', '2024-03-10')",
    "SELECT _wh.drop_unused_template('unused')",
    "SELECT _wh.set_template_override('ticks', 'acme', $$SELECT id, at, value::int AS value, ''::text AS more FROM ticks WHERE at >= '{START_TIME}' AND at < '{END_TIME}'$$, '2024-03-10')",
    "SELECT _wh.drop_template_override('ticks', 'acme')",
    "SELECT * FROM _wh_internal.override_facts()",
    "SELECT * FROM _wh_internal.template_facts()",
    "SELECT * FROM _wh_internal.template_outdated('ticks')",
]

REFUSED: list[LiteralString] = [
    "DELETE FROM _wh.mv_templates",
    "INSERT INTO _wh.template_overrides (schema_name, template_name, query_template) VALUES ('acme', 'ticks', 'SELECT 1')",
    "SELECT _wh_internal.for_tenant(t, 'acme') FROM _wh.mv_templates t",
    "DELETE FROM _wh.mv_templates WHERE template_name = 'unused'",
    "TRUNCATE _wh.mv_templates",
    "UPDATE _wh.mv_templates SET template_name = 'other' WHERE template_name = 'unused'",
    "UPDATE _wh.mv_templates SET refusal = NULL",
    "UPDATE _wh.mv_templates SET storage = 'partition'",
    "UPDATE _wh.mv_templates SET time_column = NULL",
    "UPDATE _wh.mv_templates SET partition_by = 'month'",
    "UPDATE _wh.mv_templates SET ahead = 3000",
    "LOCK TABLE _wh.mv_templates IN SHARE ROW EXCLUSIVE MODE",
    "LOCK TABLE _wh.mv_templates",
    "ALTER TABLE _wh.mv_templates DISABLE TRIGGER ALL",
    "CREATE TRIGGER mine BEFORE INSERT ON _wh.mv_templates FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON SELECT TO _wh.mv_templates DO INSTEAD NOTHING",
    "INSERT INTO _wh.template_columns (template_name, position, column_name, data_type) VALUES ('ticks', 9, 'x', 'int')",
    "UPDATE _wh.template_indexes SET definition = '(pg_sleep(1))'",
    "SELECT * FROM _wh.tenant_connections",
    "SELECT host FROM _wh.tenant_connections",
    "SELECT * FROM _wh.tenants",
    "SELECT * FROM _wh.feeds",
    "SELECT * FROM _wh.slices",
    "SELECT * FROM _wh.readers",
    "SELECT * FROM _wh.source_servers",
    "SELECT * FROM _wh.function_logs",
    "SELECT * FROM _wh_audit.entries",
    "INSERT INTO _wh_audit.entries (what, subject, result) VALUES ('', '', '')",
    "SELECT _wh_internal.audit('mine', '', '')",
    "SELECT * FROM acme.ticks",
    "SELECT * FROM public.canaries",
    "SELECT _wh_internal.source_conninfo('acme')",
    "SELECT _wh_internal.source_login('{server}')",
    "SELECT _wh_internal.ask_source('acme', 'SELECT 1', now())",
    "SELECT _wh_internal.begin_source('acme')",
    "SELECT _wh_internal.hold_source('acme')",
    "SELECT _wh.get_tenant_connection_string('acme')",
    "SELECT _wh_internal.keep_columns(t) FROM _wh.mv_templates t",
    "SELECT _wh_internal.execute_patiently('SELECT 1')",
    "SELECT _wh_internal.drop_template('unused')",
    "SELECT _wh.load_days('ticks', 'acme', '2024-03-10', '2024-03-10')",
    "SELECT _wh.fold_year('ticks', 'acme', 2023)",
    "SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', '2024-03-10')",
    "SELECT _wh.update_public_view_by_template('ticks')",
    "CALL _wh.set_storage('ticks', 'partition')",
    "CALL _wh.fit_storage('ticks', 'acme')",
    "SELECT * FROM public.dblink('{server}', 'SELECT 1') AS t(x integer)",
    "SELECT public.dblink_connect('host=127.0.0.1')",
    "SELECT public.dblink_get_connections()",
    "CREATE TABLE public.mine ()",
    "CREATE VIEW public.mine AS SELECT 1",
    "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION _wh_internal.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "ALTER USER MAPPING FOR PUBLIC SERVER {server} OPTIONS (SET user 'x')",
    "SET ROLE whadmin",
    "SET SESSION AUTHORIZATION whadmin",
    "GRANT whadmin TO CURRENT_USER",
    "CREATE ROLE mine",
]


@pytest.fixture
def ready(acme: Warehouse, source: Source) -> Warehouse:
    """A template `ticks` that acme uses, in which a day was loaded, and one that nobody uses."""
    make_ticks(source, DAY, 2)
    define(acme, query=TICKS)
    define(acme, "unused", query=TICKS)
    acme.run("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
    acme.run("CREATE TABLE public.canaries (n int)")
    return acme


@pytest.fixture
def author(ready: Warehouse) -> Iterator[Database]:
    """A login of somebody who writes templates."""
    name = f"person_{secrets.token_hex(4)}"
    ready.server.save_password(name, "a password")
    ready.admin.run(f"CREATE ROLE {name} LOGIN PASSWORD 'a password' IN ROLE tenantry_template_author")
    yield Database(ready.server, ready.name, name)
    ready.admin.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_an_author_gives_a_tenant_its_own_query_with_the_program(author: Database, tmp_path: Path) -> None:
    (tmp_path / "own.sql").write_text(TICKS.replace("value::int", "value::int AS value"))
    succeed(author, "override", "set", "ticks", "acme", tmp_path / "own.sql", "--day", DAY)
    succeed(author, "override", "check", "ticks", "--day", DAY)
    assert "value::int AS value" in succeed(author, "override", "show", "ticks", "acme").out
    assert "acme" in succeed(author, "override", "list").out
    succeed(author, "override", "drop", "ticks", "acme")


def tried(
    database: Database, query: str, columns: str | None = "a text", day: date = DAY, **draft: str
) -> Any:
    """The result of trying a query on acme's source, as a draft."""
    return database.value(
        "SELECT _wh.try_template('mine', 'acme', %s, draft => %s)",
        (day, Jsonb({"query_template": query, "column_definitions": columns, **draft})),
    )


@contextmanager
def hearing(database: Database) -> Iterator[tuple[psycopg.Connection, list[str]]]:
    """A session, and what its server says beside errors."""
    heard: list[str] = []
    with database.connect() as opened:
        opened.add_notice_handler(lambda said: heard.append(f"{said.message_primary} {said.message_detail}"))
        yield opened, heard


def test_a_template_author_may_write_and_try_templates(author: Database) -> None:
    for statement in ALLOWED:
        author.run(statement)


def test_a_template_author_may_do_nothing_else(ready: Warehouse, author: Database) -> None:
    before = ready.rows("SELECT t FROM _wh.mv_templates t ORDER BY 1")
    server = ready.server_of()
    for statement in REFUSED:
        with author.connect() as opened, opened.transaction(force_rollback=True):
            with pytest.raises(psycopg.Error) as refused:
                opened.execute(statement.replace("{server}", server).encode())
            assert refused.value.sqlstate == "42501", (statement, refused.value)
    assert ready.rows("SELECT t FROM _wh.mv_templates t ORDER BY 1") == before


def test_a_trial_says_what_a_day_is_like_and_keeps_nothing(ready: Warehouse, author: Database) -> None:
    before = ready.rows("SELECT t FROM _wh.mv_templates t ORDER BY 1")
    stored = author.value("SELECT _wh.try_template('ticks', 'acme', %s, 1)", (DAY,))
    assert (stored["rows"], stored["strays"]) == (2, 0)
    assert stored["columns"][1] == {
        "name": "at",
        "type": "timestamp with time zone",
        "source": "timestamp with time zone",
    }
    assert [len(row) for row in stored["sample"]] == [3]
    assert stored["plan"][0]["Plan Rows"] >= 1
    drafted = tried(author, "SELECT 7::bigint AS a", "a text")
    assert (drafted["rows"], drafted["sample"]) == (1, [["7"]])
    assert drafted["columns"] == [{"name": "a", "type": "text", "source": "bigint"}]
    assert ready.rows("SELECT t FROM _wh.mv_templates t ORDER BY 1") == before
    assert author.value(
        "SELECT _wh.try_template('ticks', 'acme', %s, draft => %s)",
        (DAY, Jsonb({"query_template": "SELECT 'mine' AS a", "column_definitions": "a text"})),
    )["sample"] == [["mine"]]
    assert ready.rows("SELECT t FROM _wh.mv_templates t ORDER BY 1") == before


def test_what_an_author_does_is_written_down_with_his_login(ready: Warehouse, author: Database) -> None:
    author.run("UPDATE _wh.mv_templates SET description = 'x' WHERE template_name = 'ticks'")
    author.run("SELECT _wh.try_template('ticks', 'acme', %s)", (DAY,))
    tried(author, "SELECT 1 / 0")
    author.run("SELECT _wh.drop_unused_template('unused')")
    assert ready.rows(
        "SELECT what, subject, result FROM _wh_audit.entries WHERE login = %s ORDER BY id", (author.user,)
    ) == [
        ("update mv_templates", "ticks", "changed: description"),
        ("try_template", "ticks of acme, 2024-03-10", "done: 2 rows"),
        ("try_template", "mine of acme, 2024-03-10 (draft)", "failed: division by zero"),
        ("delete mv_templates", "unused", "done"),
    ]


def test_a_template_that_tenants_use_or_that_has_a_view_is_not_dropped(
    ready: Warehouse, author: Database
) -> None:
    with pytest.raises(psycopg.errors.DependentObjectsStillExist, match="is used by acme"):
        author.run("SELECT _wh.drop_unused_template('ticks')")
    # Nothing that merely bears its name is dropped with it.
    ready.run("CREATE VIEW public.unused AS SELECT 1 AS n")
    with pytest.raises(psycopg.errors.DependentObjectsStillExist, match="a view or table in public"):
        author.run("SELECT _wh.drop_unused_template('unused')")
    assert ready.value("SELECT n FROM public.unused") == 1


def test_a_function_of_the_operators_own_is_not_taken_over_by_a_template(
    ready: Warehouse, author: Database
) -> None:
    ready.run(
        "INSERT INTO _wh.feeds (schema_name, template_name, tenant_name) VALUES ('acme', 'by_hand', 'acme')"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is used by tenants"):
        author.run(
            "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions) VALUES ('by_hand', 'SELECT 1', 'a int')"
        )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS a); DELETE FROM ticks; SELECT (1",
        "SELECT 1 AS a; DELETE FROM ticks",
        "SELECT '1' AS a) AS q; COMMIT; BEGIN READ WRITE; DELETE FROM ticks; SELECT * FROM (SELECT '1' AS a",
        "DELETE FROM ticks RETURNING id::text AS a",
        "WITH gone AS (DELETE FROM ticks RETURNING id::text AS a) SELECT a FROM gone",
        "SELECT query_to_xml('DELETE FROM ticks', true, false, '')::text AS a",
        "SELECT lose()::text AS a",
        "SELECT set_config('transaction_read_only', 'off', true) || lose() AS a",
        "SELECT nextval('counter')::text AS a",
    ],
)
def test_no_trial_writes_at_its_source(
    ready: Warehouse, author: Database, source: Source, query: str
) -> None:
    source.run(
        "GRANT ALL ON ticks TO source_reader; CREATE SEQUENCE counter; GRANT ALL ON SEQUENCE counter TO source_reader;"
        " CREATE FUNCTION lose() RETURNS text LANGUAGE plpgsql AS $$ BEGIN DELETE FROM ticks; RETURN ''; END $$"
    )
    try:
        assert "error" in tried(author, query)
    except psycopg.errors.SyntaxError:
        assert ";" in query
    assert source.value("SELECT count(*) FROM ticks") == 4
    assert source.value("SELECT is_called FROM counter") is False


TEMPORARY = """
CREATE FUNCTION pg_temp.lose(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RAISE NOTICE 'I am %', current_user;
    RETURN true;
END
$$;
CREATE DOMAIN pg_temp.mine AS int CHECK (pg_temp.lose(VALUE));
CREATE TYPE pg_temp.pair AS (a mine);
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.lose(1));
"""
"""What an author can make in a session of his own: PostgreSQL looks there for types, though nobody names the schema."""


@pytest.mark.parametrize(
    "indexes",
    [
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE '{1}'::mine[] IS NOT NULL",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE '1'::mine > 0",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE '{1}'::_mine IS NOT NULL",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE '{1}'::\"mine\"[] IS NOT NULL",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE '{1}'::U&\"m\\0069ne\"[] IS NOT NULL",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE '(1)'::pair IS NOT NULL",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE mine '1' > 0",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} (id) WHERE CAST('{1}' AS mine ARRAY) IS NOT NULL",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((pg_temp.lose(id)))",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((lose(id)))",
        "CREATE INDEX ON {SCHEMA}.{VIEW_NAME} ((id::mine))",
    ],
)
def test_nothing_of_an_authors_session_runs_as_whadmin(
    ready: Warehouse, author: Database, indexes: str
) -> None:
    with hearing(author) as (opened, heard):
        opened.execute(TEMPORARY)
        for columns in (COLUMNS, "id mine, at timestamptz", "id int, at timestamptz, value mine[]"):
            with pytest.raises(psycopg.Error):
                opened.execute(
                    "UPDATE _wh.mv_templates SET indexes = %s, column_definitions = %s WHERE template_name = 'ticks'",
                    (indexes, columns),
                )
    assert "whadmin" not in str(heard)


def test_objects_of_an_authors_session_stand_in_for_nothing(ready: Warehouse, author: Database) -> None:
    with hearing(author) as (opened, heard):
        opened.execute(TEMPORARY)
        opened.execute(
            "CREATE TEMP TABLE mv_templates (LIKE _wh.mv_templates); CREATE TEMP TABLE tenants (schema_name text, tenant_name text);"
            " CREATE TEMP TABLE pg_class (n int); CREATE TEMP TABLE pg_extension (n int);"
            " CREATE FUNCTION pg_temp.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT pg_temp.lose(1)::pg_catalog.text';"
            ' SET search_path = pg_temp, pg_catalog, public; SET tenantry.source_names = \'{"asked": 1, "names": ["x"]}\''
        )
        (result,) = opened.execute("SELECT _wh.try_template('ticks', 'acme', '2024-03-10')").fetchone() or (
            {},
        )
        assert result["rows"] == 2
        opened.execute(
            "UPDATE _wh.mv_templates SET column_definitions = 'id int, at timestamptz, value int, n text' WHERE template_name = 'ticks'"
        )
    assert "whadmin" not in str(heard)
    assert (
        ready.value(
            "SELECT data_type FROM _wh.template_columns WHERE template_name = 'ticks' AND column_name = 'n'"
        )
        == "text"
    )


def secret_of(source: Source) -> list[str]:
    """The password, in the ways in which it could be written down."""
    plain = source.password.strip()
    return [
        plain,
        plain.replace("'", "''"),
        " ".join(str(byte) for byte in plain[:12].encode()),
        plain[:12].encode().hex(),
    ]


@pytest.mark.parametrize("setting", ["debug_print_parse", "debug_print_rewritten", "debug_print_plan"])
def test_no_setting_of_a_session_tells_a_password(
    ready: Warehouse, author: Database, source: Source, setting: LiteralString
) -> None:
    ready.admin.run(f"GRANT tenantry_operator TO {author.user}")
    with hearing(author) as (opened, heard):
        opened.execute(
            f"SET client_min_messages = debug5; SET {setting} = on; SET debug_pretty_print = off".encode()
        )
        opened.execute("SELECT _wh.try_template('ticks', 'acme', '2024-03-10')")
        # An operator's, too.
        opened.execute("SELECT _wh.load_days('ticks', 'acme', '2024-03-10', '2024-03-11')")
        opened.execute("EXPLAIN (ANALYZE, VERBOSE) SELECT _wh.try_template('ticks', 'acme', '2024-03-10')")
    said = "\n".join(heard)
    assert "tries template" in said
    for secret in [*secret_of(source), str(source.server.port), "source_login"]:
        assert secret not in said


def test_no_error_tells_a_password_or_an_address(ready: Warehouse, author: Database, source: Source) -> None:
    said = [
        tried(author, "SELECT pg_terminate_backend(pg_backend_pid())::text AS a"),
        tried(author, "SELECT no_such AS a"),
        tried(author, "SELECT dblink_connect('host=127.0.0.1')::text AS a"),
    ]
    ready.run("UPDATE _wh.tenant_connections SET password = 'another'")
    said.append(tried(author, "SELECT 'x' AS a"))
    ready.run("UPDATE _wh.tenant_connections SET port = 1, password = %s", (source.password,))
    said.append(tried(author, "SELECT 'x' AS a"))
    for result in said:
        assert result["error"]
        for secret in [*secret_of(source), "another", "127.0.0.1", source.reader, str(source.server.port)]:
            assert secret not in str(result)
    assert said[-1]["error"] == "it cannot be reached, refuses the login, or closed the connection"


def test_a_source_reaches_neither_the_authors_terminal_nor_his_control_flow(
    author: Database, source: Source
) -> None:
    source.run(
        "CREATE FUNCTION say(state text) RETURNS text LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = E'\\x1b[2J' || repeat('x', 100000), HINT = E'\\u202e'; END $$"
    )
    for state in ("TN002", "P0004", "57014", "P0001", "08006"):
        result = tried(author, f"SELECT say('{state}') AS a")
        assert result["sqlstate"] == state
        said = "".join(map(str, result.values()))
        assert not {"\x1b", "\u202e"} & set(said)
        assert len(said) < 6000
    shown = tried(author, "SELECT E'\\x1b]52;c;x' || repeat('y', 5000) AS a")["sample"][0][0]
    assert "\x1b" not in shown
    assert len(shown) < 250


def test_a_trial_ends_in_time_and_leaves_no_login_behind(
    ready: Warehouse, author: Database, source: Source
) -> None:
    with author.connect() as opened:
        (result,) = opened.execute(
            "SELECT _wh.try_template('mine', 'acme', '2024-03-10', seconds => 1, draft => %s)",
            (Jsonb({"query_template": "SELECT pg_sleep(600)::text AS a", "column_definitions": "a text"}),),
        ).fetchone() or ({},)
        assert result["error"] == "it did not answer within 1 s"
        opened.execute("SELECT _wh.try_template('ticks', 'acme', '2024-03-10')")
        # A session is there for a moment after its program has left.
        wait_until(
            lambda: (
                source.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'source_reader' AND datname = current_database()"
                )
                == 0
            )
        )
    ready.run('UPDATE _wh.tenant_connections SET options = \'{"deadline": "1s"}\'')
    assert tried(author, "SELECT pg_sleep(600)::text AS a")["error"] == "it did not answer within 1 s"


def test_a_trial_refuses_what_a_load_would_by_the_limits_of_the_connection(
    ready: Warehouse, author: Database
) -> None:
    big = "SELECT repeat(md5(n::text), 100) AS a FROM generate_series(1, 10) n"
    assert tried(author, big)["rows"] == 10
    for options in ('{"max_bytes": "10kB"}', '{"max_row_bytes": "1kB"}'):
        ready.run("UPDATE _wh.tenant_connections SET options = %s", (options,))
        assert tried(author, big)["error"].startswith("a load would refuse the day: it has 3")
    ready.run("UPDATE _wh.tenant_connections SET options = '{}'")
    wide = ", ".join(f"repeat('x', 1000) AS c{n}" for n in range(100))
    shown = author.value(
        "SELECT _wh.try_template('mine', 'acme', '2024-03-10', 1000, draft => %s)",
        (
            Jsonb(
                {
                    "query_template": f"SELECT {wide} FROM generate_series(1, 2000)",
                    "column_definitions": ", ".join(f"c{n} text" for n in range(100)),
                }
            ),
        ),
    )
    assert (shown["rows"], len(shown["sample"]), len(shown["sample"][0][0])) == (2000, 200, 200)


def test_an_author_who_keeps_a_transaction_open_holds_up_no_load(ready: Warehouse, author: Database) -> None:
    with author.connect() as opened, opened.transaction(force_rollback=True):
        opened.execute("UPDATE _wh.mv_templates SET query_template = 'SELECT 1'")
        opened.execute("SELECT FROM _wh.mv_templates FOR UPDATE")
        opened.execute("SELECT _wh_internal.template_facts(), _wh_internal.template_outdated('ticks')")
        opened.execute("SELECT _wh.try_template('unused', 'acme', '2024-03-10')")
        assert (
            opened.execute(
                "SELECT l.relation::regclass::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                " WHERE l.pid = pg_backend_pid() AND c.relnamespace IN ('acme'::regnamespace, 'public'::regnamespace)"
            ).fetchall()
            == []
        )
        with ready.connect() as loading:
            loading.execute("SET statement_timeout = '20s'")
            loading.execute("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s)", (DAY,))
            loading.execute("SELECT _wh.update_mv_by_template('ticks', 'acme', 'acme', %s::date + 1)", (DAY,))
            loading.execute("SELECT _wh.update_public_view_by_template('ticks')")


def test_an_author_changes_what_is_asked_and_what_was_loaded_stays(
    ready: Warehouse, author: Database
) -> None:
    author.run(
        "UPDATE _wh.mv_templates SET query_template = query_template || ' AND false' WHERE template_name = 'ticks'"
    )
    author.run(
        "UPDATE _wh.mv_templates SET column_definitions = 'id int, at timestamptz' WHERE template_name = 'ticks'"
    )
    assert ready.value("SELECT count(value) FROM acme.ticks") == 2
    assert ready.value("SELECT count(*) FROM _wh.slices WHERE row_count = 2") == 1


FILE = """-- name: sales
-- time_column: at
-- columns:
--   id int,
--   at timestamptz
-- index: UNIQUE (id)

SELECT id, at FROM ticks WHERE at >= '{START_TIME}'::timestamptz AND at < '{END_TIME}'::timestamptz
"""


def test_a_template_author_works_with_the_program(ready: Warehouse, author: Database, tmp_path: Path) -> None:
    path = tmp_path / "sales.sql"
    path.write_text(FILE)
    (tmp_path / "query.sql").write_text(FILE.partition("\n\n")[2])
    drafted = succeed(author, "template", "new", "sales", tmp_path / "query.sql", "--connection", "acme")
    assert "--   id integer,\n--   at timestamp with time zone\n-- index: (at)\n" in drafted.out
    tried = succeed(author, "template", "test", path, "--tenant", "acme", "--day", DAY, "--json").json[
        "trial"
    ]
    assert (tried["rows"], tried["columns"], len(tried["sample"])) == (2, ["id", "at"], 2)
    assert "sales: new" in succeed(author, "template", "load", path).out
    path.write_text(FILE.replace("id int", "id bigint"))
    assert "sales: changed" in succeed(author, "template", "load", path).out
    shown = succeed(author, "template", "test", "sales", "--tenant", "acme", "--day", DAY).out
    assert "acme, 2024-03-10: 2 rows" in shown
    assert "id is integer at the source, declared as bigint" in shown
    ready.run(
        "UPDATE _wh.mv_templates SET query_template = query_template || ' ' WHERE template_name = 'ticks'"
    )
    assert "1 day made by an earlier text" in succeed(author, "template", "show", "ticks").out
    assert [t["template"] for t in succeed(author, "template", "list", "--json").json["templates"]] == [
        "foodlogstats",
        "sales",
        "ticks",
        "unused",
    ]
    succeed(author, "template", "lint", "sales")
    assert [t["tenant"] for t in succeed(author, "tenant", "list", "--json").json["tenants"]] == ["acme"]
    assert "acme" in succeed(author, "tenant", "list").out
    editor = {"EDITOR": "sed -i s/bigint/numeric/"}
    assert "sales: changed" in succeed(author, "template", "edit", "sales", env=editor).out
    assert "sales is dropped" in succeed(author, "template", "drop", "sales", "--yes").out
    assert succeed(author, "template", "drop", "unused", "--yes", "--json").json["template"] == "unused"
    assert ready.rows(
        "SELECT what, subject FROM _wh_audit.entries WHERE login = %s ORDER BY id", (author.user,)
    ) == [
        ("try_template", f"sales of acme, {today_utc() - timedelta(days=1)} (draft)"),
        ("try_template", "sales of acme, 2024-03-10 (draft)"),
        ("insert mv_templates", "sales"),
        ("update mv_templates", "sales"),
        ("try_template", "sales of acme, 2024-03-10"),
        ("update mv_templates", "sales"),
        ("delete mv_templates", "sales"),
        ("delete mv_templates", "unused"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("tenant", "show", "acme"),
        ("tenant", "drop", "acme", "--yes"),
        ("tenant", "test", "acme"),
        ("reader", "list"),
        ("audit",),
        ("refresh", "ticks", "--all"),
        ("template", "set-storage", "ticks", "partition"),
        ("doctor",),
    ],
)
def test_a_template_author_hears_in_one_line_what_is_not_for_him(
    author: Database, words: tuple[str, ...]
) -> None:
    refused = run(author, *words)
    assert refused.errors == [f'role "{author.user}" is a template author, who writes and tests templates']
    assert "Traceback" not in refused.err


def test_what_the_gate_refuses_an_author_is_one_line_with_the_next_step(
    ready: Warehouse, author: Database, tmp_path: Path
) -> None:
    path = tmp_path / "ticks.sql"
    path.write_text(
        FILE.replace("name: sales", "name: ticks").replace("-- columns", "-- ahead: 9\n-- columns")
    )
    refused = run(author, "template", "load", path)
    assert refused.errors == [
        f'template "ticks" is used by tenants, and role "{author.user}" may not change its ahead'
    ]
    assert "Ask whadmin to do it." in refused.err
    assert run(author, "template", "drop", "ticks", "--yes").errors == ['template "ticks" is used by acme']
    path.write_text(FILE.replace("FROM ticks", "FROM nothing"))
    assert run(author, "template", "test", path, "--tenant", "acme").errors == [
        'the source of "acme" says: relation "nothing" does not exist'
    ]
    assert run(author, "template", "test", path, "--tenant", "nobody").errors == [
        'tenant "nobody" does not exist'
    ]
    path.write_text(FILE.replace("SELECT id, at", "SELECT id, at, value"))
    assert run(author, "template", "test", path, "--tenant", "acme").errors == [
        'template "sales": the query returns 3 columns, but 2 are declared'
    ]


def test_who_is_author_and_auditor_does_what_both_do(
    ready: Warehouse, author: Database, tmp_path: Path
) -> None:
    ready.admin.run(f"GRANT tenantry_auditor TO {author.user}")
    path = tmp_path / "sales.sql"
    path.write_text(FILE)
    succeed(author, "template", "load", path)
    succeed(author, "status")
    assert len(run(author, "tenant", "drop", "acme", "--yes").errors) == 1


def test_a_query_is_described_as_its_source_says_and_passes_the_gate(
    author: Database, source: Source
) -> None:
    source.run(
        "CREATE DOMAIN price AS numeric(8, 2); CREATE DOMAIN cheap AS price; CREATE TYPE mood AS ENUM ('fine')"
    )
    columns = tried(author, "SELECT 1.5::cheap AS a, 'fine'::mood AS b, ARRAY['x'] AS a", columns=None)[
        "columns"
    ]
    assert [(c["name"], c["source"], c["is_array"]) for c in columns] == [
        ("a", "cheap", False),
        ("b", "mood", False),
        ("a", "text[]", True),
    ]
    assert (
        author.value("SELECT format_type(%s, %s)", (columns[0]["number"], columns[0]["modifier"]))
        == "numeric(8,2)"
    )
    with pytest.raises(psycopg.errors.SyntaxError):
        tried(author, "SELECT 1); DELETE FROM ticks; SELECT (1", columns=None)
    assert tried(author, "SELECT", columns=None) == {"columns": []}
    assert tried(author, "SELECT")["error"] == "the query returns 0 columns, but 1 are declared"
    assert (
        tried(author, "SELECT pg_notify('a', 'b'), no_such", columns=None)["error"]
        == 'column "no_such" does not exist'
    )
    assert source.value("SELECT count(*) FROM ticks") == 4
