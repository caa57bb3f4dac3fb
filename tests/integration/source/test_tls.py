"""TLS to a source: what a new connection gets, what doctor tells of the line, and that verify-full lets in nobody who passes for the source."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tenantry.core.model import Connection
from tenantry.db.connect import session
from tenantry.flow.source import line as lines
from tests.support.databases import Source, Warehouse
from tests.support.program import Outcome, run, succeed
from tests.support.samples.healthy import findings
from tests.support.waiting import wait_until

HOSTS = "127.0.0.77,127.0.0.1"
"""Nobody listens at the first; so it is not only this host, by what is written."""

RECORDED: LiteralString = "SELECT count(*) FROM _wh_audit.entries WHERE subject ~ 'acme'"


def told_of(warehouse: Warehouse) -> list[tuple[str, str]]:
    words = ("encrypted", "impersonate the source")
    return [
        (f.severity.value, f.reason)
        for f in findings(warehouse, "sources")
        if any(w in f.reason for w in words)
    ]


@pytest.fixture
def used(acme: Warehouse) -> Warehouse:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    return acme


@pytest.mark.any_server
def test_doctor_tells_of_a_line_that_is_not_encrypted_and_leaves_this_host(used: Warehouse) -> None:
    assert told_of(used) == []
    used.run('UPDATE _wh.tenant_connections SET host = %s, options = \'{"sslmode": "disable"}\'', (HOSTS,))
    ((severity, reason),) = told_of(used)
    assert severity == "warning"
    assert "not encrypted" in reason


def encrypted(warehouse: Warehouse) -> bool:
    with (
        suppress(psycopg.OperationalError),
        psycopg.connect(f"{warehouse.conninfo} sslmode=require") as session,
    ):
        return bool(session.pgconn.ssl_in_use)
    return False


@pytest.fixture
def certificate(used: Warehouse) -> Iterator[Path]:
    """The server speaks TLS, with a certificate for 127.0.0.1 that is its own authority."""
    if not used.admin.value("SELECT current_setting('ssl_library') <> ''"):
        pytest.skip("this server was built without TLS")
    directory = Path(used.admin.value("SHOW data_directory"))
    owner = directory.stat()
    files = [directory / name for name in ("test.key", "test.crt")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files[0], "-out", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    for file in files:
        os.chown(file, owner.st_uid, owner.st_gid)
        file.chmod(0o600)
    settings = {"ssl_cert_file": files[1], "ssl_key_file": files[0], "ssl": "on"}
    with used.admin.connect() as session:
        for name, value in settings.items():
            session.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        session.execute("SELECT pg_reload_conf()")
    wait_until(lambda: encrypted(used))
    yield files[1]
    with used.admin.connect() as session:
        for name in settings:
            session.execute(f"ALTER SYSTEM RESET {name}".encode())
        session.execute("SELECT pg_reload_conf()")
    # The server reads it a moment later, and the next test is for one without TLS.
    wait_until(lambda: not encrypted(used))


def test_verify_full_takes_the_right_certificate_only(
    used: Warehouse, certificate: Path, source: Source
) -> None:
    used.run("UPDATE _wh.tenant_connections SET host = %s", (HOSTS,))
    ((severity, reason),) = told_of(used)
    assert severity == "note"
    assert "sslmode=prefer anyone on the network path can impersonate the source" in reason
    trusted = {"sslmode": "verify-full", "sslrootcert": str(certificate)}
    used.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb(trusted),))
    assert told_of(used) == []
    assert used.value("SELECT database FROM _wh_internal.probe_source('acme')") == source.name
    for wrong in (
        {"sslrootcert": "/etc/ssl/none.crt"},
        {"sslrootcert": "/etc/ssl/certs/ca-certificates.crt"},
    ):
        used.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb(trusted | wrong),))
        with pytest.raises(psycopg.Error, match="could not establish connection"):
            used.run("SELECT _wh_internal.hold_source('acme')")


def options(warehouse: Warehouse, name: str = "acme") -> dict[str, str]:
    found: dict[str, str] = warehouse.value(
        "SELECT options FROM _wh.tenant_connections WHERE tenant_name = %s", (name,)
    )
    return found


def add(warehouse: Warehouse, source: Source, more: str = "", hosts: str = HOSTS) -> Outcome:
    """Take in the tenant brook, whose source is elsewhere, as far as anybody can tell by its address."""
    address = f"host={hosts} port={source.server.port} dbname={source.name} user={source.reader} {more}"
    return succeed(
        warehouse, "tenant", "add", "brook", "--source", address, "--no-schedule", env={"TENANTRY_SOURCE_PASSWORD": source.password}
    )  # fmt: skip


def test_a_source_without_tls_is_taken_in_and_told_as_such(warehouse: Warehouse, source: Source) -> None:
    outcome = add(warehouse, source)
    assert "line not encrypted: the " in " ".join(outcome.err.split())
    assert options(warehouse, "brook") == {}
    # What does not leave the host needs no TLS; what the operator says is what he wants.
    for more, hosts in (("", "127.0.0.1"), ("sslmode=prefer", HOSTS)):
        assert "encrypted" not in add(warehouse, source, more, hosts).err
    assert options(warehouse, "brook") == {"sslmode": "prefer"}


def test_a_new_connection_is_verified_where_both_sides_can_and_encrypted_in_any_case(
    used: Warehouse, certificate: Path, source: Source
) -> None:
    told = " ".join(add(used, source).err.split())
    assert (
        "line encrypted, but not verified, so anyone on the network path can impersonate the source: sslmode=require."
        in told
    )
    assert "tenantry tenant edit brook --option sslmode=verify-full --option sslrootcert=PATH" in told
    assert options(used, "brook") == {"sslmode": "require"}

    told = " ".join(add(used, source, f"sslmode=verify-full sslrootcert={certificate}").err.split())
    assert "encrypted" not in told
    verified = {"sslmode": "verify-full", "sslrootcert": str(certificate)}
    # The same address again, without a word of TLS, is no way to less of it.
    assert "encrypted" not in add(used, source).err
    assert options(used, "brook") == verified

    used.run("DELETE FROM _wh.tenant_connections WHERE tenant_name = 'brook'")
    told = " ".join(add(used, source, f"sslrootcert={certificate}").err.split())
    assert (
        f"line encrypted, and the source's certificate is verified: sslmode=verify-full, sslrootcert={certificate}"
        in told
    )
    assert options(used, "brook") == verified


def test_the_authorities_of_both_machines_are_tried_and_a_certificate_for_another_name_is_not_taken(
    used: Warehouse, certificate: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = used.value(RECORDED)
    monkeypatch.setattr(lines, "AUTHORITIES", ("system", "/etc/ssl/none.crt", str(certificate)))
    for host, expected in (
        (HOSTS, {"sslmode": "verify-full", "sslrootcert": str(certificate)}),
        ("127.0.0.77,localhost", {"sslmode": "require"}),
    ):
        wanted = Connection("acme", host, source.server.port or 0, source.name, source.reader)
        with session(used.conninfo) as opened:
            stored, facts, told = lines.store(opened, wanted, source.password)
        assert (stored.options, facts.database) == (expected, source.name)
        assert told is not None
        assert options(used) == expected
    # What was tried on the way is in no record.
    assert used.value(RECORDED) == before + 2


def test_a_source_that_moves_is_looked_at_anew_and_one_that_refuses_changes_nothing(
    used: Warehouse, certificate: Path, source: Source
) -> None:
    address = f"host={HOSTS} port={source.server.port} dbname={source.name} user={source.reader}"
    outcome = succeed(used, "tenant", "edit", "acme", "--source", address)
    assert "encrypted, but not verified" in " ".join(outcome.err.split())
    assert options(used) == {"sslmode": "require"}
    refused = run(
        used,
        "tenant",
        "edit",
        "acme",
        "--source",
        address.replace(source.name, "none"),
        "--option",
        "sslmode=",
    )
    assert refused.code == 2
    assert run(used, "tenant", "edit", "acme", "--source", address.replace(source.name, "none")).code == 1
    assert options(used) == {"sslmode": "require"}
