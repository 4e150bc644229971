"""Vectors without a model."""

import math
from operator import mul

import pytest

from services.llm.scripted.vectors import hashed_vector


def similarity(one: str, other: str) -> float:
    """The cosine of two texts."""
    return math.fsum(map(mul, hashed_vector(one), hashed_vector(other)))


def test_shared_words_bring_texts_near() -> None:
    """Texts that share words are nearer to each other than texts that do not."""
    related = similarity("worms eat kitchen scraps", "Worms eat scraps daily")
    unrelated = similarity("worms eat kitchen scraps", "the moon is bright tonight")

    assert related > 0.5 > unrelated


@pytest.mark.parametrize("text", ["", "...", "one", "many words here"])
def test_every_text_has_a_direction(text: str) -> None:
    """Every text has a vector of length 1 and of the dimensions asked for, an empty one too."""
    vector = hashed_vector(text, 8)

    assert len(vector) == 8
    assert math.isclose(math.hypot(*vector), 1)
