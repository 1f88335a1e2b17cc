"""The program's integers and the exchange's decimals: prices of 1e-6, sizes of 1e-9, money of 1e-6."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from engine.venues.drift.wire import BASE_DECIMALS, FUNDING_RATE_DECIMALS, PRICE_DECIMALS, QUOTE_DECIMALS

PRICE_UNIT = 10**PRICE_DECIMALS
BASE_UNIT = 10**BASE_DECIMALS
QUOTE_UNIT = 10**QUOTE_DECIMALS
RATE_UNIT = 10**FUNDING_RATE_DECIMALS
BASE_TIMES_PRICE = BASE_UNIT * PRICE_UNIT // QUOTE_UNIT
"""What size x price is divided by to be money."""
PAYMENT_UNIT = BASE_UNIT * RATE_UNIT // QUOTE_UNIT
"""What size x cumulative rate is divided by to be money: 1e12."""


def whole(value: Decimal, unit: int) -> int:
    """The nearest integer of a decimal in a unit."""
    return int((value * unit).to_integral_value(rounding=ROUND_HALF_EVEN))


def price_units(price: Decimal) -> int:
    """USD to 1e-6 USD."""
    return whole(price, PRICE_UNIT)


def base_units(size: Decimal) -> int:
    """Base to 1e-9 base, signed."""
    return whole(size, BASE_UNIT)


def quote_units(usd: Decimal) -> int:
    """USD to 1e-6 USD, signed."""
    return whole(usd, QUOTE_UNIT)


def rate_units(usd_per_base: Decimal) -> int:
    """Quote per base to 1e-9, signed."""
    return whole(usd_per_base, RATE_UNIT)


def to_price(units: int) -> Decimal:
    """1e-6 USD to USD."""
    return Decimal(units).scaleb(-PRICE_DECIMALS)


def to_base(units: int) -> Decimal:
    """1e-9 base to base."""
    return Decimal(units).scaleb(-BASE_DECIMALS)


def towards_zero(numerator: int, denominator: int) -> int:
    """Division as the program's integers do it."""
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient


def on_tick(price: Decimal, tick: Decimal, *, is_buy: bool) -> Decimal:
    """A price on the market's lattice, rounded to the order's disadvantage (protocol-v2, standardize_price)."""
    steps = (price / tick).to_integral_value(rounding=ROUND_FLOOR if is_buy else ROUND_CEILING)
    return steps * tick
