"""The accounts of markets: the quote token's, the perpetual ones, and their oracles.

Where the program keeps averages over time, the simulation tells the values that make its formulas agree with the
exchange: the mark's average is such that the funding formula gives the exchange's forming rate.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from actors.domain import Venue
from engine.simulators.drift.books import Books, MarketBook, User
from engine.simulators.drift.chain import NS_PER_S, Chain
from engine.simulators.drift.idl import Idl
from engine.simulators.drift.knobs import DriftKnobs
from engine.simulators.drift.rules import MARGIN_SCALE
from engine.simulators.drift.units import PRICE_UNIT, base_units, price_units, quote_units, whole
from engine.simulators.drift.verification import Addresses, key_bytes
from engine.simulators.exchange import Exchange, InstrumentSpec, MarketMode, MarketView
from engine.venues.assets import as_told
from engine.venues.drift.wire import MARKET_AMM_FILL_PAUSED, MARKET_FILL_PAUSED

INTEREST = 10**10
BALANCE_OF_DEPOSIT = 1000
"""Spot balances are of 1e9, the token of 1e6."""
RESERVE = 10**15
PERCENT_UNIT = 1_000_000
FUNDING_OFFSET = 5000
HOUR_S = 3600
HOURS_A_DAY = 24
LIQUIDATION_PAUSED = 32
STABLE = 10**8
FEED_DECIMALS = 8
MULTIPLE = {1: ("PythLazer", 0), 1000: ("PythLazer1K", 3), 1_000_000: ("PythLazer1M", 6)}
"""Oracle source and extra decimals of its price, by how many tokens the market counts as one."""
CONFIDENCE = 10_000
"""One part in so many of the price."""


class Markets:
    """Each call makes the account's bytes anew."""

    def __init__(
        self, exchange: Exchange, books: Books, chain: Chain, addresses: Addresses, idl: Idl, knobs: DriftKnobs
    ) -> None:
        self._exchange, self._books, self._chain = exchange, books, chain
        self._addresses, self._idl, self._knobs = addresses, idl, knobs

    # the quote token

    def spot_market(self) -> bytes:
        """The quote token's market."""
        hour_s = self._hour_ns() // NS_PER_S
        deposits = sum(user.deposit for user in self._books.users.values())
        average = dict.fromkeys(("lastOraclePrice", "lastOraclePriceTwap", "lastOraclePriceTwap5min"), PRICE_UNIT)
        fields = {
            "pubkey": key_bytes(self._addresses.spot_market),
            "oracle": key_bytes(self._addresses.spot_oracle),
            "mint": key_bytes(self._knobs.quote_mint),
            "vault": key_bytes(self._addresses.spot_vault),
            "name": b"USDC".ljust(32),
            "historicalOracleData": {**average, "lastOraclePriceTwapTs": hour_s},
            "depositBalance": max(0, deposits) * BALANCE_OF_DEPOSIT,
            "cumulativeDepositInterest": INTEREST,
            "cumulativeBorrowInterest": INTEREST,
            "lastInterestTs": hour_s,
            "lastTwapTs": hour_s,
            "orderStepSize": 1,
            "orderTickSize": 1,
            "minOrderSize": 1,
            "initialAssetWeight": MARGIN_SCALE,
            "maintenanceAssetWeight": MARGIN_SCALE,
            "initialLiabilityWeight": MARGIN_SCALE,
            "maintenanceLiabilityWeight": MARGIN_SCALE,
            "decimals": 6,
            "marketIndex": 0,
            "oracleSource": "PythLazerStableCoin",
            "status": "Active",
        }
        return self._idl.account("SpotMarket", fields)

    def spot_oracle(self) -> bytes:
        """The quote token is worth one."""
        return self._feed(STABLE, -FEED_DECIMALS, self._hour_ns())

    def _hour_ns(self) -> int:
        """The last whole hour: what hardly changes is not told anew each second."""
        return self._chain.now_ns - self._chain.now_ns % (HOUR_S * NS_PER_S)

    def _feed(self, price: int, exponent: int, at_ns: int) -> bytes:
        fields = {
            "price": price,
            "publishTime": at_ns // 1000,
            "postedSlot": self._chain.slot_of(at_ns),
            "exponent": exponent,
            "conf": max(1, price // CONFIDENCE),
        }
        return self._idl.account("PythLazerOracle", fields)

    def oracle(self, book: MarketBook) -> bytes:
        """The price of one token, where the market counts a thousand or a million as one."""
        view = self._exchange.market(book.symbol)
        multiplier = tokens_in(book.symbol)
        decimals = FEED_DECIMALS + MULTIPLE[multiplier][1]
        price = Decimal(0) if view is None else view.oracle / multiplier
        at_ns = self._hour_ns() if view is None else view.at_ns
        return self._feed(whole(price, 10**decimals), -decimals, at_ns)

    # markets

    def market(self, book: MarketBook) -> bytes:
        """A perpetual market."""
        spec, view = self._exchange.instrument(book.symbol), self._exchange.market(book.symbol)
        assert spec is not None
        initial = MARGIN_SCALE // spec.max_leverage
        fields = {
            "pubkey": key_bytes(self._addresses.markets[book.index]),
            "amm": self._amm(book, spec, view),
            "name": book.symbol.encode().ljust(32),
            "pnlPool": {"scaledBalance": quote_units(self._knobs.pnl_pool_usd) * BALANCE_OF_DEPOSIT},
            "nextFillRecordId": book.next_fill_id,
            "nextFundingRateRecordId": book.next_funding_id,
            "marginRatioInitial": initial,
            "marginRatioMaintenance": whole(spec.maintenance_fraction, MARGIN_SCALE),
            "unrealizedPnlInitialAssetWeight": MARGIN_SCALE,
            "unrealizedPnlMaintenanceAssetWeight": MARGIN_SCALE,
            "numberOfUsersWithBase": sum(_held(user, book.index) != 0 for user in self._books.users.values()),
            "numberOfUsers": sum(book.index in user.positions for user in self._books.users.values()),
            "marketIndex": book.index,
            "status": "ReduceOnly" if view is not None and view.mode is MarketMode.REDUCE_ONLY else "Active",
            "contractType": "Perpetual",
            "contractTier": "Speculative",
            "pausedOperations": _paused(view),
            "quoteSpotMarketIndex": 0,
        }
        return self._idl.account("PerpMarket", fields)

    def _amm(self, book: MarketBook, spec: InstrumentSpec, view: MarketView | None) -> dict[str, Any]:
        return {
            "oracle": key_bytes(self._addresses.oracles[book.index]),
            "oracleSource": MULTIPLE[tokens_in(book.symbol)][0],
            "baseAssetReserve": RESERVE,
            "quoteAssetReserve": RESERVE,
            "sqrtK": RESERVE,
            "concentrationCoef": PERCENT_UNIT,
            "orderStepSize": base_units(spec.lot),
            "orderTickSize": price_units(spec.tick or Decimal(0)),
            "minOrderSize": base_units(spec.lot),
            "fundingPeriod": 3600,
            "lastFundingRate": book.last_rate,
            "lastFundingRateLong": book.last_rate,
            "lastFundingRateShort": book.last_rate,
            "last24hAvgFundingRate": book.average_24h,
            "lastFundingRateTs": book.last_funding_at_s,
            "cumulativeFundingRateLong": book.cumulative_long,
            "cumulativeFundingRateShort": book.cumulative_short,
            "lastFundingOracleTwap": book.last_funding_oracle,
            "totalSocialLoss": book.social_loss,
            "lastTradeTs": book.last_trade_at_s,
            **({} if view is None else self._prices(book, view)),
        }

    def _prices(self, book: MarketBook, view: MarketView) -> dict[str, Any]:
        at_s, oracle = view.at_ns // NS_PER_S, price_units(view.oracle)
        funding = self._exchange.funding_view(book.symbol)
        forming = Decimal(0) if funding is None else funding.forming_rate
        mark_average = price_units(view.oracle * (1 + HOURS_A_DAY * forming - Decimal(1) / FUNDING_OFFSET))
        interest = base_units(view.open_interest)
        return {
            "pegMultiplier": price_units(view.mark),
            "baseAssetAmountLong": interest,
            "baseAssetAmountShort": -interest,
            "historicalOracleData": {
                "lastOraclePrice": oracle,
                "lastOracleConf": oracle // CONFIDENCE,
                "lastOraclePriceTwap": oracle,
                "lastOraclePriceTwap5min": oracle,
                "lastOraclePriceTwapTs": at_s,
            },
            "lastOracleNormalisedPrice": oracle,
            "lastOracleValid": True,
            "lastBidPriceTwap": mark_average,
            "lastAskPriceTwap": mark_average,
            "lastMarkPriceTwap": mark_average,
            "lastMarkPriceTwap5min": price_units(view.mark),
            "lastMarkPriceTwapTs": at_s,
            "lastUpdateSlot": self._chain.slot_of(view.at_ns),
        }


def tokens_in(symbol: str) -> int:
    """How many tokens a market counts as one."""
    return int(as_told(Venue.DRIFT, symbol).multiplier)


def _held(user: User, index: int) -> int:
    position = user.positions.get(index)
    return 0 if position is None else position.base


def _paused(view: MarketView | None) -> int:
    """A halted market neither fills nor liquidates; it may still be cancelled in, and its funding goes on."""
    halted = view is not None and view.mode is MarketMode.HALTED
    return MARKET_AMM_FILL_PAUSED | MARKET_FILL_PAUSED | LIQUIDATION_PAUSED if halted else 0
