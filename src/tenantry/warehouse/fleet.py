"""The fleet as a file: compare it with the warehouse, apply it, and write it from the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tenantry.core.model import Feed
from tenantry.loader.events import Silent, Watcher
from tenantry.warehouse import files
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.embedded.server import Server
    from tenantry.fleet.apply import Done
    from tenantry.fleet.change import Change
    from tenantry.fleet.file import Declared
    from tenantry.fleet.plan import Plan as FleetPlan
    from tenantry.fleet.rotate import Rotated
    from tenantry.fleet.saved import Saved
    from tenantry.fleet.steps import Means
    from tenantry.warehouse.results import Written

Administrator = Callable[[], "AbstractContextManager[tuple[psycopg.Connection, Server | None]]"]
"""Opens a session of the server's administrator, and returns its embedded server, None if it is another server."""


class Fleets(Base):
    """Methods about the fleet's file."""

    def plan(
        self,
        path: Path | Declared | None = None,
        *,
        targets: Collection[str] = (),
        secrets: bool = True,
    ) -> FleetPlan:
        """Compare the warehouse with the fleet file, or with the files of a folder. None means the nearest tenantry.toml.

        `targets` limits the plan to things such as `tenant.acme`, and what they need. Passwords that cannot be
        read, or all of them without `secrets`, are not compared; `not_compared` says why.

        Raises InputError for a file that is missing or invalid, and for a target that names nothing.
        """
        from tenantry.fleet import plan

        declared = _declared(path)
        with self.session() as opened:
            return plan.make(opened, declared, plan.Choice(tuple(targets), secrets))

    def save_plan(self, plan: FleetPlan, declared: Declared, path: Path, *, file: Path | None = None) -> None:
        """Save a plan of these files, without secrets, for `repeat_plan`. `file` is the value of --file.

        Raises InputError if the file cannot be written.
        """
        from tenantry.fleet import saved

        with self.session() as opened:
            saved.write(opened, plan, declared, file, path)

    def repeat_plan(self, saved: Saved) -> FleetPlan:
        """Make a saved plan again, for `apply`. Raises InputError if the warehouse has changed since, or is another one."""
        from tenantry.fleet import plan
        from tenantry.fleet.saved import require_same

        with self.session() as opened:
            made = plan.make(opened, saved.declared, saved.choice)
            require_same(opened, saved, made)
            return made

    def unloaded(self) -> dict[Feed, int]:
        """Return the feeds of enabled tenants that lack days: the number of missing days, or 0 if a feed was never loaded."""
        from tenantry.fleet import live

        with self.session() as opened:
            return live.unloaded(opened)

    def require_applicable(
        self,
        plan: FleetPlan,
        *,
        allow_drop: bool = False,
        administrator: Administrator | None = None,
    ) -> None:
        """Raise InputError if `apply` would refuse a plan: data would be dropped without `allow_drop`, or rights are missing."""
        from tenantry.fleet import apply

        with self.session() as opened:
            apply.check(opened, plan, self._means(administrator), allow_drop=allow_drop)

    def apply(
        self,
        path: Path | Declared | None = None,
        plan: FleetPlan | None = None,
        *,
        allow_drop: bool = False,
        test: bool = True,
        administrator: Administrator | None = None,
        watch: Callable[[Change], None] = lambda change: None,
        watcher: Watcher | None = None,
    ) -> Done:
        """Make the warehouse match the fleet file, and return the changes that were made and those that failed.

        `plan` is the result of the method `plan`; if the warehouse has changed since, nothing is done. With `test`, a source must answer before
        its address or password is stored. `watch` is called with each change that was made. Changes to readers need a session of the
        server's administrator: `administrator` opens one, otherwise the warehouse's own login is used. New feeds are not loaded:
        `backfill` does that.

        Raises:
            InputError: the file is invalid, the plan is outdated, or data would be dropped without `allow_drop`; nothing was changed.
            DatabaseError: another apply is running.
        """
        from tenantry.fleet import apply
        from tenantry.fleet import plan as plans

        declared = _declared(path)
        means = self._means(administrator, watcher, test)
        with self._audited("apply", ""), self._session(name="tenantry apply") as opened:
            shown = plan or plans.make(opened, declared)
            apply.check(opened, shown, means, allow_drop=allow_drop)
            return apply.run(opened, declared, shown, means, watch)

    def export(self, file: Path, *, dsn: str = "", force: bool = False) -> Written:
        """Write the fleet file from the warehouse, and its own templates into templates/ next to it. Passwords are not written.

        `dsn` is the connection string that the file will contain. Existing files that differ are only overwritten with `force`.

        Raises InputError if a file exists and differs, or cannot be written.
        """
        from tenantry.fleet import automatic, export, live
        from tenantry.warehouse.results import Written

        with self.session() as opened:
            found = live.read(opened)
        exported = export.export(automatic.declared(found), dsn, file.name)
        return Written(export.write(exported, file, force=force), exported.variables)

    def rotate_passwords(
        self,
        names: Collection[str] = (),
        path: Path | Declared | None = None,
        *,
        watch: Callable[[Rotated], None] = lambda rotated: None,
    ) -> list[Rotated]:
        """Store new passwords of sources, from where the fleet file points: of tenants or connections, or of all in the file.

        Each is tried before it is stored; one that its source refuses is not stored, and the reason is returned. `watch` is called with each.

        Raises InputError for a name that does not exist, or that the file has no password for.
        """
        from tenantry.fleet import rotate

        declared = _declared(path)
        with (
            self._audited("rotate_passwords", ", ".join(names)),
            self._session(name="tenantry rotate") as opened,
        ):
            chosen = rotate.chosen(opened, declared.passwords, names)
            return rotate.run(opened, declared.passwords, chosen, watch)

    def _means(
        self, administrator: Administrator | None, watcher: Watcher | None = None, test: bool = True
    ) -> Means:
        from tenantry.fleet.steps import Means

        return Means(self.conninfo, watcher or Silent(), administrator or self._own_login, test)

    @contextmanager
    def _own_login(self) -> Iterator[tuple[psycopg.Connection, Server | None]]:
        with self._session(role=None) as opened:
            yield opened, None


def _declared(path: Path | Declared | None) -> Declared:
    return files.read_fleet(path) if path is None or isinstance(path, Path) else path
