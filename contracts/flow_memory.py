"""What a flow file says of long-term memory: the entries that a run reads from its start."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from contracts.long_term import ENTRY, contract_by_convention
from contracts.notation import ENTRY_READ, WrittenContract
from contracts.written import Written


class MemoryEntry(Written):
    """An entry of long-term memory that fills a slot when the run starts."""

    entry: Annotated[str, StringConstraints(pattern=ENTRY)] = Field(examples=["brand.voice"])
    """Its namespace and its name, with a dot between."""

    contract: WrittenContract
    """What it holds; an older version of the contract is migrated when it is read."""

    optional: bool = False
    """Whether a run may start without it; then only reads with a question mark may take it."""


def _as_entry(given: object) -> object:
    """Read `brand.voice@1` as the entry `brand.voice`, which by its name holds a BrandVoice@1."""
    if not isinstance(given, str):
        return given
    if not re.fullmatch(ENTRY_READ, given):
        raise ValueError(
            f"{given!r:.60} is no entry; write brand.voice@1, or {{entry: …, contract: …}}"
        )
    entry, _, version = given.partition("@")
    return {"entry": entry, "contract": contract_by_convention(entry, int(version))}


WrittenEntry = Annotated[str, Field(pattern=ENTRY_READ, examples=["brand.voice@1"])] | MemoryEntry
"""`brand.voice@1`, or the entry spelt out where its contract has another name."""

Memory = Annotated[MemoryEntry, BeforeValidator(_as_entry, json_schema_input_type=WrittenEntry)]
