"""What SQLAlchemy's inspector says of schemas: the address is libpq's environment, the schemas are the arguments."""

from __future__ import annotations

import sys

import sqlalchemy


def main(schemas: list[str]) -> None:
    """Print a line for each thing: schema, relation, and what is said of it, with tabs between."""
    inspector = sqlalchemy.inspect(sqlalchemy.create_engine("postgresql+psycopg://"))
    for schema in schemas:
        kinds = {
            "table": inspector.get_table_names(schema),
            "view": inspector.get_view_names(schema),
            "materialized view": inspector.get_materialized_view_names(schema),
        }
        for kind, names in kinds.items():
            for name in names:
                print(schema, name, kind, inspector.get_table_comment(name, schema)["text"], sep="\t")
                for column in inspector.get_columns(name, schema):
                    said = (column["type"], "null" if column["nullable"] else "not null", column["default"])
                    print(schema, name, column["name"], *said, column["comment"], sep="\t")


main(sys.argv[1:])
