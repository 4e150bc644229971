"""Whether the branches of parallel blocks can be worked on at a time and mean the same.

A block means what its steps mean one after the other. That holds while no branch can see what
another one makes, and nothing that is made ahead of its turn is seen outside the run.
"""

from collections.abc import Iterator, Mapping, Set

from contracts.flow import FlowDocument, Gate, Read, Remember, Step
from contracts.flow_blocks import Block
from workflows.checking.finding import Finding, Place
from workflows.checking.names import each_of, unknown


def check_blocks(document: FlowDocument, outside: Set[str]) -> Iterator[Finding]:
    """Find steps that cannot be in a block, ways into its middle, and branches that meet.

    Args:
        document: the flow.
        outside: names of agents and sub-flows whose work is seen outside the run.
    """
    taken: dict[str, str] = {}
    for name, block in document.blocks.items():
        misfits = [*_misfits(document, name, block, taken)]
        yield from misfits
        taken |= dict.fromkeys(block.members, name)
        if not misfits:
            yield from _ways_of_their_own(document, name, block)
            yield from _seen_outside(document, block, outside)
            yield from _meetings(document, name, block)
    yield from _ways_into_the_middle(document)


def _misfits(
    document: FlowDocument, name: str, block: Block, taken: Mapping[str, str]
) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for branch, steps in block.branches.items():
        for at, step in enumerate(steps):
            place: Place = ("steps", name, "branches", branch, at)
            if step not in document.steps:
                yield unknown("FO260", place, step, document.steps, "step")
            elif isinstance(document.steps[step], Gate):
                message = f"{step} is a gate, and a branch waits for nobody"
                remedy = "Ask after the block, or let a sub-flow do the work and ask in it."
                yield _finding("FO260", place, message, remedy)
            elif step in seen or step in taken:
                message = f"{step} is in {seen.get(step) or taken[step]} already"
                yield _finding("FO260", place, message, "Name a step once; declare another one.")
            seen.setdefault(step, branch)


def _ways_of_their_own(document: FlowDocument, name: str, block: Block) -> Iterator[Finding]:
    for step, following in zip(block.members, (*block.members[1:], ""), strict=True):
        node = document.steps[step]
        goes_on = [rule.otherwise for rule in node.next] == [following]
        if not (goes_on if following else node.next == block.next):
            message = f"{step} says itself what follows it, and is in the block {name}"
            remedy = f"Drop `next` here: {name} says what follows all its branches."
            yield _finding("FO261", ("steps", step, "next"), message, remedy)


def _seen_outside(document: FlowDocument, block: Block, outside: Set[str]) -> Iterator[Finding]:
    for step in block.members:
        node = document.steps[step]
        if isinstance(node, Step) and (isinstance(node, Remember) or node.agent in outside):
            how = "writes to long-term memory" if isinstance(node, Remember) else "publishes"
            message = f"{step} {how}, and would do so though a step named before it fails"
            yield _finding("FO262", ("steps", step), message, "Let it follow the block.")


def _meetings(document: FlowDocument, name: str, block: Block) -> Iterator[Finding]:
    """Find what one branch makes and another one reads, or makes as well."""
    made_from = _made_from(document)
    writes = {branch: _written(document, steps) for branch, steps in block.branches.items()}
    pairs = ((one, other) for one in block.branches for other in block.branches if one != other)
    for branch, other in pairs:
        place: Place = ("steps", name, "branches", branch)
        for step in block.branches[branch]:
            node = document.steps[step]
            assert isinstance(node, Step)
            if node.writes in writes[other] and branch > other:
                yield _met(place, f"{branch} and {other} both write {node.writes}")
            for slot, is_certain in _read(node):
                if slot in writes[other] and slot not in writes[branch]:
                    yield _met(place, f"{step} reads {slot}, which {other} writes")
                elif not is_certain and (made := made_from[slot] & writes[other].keys()):
                    seen = f"{slot}, which may rest on {min(made)} that {other} writes"
                    yield _met(place, f"{step} reads {seen}")


def _met(place: Place, message: str) -> Finding:
    remedy = "Put both steps into one branch, or one of them before or after the block."
    return _finding("FO263", place, message, remedy)


def _written(document: FlowDocument, steps: list[str]) -> dict[str, None]:
    nodes = (document.steps[step] for step in steps)
    return {node.writes: None for node in nodes if isinstance(node, Step)}


def _read(node: Step) -> Iterator[tuple[str, bool]]:
    """List the slots a step reads, and whether it has to find a fresh value in each."""
    yield from ((read.slot, _is_certain(read)) for read in node.reads)
    if found := each_of(node):
        yield found[1], True


def _is_certain(read: Read) -> bool:
    return not read.optional and not read.stale_allowed


def _made_from(document: FlowDocument) -> dict[str, set[str]]:
    """Find what a value of each slot may rest on, itself included, whatever way a run takes."""
    found = {slot: {slot} for slot in document.types}
    grown = True
    while grown:
        grown = False
        for node in document.steps.values():
            given = [*_given(node)]
            for slot in (node.writes, node.edits if isinstance(node, Gate) else None):
                more = set().union(*(found.get(each, {each}) for each in given))
                if slot in found and not more <= found[slot]:
                    found[slot] |= more
                    grown = True
    return found


def _given(node: Step | Gate) -> Iterator[str]:
    if isinstance(node, Gate):
        yield from (read.slot for read in node.shows)
    else:
        yield from (slot for slot, _ in _read(node))


def _ways_into_the_middle(document: FlowDocument) -> Iterator[Finding]:
    inside = {step: name for name, block in document.blocks.items() for step in block.members[1:]}
    if not inside:
        return
    for place, source, target in _ways(document):
        block = inside.get(target)
        if block and source not in document.blocks[block].members:
            message = f"{target} is in the middle of the block {block}"
            yield _finding("FO264", place, message, f"Lead to {block}: its branches begin there.")


def _ways(document: FlowDocument) -> Iterator[tuple[Place, str, str]]:
    """List every way that is written down: where it stands, what it leaves, where it leads."""
    yield ("start",), "", document.start
    for key, line in document.on_failure.items():
        yield ("on_failure", key, "then"), "", line.then or ""
    for name, node in document.steps.items():
        here: Place = ("steps", name)
        for at, rule in enumerate(node.next):
            yield (*here, "next", at), name, rule.target
        if isinstance(node, Gate):
            yield (*here, "on_deadline", "to"), name, node.on_deadline.to
            yield from (((*here, "go", at), name, to) for at, to in enumerate(node.go))
            yield (*here, "stop"), name, node.stop or ""
            continue
        for key, line in node.on_failure.items():
            yield (*here, "on_failure", key, "then"), "", line.then or ""
        if node.partial:
            yield (*here, "partial", "to"), name, node.partial.to


def _finding(code: str, place: Place, message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
