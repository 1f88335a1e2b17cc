"""Trades as the venue tells them: one row for both sides, put together from the exchange's fills.

The side nobody of ours stands on belongs to the world outside; it is told as account `OUTSIDE` with order index 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.simulators.exchange import Events, OrderFilled
from engine.simulators.lighter.orders import Orders
from engine.simulators.lighter.rules import Listing
from engine.simulators.lighter.words import ZERO, Row, height, ms, price_text, size_text, trade_type, us, usd
from engine.venues.lighter.wire import FEE_SCALE, MARGIN_FRACTION_SCALE
from engine.venues.lighter.wire_orders import TradeType

OUTSIDE = 281_474_976_710_654
"""Account index of everybody outside (recorded: the venue's own pools have indices just below 2^48)."""
FIRST_STRANGER = 1_000_000
FIRST_TRADE_ID = 19_000_000_000
KEPT = 5_000
"""Trades remembered a market and an account."""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade: its row, its kind, and the fills of those who have an account here."""

    listing: Listing
    kind: TradeType
    fills: tuple[OrderFilled, ...]
    row: Row


class Trades:
    """All trades of the face's markets, newest last."""

    def __init__(self, listings: Mapping[str, Listing], orders: Orders) -> None:
        self._listings, self._orders = listings, orders
        self._by_market: dict[int, deque[Trade]] = {}
        self._by_account: dict[str, deque[Trade]] = {}
        self._strangers: dict[str, int] = {}

    def book(self, events: Events, tx_hash: str) -> list[Trade]:
        """The trades in these events, in order."""
        sides: dict[int, list[OrderFilled]] = {}
        for event in events:
            if isinstance(event, OrderFilled):
                sides.setdefault(event.trade_id, []).append(event)
        return [self._remember(self._trade(tuple(fills), tx_hash)) for fills in sides.values()]

    def of_market(self, market_id: int) -> list[Trade]:
        """Newest first."""
        return list(reversed(self._by_market.get(market_id, ())))

    def of_account(self, account: str) -> list[Trade]:
        """Newest first."""
        return list(reversed(self._by_account.get(account, ())))

    def last_price(self, listing: Listing) -> Decimal | None:
        """Price per token of the last trade here."""
        trades = self._by_market.get(listing.market_id)
        return trades[-1].fills[0].price if trades else None

    def account_index(self, account: str) -> int:
        """The index of an account of the exchange; strangers (the crowd) get one when first told."""
        if account.isdecimal():
            return int(account)
        return self._strangers.setdefault(account, FIRST_STRANGER + len(self._strangers))

    def _remember(self, trade: Trade) -> Trade:
        self._by_market.setdefault(trade.listing.market_id, deque(maxlen=KEPT)).append(trade)
        for account in _accounts(trade.fills):
            self._by_account.setdefault(account, deque(maxlen=KEPT)).append(trade)
        return trade

    def _trade(self, fills: tuple[OrderFilled, ...], tx_hash: str) -> Trade:
        listing = self._listings[fills[0].asset]
        kind = trade_type(fills)
        return Trade(listing=listing, kind=kind, fills=fills, row=self._row(listing, kind, fills, tx_hash))

    def _row(self, listing: Listing, kind: TradeType, fills: tuple[OrderFilled, ...], tx_hash: str) -> Row:
        fill, number = fills[0], FIRST_TRADE_ID + fills[0].trade_id
        maker_ask = _maker_is_ask(fills)
        return {
            "trade_id": number,
            "trade_id_str": str(number),
            "tx_hash": tx_hash,
            "type": kind,
            "market_id": listing.market_id,
            "size": size_text(listing, fill.size),
            "price": price_text(listing, fill.price),
            "usd_amount": usd(fill.size * fill.price),
            **self._side("ask", _side(fills, is_buy=False)),
            **self._side("bid", _side(fills, is_buy=True)),
            "is_maker_ask": maker_ask,
            "block_height": height(fill.at_ns),
            "timestamp": ms(fill.at_ns),
            **self._role("taker", listing, _side(fills, is_buy=maker_ask)),
            **self._role("maker", listing, _side(fills, is_buy=not maker_ask)),
            "transaction_time": us(fill.at_ns),
            **_NOT_SIMULATED,
            "market_symbol": listing.symbol,
        }

    def _side(self, side: str, fill: OrderFilled | None) -> Row:
        """Who bought or sold: account, order, client's index, and what the fill realised."""
        order_index = 0 if fill is None else self._orders.index_of(fill.order_id, not fill.is_buy)
        record = None if fill is None else self._orders.by_exchange(fill.order_id)
        client = 0 if record is None else record.asked.client_order_index
        return {
            f"{side}_id": order_index,
            f"{side}_id_str": str(order_index),
            f"{side}_client_id": client,
            f"{side}_client_id_str": str(client),
            f"{side}_account_id": OUTSIDE if fill is None else self.account_index(fill.account),
            f"{side}_account_pnl": usd(ZERO if fill is None else fill.closed_pnl_usd),
        }

    def _role(self, role: str, listing: Listing, fill: OrderFilled | None) -> Row:
        """What the taker or the maker held before; fees are absent when there is none."""
        before = ZERO if fill is None else fill.position_before
        entry = ZERO if fill is None else fill.entry_price_before or ZERO
        fee = 0 if fill is None else fee_of(fill)
        told: Row = {
            f"{role}_position_size_before": size_text(listing, before),
            f"{role}_entry_quote_before": usd(abs(before) * entry),
            f"{role}_initial_margin_fraction_before": MARGIN_FRACTION_SCALE // listing.max_leverage,
            f"{role}_position_sign_changed": fill is not None and before * fill.position_after < 0,
        }
        return {**told, f"{role}_fee": fee} if fee else told


_NOT_SIMULATED: Row = {
    "integrator_maker_fee": 0,
    "integrator_maker_fee_collector_index": 0,
    "integrator_taker_fee": 0,
    "integrator_taker_fee_collector_index": 0,
    "taker_allocated_margin_usdc_before": 0,
    "taker_allocated_margin_usdc_after": 0,
    "maker_allocated_margin_usdc_before": 0,
    "maker_allocated_margin_usdc_after": 0,
    "bid_order_version": 0,
    "ask_order_version": 0,
    "market_kind": "perps",
}


def fee_of(fill: OrderFilled) -> int:
    """The fee in millionths of the amount."""
    return round(fill.fee_usd / (fill.size * fill.price) * FEE_SCALE)


def fee_ticks(fraction: Decimal) -> int:
    """A fee rate in millionths."""
    return int(fraction * FEE_SCALE)


def _accounts(fills: Iterable[OrderFilled]) -> Iterable[str]:
    return dict.fromkeys(fill.account for fill in fills)


def _side(fills: tuple[OrderFilled, ...], *, is_buy: bool) -> OrderFilled | None:
    return next((fill for fill in fills if fill.is_buy is is_buy), None)


def _maker_is_ask(fills: tuple[OrderFilled, ...]) -> bool:
    """The maker's side; where both are told as takers (a deleveraging) the seller counts as the maker."""
    maker = next((fill for fill in fills if not fill.is_taker), None)
    if maker is not None:
        return not maker.is_buy
    return any(fill.is_buy for fill in fills) if len(fills) == 1 else True
