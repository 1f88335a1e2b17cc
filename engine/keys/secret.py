"""A text that does not show: not printed, not pickled, not written as JSON. It is read by `reveal()` alone.

This guards against mistakes (logs, tracebacks, reports), not against code in the same process; the memory is not
wiped, for Python cannot. Hence the signing process, whose memory the engine does not share.
"""

from __future__ import annotations

import hmac
from typing import NoReturn

HIDDEN = "<secret>"


class Secret:
    """Not empty. Raises ValueError."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        if not text:
            raise ValueError("a secret is not empty")
        self.__text = text

    def reveal(self) -> str:
        """The text itself."""
        return self.__text

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.__text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")
