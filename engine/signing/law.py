"""What a signing process signs, whatever the engine asks: its own operations, up to its own caps. Pure.

A second line behind the engine's risk screen: it knows no positions and no prices. What an order opens is its limit
price times its size, so a sell far below the market counts for less than it may fill at; the engine's price caps are
what bounds that.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Annotated, get_args

import msgspec

from actors.domain import Venue
from engine.keys.key_file import Network
from engine.venues.signing import ZERO, Operation, Purpose, SigningRefused

HOUR_NS = 3_600_000_000_000
OPERATIONS: tuple[str, ...] = get_args(Operation)


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For one venue and account: notional that one request and a rolling hour may open, USD; leverage to be set."""

    venue: Venue
    network: Network
    account: str
    order_most_usd: Decimal
    hour_most_usd: Decimal
    leverage_most: Annotated[int, msgspec.Meta(ge=1, le=3)] = 3

    def __post_init__(self) -> None:
        for name in ("order_most_usd", "hour_most_usd"):
            usd: Decimal = getattr(self, name)
            if not usd.is_finite() or usd < 0:
                raise ValueError(f"{name} is {usd}: a cap is an amount from 0 on")


class Opened(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Notional signed for `age_ns` ago, told to a process that takes over from one that ended."""

    age_ns: int
    usd: Decimal


class Law:
    """Judges one purpose after the other, and remembers what it let open."""

    def __init__(self, caps: Caps, opened: tuple[Opened, ...] = (), now_ns: int = 0) -> None:
        self._caps = caps
        self._opened = deque((now_ns - each.age_ns, each.usd) for each in opened)
        self._opened_usd = sum((each.usd for each in opened), ZERO)

    def allow(self, purpose: Purpose, now_ns: int) -> None:
        """Count what it opens, or raise SigningRefused and count nothing. `now_ns` never goes back."""
        if purpose.operation not in OPERATIONS:
            raise SigningRefused(f"operation {purpose.operation!r} is not allowed")
        if purpose.operation == "leverage" and not 1 <= (purpose.leverage or 0) <= self._caps.leverage_most:
            raise SigningRefused(f"leverage {purpose.leverage} is over the cap of {self._caps.leverage_most}")
        if not purpose.opens_usd.is_finite() or purpose.opens_usd < 0:
            raise SigningRefused(f"opening {purpose.opens_usd} USD makes no sense")
        if purpose.opens_usd:
            self._open(purpose.opens_usd, now_ns)

    def _open(self, usd: Decimal, now_ns: int) -> None:
        if usd > self._caps.order_most_usd:
            raise SigningRefused(f"opens {usd:f} USD, over the cap of {self._caps.order_most_usd} for one order")
        before = self.opened_usd(now_ns)
        if before + usd > self._caps.hour_most_usd:
            most = self._caps.hour_most_usd
            raise SigningRefused(f"opens {usd:f} USD after {before:f} within the hour, over the cap of {most}")
        self._opened.append((now_ns, usd))
        self._opened_usd += usd

    def opened_usd(self, now_ns: int) -> Decimal:
        """Notional it let open within the last hour."""
        while self._opened and self._opened[0][0] <= now_ns - HOUR_NS:
            self._opened_usd -= self._opened.popleft()[1]
        return self._opened_usd
