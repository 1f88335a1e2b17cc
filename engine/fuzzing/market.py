"""The market of a drawn world: one fair price an asset, one look a venue, and turns that befall either.

Turns are data of their own, so that a failing world can be made smaller by leaving them out. Pure: every point depends
on its time alone. Counterparts: `draw`, which draws turns; `engine.simulators.market`, whose `Market` it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.simulators.market import DepthLevel, Gap, MarketPoint, Provenance
from engine.simulators.market.noise import key_of, uniform

NS_PER_S = 1_000_000_000
SHAPE = (("0", 1), ("1", 2), ("3", 4), ("6", 8), ("15", 40), ("60", 100), ("150", 200))
"""(bps beyond the touch, multiple of the touch size)."""
DIGITS = 8


class Look(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one market looks while nothing befalls it. Flows are other takers', USD a second; `touch_usd` the best level.

    `premium_bps` is the distance of its mid from the fair price.
    """

    venue: str
    asset: str
    premium_bps: Decimal
    spread_bps: Decimal = Decimal(2)
    touch_usd: Decimal = Decimal(30_000)
    bought_usd_per_s: Decimal = Decimal(0)
    sold_usd_per_s: Decimal = Decimal(0)
    open_interest_usd: Decimal = Decimal(300_000_000)


class _Turn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="turn"):
    """Something that befalls a market; an empty `venue` is every venue."""

    asset: str
    from_s: float
    to_s: float
    venue: str = ""


class Slide(_Turn, frozen=True, kw_only=True, tag="slide"):
    """The fair price is multiplied by `factor`, in a straight line between the two times, and stays there."""

    factor: Decimal


class Dry(_Turn, frozen=True, kw_only=True, tag="dry"):
    """Only this share of the book is left."""

    share: Decimal


class Wide(_Turn, frozen=True, kw_only=True, tag="wide"):
    """The spread is this wide."""

    spread_bps: Decimal


class Shifted(_Turn, frozen=True, kw_only=True, tag="shifted"):
    """The mid is this much further from the fair price: a premium, a flip of funding, a divergence."""

    premium_bps: Decimal


class Flow(_Turn, frozen=True, kw_only=True, tag="flow"):
    """Other takers buy and sell so much more, USD a second: resting orders fill, or are run over."""

    bought_usd_per_s: Decimal
    sold_usd_per_s: Decimal


class Silent(_Turn, frozen=True, kw_only=True, tag="silent"):
    """Nothing is known of the market: a gap."""


class Unwinding(_Turn, frozen=True, kw_only=True, tag="unwinding"):
    """Only this share of the open interest is left."""

    share: Decimal


Turn = Slide | Dry | Wide | Shifted | Flow | Silent | Unwinding


class TurnedMarket:
    """A `Market` of looks and turns; the fair price trembles by `wobble_bps` from second to second."""

    def __init__(
        self,
        *,
        seed: int,
        prices: dict[str, Decimal],
        looks: tuple[Look, ...],
        turns: tuple[Turn, ...],
        wobble_bps: float,
        start_ns: int,
    ) -> None:
        """`prices` are the fair ones at the start, USD."""
        self._prices, self._start_ns, self._wobble_bps = prices, start_ns, wobble_bps
        self._looks = {(look.venue, look.asset): look for look in looks}
        self._turns = {key: tuple(_of(turns, *key)) for key in self._looks}
        self._keys = {asset: key_of(seed, "wobble", asset) for asset in prices}

    @property
    def assets(self) -> tuple[str, ...]:
        return tuple(self._prices)

    @property
    def start_ns(self) -> int:
        return self._start_ns

    @property
    def end_ns(self) -> int | None:
        return None

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint | None:
        """The point of a time; None in a gap. Raises ValueError for a market that is not there."""
        look = self._looks.get((venue, asset))
        if look is None or at_ns < self._start_ns:
            raise ValueError(f"no market for {asset!r} on {venue!r} at {at_ns}")
        at_s = (at_ns - self._start_ns) / NS_PER_S
        fair = self._prices[asset] * self._wobble(asset, int(at_s))
        touch_usd = look.touch_usd
        for turn in self._turns[(venue, asset)]:
            now = turn.from_s <= at_s < turn.to_s
            match turn:
                case Slide() if at_s >= turn.from_s:
                    fair *= _slid(turn, at_s)
                case Silent() if now:
                    return None
                case Dry() if now:
                    touch_usd *= turn.share
                case Wide() if now:
                    look = msgspec.structs.replace(look, spread_bps=turn.spread_bps)
                case Shifted() if now:
                    look = msgspec.structs.replace(look, premium_bps=look.premium_bps + turn.premium_bps)
                case Flow() if now:
                    look = msgspec.structs.replace(
                        look,
                        bought_usd_per_s=look.bought_usd_per_s + turn.bought_usd_per_s,
                        sold_usd_per_s=look.sold_usd_per_s + turn.sold_usd_per_s,
                    )
                case Unwinding() if now:
                    look = msgspec.structs.replace(look, open_interest_usd=look.open_interest_usd * turn.share)
                case _:
                    pass
        return _point(look, _short(fair), touch_usd, at_ns)

    def _wobble(self, asset: str, second: int) -> Decimal:
        drawn = uniform(self._keys[asset], second) * 2 - 1
        return 1 + Decimal(f"{self._wobble_bps * drawn / 10_000:.6f}")

    def gaps(self) -> tuple[Gap, ...]:
        return ()

    def provenance(self) -> tuple[Provenance, ...]:
        return ()


def _of(turns: tuple[Turn, ...], venue: str, asset: str) -> Iterator[Turn]:
    return (turn for turn in turns if turn.asset == asset and turn.venue in ("", venue))


def _slid(slide: Slide, at_s: float) -> Decimal:
    if at_s >= slide.to_s:
        return slide.factor
    done = Decimal(f"{(at_s - slide.from_s) / (slide.to_s - slide.from_s):.6f}")
    return 1 + (slide.factor - 1) * done


def _short(value: Decimal) -> Decimal:
    return Decimal(f"{value:.{DIGITS}g}")


def _point(look: Look, fair: Decimal, touch_usd: Decimal, at_ns: int) -> MarketPoint:
    premium = look.premium_bps / 10_000
    touch = _short(touch_usd / fair)
    return MarketPoint(
        at_ns=at_ns,
        venue=look.venue,
        asset=look.asset,
        mid=_short(fair * (1 + premium)),
        oracle=fair,
        spread_bps=look.spread_bps,
        depth=tuple(DepthLevel(bps=Decimal(bps), size=touch * times) for bps, times in SHAPE),
        premium=premium,
        open_interest=_short(look.open_interest_usd / fair),
        taker_buy_per_s=_short(look.bought_usd_per_s / fair),
        taker_sell_per_s=_short(look.sold_usd_per_s / fair),
    )
