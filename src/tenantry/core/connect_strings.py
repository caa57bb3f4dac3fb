"""How other programs connect: the same address as each of them writes it, without the password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

_PLAIN_HOST = re.compile(r"[A-Za-z0-9._-]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class ConnectStrings:
    """One login of one database, as connection strings. None of them holds a password.

    `libpq` is for psql and everything that is built on libpq, `uri` for what takes a URI, `jdbc` for pgjdbc, `odbc` for
    psqlodbc, and `sqlalchemy` for SQLAlchemy 2 with psycopg. A string is None if its driver cannot connect that way:
    pgjdbc cannot use a Unix socket, and psqlodbc accepts no name that contains a semicolon.
    """

    libpq: str
    uri: str
    jdbc: str | None
    odbc: str | None
    sqlalchemy: str


def connect_strings(address: Mapping[str, str]) -> ConnectStrings:
    """The strings for an address: `host` (a socket's directory is one), `port`, `dbname`, `user` and `sslmode`.

    `sslrootcert` is optional: a file, or "system".
    """
    address = {key: value for key, value in address.items() if value}
    return ConnectStrings(
        _libpq(address), _uri(address), _jdbc(address), _odbc(address), _sqlalchemy(address)
    )


def _tls(address: Mapping[str, str]) -> dict[str, str]:
    return {key: address[key] for key in ("sslmode", "sslrootcert") if key in address}


def _in_query(parameters: Mapping[str, str]) -> str:
    # quote, because not every program reads + as a blank.
    return urlencode(parameters, quote_via=quote, safe="")


def _in_brackets(host: str) -> str:
    return f"[{quote(host, safe=':')}]" if ":" in host else quote(host, safe="")


def _libpq(address: Mapping[str, str]) -> str:
    return " ".join(f"{key}={_libpq_value(value)}" for key, value in address.items())


def _libpq_value(value: str) -> str:
    if re.fullmatch(r"[^\s'\\]+", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _uri(address: Mapping[str, str]) -> str:
    place = f"{quote(address['user'], safe='')}@{_in_brackets(address['host'])}:{address['port']}"
    return f"postgresql://{place}/{quote(address['dbname'], safe='')}?{_in_query(_tls(address))}"


def _jdbc(address: Mapping[str, str]) -> str | None:
    host = address["host"]
    if host.startswith(("/", "@")):
        return None
    tls = _tls(address)
    if tls.get("sslrootcert") == "system":
        # pgjdbc has another name for the certificates of the machine, which here are those of Java.
        tls |= {"sslfactory": "org.postgresql.ssl.DefaultJavaSSLFactory"}
        del tls["sslrootcert"]
    place = f"{f'[{host}]' if ':' in host else host}:{address['port']}/{quote(address['dbname'], safe='')}"
    return f"jdbc:postgresql://{place}?{_in_query({'user': address['user'], **tls})}"


def _odbc(address: Mapping[str, str]) -> str | None:
    values = {
        "Server": address["host"],
        "Port": address["port"],
        "Database": address["dbname"],
        "Uid": address["user"],
        # psqlodbc would not encrypt without being told to.
        "SSLmode": address.get("sslmode", "prefer"),
    }
    if "sslrootcert" in address:
        values["pqopt"] = f"{{sslrootcert={_libpq_value(address['sslrootcert'])}}}"
    # It knows braces around a password, but not around a name.
    if any(
        ";" in value or value != value.strip() or value.startswith("{") for value in list(values.values())[:5]
    ):
        return None
    return "Driver={PostgreSQL Unicode};" + ";".join(f"{key}={value}" for key, value in values.items())


def _sqlalchemy(address: Mapping[str, str]) -> str:
    host, dbname, tls = address["host"], address["dbname"], _tls(address)
    user = quote(address["user"], safe="")
    if _PLAIN_HOST.fullmatch(host) and _PLAIN_NAME.fullmatch(dbname):
        return f"postgresql+psycopg://{user}@{host}:{address['port']}/{dbname}?{_in_query(tls)}"
    # Before 2.1 it took the database's name as it stands, and it still takes the host so.
    rest = {"host": host, "port": address["port"], "dbname": dbname}
    return f"postgresql+psycopg://{user}@/?{_in_query(rest | tls)}"
