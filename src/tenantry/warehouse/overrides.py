"""Tenants' own queries of a template."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tenantry.core.errors import InputError
from tenantry.warehouse.base import Base

if TYPE_CHECKING:
    from tenantry.flow.template.lint import Finding
    from tenantry.flow.template.override import Tried
    from tenantry.flow.template.stored import Override


class Overrides(Base):
    """Methods about tenants' own queries."""

    def overrides(self, template: str | None = None) -> list[Override]:
        """Return the tenants' own queries of a template, or of all templates.

        Raises InputError if the template does not exist.
        """
        from tenantry.flow.template import stored

        with self.session() as opened:
            if template is not None:
                stored.require(opened, template)
            return stored.overrides(opened, template)

    def override(self, template: str, tenant: str) -> Override:
        """Return a tenant's own query of a template. Raises InputError if it has none."""
        for own in self.overrides(template):
            if own.tenant == tenant:
                return own
        raise InputError(
            f'tenant "{tenant}" has no query of its own for template "{template}"',
            hint="To see which tenants have one: tenantry override list.",
        )

    def lint_override(self, template: str, query: str, origin: str = "the query") -> list[Finding]:
        """Return what is wrong with a query for one tenant of a template, as far as reading it shows. `origin` names it in errors.

        Raises InputError if the template does not exist.
        """
        from tenantry.flow.template import override

        with self.session() as opened:
            return override.lint(opened, template, query, origin)

    def set_override(
        self,
        template: str,
        tenant: str,
        query: str,
        day: date | None = None,
        *,
        timeout: int = 60,
        origin: str = "the query",
    ) -> Tried:
        """From now on, query a tenant's source with its own query instead of the template's.

        The warehouse first tries it at that source, on a `day` (default: yesterday): it must return the template's columns, with the same
        names and types, in the same order. Days that are loaded already become outdated. `timeout` is how many seconds each query to the
        source may take.

        Raises:
            InputError: the tenant does not use the template.
            TemplateError: the query is not one SELECT, or has other errors.
            DatabaseError: the source refuses the query, or it returns other columns. Nothing was stored.
        """
        from tenantry.flow.template import override

        with self._audited("set_override", f"{tenant}.{template}"), self.session() as opened:
            return override.put(opened, template, tenant, query, day, seconds=timeout, origin=origin)

    def check_override(
        self, template: str, tenant: str, day: date | None = None, *, timeout: int = 60
    ) -> Tried:
        """Try a tenant's own query again, for example after the template's columns have changed.

        If it returns the template's columns, it is no longer `drifted`.

        Raises what `override` and `set_override` raise.
        """
        own = self.override(template, tenant)
        return self.set_override(template, tenant, own.query, day, timeout=timeout)

    def drop_override(self, template: str, tenant: str) -> None:
        """Query a tenant's source with the template's query again. Its days become outdated.

        Raises InputError if it had no query of its own.
        """
        from tenantry.flow.template import override

        with self._audited("drop_override", f"{tenant}.{template}"), self.session() as opened:
            dropped = override.drop(opened, template, tenant)
        if not dropped:
            self.override(template, tenant)
