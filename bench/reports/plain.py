"""The same rows in plain tables, as somebody without Tenantry would keep them for fast reports."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from bench.reports.queries import FIRST_TENANT
from bench.stage import TEMPLATE, Stage
from tenantry.db.connect import session

ALL: LiteralString = "plain.all_tenants"
ONE: LiteralString = "plain.one_tenant"
# A key holds within a tenant only. A tenant's days and its keys are asked for, and all tenants' days.
_INDEXES: LiteralString = (
    "CREATE UNIQUE INDEX ON plain.all_tenants (schema_name, id);"
    " CREATE INDEX ON plain.all_tenants (schema_name, logged_time)"
)


def make(stage: Stage) -> None:
    """Copy all tenants' rows into one table, one tenant after the other as backfills bring them, and those of the first
    tenant into another. Both have the template's indexes; the first also has those that its tenants need.
    """
    template = stage.template()
    columns = sql.SQL(", ").join(map(sql.Identifier, template.column_names))
    with session(stage.warehouse) as owner:
        owner.execute("DROP SCHEMA IF EXISTS plain CASCADE")
        owner.execute("CREATE SCHEMA plain")
        owner.execute(
            f"CREATE TABLE plain.all_tenants (schema_name text NOT NULL, {template.columns})".encode()
        )
        owner.execute(f"CREATE TABLE plain.one_tenant ({template.columns})".encode())
        # One tenant after the other: a query on the public view may lock more than the server has room for.
        tenants = owner.execute(
            "SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname = %s AND c.relkind = 'v' AND n.nspname <> 'public' AND n.nspname LIKE 'tenant\\_%%' ORDER BY 1",
            (TEMPLATE,),
        ).fetchall()
        for (tenant,) in tenants:
            owner.execute(
                sql.SQL("INSERT INTO plain.all_tenants SELECT {}, {} FROM {}").format(
                    sql.Literal(tenant), columns, sql.Identifier(tenant, TEMPLATE)
                )
            )
        owner.execute(
            sql.SQL(
                "INSERT INTO plain.one_tenant SELECT {} FROM plain.all_tenants WHERE schema_name = {} ORDER BY logged_time"
            ).format(columns, FIRST_TENANT)
        )
        owner.execute(template.indexed("one_tenant", "plain").encode())
        owner.execute(template.indexed("all_tenants", "plain").replace("UNIQUE ", "").encode())
        owner.execute(_INDEXES)
        owner.execute("GRANT USAGE ON SCHEMA plain TO phood_ro")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA plain TO phood_ro")
