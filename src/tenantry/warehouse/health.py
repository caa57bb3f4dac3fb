"""Find what is wrong with a warehouse, and fix what is safe to fix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from tenantry.core.errors import InputError, TenantryError, WarehouseUnreachable
from tenantry.db import audit
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.observe.checks.finding import Check, Finding
    from tenantry.observe.health import Outcome
    from tenantry.warehouse.results import Mended

_ROUNDS = 3
"""How often `mend` checks again: fixing one thing may reveal another, such as a public view over a tenant's new one."""


class Health(Base):
    """Methods that find what is wrong."""

    def doctor(
        self,
        checks: Sequence[str] = (),
        *,
        tenant: str | None = None,
        count_rows: bool = False,
        password_days: int = 365,
        watch: Callable[[Check], None] = lambda check: None,
    ) -> list[Outcome]:
        """Find what is wrong: the outcome of each check (or of those named), with its findings. Changes nothing.

        With a `tenant`, only that tenant is checked, not the server. With `count_rows`, all stored rows are counted. Passwords of
        sources that are older than `password_days` are reported. `watch` is called with each check before it begins.

        Raises InputError for a check or a tenant that does not exist.
        """
        from tenantry.observe import health, status
        from tenantry.observe.checks.finding import Examined

        chosen = health.chosen(checks, of_tenants=tenant is not None)
        with (
            self._session(name="tenantry doctor") as opened,
            self._session(role=None, name="tenantry doctor") as login,
        ):
            if tenant is not None:
                known = [found.name for found in status.tenants(opened)]
                if tenant not in known:
                    names = ", ".join(known) or "none"
                    raise InputError(f'tenant "{tenant}" does not exist', hint=f"Known tenants: {names}")
            examined = Examined(
                self.conninfo, opened, login, tenant, count_rows=count_rows, password_days=password_days
            )
            return list(health.examine(examined, chosen, watch))

    def mend(
        self,
        outcomes: Sequence[Outcome],
        *,
        tenant: str | None = None,
        told: Callable[[Finding, str | None], None] = lambda finding, refused: None,
        watch: Callable[[Check], None] = lambda check: None,
    ) -> Mended:
        """Run the SQL of `doctor`'s findings that are safe to fix, then check again for new findings.

        `told` is called with each finding, and with the reason if its statement was refused.
        """
        from tenantry.observe import mend
        from tenantry.warehouse.results import Mended

        mended: list[tuple[Check, Finding]] = []
        refused: dict[str, str] = {}
        found = outcomes
        with self.session() as opened:
            # This also runs on warehouses of other versions, which may have no trail.
            kept = audit.is_there(opened)
        with self._audited("mend", tenant or "") if kept else nullcontext():
            for _ in range(_ROUNDS):
                todo = [
                    (outcome.check, finding)
                    for outcome in found
                    for finding in outcome.findings
                    if finding.safe and finding.command and finding.command not in refused
                ]
                if not todo:
                    break
                for check, finding in todo:
                    statement = finding.command or ""
                    try:
                        with self._session(name="tenantry doctor") as opened:
                            mend.run(opened, finding.subject, statement)
                    except WarehouseUnreachable:
                        raise
                    except TenantryError as error:
                        refused[statement] = error.message
                        told(finding, error.message)
                    else:
                        mended.append((check, finding))
                        told(finding, None)
                names = list(dict.fromkeys(check.name for check, _ in todo))
                found = self.doctor(names, tenant=tenant, watch=watch)
        return Mended(mended, refused)
