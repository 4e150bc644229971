"""Ways of making a good answer bad, from which the cases are put together."""

from collections.abc import Callable, Iterable, Mapping

from pydantic import JsonValue

from tests.modes.case import Asked, Ending, Seen, Spoil

OBJECTED = "A heap with too many browns stays cold and hardly changes for months."
"""A sentence that every good draft has, and that a scripted reviewer wants out."""

Fields = dict[str, JsonValue]


def fields(value: JsonValue) -> Fields:
    """Take a copy of an object."""
    assert isinstance(value, dict), "the answer is an object"
    return dict(value)


def listed(value: JsonValue) -> list[JsonValue]:
    """Take a copy of a list."""
    assert isinstance(value, list), "the value is a list"
    return list(value)


def sentence(text: str, *cited: str) -> JsonValue:
    """Write a sentence as writers do."""
    return {"text": text, "evidence_ids": list(cited)}


def adding(item: str, text: str, cited: str) -> Spoil:
    """Let the writer of one section add a sentence."""

    def spoil(asked: Asked) -> JsonValue:
        if asked.work.item != item:
            return asked.good
        good = listed(fields(asked.good)["sentences"])
        return {"sentences": [*good, sentence(text, cited)]}

    return spoil


def writing(item: str, *texts: tuple[str, str]) -> Spoil:
    """Let the writer of one section write these sentences instead."""

    def spoil(asked: Asked) -> JsonValue:
        if asked.work.item != item:
            return asked.good
        return {"sentences": [sentence(text, cited) for text, cited in texts]}

    return spoil


def rewriting(change: Callable[[str], Iterable[str]]) -> Spoil:
    """Let every writer make other sentences of each good one; they keep what it cites."""

    def spoil(asked: Asked) -> JsonValue:
        good = [fields(each) for each in listed(fields(asked.good)["sentences"])]
        return {
            "sentences": [
                {**each, "text": text} for each in good for text in change(str(each["text"]))
            ]
        }

    return spoil


def rewording(old: str, new: str) -> Spoil:
    """Let every writer put one wording in the place of another."""

    def spoil(asked: Asked) -> JsonValue:
        return _replaced(asked.good, old, new)

    return spoil


def _replaced(value: JsonValue, old: str, new: str) -> JsonValue:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_replaced(each, old, new) for each in value]
    if isinstance(value, dict):
        return {name: _replaced(each, old, new) for name, each in value.items()}
    return value


def heading(position: int, text: str) -> Spoil:
    """Let the planner head one section otherwise."""

    def spoil(asked: Asked) -> JsonValue:
        sections = listed(fields(asked.good)["sections"])
        sections[position] = {**fields(sections[position]), "heading": text}
        return {"sections": sections}

    return spoil


def saying(reply: JsonValue) -> Spoil:
    """Let an agent always say the same."""
    return lambda asked: reply


def objecting(text: str, *, visits: int = 1, verdict: str = "revise") -> Spoil:
    """Let the reviewer block once, or on every visit, with one comment on the first section."""
    comment: JsonValue = {"section": "s1", "kind": "clarity", "text": text, "blocking": True}

    def spoil(asked: Asked) -> JsonValue:
        if asked.work.visit > visits:
            return asked.good
        return {"verdict": verdict, "comments": [comment]}

    return spoil


def revising(*sentences: JsonValue, resolution: str = "fixed", answers: bool = True) -> Spoil:
    """Let the reviser give the first section anew on its first visit; no sentences: nothing."""

    def spoil(asked: Asked) -> JsonValue:
        if asked.work.visit > 1:
            return asked.good
        told: Fields = {
            str(fields(each)["id"]): {"resolution": resolution, "note": "Done as asked."}
            for each in listed(asked.blocks["comments"])
        }
        changed: list[JsonValue] = (
            [{"section": "s1", "sentences": list(sentences)}] if sentences else []
        )
        return {"revised": changed, "answers": told if answers else {}}

    return spoil


def judging(verdict: Mapping[str, JsonValue] | None, about: str) -> Spoil:
    """Let the judge say this of the claims that hold a text; None leaves them out."""

    def spoil(asked: Asked) -> JsonValue:
        given = fields(asked.good)
        claims = fields(asked.blocks["claims"])
        for claim, shown in claims.items():
            if about in str(fields(shown)["text"]):
                if verdict is None:
                    given.pop(claim)
                else:
                    given[claim] = dict(verdict)
        return given

    return spoil


def choosing(
    instead: Mapping[str, str], *, after: str = "", turns: int = 1, most: int = 99
) -> Spoil:
    """Let the selector choose one speaker for another.

    Args:
        instead: whom to choose for whom.
        after: only when this speaker has just spoken, if one is named.
        turns: only when so many turns have been taken.
        most: only while the one chosen has spoken less often than this.
    """

    def spoil(asked: Asked) -> JsonValue:
        chosen = str(fields(asked.good)["next"])
        said = [str(fields(turn)["speaker"]) for turn in listed(asked.blocks["conversation"])]
        met = len(said) >= turns and after in ("", said[-1])
        if chosen not in instead or not met or said.count(instead[chosen]) >= most:
            return asked.good
        return {"next": instead[chosen]}

    return spoil


def says(*texts: str) -> Seen:
    """See one of these in the text, whatever its case."""
    wanted = [text.casefold() for text in texts]
    return lambda ending: any(text in ending.text.casefold() for text in wanted)


def lacks(*texts: str) -> Seen:
    """See that one of these is not in the text."""
    wanted = [text.casefold() for text in texts]
    return lambda ending: any(text not in ending.text.casefold() for text in wanted)


def has_words(least: int, most: int) -> Seen:
    """See that the text is not as long as asked."""
    return lambda ending: not least <= ending.published[-1].words() <= most


def cites_nothing_of(*evidence: str) -> Seen:
    """See that a part of the evidence never reached the readers."""
    return lambda ending: not set(evidence) & cited(ending)


def cited(ending: Ending) -> set[str]:
    """Collect what the last article cites."""
    return {
        each
        for section in ending.published[-1].sections
        for sentence in section.sentences
        for each in sentence.evidence_ids
    }
