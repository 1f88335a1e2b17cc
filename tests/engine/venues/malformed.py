"""Payloads made wrong in every way that can be thought of, out of one that is right. Shared by the venues' tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

Path = tuple[str | int, ...]
UNKNOWN_WORD = "no such word"
NOT_NUMBERS = ("NaN", "Infinity", "1,5", "", " 1")


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value inside a payload, with the way to it."""
    yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def shortened(value: Any) -> Any:
    """Two rows of every list are enough to make wrong."""
    if isinstance(value, dict):
        return {key: shortened(part) for key, part in value.items()}
    return [shortened(part) for part in value[:2]] if isinstance(value, list) else value


def put(payload: Any, path: Path, value: Any) -> Any:
    """A copy with another value at that place."""
    if not path:
        return value
    made = deepcopy(payload)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return made


def truncated(payload: Any) -> Iterator[bytes]:
    """Cut off at eleven places."""
    text = json.dumps(payload).encode()
    yield from (text[: len(text) * cut // 12] for cut in range(1, 12))


def of_wrong_type(payload: Any) -> Iterator[tuple[Path, bytes]]:
    """Each value in turn replaced by one of a type it cannot have."""
    for path, value in places(payload):
        wrong: Any = True if isinstance(value, list) else [[]]
        yield path, json.dumps(put(payload, path, wrong)).encode()


def of_unknown_words(payload: Any) -> Iterator[tuple[Path, bytes]]:
    """Each text in turn replaced by a word nobody knows."""
    for path, value in places(payload):
        if isinstance(value, str):
            yield path, json.dumps(put(payload, path, UNKNOWN_WORD)).encode()


def of_bad_numbers(payload: Any) -> Iterator[tuple[Path, bytes]]:
    """Each number written as text in turn replaced by what is none."""
    for path, value in places(payload):
        if isinstance(value, str) and is_number(value):
            yield from ((path, json.dumps(put(payload, path, text)).encode()) for text in NOT_NUMBERS)


def with_more_fields(payload: Any) -> bytes:
    """Every object with a field more, which the venue may add any day."""
    made = deepcopy(payload)
    for _, value in list(places(made)):
        if isinstance(value, dict):
            value["zz_new"] = {"some": ["thing"]}
    return json.dumps(made).encode()


def names(path: Path) -> str:
    """The last name on the way to a place."""
    return next((key for key in reversed(path) if isinstance(key, str)), "")


def names_within(payload: Any, name: str) -> tuple[str, ...]:
    """Every name below a part of the payload, that part's own included."""
    inside = payload.get(name) if isinstance(payload, dict) else None
    return (name, *(names(path) for path, _ in places(inside)))


def is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and text == text.strip()
    except ArithmeticError:
        return False


def same_figures(decoded: Any, payload: Any, path: str = "$") -> int:
    """What was decoded holds the payload's own values, each number as an exact decimal; returns how many.

    `decoded` is made of plain containers with the venue's names; fields that are not claimed are passed over.
    """
    if isinstance(payload, list):
        assert len(decoded) == len(payload), path
        return sum(same_figures(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(decoded, payload, strict=True)))
    if isinstance(payload, dict):
        return sum(same_figures(decoded[key], payload[key], f"{path}.{key}") for key in payload if key in decoded)
    if isinstance(payload, bool) or payload is None:
        assert decoded == payload, path
        return 0
    if isinstance(payload, int) or (isinstance(payload, str) and is_number(payload)):
        assert Decimal(decoded) == Decimal(payload), path
        return 1
    assert decoded == payload, path
    return 0


def refusals(variants: Iterator[tuple[Path, bytes]], refused: Callable[[bytes], bool]) -> dict[str, int]:
    """Names of the fields whose variants were taken all the same, with how often."""
    taken: dict[str, int] = {}
    for path, body in variants:
        if not refused(body):
            taken[names(path)] = taken.get(names(path), 0) + 1
    return taken
