"""One value of every struct of a union, its fields filled by type; optional fields are filled too."""

from __future__ import annotations

import enum
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec


def sample_of(kind: Any, depth: int = 0) -> Any:
    """A value of the type; no field is left at its default."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return arguments[-1]
    if origin in (Union, UnionType):
        return sample_of(next(argument for argument in arguments if argument is not NoneType), depth)
    if origin is tuple:
        return (sample_of(arguments[0], depth),)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return kind(**{name: sample_of(hints[name], depth + 1) for name in kind.__struct_fields__})
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return list(kind)[-1]
    return {bool: True, int: 7, str: "text", Decimal: Decimal("-1.50")}[kind]
