"""A warehouse whose every word would do something to a browser, or to the page around it, if it were not shown as a word."""

from __future__ import annotations

from datetime import timedelta
from typing import LiteralString

from psycopg import sql

from tenantry.core.days import today_utc
from tests.support.browser.pages import ask_for
from tests.support.databases import Warehouse
from tests.support.samples.small_template import COLUMNS, INDEXES, QUERY

MARK = "data-evil"
"""An attribute that no page of the console has."""

WORDS: tuple[LiteralString, ...] = (
    "<script>window.evil=1</script><b data-evil>",
    "\"><img src=x onerror='window.evil=2' data-evil>",
    "'><svg onload=window.evil=3 data-evil>",
    "</title></textarea></style></script><i data-evil>",
    '" data-evil onfocus=window.evil=4 autofocus x="',
    "' data-evil onmouseover=window.evil=5 x='",
    "javascript:window.evil=6",
    "{{ 7 * 7 }}{% raw %}${7*7}<%= 7*7 %>",
    "&lt;u data-evil&gt;&#60;u data-evil&#62;",
    "<!--<u data-evil>--><![CDATA[<u data-evil>]]>",
)

TENANT: LiteralString = '"><u data-evil onclick=evil()>&amp;'
"""A tenant's name; its template has it, too."""


def fill(warehouse: Warehouse) -> None:
    """Put such words wherever the program stores what others say."""
    today = today_utc()
    everything = " ".join(WORDS)
    with warehouse.connect() as session:
        session.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(TENANT)))
        session.execute(
            "INSERT INTO _wh.tenant_connections (tenant_name, host, port, dbname, username) VALUES (%s, %s, 1, %s, %s)",
            (TENANT, WORDS[1], WORDS[2], WORDS[4]),
        )
        session.execute(
            "INSERT INTO _wh.mv_templates (template_name, description, query_template, column_definitions, indexes, time_column, storage)"
            " VALUES (%s, %s, %s, %s, %s, 'at', 'matview')",
            (TENANT, everything, f"{QUERY} -- {everything}", COLUMNS, INDEXES),
        )
        session.execute("SELECT _wh_internal.open_feed(%s, %s, %s)", (TENANT, TENANT, TENANT))
        session.execute(
            "INSERT INTO _wh.slices (schema_name, template_name, slice_date, status, error, failed_at, digest)"
            " SELECT %s, %s, day::date, 'failed', %s, now(), %s FROM generate_series(%s::date, %s::date, interval '1 day') day",
            (TENANT, TENANT, everything, WORDS[0], today - timedelta(days=3), today - timedelta(days=1)),
        )
        for level in ("INFO", "ERROR"):
            session.execute(
                "INSERT INTO _wh.function_logs (function_name, log_level, message) VALUES (%s, %s, %s)",
                (WORDS[3], level, everything),
            )
        session.execute(
            "SELECT cron.schedule(%s, '0 0 1 1 *', %s)", (f"{TENANT} job", f"SELECT 1 -- {everything}")
        )
    ask_for(warehouse, "backfill", tenant=TENANT, template=TENANT)
    warehouse.admin.run(
        "INSERT INTO _wh_audit.entries (what, subject, result) VALUES (%s, %s, %s)",
        (everything, TENANT, everything),
    )
