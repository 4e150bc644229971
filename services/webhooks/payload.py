"""Writes a notice as the body that is posted: what happened, and where more of it is."""

from typing import Final

from contracts.notice import Notice, NoticeData, NoticeKind, WebhookPayload
from contracts.run import RunStatus
from services.webhooks.record import moment

_ENDS: Final = {
    NoticeKind.RUN_SUCCEEDED: RunStatus.SUCCEEDED,
    NoticeKind.RUN_REJECTED: RunStatus.REJECTED,
    NoticeKind.RUN_FAILED: RunStatus.FAILED,
    NoticeKind.RUN_CANCELLED: RunStatus.CANCELLED,
    NoticeKind.RUN_EXPIRED: RunStatus.EXPIRED,
}
_WAITING: Final = (NoticeKind.GATE_OPENED, NoticeKind.GATE_REMINDED, NoticeKind.GATE_ESCALATED)


def payload_of(notice: Notice, gateway_url: str) -> WebhookPayload:
    """Write a notice; the same one always gives the same bytes."""
    run_url = f"{gateway_url}/v1/runs/{notice.run}"
    common = NoticeData(
        run=notice.run,
        flow=notice.flow,
        flow_version=notice.flow_version,
        parent=notice.parent or None,
        status=_status(notice.kind),
        url=run_url,
        reason=notice.reason or None,
        failure=notice.failure or None,
        cost_usd=notice.cost_usd,
    )
    if notice.kind in _ENDS:
        own: dict[str, object] = {"end": notice.place or None, **_output(notice, run_url)}
    elif notice.kind is NoticeKind.RUN_PUBLISHED:
        own = {"step": notice.place, "visit": notice.visit, **_output(notice, run_url)}
    else:
        own = {
            "gate": notice.place,
            "visit": notice.visit,
            "role": notice.role or None,
            "deadline": moment(notice.deadline_ms) if notice.deadline_ms else None,
            "shown": notice.digest,
        }
    data = common.model_copy(update=own)
    return WebhookPayload(type=notice.kind, timestamp=moment(notice.at_ms), data=data)


def ping(at_ms: int) -> WebhookPayload:
    """Write what tries a webhook out."""
    return WebhookPayload(type=NoticeKind.PING, timestamp=moment(at_ms), data=NoticeData())


def _status(kind: NoticeKind) -> str:
    if kind in _WAITING:
        return RunStatus.INPUT_REQUIRED.value
    return _ENDS.get(kind, RunStatus.RUNNING).value


def _output(notice: Notice, run_url: str) -> dict[str, object]:
    if notice.digest is None:
        return {}
    return {
        "output": notice.digest,
        "output_contract": notice.contract,
        "output_url": f"{run_url}/values/{notice.digest}",
    }
