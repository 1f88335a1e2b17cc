"""One listed perpetual: its lattice of prices and sizes, its margin terms and its fees."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import lru_cache

import msgspec


class InstrumentSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of one perpetual market.

    A price is on the lattice when it is a multiple of `tick` (if given), has at most `max_decimals` decimals,
    and at most `significant_figures` significant figures (if given; whole numbers are always allowed, as on
    Hyperliquid: docs, "Tick and lot size", 2025-11).
    """

    asset: str
    lot: Decimal
    tick: Decimal | None
    significant_figures: int | None
    max_decimals: int
    min_notional_usd: Decimal
    max_leverage: int
    maintenance_fraction: Decimal
    """Of notional. Half the initial margin at max leverage on both venues: 1 / (2 x max_leverage)."""
    impact_notional_usd: Decimal
    """Order size behind the impact prices of the funding premium."""

    def price_step(self, price: Decimal) -> Decimal:
        """Distance between neighbouring lattice prices around `price` (> 0)."""
        return _price_step(self.tick, self.significant_figures, self.max_decimals, price.adjusted())

    def price_fits(self, price: Decimal) -> bool:
        return price % self.price_step(price) == 0

    def size_fits(self, size: Decimal) -> bool:
        return size % self.lot == 0

    def floor_price(self, price: Decimal) -> Decimal:
        return to_step(price, self.price_step(price), ROUND_FLOOR)

    def ceil_price(self, price: Decimal) -> Decimal:
        return to_step(price, self.price_step(price), ROUND_CEILING)

    def nearest_price(self, price: Decimal) -> Decimal:
        return to_step(price, self.price_step(price), ROUND_HALF_EVEN)

    def floor_size(self, size: Decimal) -> Decimal:
        return to_step(size, self.lot, ROUND_FLOOR)


class FeeSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """Fractions of notional; a negative maker fee is a rebate."""

    taker: Decimal
    maker: Decimal


@lru_cache(maxsize=4096)
def _price_step(tick: Decimal | None, figures: int | None, max_decimals: int, adjusted: int) -> Decimal:
    step = Decimal(1).scaleb(-max_decimals)
    if figures is not None:
        step = max(step, min(Decimal(1), Decimal(1).scaleb(adjusted - figures + 1)))
    return step if tick is None else max(step, tick)


def to_step(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    """`value` as a multiple of `step`. A power of ten is one quantize; anything else is counted in steps."""
    return stepper(step, rounding)(value)


@lru_cache(maxsize=4096)
def stepper(step: Decimal, rounding: str) -> Callable[[Decimal], Decimal]:
    """`to_step` for many values of one lattice."""
    if step.as_tuple().digits == (1,):
        return lambda value: value.quantize(step, rounding=rounding)
    return lambda value: (value / step).to_integral_value(rounding=rounding) * step
