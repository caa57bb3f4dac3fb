"""Write metrics.md from the program's own table of metrics.

python docs/reference/metrics.py — tests/unit/metrics/test_families.py fails until it has been run.
"""

from __future__ import annotations

from pathlib import Path

from tenantry.metrics.cache import COUNTED, KEPT
from tenantry.metrics.families import FAMILIES
from tenantry.observe.metrics import RECENT

METRICS = Path(__file__).with_name("metrics.md")

_HEAD = """\
# Metrics

Written by `python docs/reference/metrics.py` from the program.

`tenantry scheduler --metrics ADDRESS`, `tenantry metrics --listen ADDRESS` and [the console](../how-to/use-the-console.md)
serve these metrics; `tenantry metrics` prints them once. All of them are gauges, and times are seconds since 1970. See [Watch with
Prometheus](../how-to/watch-with-prometheus.md).

| metric | labels | unit | meaning |
|---|---|---|---|
"""

_TAIL = f"""
`template` and `tenant` are names in the warehouse, `connection` is a source's connection, and `job_name` the name of a
job (not `job`, which Prometheus itself sets). The only other labels are `state` and the program's `version`. So there are six
series by state and about ten others for each feed, seven for each job, and one for each tenant and each connection.

`state` is one of these:

| state | days |
|---|---|
| `loaded` | whose rows are in the warehouse |
| `missing` | between the feed's first day and yesterday (UTC) that are not loaded |
| `failed` | whose last load failed; rows of an earlier load may still be there |
| `stale` | that were loaded before they had ended |
| `outdated` | that were loaded before the query or the columns were changed |
| `unconfirmed` | that are recorded as loaded, but whose relation was rewritten, emptied or dropped since; a load or `tenantry status` counts its rows and decides |

A metric that is not known is left out: there is no `tenantry_last_backup_timestamp_seconds` before the first backup.
Nothing records how long a source takes to answer, so there is no metric for it. Only comparisons by whadmin are recorded,
not those by operators.

## What it costs

The warehouse gets at most one statement in {KEPT:.0f} seconds, no matter how many clients ask. It reads what loads have
recorded, not the rows. Each time, it reads the records of the last {RECENT} days; it reads those of earlier days, and sizes,
again after {COUNTED / 60:.0f} minutes. So it may take that long until a backfill of earlier days shows.
"""


def metrics_md() -> str:
    """The text of metrics.md."""
    rows = [
        f"| `{family.name}` | {', '.join(f'`{label}`' for label in family.labels)} | {family.unit} | {family.help} |"
        for family in FAMILIES
    ]
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


if __name__ == "__main__":
    METRICS.write_text(metrics_md(), encoding="utf-8")
