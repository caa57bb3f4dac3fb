"""python -m tenantry.demo CONNINFO: the demo's three sources on a server of one's own, for a demo of several containers.

`tenantry demo` makes everything itself, on an embedded server. Here the warehouse and its sources are where they would be in
production, each on a server of its own, and tenants are added as an operator adds them. The role that the warehouse logs in as
gets the password in TENANTRY_SOURCE_PASSWORD, where `tenantry tenant add` looks for it, too.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, date, datetime, timedelta

from tenantry.core.days import today_utc
from tenantry.core.errors import TenantryError
from tenantry.core.words import count
from tenantry.db.connect import session
from tenantry.demo.sources import TENANTS, create_source, extend_source, source_exists


def main(arguments: list[str] | None = None) -> int:
    """Make the sources that are missing, and bring the others up to date; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tenantry.demo", description=__doc__)
    parser.add_argument("conninfo", help="the server's administrator")
    parser.add_argument(
        "--reader", default="demo_source_reader", help="the role that the warehouse will log in as"
    )
    parser.add_argument(
        "--days", type=int, help="how many days of rows a new source gets; default: last year and this year"
    )
    given = parser.parse_args(arguments)
    password = os.environ.get("TENANTRY_SOURCE_PASSWORD")
    if not password:
        parser.error("TENANTRY_SOURCE_PASSWORD, the password of the role, is not set")
    now, today = datetime.now(UTC), today_utc()
    first = (
        today - timedelta(days=max(given.days, 1) - 1)
        if given.days is not None
        else date(today.year - 1, 1, 1)
    )
    try:
        for tenant in TENANTS:
            with session(given.conninfo, role=None, name="tenantry demo") as admin:
                exists = source_exists(admin, tenant)
            if exists:
                rows = extend_source(given.conninfo, tenant, until=now)
            else:
                rows = create_source(
                    given.conninfo, tenant, first, today, until=now, reader=given.reader, password=password
                )
            sys.stdout.write(f"{tenant.database}: {count(rows, 'row')} added\n")
    except TenantryError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
