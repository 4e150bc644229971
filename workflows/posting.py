"""The activities that a delivery calls, as typed ports; `services.webhooks` implements them."""

from abc import ABC, abstractmethod

from temporalio import activity

from contracts.notice import Attempt, Delivery, GiveUp


class Posting(ABC):
    """What a delivery may ask of the world."""

    @activity.defn(name="post")
    @abstractmethod
    async def post(self, delivery: Delivery) -> Attempt:
        """Post once; how a receiver fails is a result, so that every attempt stands in history."""

    @activity.defn(name="give_up")
    @abstractmethod
    async def give_up(self, task: GiveUp) -> None:
        """Switch a webhook off that has taken nothing for as long as a delivery was tried."""
