"""Records that commands make for their JSON; most others are dataclasses of `tenantry.Warehouse`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from tenantry.core.days import Span
from tenantry.flow.job.runs import Run


class SliceFailure(TypedDict):
    tenant: str
    template: str
    day: date
    error: str
    sqlstate: str | None
    of_source: bool


class TableFailure(TypedDict):
    table: str
    error: str


class TenantFailure(TypedDict):
    tenant: str
    error: str


class OtherFailure(TypedDict):
    what: str
    error: str


class FeedLoad(TypedDict):
    tenant: str
    template: str
    loaded: int
    rows: int
    present: int
    unchanged: int
    not_tried: int
    source_lost: str | None
    gone: Sequence[date]
    before_first_day: Span | None
    failed: int
    failures: list[SliceFailure]
    not_indexed: list[TableFailure]


class Load(TypedDict):
    complete: bool
    interrupted: bool
    rows: int
    duration_seconds: float
    feeds: list[FeedLoad]


class DifferentDay(TypedDict):
    tenant: str
    template: str
    day: date
    source_rows: int
    warehouse_rows: int


class UncomparedDay(TypedDict):
    tenant: str
    template: str
    day: date
    error: str


class RowsAhead(TypedDict):
    tenant: str
    template: str
    rows: int


class MissingDays(TypedDict):
    """What a feed lacks: days that can be loaded, and how many its source no longer keeps."""

    template: str
    missing: Sequence[date]
    gone: int


class FoldedYear(TypedDict):
    tenant: str
    template: str
    year: int
    table: str
    days: int
    rows: int
    duration_seconds: float


class CheckedYear(TypedDict):
    tenant: str
    template: str
    year: int
    status: str
    complete: bool
    days: int
    expected_days: int
    missing: Sequence[Span]
    next: str | None


class DifferentRow(TypedDict):
    kind: str
    key: str
    columns: Sequence[str]
    source: Sequence[str | None] | None
    warehouse: Sequence[str | None] | None


class ComparedDay(TypedDict):
    day: date
    source_rows: int
    warehouse_rows: int
    differing_rows: int
    fault: bool | None
    rows: list[DifferentRow]


class DayError(TypedDict):
    day: date
    error: str


class ComparedFeed(TypedDict):
    tenant: str
    template: str
    days: int
    rows: int
    different: list[ComparedDay]
    not_compared: list[DayError]


class ScheduledJob(TypedDict):
    jobid: int
    job: str | None
    schedule: str
    command: str
    active: bool
    database: str
    role: str
    kind: str
    template: str | None
    tenant: str | None
    connection: str | None
    when: str
    next_run_at: datetime | None
    last_run: Run | None


class NewJob(TypedDict):
    jobid: int | None
    job: str
    schedule: str
    when: str
    command: str
    tenant: str
    template: str


class FutureRun(TypedDict):
    at: datetime
    job: str | None
    jobid: int
    tenant: str | None


class Event(TypedDict):
    at: datetime
    event: str
    facts: dict[str, Any]


class SlowStatement(TypedDict):
    query: str
    calls: int
    mean_seconds: float
    total_seconds: float
    rows: int


class CheckFinding(TypedDict):
    severity: Literal["error", "warning", "note"]
    check: str
    subject: str
    reason: str
    command: str | None
    safe: bool


class CheckRun(TypedDict):
    check: str
    asks: str
    duration_seconds: float


class Unmended(TypedDict):
    command: str
    error: str


class TenantName(TypedDict):
    tenant: str


class LintFinding(TypedDict):
    template: str
    file: str | None
    rule: str
    severity: str
    line: int
    message: str
    fix: str


class DroppedStorage(TypedDict):
    tenant: str
    relations: int


class RestoredThings(TypedDict):
    tenants: list[str]
    connections: int
    jobs: int
    jobs_lost: list[str]
    without_cluster: list[str]
    roles_kept: list[str]
    passwords_generated: list[str]
    failed: int
    failures: list[OtherFailure]


class DemoTenant(TypedDict):
    tenant: str
    year: Any
    items: Any
    pounds: Any
    dollars: Any
    pounds_a_day: Any


class DemoItem(TypedDict):
    category: Any
    item: Any
    times: Any
    pounds: Any
    tenants: Any


class ChangeFailure(TypedDict):
    kind: str
    name: str
    template: str | None
    error: str
    hint: str | None


class Uncompared(TypedDict):
    """A password that could not be read, of a connection or a reader."""

    kind: str
    name: str
    reason: str


class Error(TypedDict):
    code: str
    message: str
    hint: str | None
    sqlstate: str | None
    connection: str | None
    exit_code: int
