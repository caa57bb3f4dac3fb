"""Actions: ask for one, see how far it is, cancel it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.routing import Route

from tenantry.console import ask
from tenantry.console.page import Asked, Forbidden, Missing, Sent, Shown, page
from tenantry.core.days import today_utc
from tenantry.core.errors import InputError, TenantryError

if TYPE_CHECKING:
    from tenantry.flow.action.model import Action

LEVELS = {"waiting": "busy", "running": "busy", "succeeded": "ok", "failed": "bad", "cancelled": "off"}
WORDS = {"succeeded": "done"}
"""States that pages call by another word."""


@dataclass(frozen=True)
class Pace:
    """How fast an action is: units and rows a second, and the seconds that are left; None where nobody can say."""

    units: float | None = None
    rows: float | None = None
    left: float | None = None


def pace(action: Action) -> Pace:
    """The pace of an action since its worker began it."""
    progress = action.progress
    if action.state != "running" or action.started_at is None or progress is None:
        return Pace()
    seconds = max((datetime.now(UTC) - action.started_at).total_seconds(), 1.0)
    units = progress.done / seconds if progress.done else None
    left = (progress.total - progress.done) / units if units else None
    return Pace(units, progress.rows / seconds if progress.rows else None, left)


def new(asked: Asked) -> Shown:
    """The page that asks."""
    form = _form(asked, asked.query.get("kind", ""))
    try:
        texts, arguments = ask.given(form, asked.query)
    except InputError as error:
        return _shown(asked, asked.query.get("kind", ""), dict(asked.query), {}, error)
    if "year" in texts and not texts["year"]:
        texts["year"] = str(today_utc().year - 1)
        arguments["year"] = today_utc().year - 1
    return _shown(asked, asked.query["kind"], texts, arguments)


def request(asked: Asked) -> Shown | Sent:
    """What its form does: ask for the action, or only show the command line for what is filled in."""
    kind = asked.form.get("kind", "")
    form = _form(asked, kind)
    texts = dict(asked.form)
    arguments: ask.Arguments = {}
    try:
        texts, arguments = ask.given(form, asked.form)
        for field in form.fields:
            if field.needs and arguments.get(field.name) and not asked.may(field.needs):
                raise Forbidden(f'Your role may not ask for this: "{field.label}".')
        if asked.form.get("step") == "look":
            return _shown(asked, kind, texts, arguments)
        if form.risky(arguments) and asked.form.get("typed", "").strip() != ask.to_type(arguments):
            raise InputError(f"not confirmed: type {ask.to_type(arguments)} below, because data may be lost")
        action = asked.warehouse.request(kind, **arguments)
    except Forbidden:
        raise
    except TenantryError as error:
        if error.sqlstate == "42501":
            raise
        return _shown(asked, kind, texts, arguments, error)
    return Sent(f"/actions/{action.id}", "Requested. A worker carries it out, even if this console ends.")


def _form(asked: Asked, kind: str) -> ask.Form:
    form = ask.FORMS.get(kind)
    if form is None:
        raise Missing("There is no such kind of action.")
    if not asked.may(kind):
        raise Forbidden("Your role may not ask for this.")
    return form


def _shown(
    asked: Asked,
    kind: str,
    texts: dict[str, str],
    arguments: ask.Arguments,
    error: TenantryError | None = None,
) -> Shown:
    form = ask.FORMS[kind]
    complete = all(field.empty is not None or arguments.get(field.name) for field in form.fields)
    complete = complete and (kind not in ("pause", "resume") or len(arguments) == 1)
    command = asked.warehouse.action_command(kind, **arguments) if complete and error is None else ""
    fields = [field for field in form.fields if not field.needs or asked.may(field.needs)]
    wanted = {field.input for field in fields}
    facts = {
        "kind": kind,
        "form": form,
        "fields": fields,
        "texts": texts,
        "hidden": [field for field in form.fields if field not in fields and texts.get(field.name)],
        "tenants": asked.warehouse.names("tenants") if "tenant" in wanted else [],
        "templates": asked.warehouse.names("templates") if "template" in wanted else [],
        "command": command,
        "may_be_lost": form.risky(arguments),
        "to_type": ask.to_type(arguments),
        "error": error,
    }
    return Shown("work/ask.html", facts, status=400 if error else 200)


def show(asked: Asked) -> Shown:
    """The page of an action."""
    action = _action(asked)
    facts = {
        "action": action,
        "title": ask.FORMS[action.kind].title,
        "level": LEVELS[action.state],
        "state": WORDS.get(action.state, action.state),
        "pace": pace(action),
        "may_cancel": action.unfinished and asked.may(action.kind),
        "nobody": action.state == "waiting" and nobody_works(asked),
    }
    return Shown("work/action.html", facts, topics=("actions",))


def cancel(asked: Asked) -> Sent:
    """Cancel an action."""
    action = _action(asked)
    if not asked.may(action.kind):
        raise Forbidden("Your role may not cancel this.")
    told = "It had ended before."
    if action.unfinished:
        action = asked.warehouse.cancel_action(action.id)
        if action.unfinished:
            told = "It is being cancelled. What is finished stays."
        elif action.started_at is None:
            told = "It is cancelled. Nothing had begun."
    return Sent(f"/actions/{action.id}", told)


def nobody_works(asked: Asked) -> bool:
    """Whether no worker is connected that could carry out actions."""
    return all(program.name != "tenantry worker" for program in asked.warehouse.programs())


def _action(asked: Asked) -> Action:
    number = asked.path["number"]
    if number >= 2**31:
        raise Missing("There is no such action.")
    try:
        return asked.warehouse.action(number)
    except InputError as error:
        raise Missing(error.message) from None


ROUTES = [
    Route("/actions/new", page(new), methods=["GET"]),
    Route("/actions/new", page(request), methods=["POST"]),
    Route("/actions/{number:int}", page(show), methods=["GET"]),
    Route("/actions/{number:int}/cancel", page(cancel), methods=["POST"]),
]
