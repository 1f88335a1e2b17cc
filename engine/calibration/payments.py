"""Single payments that venues made: does size times price times the rate, as we read it, give the money? Pure.

The figures are typed from published answers; each says where from. A reference price that is not the settlement's own
cannot prove a rate to the cent, but it shows a wrong unit (8, 100) or a wrong sign at once.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.venues.funding import Payer, per_hour

TOLERANCE = Decimal("0.1")
"""A reference price may be days from the settlement."""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """`raw` rate of `key` on a `size` (negative = short) at about `price`; `received_usd` negative = paid.

    `times`: settlements that the row sums up.
    """

    key: str
    raw: Decimal
    size: Decimal
    price: Decimal
    received_usd: Decimal
    source: str
    payer: Payer | None = None
    times: int = 1


D = Decimal
PAYMENTS = (
    Payment(
        key="hyperliquid/userFunding.delta.fundingRate",
        raw=D("0.00010081"),
        size=D("-0.68582"),
        price=D("28799"),
        received_usd=D("5.950454"),
        times=3,
        source="BTC 2023-04-20, three settlements in one row (SDK test recording, 2024-02-20); Binance's mean price",
    ),
    Payment(
        key="hyperliquid/userFunding.delta.fundingRate",
        raw=D("-0.00078047"),
        size=D("21.22213333"),
        price=D("1831"),
        received_usd=D("90.199859"),
        times=3,
        source="ETH 2023-04-25, the same recording; Binance's mean price",
    ),
    Payment(
        key="pacifica/prices.funding",
        raw=D("0.0000125"),
        size=D("0.00022"),
        price=D("87232.7"),
        received_usd=D("-0.00023989"),
        source="BTC long, `funding` of the position after one settlement (notes in a public connector)",
    ),
    Payment(
        key="lighter/fundings.rate",
        raw=D("0.0012"),
        payer="long",
        size=D("1"),
        price=D("2361.31"),
        received_usd=D("-0.02707872"),
        source="ETH 2026-05-13 20h, `value` of one token; last trade of 2026-05-05",
    ),
    Payment(
        key="lighter/fundings.rate",
        raw=D("0.0002"),
        payer="short",
        size=D("1"),
        price=D("2361.31"),
        received_usd=D("0.00452778"),
        source="ETH 2026-05-13 21h, `value` of one token; last trade of 2026-05-05",
    ),
)


def ratio(payment: Payment) -> Decimal:
    """The money as the row tells it over the money as we compute it; 1 when unit and sign are read rightly."""
    rate = per_hour(payment.key, payment.raw, payment.payer)
    return payment.received_usd / (-payment.size * payment.price * rate * payment.times)


def agrees(payment: Payment) -> bool:
    """Within the tolerance of a reference price, sign included."""
    return abs(ratio(payment) - 1) <= TOLERANCE


def payments_of(key: str) -> tuple[Payment, ...]:
    """The payments known of a field."""
    return tuple(payment for payment in PAYMENTS if payment.key == key)
