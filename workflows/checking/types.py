"""What type a path into a contract has, as rules and fan-outs need to know it."""

import types
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo


class PathError(ValueError):
    """A path leads nowhere or to something that a rule cannot use; the message says which."""


@dataclass(frozen=True)
class ListType:
    """A list field: its elements' model and how many there may be."""

    element: type[BaseModel]
    at_least: int
    at_most: int | None


@dataclass(frozen=True)
class ScalarType:
    """A field that can be compared with literals."""

    kind: type[bool] | type[int] | type[str]
    values: tuple[str, ...] = ()
    """The members of an enum; empty for free text and numbers."""


def scalar_at(model: type[BaseModel], path: str) -> ScalarType:
    """Find the type of a scalar field.

    Raises:
        PathError: there is no such field, it may be missing, or it is no scalar.
    """
    annotation = _annotation(model, path)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ScalarType(str, tuple(str(member.value) for member in annotation))
    for kind in (bool, int, str):
        if annotation is kind:
            return ScalarType(kind)
    if annotation is float:
        raise PathError(f"{path} is a fraction; rules compare whole numbers, text and enums")
    raise PathError(f"{path} is no scalar; compare one of its fields, or len({path})")


def list_at(model: type[BaseModel], path: str) -> ListType:
    """Find the type of a list field.

    Raises:
        PathError: there is no such field or it is no list of parts.
    """
    field = _field(model, path)
    annotation = _plain(field.annotation)
    if get_origin(annotation) is not tuple:
        raise PathError(f"{path} is no list")
    element = _plain(get_args(annotation)[0])
    if not (isinstance(element, type) and issubclass(element, BaseModel)):
        element = BaseModel
    low = next((each.min_length for each in field.metadata if isinstance(each, MinLen)), 0)
    high = next((each.max_length for each in field.metadata if isinstance(each, MaxLen)), None)
    return ListType(element, low, high)


def _annotation(model: type[BaseModel], path: str) -> Any:  # noqa: ANN401  a type expression
    return _plain(_field(model, path).annotation)


def _field(model: type[BaseModel], path: str) -> FieldInfo:
    current: Any = model
    *parents, last = path.split(".")
    for name in parents:
        current = _plain(_get(current, name, path).annotation)
    return _get(current, last, path)


def _get(model: Any, name: str, path: str) -> FieldInfo:  # noqa: ANN401  a type expression
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise PathError(f"{path} goes through something that has no fields")
    field = model.model_fields.get(name)
    if field is None:
        known = ", ".join(model.model_fields)
        raise PathError(f"{model.__name__} has no field {name!r}; it has {known}")
    if _may_be_none(field.annotation):
        raise PathError(f"{path} may be missing, and a rule cannot look at presence")
    return field


def _plain(annotation: Any) -> Any:  # noqa: ANN401  a type expression
    """Take the constraints off a type expression."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _may_be_none(annotation: Any) -> bool:  # noqa: ANN401  a type expression
    union = get_origin(annotation) in (Union, types.UnionType)
    return union and type(None) in get_args(annotation)
