"""What the tests of alerts do with a warehouse."""

from __future__ import annotations

from psycopg import sql

from tenantry.alerts.service import Alerts
from tenantry.warehouse import Warehouse as Library
from tests.integration.alert.receivers import WebReceiver
from tests.support.databases import Warehouse

REFUSED = 'ERROR: could not connect: connection to server at "10.0.0.5", port 5432 failed: Connection refused'


def silent(event: str, **facts: object) -> None:
    """Tell nobody."""


def route_to(warehouse: Warehouse, receiver: WebReceiver, name: str = "ops", **more: object) -> Library:
    """Let alerts go to a receiver."""
    library = Library(warehouse.conninfo)
    library.put_alert_route(name, webhook=receiver.url, **more)  # type: ignore[arg-type]
    return library


def look(warehouse: Warehouse, *, deliver: bool = True) -> None:
    """Look as if a minute had gone by, and deliver."""
    warehouse.run("UPDATE _wh.alert_looks SET looked_at = looked_at - interval '1 minute'")
    alerts = Alerts(warehouse.conninfo, silent, every=0)
    assert alerts.look()
    if deliver:
        alerts.deliver()


def later(warehouse: Warehouse, span: str) -> None:
    """Let everything that is known of alerts be older."""
    moments = {
        "alerts": ("first_seen", "last_seen", "recovered_at"),
        "alert_notices": ("opened_at", "last_sent_at", "closed_at"),
        "alert_deliveries": ("created_at", "next_attempt_at"),
    }
    with warehouse.connect() as session:
        for table, columns in moments.items():
            older = sql.SQL(", ").join(
                sql.SQL("{0} = {0} - {1}::interval").format(sql.Identifier(column), span)
                for column in columns
            )
            session.execute(sql.SQL("UPDATE _wh.{} SET {}").format(sql.Identifier(table), older))


def fail_jobs(warehouse: Warehouse, most: int, message: str = REFUSED, first: int = 1) -> None:
    """Let the last run of some tenants' jobs have failed; {tenant} in the message is the tenant's name."""
    warehouse.run(
        "INSERT INTO cron.job_run_details (jobid, database, username, command, status, start_time, end_time, return_message)"
        " SELECT j.jobid, j.database, j.username, j.command, 'failed', now() - interval '1 minute', now(),"
        " replace(%s, '{tenant}', replace(j.jobname, 'foodlogstats_update_', ''))"
        " FROM (SELECT *, row_number() OVER (ORDER BY jobid) AS n FROM cron.job) j WHERE j.n >= %s AND j.n < %s",
        (message, first, first + most),
    )


def mend_jobs(warehouse: Warehouse) -> None:
    """Let all jobs have run well since."""
    warehouse.run(
        "INSERT INTO cron.job_run_details (jobid, database, username, command, status, start_time, end_time)"
        " SELECT jobid, database, username, command, 'succeeded', now(), now() FROM cron.job"
    )
