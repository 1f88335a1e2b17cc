"""Public GET requests: markets, books, rates, the venue itself. Counterpart: `engine.venues.lighter.wire`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from engine.simulators.exchange import BookLevel, Exchange, MarketMode
from engine.simulators.lighter.feeds import Feeds
from engine.simulators.lighter.holdings import settlement
from engine.simulators.lighter.queries import Query, limit_of, number_of, window_of
from engine.simulators.lighter.refusals import Refused, success
from engine.simulators.lighter.rules import MIN_QUOTE_USD, Listing
from engine.simulators.lighter.trades import FIRST_TRADE_ID, OUTSIDE, Trades
from engine.simulators.lighter.words import NS_PER_S, ZERO, Row, height, ms, price_text, size_text, us
from engine.simulators.market import Market
from engine.venues.lighter.wire import MARGIN_FRACTION_SCALE, NIL_MARKET_INDEX, ErrorCode
from engine.venues.transport import HttpResponse

RESOLUTIONS_S = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "4h": 14_400, "12h": 43_200, "1d": 86_400}
MOST_CANDLES = 500
CREATED_AT = "1735689600000"


class Reads:
    """The answers, by the last part of the path."""

    def __init__(
        self,
        exchange: Exchange,
        market: Market,
        listings: Mapping[int, Listing],
        trades: Trades,
        feeds: Feeds,
        chain_id: int,
    ) -> None:
        self._exchange, self._market, self._listings = exchange, market, listings
        self._trades, self._feeds, self._chain_id = trades, feeds, chain_id
        self.routes: Mapping[str, Callable[[int, Query], HttpResponse]] = {
            "": self._status,
            "info": self._info,
            "orderBooks": self._order_books,
            "orderBookDetails": self._details,
            "orderBookOrders": self._book_orders,
            "recentTrades": self._recent_trades,
            "funding-rates": self._rates,
            "fundings": self._fundings,
            "candles": self._candles,
            "exchangeStats": self._stats,
            "currentHeight": self._height,
            "systemConfig": self._system,
        }

    def _listing(self, query: Query) -> Listing:
        market_id = number_of(query, "market_id")
        if market_id not in self._listings:
            raise Refused(ErrorCode.INVALID_MARKET_INDEX)
        return self._listings[market_id]

    def _chosen(self, query: Query) -> list[Listing]:
        """All perpetuals, or the one asked for; spot markets there are none."""
        if query.get("filter", "all") == "spot":
            return []
        if number_of(query, "market_id", NIL_MARKET_INDEX) == NIL_MARKET_INDEX:
            return list(self._listings.values())
        return [self._listing(query)]

    # the venue

    def _status(self, now_ns: int, _query: Query) -> HttpResponse:
        return success(status=200, network_id=self._chain_id, timestamp=now_ns // NS_PER_S)

    def _info(self, _now_ns: int, _query: Query) -> HttpResponse:
        return success(contract_address="0x" + "0" * 40)

    def _height(self, now_ns: int, _query: Query) -> HttpResponse:
        return success(height=height(now_ns))

    def _system(self, _now_ns: int, _query: Query) -> HttpResponse:
        return success(
            liquidity_pool_index=OUTSIDE,
            staking_pool_index=OUTSIDE - 1,
            funding_fee_rebate_account_index=0,
            liquidity_pool_cooldown_period=300_000,
            staking_pool_lockup_period=259_200_000,
            max_integrator_perps_maker_fee=1000,
            max_integrator_perps_taker_fee=1000,
            max_integrator_spot_maker_fee=10_000,
            max_integrator_spot_taker_fee=10_000,
            market_maker_incentive_account_index=0,
            fee_collector_account_index=0,
        )

    # markets

    def _order_books(self, _now_ns: int, query: Query) -> HttpResponse:
        return success(order_books=[self._book_row(listing) for listing in self._chosen(query)])

    def _details(self, _now_ns: int, query: Query) -> HttpResponse:
        rows = [self._detail_row(listing) for listing in self._chosen(query)]
        return success(order_book_details=rows, spot_order_book_details=[])

    def _common(self, listing: Listing) -> Row:
        """The fees told here are the standard tier's, whatever the account pays (`accountLimits` says that)."""
        market = self._exchange.market(listing.asset)
        halted = market is not None and market.mode is MarketMode.HALTED
        return {
            "symbol": listing.symbol,
            "market_id": listing.market_id,
            "market_type": "perp",
            "base_asset_id": 0,
            "quote_asset_id": 0,
            "status": "inactive" if halted else "active",
            "taker_fee": "0.0000",
            "maker_fee": "0.0000",
            "liquidation_fee": "1.0000",
            "min_base_amount": f"{listing.min_base:.{listing.size_decimals}f}",
            "min_quote_amount": f"{MIN_QUOTE_USD:.6f}",
            "supported_size_decimals": listing.size_decimals,
            "supported_price_decimals": listing.price_decimals,
            "supported_quote_decimals": 6,
            "order_quote_limit": "281474976.710655",
            "is_maker_fee_enabled": True,
            "is_taker_fee_enabled": True,
            "created_at": CREATED_AT,
            "multiplier": "1",
            **_NO_OPTION,
        }

    def _book_row(self, listing: Listing) -> Row:
        market = self._exchange.market(listing.asset)
        interest = ZERO if market is None else market.open_interest
        return {**self._common(listing), "open_interest": size_text(listing, interest)}

    def _detail_row(self, listing: Listing) -> Row:
        market, most = self._exchange.market(listing.asset), listing.max_leverage
        mark, index, interest = (market.mark, market.oracle, market.open_interest) if market else (ZERO, ZERO, ZERO)
        price = float(mark * listing.multiplier)
        least = MARGIN_FRACTION_SCALE // most
        default = MARGIN_FRACTION_SCALE // min(20, most)
        return {
            **self._common(listing),
            "size_decimals": listing.size_decimals,
            "price_decimals": listing.price_decimals,
            "quote_multiplier": 1,
            "default_initial_margin_fraction": default,
            "min_initial_margin_fraction": least,
            "maintenance_margin_fraction": least * 6 // 10,
            "closeout_margin_fraction": least * 4 // 10,
            "last_trade_price": price,
            **_DAILY,
            "daily_price_low": price,
            "daily_price_high": price,
            "open_interest": float(size_text(listing, interest)),
            "daily_chart": {},
            "market_config": self._config(market is not None and market.mode is MarketMode.REDUCE_ONLY),
            "strategy_index": 0,
            "funding_clamp_small": "0.0500",
            "funding_clamp_big": "4.0000",
            "base_interest_rate": "0.0100",
            "mark_price": price_text(listing, mark),
            "index_price": price_text(listing, index),
            "market_flags": 0,
            "funding_premium_multiplier": 1,
        }

    def _config(self, reduce_only: bool) -> Row:
        return {
            "market_margin_mode": 0,
            "insurance_fund_account_index": OUTSIDE,
            "liquidation_mode": 0,
            "force_reduce_only": reduce_only,
            "funding_fee_discounts_enabled": False,
            "trading_hours": "",
            "hidden": False,
            "rfq_enabled": False,
        }

    def _book_orders(self, now_ns: int, query: Query) -> HttpResponse:
        """Each price level counts as one order of somebody outside, ours among them."""
        listing, most = self._listing(query), limit_of(query, 250)
        book = self._exchange.book(listing.asset, most)
        asks = [_simple(listing, level, 2**48 + 1 + place, now_ns) for place, level in enumerate(book.asks)]
        bids = [_simple(listing, level, 2**49 - 1 - place, now_ns) for place, level in enumerate(book.bids)]
        return success(total_asks=len(asks), asks=asks, total_bids=len(bids), bids=bids)

    def _recent_trades(self, _now_ns: int, query: Query) -> HttpResponse:
        listing, most = self._listing(query), limit_of(query)
        return success(trades=[trade.row for trade in self._trades.of_market(listing.market_id)[:most]])

    def _stats(self, _now_ns: int, _query: Query) -> HttpResponse:
        rows = [
            {"symbol": listing.symbol, "last_trade_price": float(self._mark(listing)), **_DAILY}
            for listing in self._listings.values()
        ]
        return success(total=len(rows), order_book_stats=rows, daily_usd_volume=0.0, daily_trades_count=0)

    def _mark(self, listing: Listing) -> Decimal:
        market = self._exchange.market(listing.asset)
        return ZERO if market is None else market.mark * listing.multiplier

    # rates

    def _rates(self, _now_ns: int, _query: Query) -> HttpResponse:
        """Fractions per 8 hours: the last rate paid, before the first one the estimate."""
        rows: list[Row] = []
        for listing in self._listings.values():
            funding = self._exchange.funding_view(listing.asset)
            if funding is not None:
                paid = funding.last_paid_rate
                rate = float((funding.forming_rate if paid is None else paid) * 8)
                row: Row = {"market_id": listing.market_id, "exchange": "lighter", "symbol": listing.symbol}
                rows.append(row | {"rate": rate})
        return success(funding_rates=rows)

    def _fundings(self, _now_ns: int, query: Query) -> HttpResponse:
        """Hours within the window, oldest first, the last `count_back` of them; days are not simulated."""
        listing, resolution = self._listing(query), query.get("resolution", "1h")
        if resolution != "1h":
            raise Refused(22402)
        begin_s, end_s = window_of(query)
        settled = self._exchange.funding_settled_since(listing.asset, begin_s * NS_PER_S)
        rows = [settlement(listing, row) for row in settled if row.hour_ns <= end_s * NS_PER_S]
        back = number_of(query, "count_back", 0)
        return success(resolution=resolution, fundings=rows[-back:] if back else rows)

    def _candles(self, now_ns: int, query: Query) -> HttpResponse:
        """From the market's mid at both ends of each bucket: no volume, no wicks."""
        listing, resolution = self._listing(query), query.get("resolution", "")
        if resolution not in RESOLUTIONS_S:
            raise Refused(22402)
        step_s, (begin_s, end_s) = RESOLUTIONS_S[resolution], window_of(query)
        last_s = min(end_s, now_ns // NS_PER_S)
        first_s = max(begin_s, self._market.start_ns // NS_PER_S + step_s)
        back = min(number_of(query, "count_back", MOST_CANDLES) or MOST_CANDLES, MOST_CANDLES)
        starts = range(-(-first_s // step_s) * step_s, last_s + 1, step_s)[-back:]
        found = (self._candle(listing, at_s, min(at_s + step_s, now_ns // NS_PER_S)) for at_s in starts)
        return success(r=resolution, c=[candle for candle in found if candle is not None])

    def _candle(self, listing: Listing, begin_s: int, end_s: int) -> Row | None:
        points = [self._market.sample("lighter", listing.asset, at_s * NS_PER_S) for at_s in (begin_s, end_s)]
        mids = [float(point.mid * listing.multiplier) for point in points if point is not None]
        if len(mids) < 2:
            return None
        ends: Row = {"o": mids[0], "c": mids[1], "h": max(mids), "l": min(mids)}
        return {"t": begin_s * 1000, **ends, "v": 0.0, "V": 0.0, "i": FIRST_TRADE_ID}


_DAILY: Row = {
    "daily_trades_count": 0,
    "daily_base_token_volume": 0.0,
    "daily_quote_token_volume": 0.0,
    "daily_price_change": 0.0,
}
"""Not simulated."""
_NO_OPTION: Row = {
    "start_timestamp": 0,
    "end_timestamp": 0,
    "settlement_type": 0,
    "settlement_price": 0,
    "settlement_cap": 0,
    "outcome": 0,
    "default_price": 0,
    "operator_account_index": 0,
    "is_frozen": False,
}
"""Fields of binary options."""


def _simple(listing: Listing, level: BookLevel, index: int, now_ns: int) -> Row:
    return {
        "order_index": index,
        "order_id": str(index),
        "owner_account_index": OUTSIDE,
        "initial_base_amount": size_text(listing, level.size),
        "remaining_base_amount": size_text(listing, level.size),
        "price": price_text(listing, level.price),
        "order_expiry": ms(now_ns) + 28 * 86_400_000,
        "transaction_time": us(now_ns),
    }
