"""What is said of each kind of change: where it is, what it was, and who no longer reads what."""

from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import ConfigDict, Field, JsonValue

from contracts.base import Contract, Part
from contracts.evolution.change import Change, Kind, Reading, Verdict, gravest
from contracts.evolution.compare import compare, retired
from contracts.evolution.json_schema import RETIRED, schema_of
from contracts.schema_lock import PUBLISHED

READS, LOSES, MAY_FAIL, FAILS = Reading
ONE_FIELD: dict[str, Any] = {"type": "object", "required": ["x"]}


def field(before: JsonValue, after: JsonValue) -> list[Change]:
    """Compare two contracts of one required field, called x."""
    old, new = ({**ONE_FIELD, "properties": {"x": node}} for node in (before, after))
    return list(compare(old, new))


TEXT: dict[str, JsonValue] = {"type": "string"}
WHOLE: dict[str, JsonValue] = {"type": "integer"}
REAL: dict[str, JsonValue] = {"type": "number"}
NULL: dict[str, JsonValue] = {"type": "null"}


@pytest.mark.parametrize(
    ("before", "after", "kind", "what", "stored", "older"),
    [
        (
            {**TEXT, "maxLength": 300},
            {**TEXT, "maxLength": 200},
            Kind.TIGHTENED,
            "the greatest number of characters was 300 and is 200",
            MAY_FAIL,
            READS,
        ),
        (
            {**TEXT, "maxLength": 200},
            {**TEXT, "maxLength": 300},
            Kind.LOOSENED,
            "the greatest number of characters was 200 and is 300",
            READS,
            MAY_FAIL,
        ),
        (
            TEXT,
            {**TEXT, "minLength": 1},
            Kind.TIGHTENED,
            "the least number of characters was not stated and is 1",
            MAY_FAIL,
            READS,
        ),
        (
            {**WHOLE, "minimum": 1},
            {**WHOLE, "exclusiveMinimum": -1},
            Kind.LOOSENED,
            "the least value was 1 and is 0",
            READS,
            MAY_FAIL,
        ),
        (
            {**REAL, "maximum": 1},
            REAL,
            Kind.LOOSENED,
            "the greatest value was 1 and is not stated",
            READS,
            MAY_FAIL,
        ),
        (
            TEXT,
            {**TEXT, "pattern": "^a"},
            Kind.PATTERN_CHANGED,
            'the pattern was not stated and is "^a"',
            MAY_FAIL,
            READS,
        ),
        (
            {**TEXT, "pattern": "^a"},
            TEXT,
            Kind.PATTERN_CHANGED,
            'the pattern was "^a" and is not stated',
            READS,
            MAY_FAIL,
        ),
        (
            {**TEXT, "pattern": "^a"},
            {**TEXT, "pattern": "^ab"},
            Kind.PATTERN_CHANGED,
            'the pattern was "^a" and is "^ab"',
            MAY_FAIL,
            MAY_FAIL,
        ),
        (
            {**TEXT, "enum": ["a", "b"]},
            {**TEXT, "enum": ["b", "a", "c"]},
            Kind.VALUES_ADDED,
            '"c" is allowed too',
            READS,
            MAY_FAIL,
        ),
        (
            {**TEXT, "enum": ["a", "b"]},
            {**TEXT, "const": "a"},
            Kind.VALUES_REMOVED,
            '"b" is not allowed any more',
            MAY_FAIL,
            READS,
        ),
        (
            TEXT,
            {**TEXT, "enum": ["a", "b"]},
            Kind.VALUES_REMOVED,
            'was text and is "a" or "b"',
            MAY_FAIL,
            READS,
        ),
        (
            {**TEXT, "const": "a"},
            TEXT,
            Kind.VALUES_ADDED,
            'was "a" and is text',
            READS,
            MAY_FAIL,
        ),
        (TEXT, WHOLE, Kind.TYPE_CHANGED, "was text and is whole number", FAILS, FAILS),
        (
            WHOLE,
            REAL,
            Kind.TYPE_CHANGED,
            "whole numbers became numbers, written 1.0 where 1 was written",
            READS,
            FAILS,
        ),
        (REAL, WHOLE, Kind.TYPE_CHANGED, "numbers became whole numbers", FAILS, READS),
        (
            TEXT,
            {},
            Kind.TYPE_CHANGED,
            "was text, and now anything is allowed",
            READS,
            MAY_FAIL,
        ),
        (
            {},
            {**TEXT, "maxLength": 3},
            Kind.TYPE_CHANGED,
            "anything was allowed, and now text of at most 3 characters",
            MAY_FAIL,
            READS,
        ),
        (TEXT, {"anyOf": [TEXT, NULL]}, Kind.MEMBER_ADDED, "null is allowed too", READS, MAY_FAIL),
        (
            {"anyOf": [TEXT, NULL]},
            TEXT,
            Kind.MEMBER_REMOVED,
            "null is not allowed any more",
            MAY_FAIL,
            READS,
        ),
        (
            {"type": ["string", "null"]},
            TEXT,
            Kind.MEMBER_REMOVED,
            "null is not allowed any more",
            MAY_FAIL,
            READS,
        ),
        (
            {**TEXT, "format": "date"},
            TEXT,
            Kind.KEYWORD_CHANGED,
            'format was "date" and is not stated',
            MAY_FAIL,
            MAY_FAIL,
        ),
        (
            {"enum": ["a", 1]},
            {"enum": ["a", 1, 2]},
            Kind.VALUES_ADDED,
            "2 is allowed too",
            READS,
            MAY_FAIL,
        ),
        (
            {"type": "array", "prefixItems": [TEXT, WHOLE]},
            {"type": "array", "prefixItems": [TEXT]},
            Kind.TYPE_CHANGED,
            "a tuple of 2 became one of 1",
            FAILS,
            FAILS,
        ),
    ],
)
def test_what_changes_about_a_place_is_named(
    before: JsonValue, after: JsonValue, kind: Kind, what: str, stored: Reading, older: Reading
) -> None:
    """Each change says what it was and what it is, and how readers fare in both directions."""
    assert field(before, after) == [
        Change(path="x", kind=kind, what=what, stored=stored, older=older)
    ]


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"type": "array", "items": TEXT}, {"type": "array", "items": WHOLE}, "x[]"),
        (
            {"type": "object", "additionalProperties": TEXT},
            {"type": "object", "additionalProperties": WHOLE},
            "x{}",
        ),
        (
            {"type": "object", "propertyNames": TEXT},
            {"type": "object", "propertyNames": {**TEXT, "maxLength": 3}},
            "x{key}",
        ),
        (
            {"type": "object", "patternProperties": {"^a$": TEXT}},
            {"type": "object", "patternProperties": {"^a$": WHOLE}},
            "x{}",
        ),
        (
            {"type": "object", "patternProperties": {"^a$": TEXT}},
            {"type": "object", "patternProperties": {"^b$": TEXT}},
            "x{key}",
        ),
        (
            {"type": "array", "prefixItems": [TEXT, TEXT]},
            {"type": "array", "prefixItems": [TEXT, WHOLE]},
            "x[1]",
        ),
        ({**ONE_FIELD, "properties": {"x": TEXT}}, {**ONE_FIELD, "properties": {"x": REAL}}, "x.x"),
        (
            {"type": "object", "additionalProperties": True},
            {"type": "object", "additionalProperties": False},
            "x{}",
        ),
    ],
)
def test_a_place_inside_is_named_by_its_path(
    before: JsonValue, after: JsonValue, path: str
) -> None:
    """Items, entries, keys, places of tuples and fields of objects each have a path."""
    assert [each.path for each in field(before, after)] == [path]


class Colour(StrEnum):
    """A closed set."""

    RED = "red"


class Page(Part):
    """A part that is used in two places."""

    number: int
    text: str = ""


class Leaflet(Contract, version=1):
    """A leaflet."""

    title: str
    author: str = "nobody"
    cover: Page
    pages: tuple[Page, ...]


class Tree(Part):
    """A part that holds itself."""

    label: str
    branches: tuple["Tree", ...] = ()


class Described(Contract, name="Leaflet", version=1):
    """Nothing of what the first says."""

    title: str = Field(description="Other words.", title="Another title")
    author: str = "nobody"
    cover: Page
    pages: tuple[Page, ...]


def changes(new: type[Contract]) -> list[tuple[str, Kind, Reading, Reading]]:
    """Compare a class with the leaflet."""
    found = compare(schema_of(Leaflet), schema_of(new))
    return [(each.path, each.kind, each.stored, each.older) for each in found]


def test_words_are_no_change() -> None:
    """Titles and descriptions may be reworded."""
    assert changes(Described) == []


def test_a_new_field_needs_a_default() -> None:
    """With a default it is compatible both ways; without one no stored value is read."""

    class WithDefault(Leaflet, version=1):
        colour: Colour = Colour.RED

    class Required(Leaflet, version=1):
        colour: Colour

    assert changes(WithDefault) == [("colour", Kind.FIELD_ADDED, READS, READS)]
    assert changes(Required) == [("colour", Kind.FIELD_ADDED, FAILS, READS)]


def test_a_field_that_goes_is_missed_by_older_programs_that_need_it() -> None:
    """New readers ignore what they do not know; older ones miss what they cannot do without."""

    class Titled(Contract, name="Leaflet", version=1):
        title: str
        author: str = "nobody"
        pages: tuple[Page, ...]

    class Anonymous(Contract, name="Leaflet", version=1):
        title: str
        cover: Page
        pages: tuple[Page, ...]

    assert changes(Titled) == [("cover", Kind.FIELD_REMOVED, READS, FAILS)]
    assert changes(Anonymous) == [("author", Kind.FIELD_REMOVED, READS, READS)]


def test_a_field_under_another_name_is_taken_for_what_it_is() -> None:
    """A default would hide that everything stored under the old name is lost."""

    class Renamed(Contract, name="Leaflet", version=1):
        heading: str
        written_by: str = "nobody"
        cover: Page
        pages: tuple[Page, ...]

    found = compare(schema_of(Leaflet), schema_of(Renamed))

    assert [(each.path, each.what) for each in found] == [
        ("title", "seems to be called heading now"),
        ("author", "seems to be called written_by now"),
    ]
    assert [(each.stored, each.older) for each in found] == [(FAILS, FAILS), (LOSES, LOSES)]
    assert {each.verdict for each in found} == {Verdict.NEEDS_VERSION}


def test_a_field_may_become_optional_and_not_required() -> None:
    """A value stored before a field was there lacks it; a program writes every field it has."""

    class Optional(Leaflet, version=1):
        title: str = "untitled"

    class Required(Leaflet, version=1):
        author: str

    assert changes(Optional) == [("title", Kind.BECAME_OPTIONAL, READS, READS)]
    assert changes(Required) == [("author", Kind.BECAME_REQUIRED, MAY_FAIL, READS)]


def test_another_default_and_another_order_are_read_as_before() -> None:
    """Both are told, because values read or digest differently."""

    class Changed(Contract, name="Leaflet", version=1):
        author: str = "somebody"
        title: str
        cover: Page
        pages: tuple[Page, ...]

    assert changes(Changed) == [
        ("author", Kind.DEFAULT_CHANGED, READS, READS),
        ("", Kind.ORDER_CHANGED, READS, READS),
    ]


def test_a_part_in_two_places_is_told_once() -> None:
    """Every place is named, the change is not repeated."""

    class Numbered(Part):
        number: int = Field(ge=1)
        text: str = ""

    class Changed(Leaflet, version=1):
        cover: Numbered  # type: ignore[assignment]  # the point
        pages: tuple[Numbered, ...]  # type: ignore[assignment]  # the point

    [change] = compare(schema_of(Leaflet), schema_of(Changed))

    assert (change.path, change.also_at) == ("cover.number", ("pages[].number",))


def test_a_part_that_holds_itself_is_compared_once() -> None:
    """The walk ends, and finds the change where it first meets it."""

    def grown(**changes: Any) -> dict[str, Any]:
        schema: dict[str, Any] = Tree.model_json_schema()
        schema["$defs"]["Tree"]["properties"]["label"] |= changes
        return schema

    [change] = compare(grown(), grown(maxLength=3))

    assert (change.path, change.also_at) == ("label", ())


class Cat(Part):
    """One of two animals."""

    kind: Literal["cat"]
    lives: int


class Dog(Part):
    """The other."""

    kind: Literal["dog"]
    name: str


class Told(Contract, name="Animal", version=1):
    """Animals told apart by their kind."""

    animal: Annotated[Cat | Dog, Field(discriminator="kind")]


class Untold(Contract, name="Animal", version=1):
    """Animals told apart by trying."""

    animal: Cat | Dog


def test_members_of_a_union_are_matched_by_name() -> None:
    """A change inside one alternative is found in that alternative."""

    class Longer(Part):
        kind: Literal["dog"]
        name: Annotated[str, Field(max_length=9)]

    Longer.__name__ = "Dog"

    class Changed(Contract, name="Animal", version=1):
        animal: Longer | Cat

    [change] = compare(schema_of(Untold), schema_of(Changed))

    assert (change.path, change.kind) == ("animal<Dog>.name", Kind.TIGHTENED)


def test_a_discriminator_that_comes_may_refuse_stored_values() -> None:
    """Values that are told apart by a field have to have it."""
    [change] = compare(schema_of(Untold), schema_of(Told))

    assert (change.what, change.stored) == (
        "its alternatives are told apart by 'kind' now",
        MAY_FAIL,
    )
    assert compare(schema_of(Told), schema_of(Untold)) == ()


def test_a_contract_that_comes_to_refuse_unknown_fields_is_judged() -> None:
    """Older programs that refuse what they do not know read no value with a new field."""

    class Closed(Leaflet, version=1):
        model_config = ConfigDict(extra="forbid")

    class Grown(Leaflet, version=1):
        colour: str = ""

    [closing] = compare(schema_of(Leaflet), schema_of(Closed))
    found = compare(schema_of(Closed), schema_of(Grown))

    assert (closing.kind, closing.stored) == (Kind.KEYWORD_CHANGED, MAY_FAIL)
    assert [(each.kind, each.older) for each in found] == [
        (Kind.KEYWORD_CHANGED, MAY_FAIL),
        (Kind.FIELD_ADDED, FAILS),
    ]


def test_the_name_of_a_field_that_is_gone_stays_used_up() -> None:
    """Stored values hold what the field was; a new one of the name would read it."""

    class Anonymous(Contract, name="Leaflet", version=1):
        title: str
        cover: Page
        pages: tuple[Page, ...]

    class Returned(Anonymous, name="Leaflet", version=1):
        author: int = 0

    published = schema_of(Anonymous)
    gone = compare(schema_of(Leaflet), published)
    published[RETIRED] = list(retired(schema_of(Leaflet), gone))
    [change] = compare(published, schema_of(Returned))

    assert published[RETIRED] == ["author"]
    assert (change.kind, change.stored) == (Kind.FIELD_RETURNED, MAY_FAIL)
    assert retired(published, []) == ("author",)


@pytest.mark.parametrize(
    ("stored", "older", "verdict"),
    [
        (READS, READS, Verdict.COMPATIBLE),
        (READS, MAY_FAIL, Verdict.READERS_FIRST),
        (READS, LOSES, Verdict.NEEDS_VERSION),
        (READS, FAILS, Verdict.NEEDS_VERSION),
        (LOSES, READS, Verdict.NEEDS_VERSION),
        (MAY_FAIL, READS, Verdict.NEEDS_VERSION),
        (FAILS, READS, Verdict.NEEDS_VERSION),
    ],
)
def test_both_directions_are_judged(stored: Reading, older: Reading, verdict: Verdict) -> None:
    """An order of roll-out saves only readers that fail on what nobody needs to write yet."""
    change = Change(path="x", kind=Kind.TIGHTENED, what="it", stored=stored, older=older)
    harmless = Change(path="y", kind=Kind.ORDER_CHANGED, what="it")

    assert change.verdict is verdict
    assert gravest([harmless, change]) is verdict


def test_nothing_changed_is_compatible() -> None:
    """Without a change there is nothing to judge."""
    assert gravest([]) is Verdict.COMPATIBLE


@pytest.mark.parametrize("key", sorted(PUBLISHED.contracts))
def test_every_contract_is_like_itself(key: str) -> None:
    """The comparison understands every schema that is published."""
    schema = schema_of(PUBLISHED.get(key))

    assert compare(schema, schema) == ()


@pytest.mark.parametrize("beside", [{"maxLength": 3}, {"minLength": 2}])
def test_bounds_beside_a_reference_count(beside: dict[str, JsonValue]) -> None:
    """A keyword next to a reference holds together with those behind it."""

    def written(**beside: JsonValue) -> dict[str, JsonValue]:
        return {
            "$defs": {"Name": {"type": "string", "minLength": 1}},
            "type": "object",
            "required": ["x"],
            "properties": {"x": {"$ref": "#/$defs/Name", **beside}},
        }

    [change] = compare(written(), written(**beside))

    assert change.stored is MAY_FAIL
