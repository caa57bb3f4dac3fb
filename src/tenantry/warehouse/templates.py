"""Show, lint, load, try, move and drop templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tenantry.core.days import today_utc
from tenantry.core.errors import InputError, TemplateError
from tenantry.core.model import OWNER, TemplateFile
from tenantry.warehouse import files
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.flow.slice.move import Moved
    from tenantry.flow.slice.move import Step as MoveStep
    from tenantry.flow.source.candidate import Candidate
    from tenantry.flow.template.draft import Draft
    from tenantry.flow.template.lint import Finding
    from tenantry.flow.template.load import TemplateChange
    from tenantry.flow.template.stored import Stored
    from tenantry.flow.template.trial import Trial
    from tenantry.warehouse.results import TemplateDetails, TemplateGoods

_UNSENDABLE = ("syntax", "one-statement", "not-a-select")
"""Lint rules: a query that breaks one of them is not sent to a source."""


class Templates(Base):
    """Methods about templates."""

    def templates(self) -> list[Stored]:
        """Return all templates by name, with their tenants, their loaded days and how many of these are outdated."""
        from tenantry.flow.template import stored

        with self.session() as opened:
            return stored.stored(opened)

    def template(self, name: str) -> TemplateDetails:
        """Return a template: its text, its tenants, and what they have that was loaded by an earlier text.

        Raises InputError if it does not exist.
        """
        from tenantry.flow.template import load, stored
        from tenantry.warehouse.results import TemplateDetails

        with self.session() as opened:
            text = stored.get(opened, name)
            facts = next(item for item in stored.stored(opened) if item.name == name)
            return TemplateDetails(
                text,
                facts,
                stored.outdated(opened, name),
                stored.overrides(opened, name),
                load.fingerprint(text),
            )

    def lint(self, templates: Iterable[Path | TemplateFile | str]) -> list[tuple[TemplateFile, Finding]]:
        """Return what is wrong with templates: those of files, or stored ones by their names. Each finding comes with its template.

        The warehouse knows which functions are volatile, and what is stored for settings that a file does not mention. No source is queried.

        Raises InputError for a file that cannot be read, or a name that does not exist.
        """
        from tenantry.flow.template import load, stored

        with self.session() as opened:
            found = [
                TemplateFile(stored.get(opened, item), item) if isinstance(item, str) else item
                for item in templates
            ]
            return [(file, finding) for file in _read(found) for finding in load.check(opened, file)]

    def load_templates(
        self,
        templates: Iterable[Path | TemplateFile],
        *,
        dry_run: bool = False,
        over: Mapping[str, str] | None = None,
    ) -> list[TemplateChange]:
        """Store the templates of files, all or none, and return what that changes. With `dry_run`, that is rolled back.

        Settings that a file does not mention stay as they are. Views get new columns afterwards, each in its own transaction: if
        that is stopped, load the templates again. Existing days stay as well: `backfill` with `outdated` brings them up to
        date. `lint` says what is wrong with a template before it is stored. To replace only what you have seen, give in `over` the
        `fingerprint` of what `template` returned, by name.

        Raises:
            DatabaseError: the warehouse refuses a template; nothing was changed.
            InputError: a file cannot be read.
            TemplateError: a stored template is not the one in `over`; nothing was changed.
        """
        from tenantry.flow.template import load

        wanted = [file.template for file in _read(templates)]
        subject = ", ".join(template.name for template in wanted)
        with (
            nullcontext() if dry_run else self._audited("load_templates", subject),
            self.session() as opened,
        ):
            return load.load(opened, wanted, dry_run=dry_run, over=over)

    def draft_template(
        self,
        name: str,
        query: str,
        connection: str | Candidate,
        *,
        time_column: str | None = None,
        storage: str | None = None,
        origin: str = "the query",
    ) -> Draft:
        """Draft a template from a query, which the source of a connection, tenant or candidate describes. Nothing is stored.

        `time_column` defaults to the column that the query compares with its placeholders. `origin` names the query in errors.

        Raises:
            InputError: there is no such connection, or no such time column.
            SourceError: the source refuses the query or cannot be reached.
            TemplateError: the query cannot be used in a template; the hint says what to write instead.
        """
        from tenantry.flow.source import candidate
        from tenantry.flow.template import draft

        with self.session() as opened, candidate.reachable(opened, connection) as source:
            return draft.draft(
                opened, name, query, source, time_column=time_column, storage=storage, origin=origin
            )

    def try_template(
        self,
        template: TemplateFile | str,
        tenant: str | Candidate,
        day: date | None = None,
        *,
        rows: int = 5,
        timeout: int = 60,
    ) -> Trial:
        """Try a template, or a stored one by its name, on a day (default: yesterday) of a tenant's, connection's or candidate's source.

        A stored one is tried with the tenant's own query, if it has one.

        Nothing is stored. `rows` is how many rows to return, `timeout` how many seconds each query to the source may take.

        Raises:
            InputError: there is no such template or tenant.
            SourceError: the source refuses the query, cannot be reached, or takes too long.
            TemplateError: the query is not one SELECT, or its columns differ from the template's.
        """
        from tenantry.flow.source import candidate
        from tenantry.flow.template import override, stored, trial

        wanted = day or today_utc() - timedelta(days=1)
        with self.session() as opened:
            file = (
                TemplateFile(
                    override.for_tenant(opened, template, tenant)
                    if isinstance(tenant, str)
                    else stored.get(opened, template),
                    template,
                )
                if isinstance(template, str)
                else template
            )
            for finding in files.lint_template(file):
                if finding.rule in _UNSENDABLE:
                    raise TemplateError(f"{file.origin}:{finding.line}: {finding.message}")
            with candidate.reachable(opened, tenant) as source:
                return trial.run(opened, file.template, source, wanted, rows=rows, seconds=timeout)

    def template_goods(self, name: str) -> TemplateGoods:
        """What `drop_template` would drop: the template's jobs, and what each tenant has of it.

        Raises InputError if it does not exist, or if other people's views read its data.
        """
        from tenantry.flow.template import drop, stored
        from tenantry.warehouse.results import TemplateGoods

        with self.session() as opened:
            if self.acts_as() != OWNER:
                # A template author may drop templates that nobody uses.
                stored.require(opened, name)
                return TemplateGoods(name, (), ())
            uses = drop.uses(opened, name)
            drop.refuse_readers(opened, name)
            return TemplateGoods(name, uses, drop.its_jobs(opened, name))

    def drop_template(self, name: str, *, with_data: bool = False) -> TemplateGoods:
        """Drop a template with its jobs and, with `with_data`, the tenants' days of it. This cannot be undone.

        Each tenant leaves the public view separately, so that reports on the others continue. If it stops, call it again to finish.
        Returns what was dropped.

        Raises:
            DatabaseError: a template author drops a template that tenants use.
            InputError: what `template_goods` raises, or tenants use the template, without `with_data`.
        """
        from tenantry.flow.template import drop

        goods = self.template_goods(name)
        if goods.uses and not with_data:
            raise InputError(f'template "{name}" is used by {goods.users}', hint="Drop it with its data.")
        with self._audited("drop_template", name), self.session() as opened:
            if self.acts_as() != OWNER:
                drop.drop_unused(opened, name)
            else:
                drop.drop(opened, name, [use.tenant for use in goods.uses])
        return goods

    def begin_move(self, template: str, storage: str, tenants: Sequence[str] | None = None) -> list[str]:
        """Return the tenants that `move_tenant` has to move to a storage: of those named, or of all.

        If no tenants are named, new tenants begin in that storage from now on.

        Raises InputError for a name that does not exist, or a template that cannot use that storage.
        """
        from tenantry.flow.slice import move

        with self._audited("begin_move", f"{template} {storage}"), self.session() as opened:
            if not tenants:
                return move.plan(opened, template, storage)
            return [
                tenant
                for name in dict.fromkeys(tenants)
                for tenant in move.plan(opened, template, storage, name)
            ]

    def move_tenant(
        self,
        tenant: str,
        template: str,
        storage: str,
        *,
        watch: Callable[[MoveStep], None] = lambda step: None,
    ) -> Moved:
        """Move a tenant's data of a template to another storage, without its source. `watch` is called with each step before it begins.

        Each year is copied and compared day by day, then everything is swapped at once. Reports see every row once meanwhile. If it stops, call
        it again to continue. The former storage is kept until `drop_old_storage`.

        Raises DatabaseError or InputError; reports then read the same relations as before.
        """
        from tenantry.flow.slice import move

        with (
            self._audited("move_tenant", f"{tenant}.{template} {storage}"),
            self._session(name="tenantry move") as opened,
        ):
            return move.run(opened, template, storage, tenant, watch)

    def drop_old_storage(self, template: str, tenants: Iterable[str] | None = None) -> dict[str, int]:
        """Drop what moves have put aside, for the tenants named, or for all. Returns the number of relations dropped by tenant.

        Raises InputError for a template that does not exist.
        """
        from tenantry.flow.slice import move
        from tenantry.flow.slice.feed import list_feeds
        from tenantry.flow.template import stored

        with self._audited("drop_old_storage", template), self.session() as opened:
            stored.require(opened, template)
            names = (
                [feed.schema for feed in list_feeds(opened, template)] if tenants is None else list(tenants)
            )
            return {name: move.drop_old(opened, template, name) for name in dict.fromkeys(names)}


def _read(templates: Iterable[Path | TemplateFile]) -> list[TemplateFile]:
    """The templates; files are read."""
    chosen = list(templates)
    read = files.read_templates(item for item in chosen if isinstance(item, Path))
    return [*(item for item in chosen if isinstance(item, TemplateFile)), *read]
