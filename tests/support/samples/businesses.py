"""Three businesses that are not food waste, each with a schema of its own: what a newcomer may bring."""

from __future__ import annotations

from datetime import date

from tests.support.databases import Source

_TABLES = {
    "flights": """
        CREATE SCHEMA ops;
        CREATE TABLE ops.airports (code char(3) PRIMARY KEY, name text NOT NULL);
        CREATE TABLE ops.flights (flight bigint PRIMARY KEY, carrier varchar(8), origin char(3), delay smallint,
            departed timestamptz NOT NULL);
        CREATE INDEX ON ops.flights (departed);
        INSERT INTO ops.flights SELECT d * 10 + n, 'UA', 'EWR', n, (%(first)s::date + d)::timestamp AT TIME ZONE 'UTC'
            + n * interval '3 hours' FROM generate_series(0, %(days)s - 1) d, generate_series(0, 4) n;
        GRANT USAGE ON SCHEMA ops TO source_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA ops TO source_reader;
        """,
    "orders": """
        CREATE TYPE state AS ENUM ('open', 'paid');
        CREATE TABLE orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), customer int, state state, total numeric(10, 2),
            items jsonb, created_at timestamp NOT NULL, paid_at timestamp);
        INSERT INTO orders (customer, state, total, items, created_at)
            SELECT n, 'paid', 9.50, '[]', %(first)s::date + d + n * interval '5 hours'
            FROM generate_series(0, %(days)s - 1) d, generate_series(0, 2) n;
        GRANT SELECT ON orders TO source_reader;
        """,
    "rentals": """
        CREATE TABLE "Rental" ("No" int NOT NULL, "Start Date" date NOT NULL, schema_name text, car text, paper inet, secret text);
        CREATE UNIQUE INDEX ON "Rental" ("No");
        INSERT INTO "Rental" SELECT d * 2 + n, %(first)s::date + d, 'x', 'car ' || n, '::1', 's'
            FROM generate_series(0, %(days)s - 1) d, generate_series(0, 1) n;
        GRANT SELECT ("No", "Start Date", schema_name, car, paper) ON "Rental" TO source_reader;
        """,
}


def open_shop(source: Source, business: str, first: date, days: int) -> Source:
    """Turn a source into that of a business, with rows in each of so many days; the tables of food waste go."""
    source.run("DO $$ DECLARE t text; BEGIN FOR t IN SELECT format('%I', c.relname) FROM pg_class c"
               " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
               " LOOP EXECUTE 'DROP TABLE ' || t || ' CASCADE'; END LOOP; END $$")  # fmt: skip
    for statement in _TABLES[business].split(";\n"):
        filled = statement.replace("%(first)s", f"'{first}'").replace("%(days)s", str(days))
        if filled.strip():
            source.run(filled)
    return source
