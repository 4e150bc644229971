"""Webhooks and their deliveries as tables for a person."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table

from contracts.notice import SUBSCRIBED
from contracts.webhook import DeliverySummary, DeliveryView, Webhook
from services.cli.output import clean
from services.cli.tables import pairs, table


def webhooks(found: Sequence[Webhook]) -> Table:
    """List webhooks."""
    made = table("WEBHOOK", "STATE", "URL", "EVENTS", "FLOWS")
    for each in found:
        flows = ", ".join(each.flows) or "all"
        events = "all" if set(each.events) >= set(SUBSCRIBED) else ", ".join(each.events)
        made.add_row(each.id, each.state, clean(each.url), events, flows)
    return made


def webhook(shown: Webhook) -> Table:
    """Show one webhook."""
    return pairs(
        [
            ("webhook", shown.id),
            ("url", shown.url),
            ("state", shown.state),
            ("reason", shown.reason),
            ("events", ", ".join(shown.events)),
            ("flows", ", ".join(shown.flows) or "all"),
            ("note", shown.note),
            ("made", _local(shown.created_at)),
            ("changed", _local(shown.changed_at)),
            ("secret of", _local(shown.secret_made_at)),
            (
                "old secret",
                f"signs until {_local(shown.old_secret_until)}" if shown.old_secret_until else "",
            ),
        ]
    )


def deliveries(found: Sequence[DeliverySummary]) -> Table:
    """List deliveries."""
    made = table("DELIVERY", "EVENT", "STATE", "STARTED", "ENDED")
    for each in found:
        ended = _local(each.ended_at) if each.ended_at else ""
        state = each.state.replace("_", " ")
        made.add_row(each.id, each.event, state, _local(each.started_at), ended)
    return made


def attempts(shown: DeliveryView) -> Table:
    """List the attempts of one delivery."""
    made = table("ATTEMPT", "AT", "TOOK", "RESULT", "STATUS", "REASON")
    for number, each in enumerate(shown.attempts, start=1):
        made.add_row(
            str(number),
            _clock(datetime.fromtimestamp(each.at_ms / 1000, UTC)),
            f"{each.took_ms} ms",
            each.result,
            str(each.status or ""),
            clean(each.reason),
        )
    return made


def _local(moment: str) -> str:
    """Write a time of the gateway's in this machine's zone."""
    return _clock(datetime.fromisoformat(moment))


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
