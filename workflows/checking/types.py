"""What type a path into a contract has, as rules and fan-outs need to know it."""

import types
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, TypeAdapter
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

    low: int | None = None
    """The least a number can be."""

    high: int | None = None


def scalar_at(model: type[BaseModel], path: str) -> ScalarType:
    """Find the type of a scalar field.

    Raises:
        PathError: there is no such field, it may be missing, or it is no scalar.
    """
    field = _field(model, path)
    annotation = _plain(field.annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ScalarType(str, tuple(str(member.value) for member in annotation))
    if get_origin(annotation) is Literal and all(type(v) is str for v in get_args(annotation)):
        return ScalarType(str, get_args(annotation))
    if annotation is int:
        return ScalarType(int, (), *_bounds(field))
    for kind in (bool, str):
        if annotation is kind:
            return ScalarType(kind)
    if annotation is float:
        raise PathError(f"{path} is a fraction; rules compare whole numbers, text and enums")
    raise PathError(f"{path} is no scalar; compare one of its fields, or len({path})")


def text_judge(model: type[BaseModel], path: str) -> Callable[[str], bool]:
    """Say whether a text field may hold a text, by its length and pattern."""
    field = _field(model, path)
    annotated: Any = Annotated[(field.annotation, *(field.metadata or ("",)))]
    adapter: TypeAdapter[object] = TypeAdapter(annotated)
    return lambda text: not _fails(adapter, text)


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


def _fails(adapter: TypeAdapter[object], text: str) -> bool:
    try:
        adapter.validate_python(text)
    except ValueError:
        return True
    return False


def _bounds(field: FieldInfo) -> tuple[int | None, int | None]:
    low: list[int] = []
    high: list[int] = []
    for each in (*field.metadata, *getattr(field.annotation, "__metadata__", ())):
        match each:
            case Ge(ge=int() as bound):
                low.append(bound)
            case Gt(gt=int() as bound):
                low.append(bound + 1)
            case Le(le=int() as bound):
                high.append(bound)
            case Lt(lt=int() as bound):
                high.append(bound - 1)
    return max(low, default=None), min(high, default=None)


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
