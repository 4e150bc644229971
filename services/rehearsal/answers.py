"""Answers as trees: where in them which kind of value stands, and what its schema says there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

Schema = Mapping[str, JsonValue]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """One value within an answer."""

    path: Path
    value: JsonValue
    schema: Schema

    @property
    def choices(self) -> list[str]:
        """The texts that its schema lists; none where any text will do."""
        listed = self.schema.get("enum")
        return (
            [each for each in listed if isinstance(each, str)] if isinstance(listed, list) else []
        )


def places(answer: JsonValue, schema: Schema) -> Iterator[Place]:
    """Walk through an answer, containers before what is in them."""
    yield from _walk(answer, schema, schema, ())


def _walk(value: JsonValue, schema: Schema, root: Schema, path: Path) -> Iterator[Place]:
    schema = _resolved(schema, root)
    yield Place(path, value, schema)
    if isinstance(value, dict):
        properties = _schema(schema.get("properties"))
        for name, each in value.items():
            yield from _walk(each, _schema(properties.get(name)), root, (*path, name))
    if isinstance(value, list):
        items = _schema(schema.get("items"))
        for index, each in enumerate(value):
            yield from _walk(each, items, root, (*path, index))


def replaced(answer: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    """Copy an answer with another value at one place."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(answer, dict) and isinstance(key, str):
        return {**answer, key: replaced(answer[key], rest, value)}
    assert isinstance(answer, list), "a path leads through containers"
    assert isinstance(key, int), "items are numbered"
    return [replaced(each, rest, value) if at == key else each for at, each in enumerate(answer)]


def texts(value: JsonValue) -> Iterator[str]:
    """List every text in a tree, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    return _schema(_schema(root.get("$defs")).get(reference.rpartition("/")[2]))


def _schema(value: JsonValue) -> Schema:
    return value if isinstance(value, dict) else {}
