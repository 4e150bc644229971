"""`orchestra webhooks`: say who is told what happens to runs, and see what became of it."""

import time
from typing import Annotated, Final

import typer
from pydantic import JsonValue

from contracts.notice import SUBSCRIBED, NoticeKind
from contracts.webhook import DeliveryState, DeliveryView, Webhook, WebhookMade
from services.cli import connection, webhook_tables
from services.cli.client import Gateway, segment
from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, clean, say, show, show_json
from services.gateway.replies import DeliveryList, DeliveryStarted, WebhookList

app = typer.Typer(
    no_args_is_help=True,
    epilog="A receiver verifies each post as Standard Webhooks 1.0.0 says: the base64 of the"
    " HMAC-SHA256, keyed with the base64-decoded part of the secret after whsec_, of"
    " webhook-id.webhook-timestamp.body is one of the v1, signatures in webhook-signature."
    " docs/webhooks.md has it as Python.",
)
Id = Annotated[str, typer.Argument(help="Id of the webhook: `orchestra webhooks list`.")]
Events = Annotated[
    list[NoticeKind] | None,
    typer.Option(
        "--event", metavar="EVENT", help=f"What to tell; repeat it. Of {', '.join(SUBSCRIBED)}."
    ),
]
OfFlows = Annotated[
    list[str] | None, typer.Option("--flow", help="Only runs of this flow; repeat it.")
]
Note = Annotated[str | None, typer.Option(help="For people.")]
PATIENCE_SECONDS: Final = 20
"""How long a ping is waited for: a post takes 15 seconds at most."""


@app.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(help="https://host/path of the receiver.")],
    event: Events = None,
    flow: OfFlows = None,
    note: Note = None,
    key: Annotated[
        str, typer.Option(help="Idempotency key: the same again makes no second webhook.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a webhook and show its secret, this once; it is told everything but for --event."""
    body: dict[str, JsonValue] = {
        "url": url,
        "events": [each.value for each in event or SUBSCRIBED],
        "flows": list(flow or ()),
        "note": note or "",
    }
    headers = {"Idempotency-Key": key} if key else None
    with connection.gateway() as gateway:
        made = gateway.post(WebhookMade, "/webhooks", body, headers)
    _show_made(made, as_json=as_json)


@app.command("list")
def list_webhooks(as_json: AsJson = False) -> None:
    """List webhooks, oldest first."""
    with connection.gateway() as gateway:
        found = gateway.get(WebhookList, "/webhooks")
    if as_json:
        show_json(found)
    elif found.webhooks:
        show(webhook_tables.webhooks(found.webhooks))
        for each in found.webhooks:
            if each.reason:
                say(clean(f"{each.id} is off: {each.reason}"))
    else:
        say("no webhooks; make one with `orchestra webhooks add URL`")


@app.command("show")
def show_webhook(webhook: Id, as_json: AsJson = False) -> None:
    """Show a webhook: everything but its secret."""
    with connection.gateway() as gateway:
        found = gateway.get(Webhook, _path(webhook))
    _show(found, as_json=as_json)


@app.command("change")
def change_webhook(
    webhook: Id,
    url: Annotated[str | None, typer.Option(help="Where notices go instead.")] = None,
    event: Events = None,
    flow: OfFlows = None,
    all_flows: Annotated[bool, typer.Option("--all-flows", help="Runs of any flow again.")] = False,
    note: Note = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; the rest stays."""
    given: dict[str, JsonValue] = {
        "url": url,
        "events": [each.value for each in event] if event else None,
        "flows": [] if all_flows else list(flow) if flow else None,
        "note": note,
        "state": None if on is None else "on" if on else "off",
    }
    body: JsonValue = {name: value for name, value in given.items() if value is not None}
    if not body:
        raise typer.BadParameter("give at least one option; --help lists them")
    with connection.gateway() as gateway:
        changed = gateway.patch(Webhook, _path(webhook), body)
    _show(changed, as_json=as_json)


@app.command("remove")
def remove_webhook(webhook: Id) -> None:
    """Remove a webhook with its secrets; what is under way to it is given up."""
    with connection.gateway() as gateway:
        gateway.remove(_path(webhook))
    say(f"removed {webhook}")


@app.command("rotate")
def rotate_secret(
    webhook: Id,
    overlap_hours: Annotated[
        float,
        typer.Option(min=0, max=168, help="For how long the old secret signs as well."),
    ] = 24,
    as_json: AsJson = False,
) -> None:
    """Replace a webhook's secret and show the new one, this once."""
    body: JsonValue = {"overlap_seconds": int(overlap_hours * 3600)}
    with connection.gateway() as gateway:
        made = gateway.post(WebhookMade, f"{_path(webhook)}/rotate", body)
    _show_made(made, as_json=as_json)


@app.command("ping")
def ping_webhook(webhook: Id, as_json: AsJson = False) -> None:
    """Send a test, once, and tell what came of it.

    Ends with 3 when it does not arrive.
    """
    with connection.gateway() as gateway:
        started = gateway.post(DeliveryStarted, f"{_path(webhook)}/ping")
        found = _awaited(gateway, webhook, started.id)
    _show_delivery(found, as_json=as_json)
    if found.state is DeliveryState.UNDER_WAY:
        say("no worker has taken it yet; look later with `orchestra webhooks deliveries`")
    if found.state is not DeliveryState.DELIVERED:
        raise typer.Exit(ExitCode.UNAVAILABLE)


@app.command("deliveries")
def list_deliveries(
    webhook: Id,
    delivery: Annotated[str, typer.Argument(help="Only this one, with its attempts.")] = "",
    state: Annotated[DeliveryState | None, typer.Option(help="Only those that stand so.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    cursor: Annotated[str, typer.Option(help="Where the last page ended.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what was sent to a webhook, newest first, or the attempts of one delivery."""
    query: dict[str, str | int | bool] = {"limit": limit}
    given = {"state": state.value if state else "", "cursor": cursor}
    query |= {name: value for name, value in given.items() if value}
    with connection.gateway() as gateway:
        if delivery:
            found = gateway.get(DeliveryView, _delivery_path(webhook, delivery))
            _show_delivery(found, as_json=as_json)
            return
        page = gateway.get(DeliveryList, f"{_path(webhook)}/deliveries", query)
    if as_json:
        show_json(page)
    elif page.deliveries:
        show(webhook_tables.deliveries(page.deliveries))
        if page.cursor:
            say(f"more with --cursor {page.cursor}")
    else:
        say(f"nothing was sent; try it with `orchestra webhooks ping {webhook}`")


@app.command("redeliver")
def redeliver(
    webhook: Id,
    delivery: Annotated[str, typer.Argument(help="Id of the delivery.")],
    as_json: AsJson = False,
) -> None:
    """Send a notice again under its id; one that waits for its next attempt is tried at once."""
    with connection.gateway() as gateway:
        started = gateway.post(DeliveryStarted, f"{_delivery_path(webhook, delivery)}/redeliver")
    if as_json:
        show_json(started)
    else:
        say(f"on its way; see it with `orchestra webhooks deliveries {webhook} {delivery}`")


def _path(webhook: str) -> str:
    return f"/webhooks/{segment(webhook)}"


def _delivery_path(webhook: str, delivery: str) -> str:
    return f"{_path(webhook)}/deliveries/{segment(delivery)}"


def _awaited(gateway: Gateway, webhook: str, delivery: str) -> DeliveryView:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = gateway.get(DeliveryView, _delivery_path(webhook, delivery))
        if found.state is not DeliveryState.UNDER_WAY or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _show(found: Webhook, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        show(webhook_tables.webhook(found))


def _show_made(made: WebhookMade, *, as_json: bool) -> None:
    if as_json:
        show_json(made)
        return
    show(webhook_tables.webhook(made.webhook))
    if made.secret is None:
        say("an earlier request with this key had made it; its secret is not shown again")
        return
    say("the secret is shown this once; the receiver verifies posts with it:")
    typer.echo(made.secret)


def _show_delivery(found: DeliveryView, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    show(webhook_tables.deliveries([found]), "", webhook_tables.attempts(found))
    if found.next_attempt_at:
        say(f"the next attempt is made at {found.next_attempt_at}")
