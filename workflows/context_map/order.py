"""In which order a run meets the places of a flow, which ways go back, and what loops there are."""

from collections.abc import Iterable, Mapping, Sequence

from workflows.context_map.parts import INPUT, MapBound, MapLoop, MapWay, WayKind

Ways = Sequence[MapWay]


def goes_back(ways: Ways) -> frozenset[int]:
    """Tell by their indices which ways close a loop, walking from the start, rules first.

    What a person does about a failure counts by where it leads: to try again goes back, to supply
    a value goes where the step itself would have gone.
    """
    closing = _closing(ways)
    pairs = {(ways[index].source, ways[index].target) for index in closing}
    answers = {
        index
        for index, way in enumerate(ways)
        if way.answers and (way.target == way.answers or (way.answers, way.target) in pairs)
    }
    return frozenset(closing | answers)


def _closing(ways: Ways) -> set[int]:
    leaving: dict[str, list[int]] = {}
    for index, way in enumerate(ways):
        if not way.answers:
            leaving.setdefault(way.source, []).append(index)
    closing: set[int] = set()
    seen, path = {INPUT}, [INPUT]
    waiting = {INPUT: iter(leaving.get(INPUT, ()))}
    while path:
        index = next(waiting[path[-1]], -1)
        if index < 0:
            del waiting[path.pop()]
            continue
        target = ways[index].target
        if target in waiting:
            closing.add(index)
        elif target not in seen:
            seen.add(target)
            path.append(target)
            waiting[target] = iter(leaving.get(target, ()))
    return closing


def in_order(places: Iterable[str], ways: Ways, back: frozenset[int]) -> tuple[str, ...]:
    """Sort places so that every way but those back leads on; ties stay as declared."""
    declared = list(places)
    blocked = {place: 0 for place in declared}
    onward: dict[str, list[str]] = {place: [] for place in declared}
    for index, way in enumerate(ways):
        if index not in back and not way.answers and {way.source, way.target} <= set(declared):
            onward[way.source].append(way.target)
            blocked[way.target] += 1
    ordered: list[str] = []
    while len(ordered) < len(declared):
        place = next(each for each in declared if each not in ordered and not blocked[each])
        ordered.append(place)
        for target in onward[place]:
            blocked[target] -= 1
    return tuple(ordered)


def loops(places: Sequence[str], ways: Ways) -> tuple[MapLoop, ...]:
    """Group the places that a run can come back to: each group reaches itself as a whole."""
    onward: dict[str, set[str]] = {place: set() for place in places}
    for way in ways:
        if not way.answers:
            onward[way.source].add(way.target)
    reach = {place: _reachable(place, onward) for place in places}
    found: list[MapLoop] = []
    grouped: set[str] = set()
    for place in places:
        if place in grouped or place not in reach[place]:
            continue
        nodes = tuple(each for each in places if each in reach[place] and place in reach[each])
        grouped.update(nodes)
        found.append(MapLoop(nodes=nodes, bounds=_bounds(nodes, ways)))
    return tuple(found)


def _reachable(place: str, onward: Mapping[str, set[str]]) -> frozenset[str]:
    """Collect what one or more steps lead to."""
    found: set[str] = set()
    waiting = [place]
    while waiting:
        fresh = onward.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return frozenset(found)


def _bounds(nodes: Sequence[str], ways: Ways) -> tuple[MapBound, ...]:
    inside = [
        way for way in ways if way.source in nodes and way.target in nodes and not way.answers
    ]
    counted = [
        (way, way.rule if way.kind is not WayKind.DEADLINE else "deadline", way.at_most)
        for way in inside
    ]
    counted += [(way, failure.kind, failure.at_most) for way in inside for failure in way.failures]
    return tuple(
        MapBound(source=way.source, target=way.target, rule=rule, at_most=at_most)
        for way, rule, at_most in counted
        if at_most
    )
