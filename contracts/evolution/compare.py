"""Names every difference between two schemas of one contract, with its place."""

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.evolution import fields, values
from contracts.evolution.change import Change, Kind, broken, doubtful, tightened
from contracts.evolution.json_schema import (
    NOTES,
    RETIRED,
    Schema,
    Shape,
    alternatives,
    as_schema,
    discriminator,
    listed,
    part,
    text_of,
)


def compare(old: Schema, new: Schema) -> tuple[Change, ...]:
    """Name every difference between two JSON Schemas of one contract.

    Only what a schema says is compared: a validator written in code is not in it. What cannot be
    judged, such as one pattern against another, counts as a change that may fail.
    """
    return tuple(_together(_Comparison(old, new).values("", old, new)))


def retired(old: Schema, changes: Iterable[Change]) -> tuple[str, ...]:
    """List the paths whose names are used up once the changes are published.

    Values that were stored while the field was there hold it still; a new field of the name would
    be read from them.
    """
    removed = (
        path
        for each in changes
        if each.kind is Kind.FIELD_REMOVED
        for path in (each.path, *each.also_at)
    )
    return tuple(dict.fromkeys([*map(str, listed(old, RETIRED)), *removed]))


class _Comparison:
    """A walk through two schemas at once; a part that holds itself is entered once."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._retired = frozenset(map(str, listed(old, RETIRED)))
        self._entered: list[tuple[str, str]] = []

    def values(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        """Compare what may stand at one place."""
        before, after = alternatives(old, self._old), alternatives(new, self._new)
        if any(shape.kind == "any" for shape in (*before, *after)):
            yield from values.anything(path, before, after)
            return
        teller = discriminator(new, self._new)
        if teller and teller != discriminator(old, self._old):
            what = f"its alternatives are told apart by {teller!r} now"
            yield tightened(path, Kind.KEYWORD_CHANGED, what)
        pairs, gone, come = values.paired(before, after)
        is_told = sum(map(values.is_structured, before)) > 1
        for one, other in pairs:
            tag = f"<{one.name or one.kind}>" if is_told and values.is_structured(one) else ""
            yield from self._shapes(path + tag, one, other)
        yield from values.members(path, len(pairs), gone, come)

    def _shapes(self, path: str, old: Shape, new: Shape) -> Iterator[Change]:
        names = (old.name, new.name)
        if all(names) and names in self._entered:
            return
        self._entered.append(names)
        for aspect in (values.numbers, values.literals, values.bounds, values.patterns):
            yield from aspect(path, old, new)
        yield from self._keywords(path, old, new)
        if old.kind == new.kind == "model":
            yield from self._fields(path, old, new)
        elif "model" not in (old.kind, new.kind):
            yield from self._entries(path, old.node, new.node)
        yield from self._items(path, old.node, new.node)
        self._entered.pop()

    def _keywords(self, path: str, old: Shape, new: Shape) -> Iterator[Change]:
        """Compare what nothing else looks at; what nobody knows cannot be judged."""
        looked_at = _LOOKED_AT if old.kind == "model" else _LOOKED_AT | {"additionalProperties"}
        for keyword in dict.fromkeys([*old.node, *new.node]):
            before, after = old.node.get(keyword), new.node.get(keyword)
            if keyword in looked_at or text_of(before, self._old) == text_of(after, self._new):
                continue
            what = f"{keyword} was {values.said(before)} and is {values.said(after)}"
            yield doubtful(path, Kind.KEYWORD_CHANGED, what)

    def _items(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        if "items" in old or "items" in new:
            yield from self.values(f"{path}[]", part(old, "items"), part(new, "items"))
        one, other = listed(old, "prefixItems"), listed(new, "prefixItems")
        if len(one) != len(other):
            what = f"a tuple of {len(one)} became one of {len(other)}"
            yield broken(path, Kind.TYPE_CHANGED, what)
        for place, (before, after) in enumerate(zip(one, other, strict=False)):
            yield from self.values(f"{path}[{place}]", as_schema(before), as_schema(after))

    def _entries(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        """Compare the keys and values of mappings."""
        for keyword, mark in (("additionalProperties", "{}"), ("propertyNames", "{key}")):
            if keyword in old or keyword in new:
                yield from self.values(path + mark, part(old, keyword), part(new, keyword))
        before, after = part(old, "patternProperties"), part(new, "patternProperties")
        if sorted(before) != sorted(after):
            what = f"the keys matched {', '.join(before)} and match {', '.join(after)}"
            yield doubtful(f"{path}{{key}}", Kind.PATTERN_CHANGED, what)
            return
        for pattern, node in before.items():
            yield from self.values(f"{path}{{}}", as_schema(node), as_schema(after[pattern]))

    def _fields(self, path: str, old: Shape, new: Shape) -> Iterator[Change]:
        prefix = f"{path}." if path else ""
        renamed = fields.renamed(old, new, self._are_same)
        for name in old.fields:
            here = f"{prefix}{name}"
            if name in renamed:
                yield fields.rename(here, old, new, name, renamed[name])
            elif name not in new.fields:
                yield fields.removed(here, old, new, name)
            else:
                yield from fields.presence(here, old, new, name)
                yield from self.values(here, old.fields[name], new.fields[name])
        for name in new.fields:
            if name not in old.fields and name not in renamed.values():
                here = f"{prefix}{name}"
                is_retired = here in self._retired
                yield fields.added(here, old, new, name, self._new, is_retired=is_retired)
        yield from fields.order(path, old, new)

    def _are_same(self, old: Schema, new: Schema) -> bool:
        return not [*self.values("", old, new)]


_LOOKED_AT: Final = NOTES | frozenset(
    {
        *values.LOWER,
        *values.UPPER,
        "const",
        "discriminator",
        "enum",
        "items",
        "pattern",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "type",
    }
)


def _together(changes: Iterable[Change]) -> Iterator[Change]:
    """Take together what shows at several places because one part is used there."""
    found: dict[tuple[str, ...], Change] = {}
    for each in changes:
        last = each.path.rpartition(".")[2]
        key = (last, each.kind, each.what, each.stored, each.older)
        first = found.setdefault(key, each)
        if each.path not in (first.path, *first.also_at):
            found[key] = first.model_copy(update={"also_at": (*first.also_at, each.path)})
    yield from found.values()
