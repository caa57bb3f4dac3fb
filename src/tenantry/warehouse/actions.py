"""Ask for work that a worker does, see how far it is, and cancel it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.flow.action.model import Action


class Actions(Base):
    """Methods about actions: work that outlives whoever asks for it."""

    def request(self, kind: str, **arguments: str | int | bool | date | None) -> Action:
        """Ask for work that a worker does (`tenantry scheduler` or `tenantry action work`); return it, or the same one if it is unfinished.

        `backfill` takes tenant, template, first, last, reload, outdated; `refresh` tenant, template, day, days; `verify` tenant,
        template, first, last, sample; `reload` tenant, template, first, last; `fold` tenant, template, year; `disable` tenant, reason;
        `enable` tenant; `pause` and `resume` either tenant or job; `run_job` job; `fix` check, tenant. Each means what it means in the method
        of that name. Without a tenant it is about all that are not disabled, without a template about all.

        Raises:
            InputError: a check of doctor's that does not exist.
            DatabaseError: the arguments are not what this kind takes, or the login may not ask for it. Operators may not ask for
                `run_job`, `fix`, and `outdated`, auditors for nothing.
        """
        from tenantry.flow.action import table
        from tenantry.observe import health

        if kind == "fix" and arguments.get("check"):
            health.chosen([str(arguments["check"])], of_tenants=arguments.get("tenant") is not None)
        with self.session() as opened:
            return table.get(opened, table.request(opened, kind, _stored(arguments)))

    def action_command(self, kind: str, **arguments: str | int | bool | date | None) -> str:
        """Return the command line that does the same as `request` with these arguments. Changes nothing, and checks nothing."""
        from tenantry.flow.action import model, table

        given = _stored(arguments)
        tenant = given.get("tenant")
        with self.session() as opened:
            templates = (
                [] if "template" in given else table.templates(opened, str(tenant) if tenant else None)
            )
        return model.command_line(kind, given, templates)

    def actions(self, *, unfinished: bool = False, most: int = 100) -> list[Action]:
        """Return the newest actions, newest first; with `unfinished`, only those that wait or run. They are kept for 90 days."""
        from tenantry.flow.action import table

        with self.session() as opened:
            return table.listed(opened, unfinished=unfinished, most=most)

    def action(self, number: int) -> Action:
        """Return the action with this id. Raises InputError if there is none."""
        from tenantry.flow.action import table

        with self.session() as opened:
            return table.get(opened, number)

    def cancel_action(self, number: int) -> Action:
        """Cancel an action, and return it. One that waits never begins; what one that runs has committed stays.

        A running one ends within seconds: until then, its `cancel_requested_at` tells. One that has ended does not change.

        Raises:
            InputError: there is no such action.
            DatabaseError: the login may not ask for such an action, and so may not cancel it.
        """
        from tenantry.flow.action import table

        with self.session() as opened:
            table.get(opened, number)
            table.cancel(opened, number)
            return table.get(opened, number)


def _stored(arguments: Mapping[str, str | int | bool | date | None]) -> dict[str, str | int | bool]:
    """The arguments as they are stored: `from` and `to` are no names in Python."""
    renamed = {"first": "from", "last": "to"}
    return {
        renamed.get(key, key): str(value) if isinstance(value, date) else value
        for key, value in arguments.items()
        if value is not None and value is not False
    }
