"""A PerpMarket's account in our values: which fields are needed, and how its oracle is read.

Counterparts: `sdk_accounts`, which is given the account; `sdk_fields`, which finds the places.
"""

from __future__ import annotations

from typing import Any

from engine.venues.drift.sdk_fields import Fields
from engine.venues.drift.values import MarketValue
from engine.venues.link import FrameError

_SOURCE, _TWAP = "amm.oracleSource", "amm.lastFundingOracleTwap"
_ORACLE_TWAP = "amm.historicalOracleData.lastOraclePriceTwap"
_INTEGERS = {
    "index": "marketIndex",
    "paused_operations": "pausedOperations",
    "oracle_price": "amm.historicalOracleData.lastOraclePrice",
    "step": "amm.orderStepSize",
    "tick": "amm.orderTickSize",
    "order_least": "amm.minOrderSize",
    "ratio_initial": "marginRatioInitial",
    "ratio_maintenance": "marginRatioMaintenance",
    "fee_adjustment": "feeAdjustment",
    "base_reserve": "amm.baseAssetReserve",
    "quote_reserve": "amm.quoteAssetReserve",
    "peg": "amm.pegMultiplier",
    "base_long": "amm.baseAssetAmountLong",
    "base_short": "amm.baseAssetAmountShort",
    "rate": "amm.lastFundingRate",
    "rate_long": "amm.lastFundingRateLong",
    "rate_short": "amm.lastFundingRateShort",
    "rate_ts": "amm.lastFundingRateTs",
    "cumulative_long": "amm.cumulativeFundingRateLong",
    "cumulative_short": "amm.cumulativeFundingRateShort",
    "social_loss": "amm.totalSocialLoss",
}


class MarketFields:
    """What the adapter needs of a PerpMarket, by one IDL."""

    def __init__(self, idl_file: str) -> None:
        """Raises as `Fields` does."""
        names = ("name", "status", "amm.oracle", _SOURCE, _TWAP, _ORACLE_TWAP, *_INTEGERS.values())
        self._fields = Fields(idl_file, "PerpMarket", names)

    def read(self, raw: bytes) -> tuple[MarketValue, str]:
        """The market, and the word for how its oracle is read. Raises FrameError."""
        try:
            found = self._fields.read(raw)
        except ValueError as error:
            raise FrameError("account/PerpMarket", f"cannot be read: {error}") from error
        integers = {ours: found[theirs] for ours, theirs in _INTEGERS.items()}
        market = MarketValue(
            name=found["name"].decode(errors="replace").strip(),
            status=found["status"],
            oracle=found["amm.oracle"],
            funding_twap=found[_TWAP] or found[_ORACLE_TWAP],
            **integers,
        )
        return market, found[_SOURCE]


def oracle_source(word: str) -> Any:
    """How an oracle is read, as the SDK's object. Raises FrameError for a way the SDK does not know."""
    from driftpy.types import OracleSource

    known = getattr(OracleSource, word, None)
    if known is None:
        raise FrameError("account/PerpMarket", f"its oracle is a {word}, which the SDK does not know")
    return known()
