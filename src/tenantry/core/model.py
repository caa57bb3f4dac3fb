"""What a warehouse is made of, in the terms of docs/architecture.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from tenantry.core import state
from tenantry.core import storage as storages

OWNER = "whadmin"
"""The role that owns the warehouse and does all the work in it."""

AUDITOR = "tenantry_auditor"
"""The group whose members read everything that the warehouse knows except secrets, and change nothing."""

OPERATOR = "tenantry_operator"
"""The group whose members load, compare and fold existing tenants and pause jobs, through their own functions in `_wh`."""

AUTHOR = "tenantry_template_author"
"""The group whose members write templates and try them."""

READER = "phood_ro"
"""The role that reads reports, and nothing else."""


@dataclass(frozen=True)
class Connection:
    """How to reach a tenant's source database, without the password."""

    name: str
    host: str
    port: int
    dbname: str
    username: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Feed:
    """One template of one tenant: `schema` holds its slices, `connection` names its source.

    The traits of its storage, from `_wh.storages`: with `streams`, several days can be copied straight into its tables.
    With `steady`, the tenant view stays as it is when days are loaded.
    """

    schema: str
    template: str
    connection: str
    storage: str = storages.WITHOUT_TIME_COLUMN
    streams: bool = field(default=False, compare=False)
    steady: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.schema}.{self.template}"


@dataclass(frozen=True)
class Template:
    """What to load, as in a row of `_wh.mv_templates` or in a file.

    For the optional parts, None means that a file does not mention the part: loading it keeps what is stored. An empty
    string means that there is none. A `storage` that nobody chose follows the time column. `ahead` is the number of days
    after today that are loaded as well, `lookback` the number of ended days that the nightly window looks at again.
    `descriptions` says what columns mean.
    """

    name: str
    query: str
    columns: str
    description: str | None = None
    indexes: str | None = None
    storage: str | None = None
    time_column: str | None = None
    partition_by: str | None = None
    ahead: str | None = None
    descriptions: Mapping[str, str] | None = None
    lookback: str | None = None


@dataclass(frozen=True)
class TemplateFile:
    """A template and where it was read: `lines` holds the lines on which `query`, `columns` and `indexes` begin."""

    template: Template
    origin: str
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceFacts:
    """What a source reports about itself in a transaction like a load's.

    `latency` is the time for a new login, the beginning of the transaction and one query, in seconds. `settings` is the
    number of settings that were read back and are as a load wants them.
    """

    server_version: str
    database: str
    time_zone: str
    read_only: bool
    latency: float
    settings: int


@dataclass(frozen=True)
class LoadedSlice:
    """A slice that matches its source: what was done to it, the rows that were pulled, and how long that took, in
    seconds.

    `action` is created, refreshed, replaced, replaced in year, or unchanged (nothing was pulled).
    """

    feed: Feed
    day: date
    action: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class FailedSlice:
    """A slice that could not be loaded. The rows of an earlier load are still there.

    `of_source` says whether the error comes from the source or from the connection to it; `sqlstate` may then be None.
    """

    feed: Feed
    day: date
    error: str
    sqlstate: str | None
    of_source: bool


@dataclass(frozen=True)
class FeedStatus:
    """The state of a feed: the number of days in each state of `_wh_internal.day_states`. Times are in UTC.

    Its span begins on `first_day`, which is None if it was never loaded. `last_day` is the newest loaded day.
    `disabled_at` is when its tenant was disabled, or None. `state` sums everything up in words.
    """

    tenant: str
    template: str
    connection: str
    storage: str
    first_day: date | None
    last_day: date | None
    days: int
    years: Sequence[int]
    rows: int
    missing: int
    failed: int
    stale: int
    outdated: int
    last_load: datetime | None
    bytes: int
    disabled_at: datetime | None = None
    state: str = field(init=False)

    def __post_init__(self) -> None:
        told = state.words(
            loaded=self.first_day is not None,
            missing=self.missing,
            failed=self.failed,
            stale=self.stale,
            outdated=self.outdated,
            disabled=self.disabled_at is not None,
        )
        object.__setattr__(self, "state", told)
