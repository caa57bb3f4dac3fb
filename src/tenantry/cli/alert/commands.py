"""`tenantry alert`: where alerts go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantry.cli import complete
from tenantry.cli.confirm import Yes, confirm
from tenantry.cli.group import Group
from tenantry.cli.options import AsJson, Tenants
from tenantry.cli.output import data, print_json, print_table, step
from tenantry.cli.target import open_warehouse
from tenantry.core.errors import InputError
from tenantry.core.private import read_private

if TYPE_CHECKING:
    from tenantry.flow.alert.route import RouteState

app = typer.Typer(cls=Group, help="Say where alerts go, and see what is wrong.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The route.")]


@app.command()
def add(
    name: Name,
    webhook: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Post messages as JSON to this URL; {secret} in it is the secret."),
    ] = None,
    email: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Send e-mail to this address. Repeatable.")
    ] = None,
    smtp: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The mail server: smtp://user@host:port (STARTTLS) or smtps://user@host:port.",
        ),
    ] = None,
    sender: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Sender of the e-mail.")] = None,
    apprise: Annotated[
        str | None,
        typer.Option(metavar="SERVICE", help="A service of Apprise, by how its URLs begin, such as slack."),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File with the secret: the webhook's key, the mail server's password, or Apprise's URL.",
        ),
    ] = None,
    severity: Annotated[
        str, typer.Option(metavar="LEVEL", help="The lowest severity to send: warning or error.")
    ] = "warning",
    tenant: Tenants = None,
    template: Annotated[
        list[str] | None,
        typer.Option(
            "--template",
            metavar="NAME",
            help="Only alerts about this template. Repeatable.",
            autocompletion=complete.templates,
        ),
    ] = None,
    repeat_after: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="When to repeat an alert that is not over: 30min, 4h. Doubles each time, up to a day.",
        ),
    ] = "4h",
    plain: Annotated[
        bool, typer.Option("--plain", help="Allow sending to another machine without encryption.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a route for alerts, or replace the one of that name.

    tenantry scheduler sends alerts, or tenantry watch where pg_cron runs the
    jobs. Without --tenant and --template, a route gets all alerts, including
    those about the server.

    The secret is stored in the warehouse, where only whadmin can read it. If
    you replace a route without --secret-file, it keeps its secret. To change
    its address, give the secret again. A webhook's secret takes the place of
    {secret} in the URL; if the URL has no such place, it signs each message.

    Next: tenantry alert test NAME
    """
    secret = read_private(secret_file) if secret_file else None
    if secret == "":
        raise InputError(f"{secret_file} is empty")
    with open_warehouse() as warehouse:
        made = warehouse.put_alert_route(
            name,
            webhook=webhook,
            email=email or (),
            smtp=smtp,
            sender=sender,
            apprise=apprise,
            severity=severity,
            tenants=tenant or (),
            templates=template or (),
            repeat_after=repeat_after,
            plain=plain,
            secret=secret,
        )
    if as_json:
        print_json(route=name, made=made)
    else:
        step(
            "alert", f"route {name} {'added' if made else 'replaced'}; to try it: tenantry alert test {name}"
        )


@app.command("list")
def list_alerts(as_json: AsJson = False) -> None:
    """List the routes, the state of their messages, and what is wrong now."""
    with open_warehouse() as warehouse:
        routes, alerts = warehouse.alert_routes(), warehouse.alerts()
    if as_json:
        print_json(routes=routes, alerts=alerts)
        return
    if not routes:
        data.print("No routes. Next: tenantry alert add NAME --webhook URL")
        return
    print_table(
        None,
        ("route", "kind", "to", "severity", "only", "secret", "waiting#", "last sent", "last answer"),
        map(_line, routes),
    )
    data.print()
    if alerts:
        print_table(
            None,
            ("severity", "since", "alert"),
            [(alert.severity, alert.first_seen, alert.message) for alert in alerts],
        )
    else:
        data.print("No alerts.")


@app.command("test")
def try_route(name: Name, as_json: AsJson = False) -> None:
    """Send a message to a route now, and show what the other side answers.

    Exits with status 1 if the other side does not take it.
    """
    from tenantry.alerts.service import attempt

    with open_warehouse() as warehouse:
        found = attempt(warehouse, name)
    if as_json:
        print_json(route=name, taken=found.taken, answer=found.answer)
    else:
        step("alert", f"{name}: {'taken' if found.taken else 'not taken'}: {found.answer}")
    if not found.taken:
        raise typer.Exit(1)


@app.command()
def drop(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Drop a route, its secret, and the messages that wait for it.

    Asks first; without a terminal, give --yes.
    """
    with open_warehouse() as warehouse:
        warehouse.alert_route(name)
        confirm(f"Drop route {name}?", yes=yes)
        warehouse.drop_alert_route(name)
    if as_json:
        print_json(route=name)
    else:
        step("alert", f"route {name} dropped")


def _line(state: RouteState) -> tuple[object, ...]:
    route = state.route
    address = route.address if route.kind != "email" else f"{', '.join(route.recipients)} by {route.address}"
    only = ", ".join((*route.tenants, *route.templates)) or "all"
    secret = "stored" if route.has_secret else None
    waiting = state.waiting or None
    return (
        route.name,
        route.kind,
        address,
        route.severity,
        only,
        secret,
        waiting,
        state.last_sent_at,
        state.answer,
    )
