"""A session on a source takes nothing from the environment and the files of whoever runs the program."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo
from psycopg.types.json import Jsonb

from tenantry.core.libpq import NOT_GIVEN
from tenantry.db.connect import session
from tenantry.flow.source.session import begin, open_source, source_conninfo
from tests.support.databases import Source, Warehouse
from tests.support.listener import Listener
from tests.support.program import succeed
from tests.support.samples.small_template import define, make_ticks

DAY = date(2024, 3, 8)

HOSTILE = {
    "PGTZ": "Asia/Kolkata",
    "PGDATESTYLE": "SQL, DMY",
    "PGGEQO": "off",
    "PGOPTIONS": "-c default_transaction_read_only=off -c IntervalStyle=sql_standard",
    "PGCLIENTENCODING": "LATIN1",
    "PGCONNECT_TIMEOUT": "2",
    "PGAPPNAME": "somebody else",
    "PGSSLMODE": "disable",
    "PGSSLNEGOTIATION": "direct",
    "PGSSLCOMPRESSION": "1",
    "PGSSLCERTMODE": "require",
    "PGSSLSNI": "0",
    "PGREQUIREAUTH": "none",
    "PGCHANNELBINDING": "require",
    "PGTARGETSESSIONATTRS": "standby",
    "PGLOADBALANCEHOSTS": "random",
    "PGGSSENCMODE": "require",
    "PGGSSDELEGATION": "1",
    "PGSSLMINPROTOCOLVERSION": "TLSv1.3",
    "PGSSLMAXPROTOCOLVERSION": "TLSv1.2",
    "PGMINPROTOCOLVERSION": "3.2",
    "PGMAXPROTOCOLVERSION": "3.2",
    "PGREQUIREPEER": "nobody",
}
"""Values that libpq's variables may have and that no source here would answer to, or answer rightly. Others get a file that
is not there, or a word."""


@pytest.fixture
def ticking(acme: Warehouse, source: Source) -> Warehouse:
    """A warehouse with the template `ticks` in partitions, and a source with two days of it."""
    make_ticks(source, DAY, 2)
    define(acme)
    acme.run("UPDATE _wh.mv_templates SET storage = 'partition' WHERE template_name = 'ticks'")
    return acme


def hostile(monkeypatch: pytest.MonkeyPatch, elsewhere: int, directory: Path) -> None:
    """Set every variable that this machine's libpq knows."""
    (directory / "services").write_text(
        f"[trap]\nhost=127.0.0.1\nport={elsewhere}\nkeepalives=0\nreplication=database\n"
    )
    values = HOSTILE | {
        "PGHOST": "127.0.0.1",
        "PGHOSTADDR": "127.0.0.1",
        "PGPORT": str(elsewhere),
        "PGSERVICE": "trap",
        "PGSERVICEFILE": str(directory / "services"),
    }
    for option in Conninfo.get_defaults():
        name = (option.envvar or b"").decode()
        if name and name not in values:
            values[name] = str(directory / name)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_no_variable_that_libpq_knows_reaches_a_session_on_a_source(
    ticking: Warehouse, source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with session(ticking.conninfo) as opened:
        login = source_conninfo(opened, "acme")
    with Listener() as listener:
        hostile(monkeypatch, listener.port, tmp_path)
        with open_source(login) as there:
            begin(there)
            found = there.execute(
                "SELECT current_database(), current_user, current_setting('TimeZone'), current_setting('DateStyle'),"
                " current_setting('IntervalStyle'), current_setting('transaction_read_only'), current_setting('application_name'),"
                " current_setting('client_encoding')"
            ).fetchone()
        assert listener.calls == 0
    assert found == (source.name, source.reader, "UTC", "ISO, MDY", "postgres", "on", "tenantry", "UTF8")


def test_an_address_in_the_environment_leads_no_session_to_another_server(
    ticking: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there; at the other address a server does that has this very database, login and password.
    ticking.run("UPDATE _wh.tenant_connections SET host = '127.0.0.3'")
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    with (
        session(ticking.conninfo) as opened,
        pytest.raises(psycopg.OperationalError, match=r"127\.0\.0\.3.*refused"),
    ):
        open_source(source_conninfo(opened, "acme"))


def test_the_program_named_a_warehouse_by_the_environment_streams_the_rows_of_the_source(
    ticking: Warehouse, source: Source
) -> None:
    ticking.run("SELECT _wh_internal.open_feed('ticks', 'acme', 'acme')")
    env = {
        "PGHOST": "warehouse.invalid",
        "PGHOSTADDR": "127.0.0.1",
        "PGPORT": str(ticking.server.port),
        "PGDATABASE": ticking.name,
        "PGUSER": "whadmin",
        "PGPASSWORD": str(ticking.server.password("whadmin")),
        "PGSSLMODE": "disable",
        "PGTZ": "Asia/Kolkata",
        "PGDATESTYLE": "SQL, DMY",
    }
    span = ("--from", str(DAY), "--to", "2024-03-09")
    done = succeed(None, "backfill", "ticks", "--tenant", "acme", *span, "--json", env=env).json
    assert done["load"]["rows"] == 4
    assert ticking.value("SELECT count(*) FROM acme.ticks") == 4


def test_a_file_that_the_connection_names_counts_and_one_in_the_home_directory_does_not(
    ticking: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ticking.run(
        "UPDATE _wh.tenant_connections SET options = %s",
        (Jsonb({"sslrootcert": "/etc/roots.crt", "sslmode": "verify-ca"}),),
    )
    with session(ticking.conninfo) as opened:
        words = conninfo_to_dict(source_conninfo(opened, "acme").conninfo)
    assert (words["sslrootcert"], words["sslmode"]) == ("/etc/roots.crt", "verify-ca")
    assert {words[name] for name in ("passfile", "sslcert", "sslkey", "sslcrl")} == {NOT_GIVEN}
    assert not Path(NOT_GIVEN).exists()
