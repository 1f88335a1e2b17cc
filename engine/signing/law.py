"""What a signing process signs, whatever the engine asks: its own operations, up to its own caps. Pure.

A second line behind the engine's risk screen: it knows no positions and no prices. What an order opens is its limit
price times its size. A sell may fill far above its limit, so no order counts for less than its share of the market's
size cap: half of what `size_most` allows counts as half of `order_most_usd`, however low the price.
Counterparts: `markets`, which makes a cap from what a profile says; `hour_file`, which keeps what was opened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import ROUND_UP, Context, Decimal
from typing import Annotated, get_args

import msgspec

from actors.domain import Venue
from engine.keys.key_file import Network
from engine.venues.signing import ZERO, Opening, Operation, Purpose, SigningRefused

SHARES = Context(prec=9, rounding=ROUND_UP)
"""A share is never rounded down, and a whole one stays one."""
HOUR_NS = 3_600_000_000_000
OPERATIONS: tuple[str, ...] = get_args(Operation)


class MarketCap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one request may open in one market: `size_most` in single tokens of `asset`.

    `market` is the market as it stands in what is signed, `unit` how many tokens 1 is there.
    """

    market: str
    asset: str
    unit: Decimal
    size_most: Decimal

    def __post_init__(self) -> None:
        _check_amount("size_most", self.size_most)
        if not self.unit.is_finite() or self.unit <= 0:
            raise ValueError(f"unit is {self.unit}: 1 is some tokens")


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one program whose instructions may be signed, and the file that describes them. For Drift alone."""

    program_id: str
    idl_file: str
    idl_sha256: str


class Caps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For one venue and account: notional that one request and a rolling hour may open, USD; leverage to be set.

    A market that is not among `markets` is not opened in, unless `any_market`, which a main network never has. With a
    leverage of 0 none is set.
    """

    venue: Venue
    network: Network
    account: str
    order_most_usd: Decimal
    hour_most_usd: Decimal
    leverage_most: Annotated[int, msgspec.Meta(ge=0, le=3)] = 3
    markets: tuple[MarketCap, ...] = ()
    any_market: bool = False
    program: Program | None = None

    def __post_init__(self) -> None:
        _check_amount("order_most_usd", self.order_most_usd)
        _check_amount("hour_most_usd", self.hour_most_usd)
        if self.any_market and self.network == "mainnet":
            raise ValueError("any_market: on a main network every market has a cap of its own")
        names = [cap.market for cap in self.markets]
        if len(dict.fromkeys(names)) < len(names):
            raise ValueError(f"a market has two caps: {', '.join(names)}")

    @property
    def reduces_only(self) -> bool:
        """Whether nothing can be opened, whatever is asked."""
        return not self.order_most_usd or not self.hour_most_usd


def _check_amount(name: str, amount: Decimal) -> None:
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{name} is {amount}: a cap is an amount from 0 on")


class Opened(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was let open `age_ns` ago, told to a process that takes over from one that ended."""

    age_ns: Annotated[int, msgspec.Meta(ge=0)]
    usd: Decimal

    def __post_init__(self) -> None:
        _check_amount("usd", self.usd)


class Law:
    """Judges one purpose after the other, and remembers what was opened within the hour."""

    def __init__(self, caps: Caps, opened: Iterable[Opened] = (), now_ns: int = 0) -> None:
        self._caps = caps
        self._markets = {cap.market: cap for cap in caps.markets}
        eldest_first = sorted(opened, key=lambda each: each.age_ns, reverse=True)
        self._opened = deque((now_ns - each.age_ns, each.usd) for each in eldest_first)

    def weigh(self, purpose: Purpose, now_ns: int) -> Decimal:
        """The USD it counts for, 0 when it only reduces; raises SigningRefused. `now_ns` never goes back."""
        if purpose.operation not in OPERATIONS:
            raise SigningRefused(f"operation {purpose.operation!r} is not allowed")
        if purpose.operation == "leverage" and not 1 <= (purpose.leverage or 0) <= self._caps.leverage_most:
            raise SigningRefused(f"leverage {purpose.leverage} is over the cap of {self._caps.leverage_most}")
        if not purpose.opens:
            return ZERO
        for opening in purpose.opens:
            _check_sense(opening)
        usd = max(purpose.opens_usd, self._share(purpose.opens) * self._caps.order_most_usd)
        self._check_usd(usd, now_ns)
        return usd

    def count(self, usd: Decimal, now_ns: int) -> None:
        """Remember what has been signed."""
        if usd:
            self._opened.append((now_ns, usd))

    def opened(self, now_ns: int) -> tuple[Opened, ...]:
        """What was opened within the last hour, the eldest first."""
        while self._opened and self._opened[0][0] <= now_ns - HOUR_NS:
            self._opened.popleft()
        return tuple(Opened(age_ns=now_ns - at_ns, usd=usd) for at_ns, usd in self._opened)

    def opened_usd(self, now_ns: int) -> Decimal:
        """The sum of it."""
        return sum((each.usd for each in self.opened(now_ns)), ZERO)

    def _share(self, opens: tuple[Opening, ...]) -> Decimal:
        """How much of the size caps it uses, from 0 to 1 a market, summed over the markets."""
        sizes: dict[str, Decimal] = {}
        for opening in opens:
            sizes[opening.market] = sizes.get(opening.market, ZERO) + opening.size
        return sum((self._share_of(market, size) for market, size in sizes.items()), ZERO)

    def _share_of(self, market: str, size: Decimal) -> Decimal:
        cap = self._markets.get(market)
        if cap is None:
            if self._caps.any_market:
                return ZERO
            raise SigningRefused(f"market {market} has no cap; give it one in sign_markets, with its own number")
        tokens = size * cap.unit
        if tokens > cap.size_most:
            raise SigningRefused(f"opens {tokens:f} {cap.asset}, over the cap of {cap.size_most:f} for one order")
        return SHARES.divide(tokens, cap.size_most)

    def _check_usd(self, usd: Decimal, now_ns: int) -> None:
        if usd > self._caps.order_most_usd:
            raise SigningRefused(f"opens {usd:f} USD, over the cap of {self._caps.order_most_usd} for one order")
        before = self.opened_usd(now_ns)
        if before + usd > self._caps.hour_most_usd:
            most = self._caps.hour_most_usd
            raise SigningRefused(f"opens {usd:f} USD after {before:f} within the hour, over the cap of {most}")


def _check_sense(opening: Opening) -> None:
    if not (opening.usd.is_finite() and opening.usd > 0 and opening.size.is_finite() and opening.size > 0):
        raise SigningRefused(f"opening {opening.size} for {opening.usd} USD makes no sense")
