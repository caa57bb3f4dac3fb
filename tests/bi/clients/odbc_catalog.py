"""What ODBC's SQLTables and SQLColumns say of schemas: the address is libpq's environment, the schemas are the arguments."""

from __future__ import annotations

import os
import sys

import pyodbc


def main(schemas: list[str]) -> None:
    """Print a line for each thing: schema, relation, and what is said of it, with tabs between."""
    address = {
        "Driver": "{PostgreSQL Unicode}",
        "Server": os.environ["PGHOST"],
        "Port": os.environ["PGPORT"],
        "Database": os.environ["PGDATABASE"],
        "Uid": os.environ["PGUSER"],
        "Pwd": os.environ["PGPASSWORD"],
    }
    with pyodbc.connect(";".join(f"{key}={value}" for key, value in address.items())) as connection:
        cursor = connection.cursor()
        for schema in schemas:
            for table in cursor.tables(schema=schema).fetchall():
                print(schema, table.table_name, table.table_type, table.remarks, sep="\t")
                # Asked of a schema, psqlodbc numbers the columns of all its tables on end.
                for row in cursor.columns(table.table_name, schema=schema).fetchall():
                    said = (row.type_name, row.column_size, row.nullable, row.column_def, row.remarks)
                    print(schema, row.table_name, row.column_name, *said, sep="\t")


main(sys.argv[1:])
