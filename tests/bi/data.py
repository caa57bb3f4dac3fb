"""What the clients read: a template with a column of each usual type, and what is true of its rows."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import LiteralString

from tests.support.databases import Source, Warehouse
from tests.support.loading import by_loader

TENANTS = ("acme", "globex")
NAME = "readings"
FIRST, DAYS = date(2025, 1, 3), 4
ROWS = 5_400
"""Rows of a day and tenant. Each is so long that a client that keeps all rows needs 60 MiB more at least."""

QUERY: LiteralString = """
SELECT n AS id, at, (n::numeric / 100)::numeric(12, 2) AS amount, 'Läbel ' || n || repeat(' and more', 130) AS label, CASE WHEN n % 2 = 0 THEN n END AS maybe
FROM (
    SELECT at, (extract(epoch FROM at)::bigint / 16 % 5400)::int AS n
    FROM generate_series('{START_TIME}'::timestamptz, '{END_TIME}'::timestamptz - interval '16 seconds', interval '16 seconds') at
) r
"""
COLUMNS: LiteralString = "id int, at timestamptz, amount numeric(12, 2), label text, maybe int"

DAY = FIRST + timedelta(days=2)
SUM = 2 * sum(Decimal(n) for n in range(ROWS)) / 100
MOMENT = f"{DAY}T00:00:00"
"""When the day's first reading was, in UTC."""
OWN = str(DAYS * ROWS)
"""How many rows a tenant has."""
DESCRIPTIONS = {"at": "when it was read", "label": "a läbel | with a bar"}


def load(warehouse: Warehouse, source: Source, storage: str) -> None:
    """Two tenants with four days each."""
    warehouse.run(
        "INSERT INTO _wh.mv_templates (template_name, query_template, column_definitions, time_column, storage, description,"
        " column_descriptions) VALUES (%s, %s, %s, 'at', %s, 'Readings', %s::jsonb)",
        (NAME, QUERY, COLUMNS, storage, json.dumps(DESCRIPTIONS)),
    )
    for tenant in TENANTS:
        warehouse.connect_to(source, tenant)
        warehouse.make_schema(tenant)
        by_loader(warehouse, FIRST, FIRST + timedelta(days=DAYS - 1), template=NAME, name=tenant)
