"""Token counts for when an endpoint gives none: a rule of thumb, the same on every machine."""

from collections.abc import Sequence
from typing import Final

from contracts.usage import Usage
from services.llm.base import Message

CHARACTERS_PER_TOKEN: Final = 4
"""Usual for English text with common vocabularies; other scripts use more tokens than this."""


BYTES_PER_TOKEN: Final = 3
"""The cautious side: English and JSON come to between 3 and 4.5 bytes a token."""


def bytes_of(messages: Sequence[Message]) -> int:
    """Count the bytes of a conversation."""
    return sum(len(message.content.encode()) for message in messages)


def most_tokens_of(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a conversation on the cautious side, where a limit has to hold."""
    return bytes_of(messages) // BYTES_PER_TOKEN


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def prompt_tokens_of(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a conversation, each message rounded up on its own."""
    return sum(tokens_of(message.content) for message in messages)


def usage_of(messages: Sequence[Message], text: str) -> Usage:
    """Estimate one call that was answered with `text`."""
    return Usage(calls=1, input_tokens=prompt_tokens_of(messages), output_tokens=tokens_of(text))
