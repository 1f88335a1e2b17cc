"""The rows behind `engine.venues.funding`: one for each field in which a venue tells a funding rate. Data alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from actors.domain import ONE


class Unit(StrEnum):
    """What one unit of a field is."""

    FRACTION = "fraction"
    PERCENT = "percent"
    QUOTE_PER_BASE = "quote_per_base"


class PriceBase(StrEnum):
    """The price by which the venue turns a rate into money."""

    ORACLE = "oracle"
    MARK = "mark"
    TWAP = "twap"
    NOT_VERIFIED = "not_verified"


class Meaning(StrEnum):
    """What the figure is about: the last settlement, the running estimate of the coming one, or our own payment."""

    LAST_PAID = "last_paid"
    FORMING = "forming"
    PREDICTED = "predicted"
    AVERAGE = "average"
    OWN_PAYMENT = "own_payment"


class RateField(msgspec.Struct, frozen=True, kw_only=True):
    """How one field of one endpoint is read.

    `scale` turns the figure as written into `unit`, which covers `interval_h` hours. A field without a sign
    (`signed` false) is told together with the side that pays. `evidence` names the data and dates that settled
    payments were checked against; empty means that nobody has.
    """

    unit: Unit
    meaning: Meaning
    price_base: PriceBase
    source: str
    interval_h: int = 1
    signed: bool = True
    scale: Decimal = ONE
    evidence: str = ""


_HYPERLIQUID_PAGE = 'HL docs, "Funding", 2025-11'
_PACIFICA_PAGE = 'Pacifica docs, "Funding rates", 2025-11'
_LIGHTER_PAGE = "docs.lighter.xyz/trading/funding, 2025-11"
_DRIFT_PAGE = "driftpy 0.8.89 and protocol-v2 2.162, math/funding"
_NANO = Decimal("1e-9")

FIELDS: Mapping[str, RateField] = {
    "hyperliquid/ctx.funding": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.FORMING,
        price_base=PriceBase.ORACLE,
        source=f"{_HYPERLIQUID_PAGE}: the estimate for the coming hour, already divided by eight",
        evidence="hour means of 2026-01-02..06 against the settled rates: correlation 0.99, same unit",
    ),
    "hyperliquid/fundingHistory.fundingRate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.ORACLE,
        source=f"{_HYPERLIQUID_PAGE}; hourly since 2023-06-08, every eight hours before",
        evidence="77,370 settlements of 2024-01-01..2026-07-31 follow from their premium",
    ),
    "hyperliquid/userFunding.delta.fundingRate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.OWN_PAYMENT,
        price_base=PriceBase.ORACLE,
        source=f"{_HYPERLIQUID_PAGE}; the same hour's rate as in fundingHistory",
        evidence="payments of 2023-04-20 and 2023-04-25: money, size, price and sign agree",
    ),
    "hyperliquid/predictedFundings.fundingRate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.PREDICTED,
        price_base=PriceBase.ORACLE,
        source=f"{_HYPERLIQUID_PAGE}: HlPerp, of fundingIntervalHours (1); nextFundingTime is the hour just settled",
    ),
    "pacifica/prices.funding": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.NOT_VERIFIED,
        source=f"{_PACIFICA_PAGE}: the rate paid for the past hour",
        evidence="hours of 2026-01-02..06: constant, resting at the interest part; one payment agrees",
    ),
    "pacifica/prices.next_funding": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.FORMING,
        price_base=PriceBase.NOT_VERIFIED,
        source=f"{_PACIFICA_PAGE}: the estimate of the coming hour",
    ),
    "pacifica/info.funding_rate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.NOT_VERIFIED,
        source=_PACIFICA_PAGE,
    ),
    "pacifica/info.next_funding_rate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.FORMING,
        price_base=PriceBase.NOT_VERIFIED,
        source=_PACIFICA_PAGE,
    ),
    "pacifica/funding_rate_history.funding_rate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.NOT_VERIFIED,
        source=_PACIFICA_PAGE,
    ),
    "pacifica/funding_history.rate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.OWN_PAYMENT,
        price_base=PriceBase.NOT_VERIFIED,
        source=f"{_PACIFICA_PAGE}; a short with a positive rate was paid",
    ),
    "lighter/market_stats.current_funding_rate": RateField(
        unit=Unit.PERCENT,
        meaning=Meaning.FORMING,
        price_base=PriceBase.NOT_VERIFIED,
        source=f"{_LIGHTER_PAGE}: the estimate of the coming payment",
        evidence="frames of 2025-11-03: 100 markets against the next payment, 0.9999",
    ),
    "lighter/market_stats.funding_rate": RateField(
        unit=Unit.PERCENT,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.NOT_VERIFIED,
        source=f"{_LIGHTER_PAGE}: the last payment",
        evidence="frames of 2025-11-01..03 and the payments of 2026-05-13",
    ),
    "lighter/fundings.rate": RateField(
        unit=Unit.PERCENT,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.NOT_VERIFIED,
        signed=False,
        source=f"{_LIGHTER_PAGE}: without a sign; `direction` is the side that pays",
        evidence="the payments of 2026-05-13: value of one token over its price",
    ),
    "lighter/funding-rates.rate": RateField(
        unit=Unit.FRACTION,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.NOT_VERIFIED,
        interval_h=8,
        source=f"{_LIGHTER_PAGE}: rows of exchange lighter, as of eight hours",
    ),
    "lighter/positionFunding.rate": RateField(
        unit=Unit.PERCENT,
        meaning=Meaning.OWN_PAYMENT,
        price_base=PriceBase.NOT_VERIFIED,
        source="Lighter OpenAPI, PositionFunding, 2026-07-19; unit and sign not verified",
    ),
    "drift/perp_market.amm.last_funding_rate": RateField(
        unit=Unit.QUOTE_PER_BASE,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.TWAP,
        scale=_NANO,
        source=f"{_DRIFT_PAGE}: quote per base in 1e-9, over the oracle's hourly average",
    ),
    "drift/perp_market.amm.last_funding_rate_long": RateField(
        unit=Unit.QUOTE_PER_BASE,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.TWAP,
        scale=_NANO,
        source=f"{_DRIFT_PAGE}: what longs paid; the receiving side may be capped",
    ),
    "drift/perp_market.amm.last_funding_rate_short": RateField(
        unit=Unit.QUOTE_PER_BASE,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.TWAP,
        scale=_NANO,
        source=f"{_DRIFT_PAGE}: what shorts received; the receiving side may be capped",
    ),
    "drift/perp_market.amm.last24h_avg_funding_rate": RateField(
        unit=Unit.QUOTE_PER_BASE,
        meaning=Meaning.AVERAGE,
        price_base=PriceBase.TWAP,
        scale=_NANO,
        source=f"{_DRIFT_PAGE}: a day's mean of hourly rates",
    ),
    "drift/driftpy.calculate_long_short_funding": RateField(
        unit=Unit.PERCENT,
        meaning=Meaning.FORMING,
        price_base=PriceBase.TWAP,
        scale=Decimal("1e-6"),
        source=f"{_DRIFT_PAGE}: percent per hour times 1e6, for each side",
    ),
    "drift/FundingRateRecord.funding_rate": RateField(
        unit=Unit.QUOTE_PER_BASE,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.TWAP,
        scale=_NANO,
        source=f"{_DRIFT_PAGE}: over the record's own oracle_price_twap",
    ),
    "drift/data_api.fundingRates.fundingRate": RateField(
        unit=Unit.QUOTE_PER_BASE,
        meaning=Meaning.LAST_PAID,
        price_base=PriceBase.TWAP,
        scale=_NANO,
        source="data.api.drift.trade, /fundingRates: over the row's oraclePriceTwap; no recorded body, not verified",
    ),
}
"""How each field is read, by `venue/endpoint.field`. A new row with evidence needs a check in `engine.calibration`."""
