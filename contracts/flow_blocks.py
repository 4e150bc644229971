"""Parallel blocks as a flow file writes them, and what they mean: steps that follow one another.

A block's steps mean what they mean one after the other, in the order in which they are named; only
the time differs. So a document knows them as such steps, and the blocks beside them.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import Field

from contracts.rule import Next
from contracts.written import Name, Written

BLOCKS: Final = "blocks of steps"
"""Where a document that is being read keeps its blocks: no key that anybody can write."""

_TARGETS: Final = frozenset({"start", "next", "to", "else", "then", "stop", "go"})
"""Keys whose text names where a run goes on."""

_SLOTS: Final = frozenset({"reads", "shows"})


class Block(Written):
    """Steps that are worked on in parallel branches, and joined before the run goes on."""

    branches: dict[Name, Annotated[list[Name], Field(min_length=1)]] = Field(
        min_length=2, examples=[{"facts": ["research", "outline"], "voice": ["load_voice"]}]
    )
    """The steps of each branch, in their order. They are declared beside the block, without a
    `next`; no branch reads or writes what another one writes."""

    next: Next
    """What follows when all branches are done: a name, or rules that are tried in order."""

    @property
    def members(self) -> tuple[str, ...]:
        """Every step of the block, in the order in which they are named."""
        return tuple(step for branch in self.branches.values() for step in branch)


def unfolded(given: object) -> object:
    """Take the blocks out of a document's steps, and let the steps in them follow one another.

    What does not look like a block is left as it is, for whoever reads it to complain about.
    """
    if not isinstance(given, Mapping) or not isinstance(given.get("steps"), Mapping):
        return given
    blocks = {name: node for name, node in given["steps"].items() if _is_block(node)}
    if not blocks:
        return given
    steps = {name: node for name, node in given["steps"].items() if name not in blocks}
    entries: dict[object, str] = {}
    for name, block in blocks.items():
        members = tuple(_members(block["branches"]))
        entries |= {name: members[0]} if members else {}
        # Without a way on the block itself is complained about, not its last step.
        ways = [*members[1:], block.get("next", name)]
        for member, way in zip(members, ways, strict=True):
            node = steps.get(member)
            if isinstance(node, Mapping) and "next" not in node:
                steps[member] = {**node, "next": way}
    return {**_redirected({**given, "steps": steps}, entries), BLOCKS: _blocks(blocks, entries)}


def _is_block(node: object) -> bool:
    return isinstance(node, Mapping) and "branches" in node


def _members(branches: object) -> Iterator[str]:
    """List the steps of every branch that is a list of names."""
    for branch in branches.values() if isinstance(branches, Mapping) else ():
        if isinstance(branch, list):
            yield from (step for step in branch if isinstance(step, str))


def _blocks(blocks: Mapping[object, object], entries: Mapping[object, str]) -> dict[object, object]:
    return {name: _redirected(block, entries) for name, block in blocks.items()}


def _redirected(given: object, entries: Mapping[object, str]) -> dict[object, object]:
    """Let every way to a block lead to its first step."""
    assert isinstance(given, Mapping)
    return {key: _target(key, value, entries) for key, value in given.items()}


def _target(key: object, value: object, entries: Mapping[object, str]) -> object:
    if key in _SLOTS:
        return value
    match value:
        case str():
            return entries.get(value, value) if key in _TARGETS else value
        case Mapping():
            return _redirected(value, entries)
        case list():
            return [_target(key, each, entries) for each in value]
        case _:
            return value
