"""What changed in a warehouse, by the kind of thing, for those who show it."""

from __future__ import annotations

import psycopg

from tenantry.db.queries import query

_SCHEMAS = ["_wh", "_wh_audit", "cron"]

_TOPICS = {
    "_wh.slices": "slices",
    "_wh.feeds": "slices",
    "_wh.tenants": "tenants",
    "_wh.tenant_connections": "tenants",
    "_wh.mv_templates": "templates",
    "_wh.template_overrides": "templates",
    "_wh.function_logs": "logs",
    "_wh.actions": "actions",
    "_wh_audit.entries": "audit",
    "cron.job": "jobs",
    "cron.job_run_details": "jobs",
}


def counters(session: psycopg.Connection) -> dict[str, int]:
    """By topic, a number that grows with each change."""
    found: dict[str, int] = {}
    for table, number in session.execute(query("activity", "changes"), {"schemas": _SCHEMAS}):
        if topic := _TOPICS.get(table):
            found[topic] = found.get(topic, 0) + number
    return found
