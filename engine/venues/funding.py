"""Every venue's funding rate as one thing: a signed fraction of notional per hour, positive when longs pay shorts.

Venues publish percent and fractions, per hour and per eight hours, signed or with the side that pays beside them: one
row a field (`rate_fields`) says which. Codecs call `per_hour` for every rate; `calibrated` decides whether a field may
be ranked (gate `funding_calibrated`). Counterpart: `engine.calibration`, which measures the rows against settled
payments; its findings are in `FUNDING.md` beside this. Pure.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, assert_never

from engine.venues.rate_fields import FIELDS, RateField, Unit

Payer = Literal["long", "short"]


class FundingMisread(ValueError):
    """A rate was read in a way its field does not allow: a defect of ours, not of the venue."""


def field_of(key: str) -> RateField:
    """The row of a field. Raises `FundingMisread` naming a key that has none."""
    found = FIELDS.get(key)
    if found is None:
        raise FundingMisread(f"{key}: no such funding field is known")
    return found


def per_hour(key: str, raw: Decimal, payer: Payer | None = None, *, price: Decimal | None = None) -> Decimal:
    """The rate as a signed fraction of notional per hour, positive when longs pay shorts.

    `payer` is the side that pays, for a field without a sign; `price` the venue's own price average in USD per
    venue unit, for a field in quote per base. Raises `FundingMisread` when one is missing or given in vain.
    """
    field = field_of(key)
    rate = raw * field.scale / field.interval_h
    match field.unit:
        case Unit.PERCENT:
            rate /= 100
        case Unit.QUOTE_PER_BASE:
            rate /= _price(key, price)
        case Unit.FRACTION:
            pass
        case _:
            assert_never(field.unit)
    if price is not None and field.unit is not Unit.QUOTE_PER_BASE:
        raise FundingMisread(f"{key}: is a {field.unit.value} and takes no price")
    return _signed(key, field, rate, payer)


def calibrated(key: str) -> bool:
    """Whether the field's unit, sign and hour have been checked against settled payments."""
    return bool(field_of(key).evidence)


def _price(key: str, price: Decimal | None) -> Decimal:
    if price is None or price <= 0:
        raise FundingMisread(f"{key}: is quote per base and needs the price average it is over, not {price}")
    return price


def _signed(key: str, field: RateField, rate: Decimal, payer: Payer | None) -> Decimal:
    if field.signed:
        if payer is not None:
            raise FundingMisread(f"{key}: carries its own sign and takes no payer")
        return rate
    if payer is None or rate < 0:
        raise FundingMisread(f"{key}: has no sign of its own; it needs the side that pays, and a rate of 0 or more")
    return rate if payer == "long" else -rate
