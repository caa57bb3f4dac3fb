"""The data dictionary: what report writers can read, what it means, and how complete it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from tenantry.core.model import FeedStatus
from tenantry.db.queries import one_row, query
from tenantry.flow.template import stored
from tenantry.observe import status

_TENANT = "The tenant: the name of its schema"
"""What `schema_name` means, which the public views add to the columns of a template."""


@dataclass(frozen=True)
class DescribedColumn:
    """A column as reports see it. `null_share` is the share of rows without a value, from 0 to 1, as PostgreSQL's
    statistics estimate it; None if it is not known. `samples` are at most three values, or None if they were not
    asked for: they may be personal data.
    """

    name: str
    type: str
    description: str | None
    null_share: float | None
    samples: Sequence[str] | None


@dataclass(frozen=True)
class Described:
    """A template for those who read reports: its columns and its feeds, one for each tenant.

    Reports read `relation` for all tenants. A tenant's own view has the tenant's schema and the same name. A row
    belongs to the UTC day of its `time_column`. If that is None, a report cannot select days.
    """

    template: str
    description: str | None
    schema: str
    relation: str
    time_column: str | None
    columns: Sequence[DescribedColumn]
    feeds: Sequence[FeedStatus]


def describe(session: psycopg.Connection, template: str | None, *, samples: bool) -> list[Described]:
    """All templates, or one, with what the views in `public` say of their columns.

    Raises InputError (through the session's errors) for a template that does not exist.
    """
    if template is not None:
        stored.require(session, template)
    feeds = status.feeds(session)
    return [
        Described(
            known.name,
            known.description,
            "public",
            one_row(session, query("template", "view_name"), {"name": known.name})[0],
            known.time_column,
            _columns(session, known.name, samples=samples),
            [feed for feed in feeds if feed.template == known.name],
        )
        for known in stored.stored(session)
        if template in (None, known.name)
    ]


def _columns(session: psycopg.Connection, template: str, *, samples: bool) -> list[DescribedColumn]:
    known = {
        name: (share, values)
        for name, share, values in session.execute(query("template", "dictionary_values"), {"name": template})
    }
    return [
        DescribedColumn(
            name,
            type_name,
            description or (_TENANT if name == "schema_name" else None),
            known.get(name, (None, None))[0],
            (known.get(name, (None, None))[1] or []) if samples else None,
        )
        for name, type_name, description in session.execute(
            query("template", "dictionary"), {"name": template}
        )
    ]
