"""How other programs connect: addresses that each of them writes in its own way."""

from __future__ import annotations

from tenantry.core.connect_strings import connect_strings

USUAL = {
    "host": "db.example.com",
    "port": "5432",
    "dbname": "postgres",
    "user": "bi",
    "sslmode": "verify-full",
}


def test_each_program_gets_its_own_spelling_and_the_warehouses_sslmode() -> None:
    strings = connect_strings(USUAL | {"sslrootcert": "/etc/my ca.crt"})
    assert strings.libpq == (
        "host=db.example.com port=5432 dbname=postgres user=bi sslmode=verify-full sslrootcert='/etc/my ca.crt'"
    )
    tls = "sslmode=verify-full&sslrootcert=%2Fetc%2Fmy%20ca.crt"
    assert strings.uri == f"postgresql://bi@db.example.com:5432/postgres?{tls}"
    assert strings.jdbc == f"jdbc:postgresql://db.example.com:5432/postgres?user=bi&{tls}"
    assert strings.odbc == (
        "Driver={PostgreSQL Unicode};Server=db.example.com;Port=5432;Database=postgres;Uid=bi;SSLmode=verify-full;"
        "pqopt={sslrootcert='/etc/my ca.crt'}"
    )
    assert strings.sqlalchemy == f"postgresql+psycopg://bi@db.example.com:5432/postgres?{tls}"


def test_java_has_its_own_name_for_the_certificates_of_the_machine() -> None:
    jdbc = connect_strings(USUAL | {"sslrootcert": "system"}).jdbc
    assert jdbc is not None
    assert jdbc.endswith("&sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory")


def test_an_ipv6_address_is_in_brackets() -> None:
    strings = connect_strings(USUAL | {"host": "::1"})
    assert "@[::1]:5432/" in strings.uri
    assert strings.jdbc is not None
    assert "//[::1]:5432/" in strings.jdbc
    assert "host=%3A%3A1&port=5432" in strings.sqlalchemy


def test_what_a_driver_cannot_do_is_not_printed() -> None:
    by_socket = connect_strings(USUAL | {"host": "/run/postgresql"})
    assert by_socket.jdbc is None
    assert by_socket.uri.startswith("postgresql://bi@%2Frun%2Fpostgresql:5432/postgres?")
    assert [connect_strings(USUAL | {"user": name}).odbc for name in ("a;b", " a", "{a}")] == [None] * 3
