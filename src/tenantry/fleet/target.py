"""Some of a plan: what is named, and what that needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tenantry.core.errors import InputError
from tenantry.fleet import needs
from tenantry.fleet.change import Change
from tenantry.fleet.needs import Key
from tenantry.flow.job.subject import subject

if TYPE_CHECKING:
    from tenantry.fleet.plan import Plan

KINDS = ("template", "connection", "tenant", "feed", "reader", "job", "alert")


def limited(plan: Plan) -> Plan:
    """The plan for its targets; all others of its changes are left out.

    A target is a kind and a name: `tenant.acme`, `feed.acme.orders`, `template.orders`. A tenant or feed comes with its
    jobs; each thing comes with what it needs, and what is removed comes with what needs it. Raises InputError for a target
    that is neither in the file nor in the warehouse.
    """
    targets = plan.choice.targets
    if not targets:
        return plan
    known = set(_known(plan))
    for target in targets:
        if target not in known:
            near = get_close_matches(target, known, 1)
            raise InputError(
                f"the target {target} is neither in the file nor in the warehouse",
                hint=f"Did you mean {near[0]}?" if near else f"Write a kind and a name: {', '.join(KINDS)}.",
            )
    chosen = {change for change in plan.changes if _names(plan, change) & set(targets)}
    wanted = {key for target in targets for key in _needed(plan, target)}
    while True:
        keys = wanted | {key for change in chosen for key in needs.of(plan.wanted, change)}
        more = {
            change
            for change in plan.changes
            if change not in chosen
            and (
                (change.kind, change.name, change.template) in keys
                if change.action != "remove"
                else any(_uses(plan, change, gone) for gone in chosen)
            )
        }
        if not more:
            break
        chosen |= more
    return replace(
        plan,
        changes=[change for change in plan.changes if change in chosen],
        left_out=[change for change in plan.changes if change not in chosen],
        not_compared={
            (kind, name): reason
            for (kind, name), reason in plan.not_compared.items()
            if (kind, name, None) in keys or f"{kind}.{name}" in targets
        },
    )


def _known(plan: Plan) -> Iterator[str]:
    """All targets that there are."""
    for fleet in (plan.wanted, plan.live.fleet):
        for kind, names in (
            ("template", fleet.templates or ()),
            ("connection", fleet.connections),
            ("tenant", fleet.tenants or ()),
            ("reader", fleet.readers or ()),
            ("job", fleet.jobs or ()),
            ("alert", fleet.alerts or ()),
        ):
            yield from (f"{kind}.{name}" for name in names)
        for tenant in (fleet.tenants or {}).values():
            yield from (f"feed.{tenant.name}.{template}" for template in tenant.feeds)


def _names(plan: Plan, change: Change) -> set[str]:
    """The targets by which a change is named."""
    match change.kind:
        case "tenant" | "state":
            return {f"tenant.{change.name}"}
        case "feed" | "storage":
            return {f"tenant.{change.name}", f"feed.{change.name}.{change.template}"}
        case "job":
            schema, template = _served(plan, change)
            return {f"job.{change.name}", f"tenant.{schema}", f"feed.{schema}.{template}"}
        case _:
            return {f"{change.kind}.{change.name}"}


def _served(plan: Plan, change: Change) -> tuple[str | None, str | None]:
    """The tenant and template of a job's command."""
    fleet = plan.live.fleet if change.action == "remove" else plan.wanted
    about = subject((fleet.jobs or {})[change.name].command)
    return about.schema, about.template


def _needed(plan: Plan, target: str) -> Iterable[Key]:
    """What a tenant or feed needs even if nothing changes about itself, such as its connection."""
    kind, _, rest = target.partition(".")
    for tenant in (plan.wanted.tenants or {}).values():
        for template, feed in tenant.feeds.items():
            if (kind, rest) in (("tenant", tenant.name), ("feed", f"{tenant.name}.{template}")):
                yield "template", template, None
                yield "connection", feed.connection, None
        if (kind, rest) == ("tenant", tenant.name):
            yield "connection", tenant.connection, None


def _uses(plan: Plan, change: Change, gone: Change) -> bool:
    """Whether a removal has to come before another one, because what it removes uses that."""
    if gone.action != "remove":
        return False
    schema, template = _served(plan, change) if change.kind == "job" else (change.name, change.template)
    match gone.kind:
        case "tenant":
            return change.kind in ("job", "feed") and schema == gone.name
        case "feed":
            return change.kind == "job" and (schema, template) == (gone.name, gone.template)
        case "template":
            return change.kind in ("job", "feed") and template == gone.name
        case "connection":
            tenant = (plan.live.fleet.tenants or {}).get(schema or "")
            used = {tenant.connection, *(f.connection for f in tenant.feeds.values())} if tenant else set()
            return change.kind in ("tenant", "feed") and gone.name in used
        case _:
            return False
