"""Plain data into frozen dataclasses, strictly. Says only whether it fits; others say what is wrong.

It does what a validation library does, for the few shapes the catalogue has, and spares a start its
import.
"""

from collections.abc import Hashable
from dataclasses import is_dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import TypeVar, cast, get_args, get_origin, get_type_hints

_Made = TypeVar("_Made")
_PLAIN = (str, int, bool, date)


class MisfitError(Exception):
    """The data doesn't have the shape that was asked for."""


def load_dataclass(kind: type[_Made], data: object) -> _Made:
    """Make a dataclass from a table.

    Args:
        kind: a dataclass of texts, whole numbers, truth values, days, tuples and dataclasses.
        data: as `tomllib` reads it.

    Returns:
        The dataclass; left out are fields with a default only.

    Raises:
        MisfitError: a field is missing, unknown, or of another type.
    """
    # A class is hashable; mypy doesn't see it of a type variable's.
    hints = _read_hints(cast("Hashable", kind))
    if not isinstance(data, dict) or not data.keys() <= hints.keys():
        raise MisfitError
    try:
        return kind(**{name: _load(hints[name], value) for name, value in data.items()})
    except TypeError as error:  # a field without a default is missing
        raise MisfitError from error


@cache
def _read_hints(kind: Hashable) -> dict[str, object]:
    return get_type_hints(kind)


def _load(kind: object, value: object) -> object:
    if isinstance(kind, UnionType):
        [inner] = [one for one in get_args(kind) if one is not NoneType]
        return _load(inner, value)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise MisfitError
        return tuple(_load(get_args(kind)[0], one) for one in value)
    if isinstance(kind, type) and is_dataclass(kind):
        return load_dataclass(kind, value)
    # By the exact type, because a truth value is a whole number to `isinstance`.
    if kind in _PLAIN and type(value) is kind:
        return value
    raise MisfitError
