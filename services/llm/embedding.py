"""Vectors for texts from the same endpoints that answer chats, with the same failures."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from openai.types import CreateEmbeddingResponse
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from contracts.failure import REMEDY, FailureKind
from services.errors import StepError
from services.llm.endpoint import Endpoint
from services.llm.translation import FOREIGN_ERRORS, quieted, translate

Vector = tuple[float, ...]

BATCH_TEXTS: Final = 64
"""Texts in one request; measured 1.9 s for 64 of about 90 tokens on two cores."""

TIMEOUT_SECONDS: Final = 60
"""For one request."""


class _Embedding(BaseModel):
    model_config = ConfigDict(from_attributes=True, hide_input_in_errors=True)

    index: int
    embedding: tuple[FiniteFloat, ...] = Field(min_length=1)


class _Embeddings(BaseModel):
    model_config = ConfigDict(from_attributes=True, hide_input_in_errors=True)

    data: list[_Embedding]


class OpenAIEmbedder:
    """Turns texts into vectors."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        """Use an endpoint that somebody else closes."""
        self._endpoint = endpoint
        self._model = model

    async def embed(self, texts: Sequence[str]) -> tuple[Vector, ...]:
        """Embed texts: one vector a text, in their order, all of one length.

        Raises:
            StepError: the same kinds as a model call; `malformed` when vectors are missing.
        """
        vectors: list[Vector] = []
        for batch in _batches(texts):
            vectors += await self._embed_batch(batch)
        if len({len(vector) for vector in vectors}) > 1:
            raise self._malformed("vectors of different lengths")
        return tuple(vectors)

    async def _embed_batch(self, texts: Sequence[str]) -> list[Vector]:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = _Embeddings.model_validate(await self._ask(texts))
        except TimeoutError as error:
            raise self._late() from error
        except FOREIGN_ERRORS as error:
            failure = translate(error, self._endpoint.host, self._model)
            raise failure from quieted(error)
        by_index = {item.index: item.embedding for item in answer.data}
        if sorted(by_index) != list(range(len(texts))):
            raise self._malformed("not one vector for each text")
        return [by_index[index] for index in range(len(texts))]

    async def _ask(self, texts: Sequence[str]) -> CreateEmbeddingResponse:
        return await self._endpoint.client.embeddings.create(
            model=self._model, input=list(texts), encoding_format="float"
        )

    def _late(self) -> StepError:
        return StepError(
            FailureKind.TIMED_OUT,
            f"{self._endpoint.host} did not embed with model {self._model!r} in"
            f" {TIMEOUT_SECONDS} s: {REMEDY[FailureKind.TIMED_OUT]}",
        )

    def _malformed(self, what: str) -> StepError:
        return StepError(
            FailureKind.MALFORMED,
            f"{self._endpoint.host} answered for model {self._model!r} with {what}:"
            " use a model made for embeddings",
        )


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), BATCH_TEXTS):
        yield texts[start : start + BATCH_TEXTS]
