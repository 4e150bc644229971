"""How values are written in a flow file, before they are read; editors are told from this.

What reads the values is in `contracts.flow`; a test holds the two together.
"""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from contracts.base import Part

NAME: Final = r"^[a-z][a-z0-9_]{0,47}$"
SLOT: Final = r"^[a-z][a-z0-9_]{0,47}\??$"
SUBJECT: Final = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"
DURATION: Final = r"^[1-9][0-9]{0,9}[smhd]$"
CONTRACT: Final = r"^[A-Za-z][A-Za-z0-9]*@[1-9][0-9]*$"
ENTRY_READ: Final = r"^[a-z][a-z0-9_]{0,47}\.[a-z][a-z0-9_]{0,47}@[1-9][0-9]*$"
EACH: Final = r"^[a-z][a-z0-9_]* in [a-z][a-z0-9_]*\.[a-z0-9_.]+$"

WrittenDuration = Annotated[
    str,
    Field(pattern=DURATION, examples=["90s", "30m", "72h", "7d"]),
]
"""A whole number and a unit: seconds, minutes, hours or days."""

WrittenMoney = Annotated[float, Field(ge=0, examples=[2.00])]
"""US dollars."""

WrittenContract = Annotated[str, Field(pattern=CONTRACT, examples=["Draft@1"])]
"""A contract and its version."""

WrittenList = Annotated[list[WrittenContract], Field(min_length=1, max_length=1)]
"""The items of a fan-out in order: `[Section@1]`."""

WrittenSlot = Annotated[str, Field(pattern=SLOT)]
"""A slot; a question mark says that the reader can do without a value."""


class SpeltOutRead(Part):
    """A read in full: the slot, whether an old value will do, and the reader's name for it."""

    model_config = ConfigDict(extra="forbid")

    slot: WrittenSlot
    """The slot that is read; `?` at the end where the reader can do without a value."""

    stale: Literal["allowed"] | None = None
    """An old value is meant: one about something that has since changed."""

    input: Annotated[str, StringConstraints(pattern=NAME)] | None = None
    """The reader's own name for it, where that is not the slot's."""


WrittenRead = (
    WrittenSlot
    | SpeltOutRead
    | Annotated[
        dict[Annotated[str, StringConstraints(pattern=NAME)], WrittenSlot],
        Field(min_length=1, max_length=1),
    ]
)
"""`brief`, `decision?`, `{slot: claims, stale: allowed}` or `{draft: first_draft}`."""


class WrittenStandIn(Part):
    """Who does a failed step's work instead."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    model: Annotated[str, StringConstraints(pattern=NAME)] = ""
    """The alias of another model for the step's own agent."""

    agent: Annotated[str, StringConstraints(pattern=NAME)] = ""
    """Another agent with the same inputs and the same product."""


WrittenFallBack = WrittenStandIn | Annotated[list[WrittenStandIn], Field(max_length=5)]
"""`{model: judge}`, or several that are tried in order."""


def _without(*keys: str) -> dict[str, JsonValue]:
    return {"properties": {key: False for key in keys}}


RULE_KEYS: Final[dict[str, JsonValue]] = {
    "if": {"required": ["else"]},
    "then": _without("when", "to", "at_most"),
    "else": {"required": ["when", "to"]},
}
"""A rule has a condition and a target, or is the default."""

END_KEYS: Final[dict[str, JsonValue]] = {
    "if": {"properties": {"outcome": {"const": "succeeded"}}, "required": ["outcome"]},
    "then": {"required": ["output"]},
    "else": _without("output"),
}
"""Success has an output and nothing else has."""

GATE_KEYS: Final[dict[str, JsonValue]] = {
    "if": {"required": ["answers"]},
    "then": {
        "required": ["allow"],
        "properties": {
            **{key: False for key in ("shows", "writes", "edits", "next", "approvers")},
            "allow": {"minItems": 1},
        },
        "allOf": [
            {
                "if": {"properties": {"allow": {"contains": {"const": action}}}},
                "then": {"required": [action]},
                "else": _without(action),
            }
            for action in ("stop", "go")
        ],
    },
    "else": {
        "required": ["shows", "writes", "next"],
        "properties": {
            **{key: False for key in ("allow", "stop", "go")},
            "shows": {"minItems": 1},
            "next": {"minItems": 1},
        },
    },
}
"""A gate shows values and writes a decision, or it answers failures."""
