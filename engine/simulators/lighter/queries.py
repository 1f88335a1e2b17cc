"""Reading the parameters of a GET request, and cutting an answer into pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.simulators.lighter.refusals import INVALID_PARAM, Refused
from engine.simulators.lighter.words import Row

Query = Mapping[str, str]
MOST_ROWS = 100
MOST_DIGITS = 20
MS_FROM = 100_000_000_000
"""A time above this is in milliseconds: clients of the venue send both."""


def number_of(query: Query, name: str, otherwise: int | None = None) -> int:
    """A whole number. Raises `Refused` when it is missing without a default, or none."""
    text = query.get(name, "")
    if not text and otherwise is not None:
        return otherwise
    if not text.removeprefix("-").isdecimal() or len(text) > MOST_DIGITS:
        raise Refused(INVALID_PARAM, f" : {name}")
    return int(text)


def limit_of(query: Query, most: int = MOST_ROWS) -> int:
    """`limit` within 1 and `most`. Raises `Refused`."""
    limit = number_of(query, "limit")
    if not 1 <= limit <= most:
        raise Refused(INVALID_PARAM, f" : limit should be between 1 and {most}")
    return limit


def window_of(query: Query) -> tuple[int, int]:
    """`start_timestamp` and `end_timestamp` in seconds, however they were given. Raises `Refused`."""
    times = [number_of(query, name) for name in ("start_timestamp", "end_timestamp")]
    begin, end = (value // 1000 if value > MS_FROM else value for value in times)
    if end < begin:
        raise Refused(INVALID_PARAM, " : end_timestamp must be greater than start_timestamp")
    return begin, end


def page(rows: Sequence[Row], query: Query) -> tuple[list[Row], Row]:
    """The rows of this page, and `next_cursor` where there are more; cursors are opaque to clients."""
    limit, start = limit_of(query), number_of(query, "cursor", 0)
    end = start + limit
    return list(rows[start:end]), ({"next_cursor": str(end)} if end < len(rows) else {})
