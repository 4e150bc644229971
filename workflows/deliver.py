"""Delivers one notice to one webhook: attempts with growing pauses, for about three days."""

import hashlib
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts.notice import Attempt, Delivery, GiveUp
    from workflows import names, policies
    from workflows.posting import Posting

PAUSES: Final = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 72000, 86400)
"""Seconds: 71 hours and 42 minutes in all. Soon at first, for most receivers are back soon."""

SPREAD: Final = 0.1
"""Pauses differ by up to a tenth, so that a receiver that comes back is not met by all at once."""

ENDED: Final = ("gone", "off")
"""After these no attempt follows."""


@workflow.defn(name=names.DELIVERY_TYPE)
class Deliver:
    """Completes when the receiver has taken the notice, and fails when it has not."""

    def __init__(self) -> None:
        self._now = False

    @workflow.run
    async def run(self, delivery: Delivery) -> Attempt:
        """Try until it is delivered; the result is the attempt that was taken.

        Raises:
            ApplicationError: of type `undelivered`, with the last attempt as its detail.
        """
        began = workflow.now()
        attempt = await self._post(delivery)
        for pause in delivery.pauses:
            if attempt.result == "delivered" or attempt.result in ENDED:
                break
            await self._pause(delivery, max(pause, attempt.retry_after))
            attempt = await self._post(delivery)
        if attempt.result == "delivered":
            return attempt
        if attempt.result not in ENDED and delivery.pauses:
            await self._give_up(delivery, int(began.timestamp() * 1000), attempt)
        raise ApplicationError(
            f"not delivered: {attempt.reason}", attempt, type="undelivered", non_retryable=True
        )

    @workflow.signal(name=names.TRY_NOW)
    def try_now(self) -> None:
        """Make the next attempt without waiting for its time."""
        self._now = True

    async def _post(self, delivery: Delivery) -> Attempt:
        self._now = False
        return await workflow.execute_activity_method(
            Posting.post, delivery, **policies.posting("post")
        )

    async def _pause(self, delivery: Delivery, seconds: int) -> None:
        try:
            await workflow.wait_condition(
                lambda: self._now,
                timeout=timedelta(seconds=seconds * _spread(delivery)),
                timeout_summary="until the next attempt",
            )
        except TimeoutError:
            return

    async def _give_up(self, delivery: Delivery, began_ms: int, attempt: Attempt) -> None:
        task = GiveUp(
            tenant=delivery.tenant,
            webhook=delivery.webhook,
            id=delivery.id,
            began_ms=began_ms,
            reason=attempt.reason,
        )
        await workflow.execute_activity_method(Posting.give_up, task, **policies.posting("give up"))


def _spread(delivery: Delivery) -> float:
    """Choose a factor from 1 to 1.1 that is the same at every replay."""
    drawn = hashlib.sha256(f"{delivery.webhook} {delivery.id}".encode()).digest()[0]
    return 1 + SPREAD * drawn / 255
