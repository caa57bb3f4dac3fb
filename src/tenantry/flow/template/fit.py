"""Fitting existing tables and daily views to their template, without the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psycopg

from tenantry.core.model import Feed
from tenantry.db.errors import translate
from tenantry.db.queries import query


@dataclass(frozen=True)
class Fit:
    """A relation that did not match its template: in what (`place`, `ranges`, `columns` or `indexes`), and why it still does not.

    `relation` is a name in the tenant's schema, or in `_wh_data`, where names begin with the tenant's.
    """

    feed: Feed
    kind: str
    relation: str
    error: str | None = None

    @property
    def name(self) -> str:
        """The relation's name after its tenant's."""
        kept = self.relation.startswith((f"{self.feed.schema}.", '"'))
        return self.relation if kept else f"{self.feed.schema}.{self.relation}"

    def __str__(self) -> str:
        return f"{self.name} lacks the template's {self.kind}: {self.error}"


def run(
    session: psycopg.Connection, feeds: Iterable[Feed], watch: Callable[[Fit], None] = lambda _: None
) -> list[Fit]:
    """Fit each relation in its own transaction, and report to `watch`; return those that could not be fitted, with the
    reason.

    You can stop it at any time and run it again.
    """
    left = []
    for feed in feeds:
        about = {"template": feed.template, "schema": feed.schema}
        refused = set()
        for _, kind, relation, day in session.execute(query("template", "unfit"), about).fetchall():
            try:
                session.execute(
                    query("template", "fit"), {**about, "kind": kind, "relation": relation, "day": day}
                )
            except psycopg.Error as error:
                if session.closed:
                    raise
                left.append(Fit(feed, kind, relation, translate(error).message))
                refused.add((kind, relation))
            else:
                watch(Fit(feed, kind, relation))
        # Fitted as far as the rows allow: a unique index waits for days that have to be loaded again.
        for _, kind, relation, _ in session.execute(query("template", "unfit"), about).fetchall():
            if (kind, relation) not in refused:
                left.append(Fit(feed, kind, relation, "its rows do not allow it; the log says which"))
    return left
