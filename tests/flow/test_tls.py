"""TLS to a source: doctor tells what the line is, and verify-full lets in nobody who passes for the source."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.databases import Source, Warehouse
from tests.waiting import wait_until
from tests.well import findings

pytestmark = pytest.mark.any_server

HOSTS = "127.0.0.77,127.0.0.1"
"""Nobody listens at the first; so it is not only this host, by what is written."""


def line(warehouse: Warehouse) -> list[tuple[str, str]]:
    words = ("encrypted", "pass for the source")
    return [
        (f.severity.value, f.reason)
        for f in findings(warehouse, "sources")
        if any(w in f.reason for w in words)
    ]


@pytest.fixture
def used(acme: Warehouse) -> Warehouse:
    acme.run("SELECT _wh_internal.open_feed('foodlogstats', 'acme', 'acme')")
    return acme


def test_doctor_tells_of_a_line_that_is_not_encrypted_and_leaves_this_host(used: Warehouse) -> None:
    assert line(used) == []
    used.run('UPDATE _wh.tenant_connections SET host = %s, options = \'{"sslmode": "disable"}\'', (HOSTS,))
    ((severity, reason),) = line(used)
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


def test_verify_full_takes_the_right_certificate_only(
    used: Warehouse, certificate: Path, source: Source
) -> None:
    used.run("UPDATE _wh.tenant_connections SET host = %s", (HOSTS,))
    ((severity, reason),) = line(used)
    assert severity == "note"
    assert "sslmode=prefer anybody on it can pass for the source" in reason
    trusted = {"sslmode": "verify-full", "sslrootcert": str(certificate)}
    used.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb(trusted),))
    assert line(used) == []
    assert used.value("SELECT database FROM _wh_internal.probe_source('acme')") == source.name
    for wrong in (
        {"sslrootcert": "/etc/ssl/none.crt"},
        {"sslrootcert": "/etc/ssl/certs/ca-certificates.crt"},
    ):
        used.run("UPDATE _wh.tenant_connections SET options = %s", (Jsonb(trusted | wrong),))
        with pytest.raises(psycopg.Error, match="could not establish connection"):
            used.run("SELECT _wh_internal.hold_source('acme')")
