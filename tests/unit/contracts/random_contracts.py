"""Small random contracts, what they may turn into, and values that they would store."""

from dataclasses import dataclass, replace
from itertools import count
from typing import Annotated, Any, Final, Literal, Union

from hypothesis import strategies as st
from pydantic import Field, create_model

from contracts.base import Part

_NUMBERS = count()
_NAMES: Final = ("alpha", "beta", "gamma", "delta")


@dataclass(frozen=True)
class Text:
    """A string field's type."""

    least: int = 0
    most: int = 3
    pattern: str | None = None

    def annotation(self) -> Any:
        return Annotated[
            str, Field(min_length=self.least, max_length=self.most, pattern=self.pattern)
        ]

    def values(self) -> st.SearchStrategy[Any]:
        letters = "a" if self.pattern == "^a*$" else "ab"
        return st.text(letters, min_size=self.least, max_size=self.most)

    def default(self) -> Any:
        return "a" * self.least


@dataclass(frozen=True)
class Whole:
    """A whole number's type; `above` is exclusive."""

    above: int = 0
    most: int = 4

    def annotation(self) -> Any:
        return Annotated[int, Field(gt=self.above, le=self.most)]

    def values(self) -> st.SearchStrategy[Any]:
        return st.integers(self.above + 1, self.most)

    def default(self) -> Any:
        return self.most


@dataclass(frozen=True)
class Real:
    """A number's type."""

    least: float | None = None

    def annotation(self) -> Any:
        return Annotated[float, Field(ge=self.least)]

    def values(self) -> st.SearchStrategy[Any]:
        return st.sampled_from([0.5, 1.0, 2.0]).map(lambda each: each + (self.least or 0))

    def default(self) -> Any:
        return 9.5


@dataclass(frozen=True)
class Choice:
    """One of some texts."""

    of: tuple[str, ...]

    def annotation(self) -> Any:
        return Literal[self.of]

    def values(self) -> st.SearchStrategy[Any]:
        return st.sampled_from(self.of)

    def default(self) -> Any:
        return self.of[0]


@dataclass(frozen=True)
class Many:
    """A list's type."""

    item: "Kind"
    least: int = 0
    most: int = 2

    def annotation(self) -> Any:
        items = tuple.__class_getitem__((self.item.annotation(), ...))
        return Annotated[items, Field(min_length=self.least, max_length=self.most)]

    def values(self) -> st.SearchStrategy[Any]:
        return st.lists(self.item.values(), min_size=self.least, max_size=self.most)

    def default(self) -> Any:
        return (self.item.default(),) * self.least


@dataclass(frozen=True)
class Table:
    """A mapping's type."""

    entry: "Kind"

    def annotation(self) -> Any:
        return dict[str, self.entry.annotation()]  # type: ignore[misc]  # made while it runs

    def values(self) -> st.SearchStrategy[Any]:
        return st.dictionaries(st.text("k", max_size=2), self.entry.values(), max_size=2)

    def default(self) -> Any:
        return {}


@dataclass(frozen=True)
class AnyOf:
    """A union's type; None for null."""

    members: tuple["Kind | None", ...]

    def annotation(self) -> Any:
        return Union[tuple(each and each.annotation() for each in self.members)]  # noqa: UP007

    def values(self) -> st.SearchStrategy[Any]:
        return st.one_of(*(each.values() if each else st.none() for each in self.members))

    def default(self) -> Any:
        return self.members[0].default() if self.members[0] else None


@dataclass(frozen=True)
class Entry:
    """A field."""

    name: str
    kind: "Kind"
    is_required: bool


@dataclass(frozen=True)
class Object:
    """An object's type."""

    entries: tuple[Entry, ...]

    def annotation(self) -> Any:
        return self.model()

    def model(self) -> type[Part]:
        """Build the class."""
        fields: dict[str, Any] = {
            each.name: (each.kind.annotation(), ... if each.is_required else each.kind.default())
            for each in self.entries
        }
        return create_model(f"Random{next(_NUMBERS)}", __base__=Part, **fields)

    def values(self) -> st.SearchStrategy[Any]:
        required = {each.name: each.kind.values() for each in self.entries if each.is_required}
        others = {each.name: each.kind.values() for each in self.entries if not each.is_required}
        return st.fixed_dictionaries(required, optional=others)

    def default(self) -> Any:
        raise AssertionError("fields that hold objects are required")


Kind = Text | Whole | Real | Choice | Many | Table | AnyOf | Object

_texts = st.builds(
    Text, st.integers(0, 1), st.integers(1, 3), st.sampled_from([None, None, "^a*$", "^[ab]*$"])
)
_wholes = st.builds(Whole, st.integers(0, 2), st.integers(3, 5))
_reals = st.builds(Real, st.sampled_from([None, 0.0, 1.0]))
_choices = st.builds(Choice, st.lists(st.sampled_from("abc"), min_size=1, unique=True).map(tuple))
_scalars: Final[st.SearchStrategy[Kind]] = st.one_of(_texts, _wholes, _reals, _choices)


def _around(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    members = st.lists(st.one_of(st.none(), inner), min_size=2, max_size=3, unique=True)
    return st.one_of(
        st.builds(Many, inner, st.integers(0, 1), st.integers(1, 3)),
        st.builds(Table, inner),
        st.builds(AnyOf, members.map(tuple)),
        _objects(inner),
    )


def _objects(inner: st.SearchStrategy[Kind]) -> st.SearchStrategy[Object]:
    entries = st.builds(_entry, st.sampled_from(_NAMES), inner, st.booleans())
    listed = st.lists(entries, max_size=3, unique_by=lambda each: each.name)
    return st.builds(Object, listed.map(tuple))


def _entry(name: str, kind: Kind, is_required: bool) -> Entry:
    return Entry(name, kind, is_required or _holds_objects(kind))


def _holds_objects(kind: "Kind | None") -> bool:
    match kind:
        case Object():
            return True
        case Many(item) | Table(item):
            return _holds_objects(item)
        case AnyOf(members):
            return any(map(_holds_objects, members))
        case _:
            return False


kinds: Final[st.SearchStrategy[Kind]] = st.recursive(_scalars, _around, max_leaves=4)
contracts: Final[st.SearchStrategy[Object]] = _objects(kinds)


@st.composite
def evolved(draw: st.DrawFn, old: Object) -> Object:
    """Change an object here and there, and leave most of it as it was."""
    entries = [draw(_evolved_entry(each)) for each in old.entries if draw(_mostly)]
    added = draw(contracts).entries if not draw(_mostly) else ()
    taken = {each.name for each in entries}
    entries += (each for each in added if each.name not in taken)
    return Object(tuple(entries if draw(_mostly) else reversed(entries)))


_mostly: Final = st.sampled_from([True, True, True, True, False])


@st.composite
def _evolved_entry(draw: st.DrawFn, old: Entry) -> Entry:
    kind: Kind = draw(_evolved_kind(old.kind))
    name = old.name if draw(_mostly) else draw(st.sampled_from([old.name, f"{old.name}s"]))
    return _entry(name, kind, old.is_required if draw(_mostly) else draw(st.booleans()))


@st.composite
def _evolved_kind(draw: st.DrawFn, old: Kind) -> Any:
    if draw(st.booleans()) and not _holds_objects(old):
        return old
    match old:
        case Object():
            return draw(evolved(old))
        case Many() | Table() if draw(_mostly):
            field = "item" if isinstance(old, Many) else "entry"
            return replace(old, **{field: draw(_evolved_kind(getattr(old, field)))})
        case Text():
            return draw(_texts)
        case Whole():
            return draw(st.one_of(_wholes, _reals))
        case Real():
            return draw(st.one_of(_wholes, _reals))
        case Choice():
            return draw(st.one_of(_choices, _texts))
        case AnyOf(members) if draw(st.booleans()):
            return AnyOf(tuple(each and draw(_evolved_kind(each)) for each in members))
        case AnyOf(members):
            return AnyOf((*members, draw(_scalars)) if draw(st.booleans()) else members[1:])
        case _:
            return draw(kinds)
