"""What a Python library reads of a view: the address is libpq's environment. Prints a line for each check, with tabs between.

The arguments are the library, the view as schema and name, and the day and the day after it. With "limited" in place of the
days, it prints only how many rows the login finds in each of the schemas that follow; with "statements", the first value of
each statement that follows.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

URL = "postgresql+psycopg://"
MOMENTS = tuple[datetime, datetime]


class Library:
    """A library: how it lists columns, reads rows, binds parameters and streams. None: it has no such thing."""

    columns: Callable[[str, str], Iterable[Sequence[object]]] | None = None

    def rows(self, statement: str) -> list[Sequence[Any]]:
        raise NotImplementedError

    def bound(self, statement: str, moments: MOMENTS) -> list[Sequence[Any]]:
        """The rows of a statement whose parameters are %s."""
        raise NotImplementedError

    def stream(self, statement: str) -> int:
        raise NotImplementedError


class SQLAlchemy(Library):
    def __init__(self) -> None:
        import sqlalchemy

        self.sa = sqlalchemy
        self.engine = sqlalchemy.create_engine(URL)

    def columns(self, schema: str, name: str) -> Iterable[Sequence[object]]:
        inspector = self.sa.inspect(self.engine)
        assert name in inspector.get_view_names(schema) + inspector.get_table_names(schema)
        return [(c["name"], c["type"], c["comment"]) for c in inspector.get_columns(name, schema)]

    def rows(self, statement: str) -> list[Sequence[Any]]:
        with self.engine.connect() as connection:
            return list(connection.execute(self.sa.text(statement)))

    def bound(self, statement: str, moments: MOMENTS) -> list[Sequence[Any]]:
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(statement, moments))

    def stream(self, statement: str) -> int:
        with self.engine.connect().execution_options(yield_per=1000) as connection:
            return sum(1 for _ in connection.execute(self.sa.text(statement)))


class Psycopg(Library):
    def __init__(self) -> None:
        import psycopg

        self.session = psycopg.connect()

    def rows(self, statement: str) -> list[Sequence[Any]]:
        return self.session.execute(statement.encode()).fetchall()  # type: ignore[return-value]

    def bound(self, statement: str, moments: MOMENTS) -> list[Sequence[Any]]:
        return self.session.execute(statement.encode(), moments, prepare=True).fetchall()  # type: ignore[return-value]

    def stream(self, statement: str) -> int:
        with self.session.cursor(name="a_stream") as cursor:
            return sum(1 for _ in cursor.execute(statement.encode()))


class Pandas(SQLAlchemy):
    columns = None  # type: ignore[assignment]

    def _read(self, statement: object, moments: MOMENTS | None = None) -> list[Sequence[Any]]:
        import pandas as pd

        frame = pd.read_sql_query(statement, self.engine, params=moments)
        return list(frame.itertuples(index=False, name=None))

    def rows(self, statement: str) -> list[Sequence[Any]]:
        return self._read(self.sa.text(statement))

    def bound(self, statement: str, moments: MOMENTS) -> list[Sequence[Any]]:
        return self._read(statement, moments)

    def stream(self, statement: str) -> int:
        import pandas as pd

        with self.engine.connect().execution_options(stream_results=True) as connection:
            return sum(
                len(part) for part in pd.read_sql_query(self.sa.text(statement), connection, chunksize=1000)
            )


def _uri() -> str:
    host, port, user, dbname = (
        quote(os.environ[name], safe="") for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE")
    )
    return f"postgresql://{user}@{host}:{port}/{dbname}"


class Adbc(Library):
    def __init__(self) -> None:
        import adbc_driver_postgresql.dbapi as dbapi

        self.session = dbapi.connect(_uri())

    def columns(self, schema: str, name: str) -> Iterable[Sequence[object]]:
        found = self.session.adbc_get_objects(
            depth="columns",
            catalog_filter=os.environ["PGDATABASE"],
            db_schema_filter=schema,
            table_name_filter=name,
        )
        (catalog,) = found.read_all().to_pylist()
        (place,) = catalog["catalog_db_schemas"]
        (table,) = place["db_schema_tables"]
        return [(c["column_name"], c["xdbc_type_name"], c["remarks"]) for c in table["table_columns"]]

    def rows(self, statement: str) -> list[Sequence[Any]]:
        with self.session.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def bound(self, statement: str, moments: MOMENTS) -> list[Sequence[Any]]:
        with self.session.cursor() as cursor:
            cursor.execute(statement.replace("%s", "$1", 1).replace("%s", "$2"), parameters=moments)
            return list(cursor.fetchall())

    def stream(self, statement: str) -> int:
        with self.session.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": "1000000"})
            cursor.execute(statement)
            return sum(batch.num_rows for batch in cursor.fetch_record_batch())


class Polars(SQLAlchemy):
    columns = None  # type: ignore[assignment]

    def rows(self, statement: str) -> list[Sequence[Any]]:
        import polars as pl

        return list(pl.read_database_uri(statement, _uri(), engine="adbc").rows())

    def bound(self, statement: str, moments: MOMENTS) -> list[Sequence[Any]]:
        import polars as pl

        statement = statement.replace("%s", "$1", 1).replace("%s", "$2")
        return list(
            pl.read_database(statement, Adbc().session, execute_options={"parameters": moments}).rows()
        )

    def stream(self, statement: str) -> int:
        import polars as pl

        with self.engine.connect().execution_options(stream_results=True, max_row_buffer=1000) as connection:
            parts = pl.read_database(statement, connection, iter_batches=True, batch_size=1000)
            return sum(part.height for part in parts)


class Psqlodbc(Library):
    def __init__(self) -> None:
        import pyodbc

        names = {"Server": "PGHOST", "Port": "PGPORT", "Database": "PGDATABASE", "Uid": "PGUSER"}
        address = ";".join(f"{key}={os.environ[name]}" for key, name in names.items())
        self.session = pyodbc.connect(
            f"Driver={{PostgreSQL Unicode}};{address};Pwd={os.environ['PGPASSWORD']};UseDeclareFetch=1;Fetch=1000"
        )

    def columns(self, schema: str, name: str) -> Iterable[Sequence[object]]:
        cursor = self.session.cursor()
        return [
            (c.column_name, c.type_name, c.remarks) for c in cursor.columns(name, schema=schema).fetchall()
        ]

    def rows(self, statement: str) -> list[Sequence[Any]]:
        return list(self.session.execute(statement).fetchall())

    def bound(self, statement: str, moments: MOMENTS) -> list[Sequence[Any]]:
        naive = [f"{moment:%Y-%m-%d %H:%M:%S}+00" for moment in moments]
        return list(self.session.execute(statement.replace("%s", "?::timestamptz"), *naive).fetchall())

    def stream(self, statement: str) -> int:
        return sum(1 for _ in self.session.execute(statement))


LIBRARIES: dict[str, type[Library]] = {
    "psycopg": Psycopg,
    "SQLAlchemy": SQLAlchemy,
    "pandas": Pandas,
    "polars": Polars,
    "ADBC": Adbc,
    "psqlodbc": Psqlodbc,
}


def _peak() -> int:
    """The largest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(library: str, schema: str, name: str, day: str, *rest: str) -> None:
    """Print what each check finds."""
    if day == "limited":
        for place in rest:
            _limited(library, place, name)
        return
    client = LIBRARIES[library]()
    if day == "statements":
        for statement in rest:
            print("said", client.rows(statement)[0][0], sep="\t")
        return
    view = f'{schema}."{name}"'
    if client.columns is not None:
        for column in client.columns(schema, name):
            print("column", *column, sep="\t")
    where = f"WHERE at >= '{day} 00:00Z' AND at < '{rest[0]} 00:00Z'"
    print("sum", client.rows(f"SELECT sum(amount) AS s FROM {view} {where}")[0][0], sep="\t")
    moments = (datetime.fromisoformat(f"{day}T00:00+00:00"), datetime.fromisoformat(f"{rest[0]}T00:00+00:00"))
    found: list[Sequence[Any]] = []
    for _ in range(7):  # A server-side statement gets a generic plan after five.
        found = client.bound(f"SELECT count(*) AS c FROM {view} WHERE at >= %s AND at < %s", moments)
    print("bound", found[0][0], sep="\t")
    print("first", client.rows(f"SELECT min(at) AS a FROM {view} {where}")[0][0].isoformat(), sep="\t")
    before = _peak()
    count = client.stream(f"SELECT * FROM {view}")
    print("stream", count, _peak() - before, sep="\t")


def _limited(library: str, schema: str, name: str) -> None:
    found: object
    try:
        found = LIBRARIES[library]().rows(f'SELECT count(*) AS c FROM {schema}."{name}"')[0][0]
    # Each library has its own.
    except Exception as error:  # noqa: BLE001
        found = "refused" if "permission denied" in str(error) else f"failed: {error}"
    print("limited", schema, found, sep="\t")


main(*sys.argv[1:])
