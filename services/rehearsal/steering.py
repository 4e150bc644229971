"""Good answers led along a way: another choice, or the same thing said in other words."""

from typing import Final

from pydantic import JsonValue

from services.llm.base import Work
from services.llm.scripted.from_schema import answer_from_schema
from services.rehearsal.answers import Place, places, replaced, texts
from services.rehearsal.exchange import Exchange
from services.rehearsal.ways import Way

LEAST_WORDS: Final = 6
"""A text of fewer words is a name or a heading, and stays as it is."""


def steered(way: Way, step: str, visit: int, good: Exchange) -> JsonValue:
    """Lead a good answer along the way that a run is to take."""
    answer = good.answer
    if way.reworded:
        answer = _reworded(good)
    if way.steer and (way.steer.step, visit) == (step, 1):
        answer = _chosen(answer, good, way.steer.fact, way.steer.value)
    return answer


def _reworded(good: Exchange) -> JsonValue:
    """Say in other words what is quoted: the first clause goes last."""
    shown = set(texts(dict(good.blocks)))
    answer = good.answer
    for place in list(places(answer, good.schema)):
        text = place.value
        if isinstance(text, str) and text in shown and len(text.split()) >= LEAST_WORDS:
            answer = replaced(answer, place.path, reworded(text))
    return answer


def reworded(text: str) -> str:
    """Say one sentence in other words, with nothing added that its source does not say."""
    return f"Note that {text[:1].lower()}{text[1:]}"


def _chosen(answer: JsonValue, good: Exchange, fact: str, value: str | bool) -> JsonValue:
    """Make another choice, with one item in every list that was empty, so that it has a reason."""
    found = {place.path: place for place in places(answer, good.schema)}
    at = found.get((fact,))
    if at is None or (at.choices and value not in at.choices):
        return answer
    answer = replaced(answer, at.path, value)
    for place in found.values():
        if place.value == [] and place.schema.get("items"):
            answer = replaced(answer, place.path, [_item(place, good)])
    return answer


def _item(place: Place, good: Exchange) -> JsonValue:
    """Build one item by its schema, its free texts taken from what was shown."""
    items = place.schema["items"]
    assert isinstance(items, dict), "the items of a list have a schema"
    work = Work(agent="rehearsal", rung=good.rung, visit=1, exchange=1)
    item = answer_from_schema(work, good.blocks, items)
    shown = max(texts(dict(good.blocks)), key=len, default="")
    for each in list(places(item, items)):
        if isinstance(each.value, str) and not each.choices and shown:
            item = replaced(item, each.path, " ".join(shown.split()[:30]))
    return item
