"""What a value says in a few words: `8 sources`, `4 sections`, `risk low`. By contract name."""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import JsonValue

from services.cli.output import clean

_Value = Mapping[str, JsonValue]


def describe(contract: str, value: JsonValue) -> str:
    """Describe a value of a contract, `Outline@1`; empty where nothing short can be said."""
    name, _, _ = contract.partition("@")
    if name not in _PHRASES or not isinstance(value, dict):
        return ""
    return clean(_PHRASES[name](value))


def is_described(contract: str) -> bool:
    """Tell whether there is something to say about values of a contract."""
    return contract.partition("@")[0] in _PHRASES


def count(number: int, noun: str) -> str:
    """Write a number of things: `1 source`, `8 sources`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def words_of(value: _Value) -> int:
    """Count the words in the sentences of a draft or a section."""
    sections = mappings(value.get("sections")) if "sections" in value else [value]
    texts = [
        str(sentence.get("text", ""))
        for section in sections
        for sentence in mappings(section.get("sentences"))
    ]
    return sum(len(text.split()) for text in texts)


def mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    """Take what should be a mapping; empty when it is something else."""
    return value if isinstance(value, dict) else {}


def mappings(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    """Take what should be a list of mappings; what is something else is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _topic(value: _Value) -> str:
    return f"{value.get('topic')}, {value.get('risk')} risk"


def _evidence(value: _Value) -> str:
    items = mappings(value.get("items"))
    sources = {str(mapping(item.get("source")).get("id")) for item in items}
    return f"{count(len(sources), 'source')}, {count(len(items), 'quote')}"


def _outline(value: _Value) -> str:
    return count(len(mappings(value.get("sections"))), "section")


def _text(value: _Value) -> str:
    return count(words_of(value), "word")


def _claims(value: _Value) -> str:
    told = count(len(mappings(value.get("claims"))), "claim")
    return f"{told}, {value.get('unsupported')} unsupported"


def _review(value: _Value) -> str:
    comments = mappings(value.get("comments"))
    return f"{value.get('verdict')}" + (f", {count(len(comments), 'comment')}" if comments else "")


def _decision(value: _Value) -> str:
    return f"{value.get('verdict')} by {value.get('who')}"


def _publication(value: _Value) -> str:
    return str(value.get("where", ""))


_PHRASES: Final[Mapping[str, Callable[[_Value], str]]] = {
    "TopicLabel": _topic,
    "EvidenceSet": _evidence,
    "Outline": _outline,
    "Section": _text,
    "Draft": _text,
    "ClaimReport": _claims,
    "Review": _review,
    "Decision": _decision,
    "Publication": _publication,
}
