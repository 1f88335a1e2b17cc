"""Unsigned GET requests: markets, account, positions, orders and histories. All account data is public."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.simulators.exchange import AccountView, Exchange, MarketMode, OrderFilled, OrderStatus, OrderView
from engine.simulators.pacifica import frames, rows
from engine.simulators.pacifica.entry import FaceKnobs
from engine.simulators.pacifica.numbers import Numbers
from engine.simulators.pacifica.replies import Refused, success
from engine.simulators.pacifica.words import ms, text
from engine.venues.transport import HttpResponse

Query = Mapping[str, str]


class Reads:
    """The answers, by path."""

    def __init__(self, exchange: Exchange, numbers: Numbers, knobs: FaceKnobs) -> None:
        self._exchange, self._numbers, self._knobs = exchange, numbers, knobs
        self._routes: Mapping[str, Callable[[int, Query], HttpResponse]] = {
            "/info": self._info,
            "/info/prices": self._prices,
            "/info/fees": self._fees,
            "/book": self._book,
            "/funding_rate/history": self._funding_rates,
            "/account": self._account,
            "/account/settings": self._settings,
            "/positions": self._positions,
            "/orders": self._orders,
            "/orders/history": self._orders_history,
            "/orders/history_by_id": self._order_events,
            "/trades/history": self._trades,
            "/funding/history": self._payments,
        }

    def answer(self, now_ns: int, path: str, query: Query) -> HttpResponse:
        """Raises `Refused`."""
        if path not in self._routes:
            raise Refused(404, "Not found")
        return self._routes[path](now_ns, query)

    def _info(self, _now_ns: int, _query: Query) -> HttpResponse:
        listed = (spec.asset for spec in self._exchange.instruments)
        return success([self._market(asset) for asset in listed if not self._delisted(asset)])

    def _delisted(self, asset: str) -> bool:
        market = self._exchange.market(asset)
        return self._knobs.delists_halted and market is not None and market.mode is MarketMode.HALTED

    def _market(self, asset: str) -> dict[str, object]:
        spec, funding = self._exchange.instrument(asset), self._exchange.funding_view(asset)
        assert spec is not None
        assert spec.tick is not None
        last = None if funding is None else funding.last_paid_rate
        return {
            "symbol": asset,
            "tick_size": text(spec.tick),
            "min_tick": "0",
            "max_tick": "1000000",
            "lot_size": text(spec.lot),
            "max_leverage": spec.max_leverage,
            "isolated_only": False,
            "min_order_size": text(spec.min_notional_usd),
            "max_order_size": "5000000",
            "funding_rate": "0" if last is None else text(last),
            "next_funding_rate": "0" if funding is None else text(funding.forming_rate),
            "created_at": 1748881333944,
            "instrument_type": "perpetual",
            "base_asset": asset,
        }

    def _prices(self, now_ns: int, _query: Query) -> HttpResponse:
        return success(frames.price_rows(self._exchange, now_ns))

    def _fees(self, _now_ns: int, _query: Query) -> HttpResponse:
        fees = self._exchange.fees
        return success([{"level": 0, "maker_fee_rate": text(fees.maker), "taker_fee_rate": text(fees.taker)}])

    def _book(self, now_ns: int, query: Query) -> HttpResponse:
        symbol = self._symbol(query)
        return success(frames.book(self._exchange, symbol, self._knobs.book_levels, now_ns))

    def _funding_rates(self, _now_ns: int, query: Query) -> HttpResponse:
        settled = self._exchange.funding_settled_since(self._symbol(query), 0)
        rates: list[dict[str, object]] = [
            {
                "oracle_price": text(row.oracle_price),
                "bid_impact_price": text(row.impact_bid),
                "ask_impact_price": text(row.impact_ask),
                "funding_rate": text(row.rate),
                "next_funding_rate": text(row.rate),
                "created_at": ms(row.hour_ns),
            }
            for row in reversed(settled)
        ]
        return _page(rates, query, most=4000)

    def _account(self, now_ns: int, query: Query) -> HttpResponse:
        view = self._view(query)
        account, fees = view.account, self._exchange.fees
        return success(
            {
                "balance": text(view.balance_usd),
                "fee_level": 0,
                "maker_fee": text(fees.maker),
                "taker_fee": text(fees.taker),
                "account_equity": text(view.equity_usd),
                "cross_account_equity": text(view.equity_usd),
                "spot_market_value": "0",
                "spot_collateral": "0",
                "available_to_spend": text(view.available_usd),
                "available_to_withdraw": text(view.available_usd),
                "pending_balance": "0",
                "pending_interest": "0",
                "total_margin_used": text(view.used_usd),
                "cross_mmr": text(view.maintenance_usd),
                "positions_count": len(view.positions),
                "orders_count": len(self._exchange.open_orders(account)),
                "stop_orders_count": 0,
                "spot_balances": [],
                "updated_at": ms(now_ns),
            }
        )

    def _settings(self, now_ns: int, query: Query) -> HttpResponse:
        """Markets at their maximum are left out, as the venue does."""
        account, stamp = self._view(query).account, ms(now_ns)
        held = [
            {
                "symbol": spec.asset,
                "isolated": False,
                "leverage": self._exchange.leverage(account, spec.asset),
                "created_at": stamp,
                "updated_at": stamp,
            }
            for spec in self._exchange.instruments
            if self._exchange.leverage(account, spec.asset) != spec.max_leverage
        ]
        return success({"auto_lend_disabled": None, "margin_settings": held, "spot_settings": []})

    def _positions(self, _now_ns: int, query: Query) -> HttpResponse:
        found = [rows.position_row(position) for position in self._view(query).positions]
        return success(found, last_order_id=self._numbers.last)

    def _orders(self, _now_ns: int, query: Query) -> HttpResponse:
        orders = self._exchange.open_orders(self._view(query).account)
        return success(
            [rows.order_row(order, self._number(order)) for order in orders], last_order_id=self._numbers.last
        )

    def _orders_history(self, _now_ns: int, query: Query) -> HttpResponse:
        """Orders that were refused at once never had a number and are not part of the history."""
        orders = self._exchange.orders_since(self._view(query).account, 0)
        told = [order for order in reversed(orders) if self._numbers.known(order.order_id)]
        return _page([rows.history_row(order, self._number(order)) for order in told], query)

    def _order_events(self, _now_ns: int, query: Query) -> HttpResponse:
        number = query.get("order_id", "")
        found = self._numbers.order(int(number)) if number.isdigit() else None
        order = None if found is None else self._exchange.order(found.account, found.exchange_id)
        if order is None:
            raise Refused(404, f"Order history not found for order ID: {number}")
        last = rows.event_row(order, self._number(order))
        rested = order.status is not OrderStatus.REJECTED and last.event_type != "make"
        return success([last, rows.first_row(last)] if rested else [last])

    def _trades(self, _now_ns: int, query: Query) -> HttpResponse:
        fills = self._exchange.fills_since(self._view(query).account, 0)
        return _page([rows.trade_row(fill, self._number(fill)) for fill in reversed(fills)], query)

    def _payments(self, _now_ns: int, query: Query) -> HttpResponse:
        paid = self._exchange.funding_paid_since(self._view(query).account, 0)
        return _page([rows.funding_row(payment) for payment in reversed(paid)], query)

    def _symbol(self, query: Query) -> str:
        symbol = query.get("symbol", "")
        if self._exchange.instrument(symbol) is None:
            raise Refused(404, "Book not found")
        return symbol

    def _number(self, order: OrderView | OrderFilled) -> int:
        return self._numbers.of(order.account, order.order_id)

    def _view(self, query: Query) -> AccountView:
        view = self._exchange.account_view(query.get("account", ""))
        if view is None:
            raise Refused(404, "Account not found")
        return view


def _page(told: Sequence[object], query: Query, most: int = 1000) -> HttpResponse:
    """Newest first; the cursor is opaque to clients."""
    start, asked = query.get("cursor", "0"), query.get("limit", "100")
    if not start.isdecimal() or not asked.isdecimal():
        raise Refused(400, "Invalid parameters")
    begin, end = int(start), int(start) + max(1, min(int(asked), most))
    more = end < len(told)
    return success(list(told[begin:end]), next_cursor=str(end) if more else None, has_more=more)
