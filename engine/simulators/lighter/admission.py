"""What the API refuses at once, as account and market stand when a transaction arrives (HTTP 400, nonce kept).

Orders that rest are judged here in full; what takes liquidity is let through and fails at the sequencer (apidocs
"Trading", 2026-07-19: a maker order's margin is checked by the API, a taker's by the sequencer).
"""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.exchange import Exchange, MarketMode, MarketView
from engine.simulators.lighter import transactions
from engine.simulators.lighter.orders import Orders, asked_price, asked_size
from engine.simulators.lighter.refusals import Refused
from engine.simulators.lighter.rules import FAR_FROM_MARK, LIGHTER_RULES, MAX_ORDERS_PER_MARKET, MIN_QUOTE_USD, Listing
from engine.simulators.lighter.transactions import Asked
from engine.simulators.lighter.words import ZERO
from engine.venues.lighter import wire
from engine.venues.lighter.wire import ErrorCode
from engine.venues.lighter.wire_orders import CancelAllInfo, CancelOrderInfo, CreateOrderInfo, UpdateLeverageInfo

INVALID_MARGIN_MODE = 21613


class Admission:
    """Judges transactions that are well formed and whose key and nonce are right."""

    def __init__(self, exchange: Exchange, listings: dict[int, Listing], orders: Orders) -> None:
        self._exchange, self._listings, self._orders = exchange, listings, orders

    def judge(self, asked: Asked) -> None:
        """What account and market say at once. Raises `Refused`."""
        match asked:
            case CreateOrderInfo():
                _judge_order(self._exchange, self._orders, self.listing(asked.market_index), asked)
            case CancelOrderInfo():
                self._judge_cancel(asked)
            case UpdateLeverageInfo():
                self._judge_leverage(asked)
            case CancelAllInfo():
                market = transactions.cancel_all_market(asked)
                if market is not None:
                    self.listing(market)

    def listing(self, market_id: int) -> Listing:
        """Raises `Refused` for a market that is not there."""
        if market_id not in self._listings:
            raise Refused(ErrorCode.INVALID_MARKET_INDEX)
        return self._listings[market_id]

    def _judge_cancel(self, asked: CancelOrderInfo) -> None:
        """An order not executed yet may be cancelled: the cancel comes after it."""
        listing, record = self.listing(asked.market_index), self._orders.find(asked.account_index, asked.index)
        if record is None or record.listing is not listing:
            raise Refused(ErrorCode.INVALID_ORDER_INDEX)
        if record.account_index != asked.account_index:
            raise Refused(ErrorCode.INVALID_ORDER_OWNER)
        if record.view is not None and not record.is_open:
            raise Refused(ErrorCode.INACTIVE_CANCEL)

    def _judge_leverage(self, asked: UpdateLeverageInfo) -> None:
        """Isolated margin is not simulated: asked for with a position or an order it is refused as the venue does."""
        listing = self.listing(asked.market_index)
        if asked.margin_mode != wire.CROSS_MARGIN:
            held = held_by(self._exchange, asked.account_index, listing.asset)
            busy = held or self._orders.open_of(asked.account_index, listing.market_id)
            raise Refused(ErrorCode.MARGIN_MODE_CHANGE if busy else INVALID_MARGIN_MODE)
        if wire.MARGIN_FRACTION_SCALE // asked.initial_margin_fraction > listing.max_leverage:
            raise Refused(ErrorCode.INVALID_MARGIN_FRACTION)


def _judge_order(exchange: Exchange, orders: Orders, listing: Listing, asked: CreateOrderInfo) -> None:
    client = asked.client_order_index
    if client and orders.find(asked.account_index, client) is not None:
        raise Refused(ErrorCode.CLIENT_ORDER_INDEX_EXISTS)
    market = exchange.market(listing.asset)
    if market is None or market.mode is MarketMode.HALTED:
        raise Refused(ErrorCode.INVALID_MARKET_STATUS)
    if market.mode is MarketMode.REDUCE_ONLY and not asked.reduce_only:
        raise Refused(ErrorCode.REDUCE_ONLY_MODE)
    if asked.type == wire.ORDER_TYPE_LIMIT and _far(market, asked_price(listing, asked)):
        raise Refused(ErrorCode.TOO_FAR_FROM_MARK)
    if asked.time_in_force != wire.TIF_IOC:
        _judge_resting(exchange, orders, listing, asked)


def _far(market: MarketView, price: Decimal) -> bool:
    return abs(price - market.mark) > market.mark * FAR_FROM_MARK


def _judge_resting(exchange: Exchange, orders: Orders, listing: Listing, asked: CreateOrderInfo) -> None:
    size, price = asked_size(listing, asked), asked_price(listing, asked)
    small = size < listing.min_base * listing.multiplier or size * price < MIN_QUOTE_USD
    if small and not asked.reduce_only:
        raise Refused(ErrorCode.INVALID_ORDER_AMOUNT)
    if len(orders.open_of(asked.account_index)) >= LIGHTER_RULES.max_open_orders:
        raise Refused(ErrorCode.ORDERS_PER_ACCOUNT)
    if len(orders.open_of(asked.account_index, listing.market_id)) >= MAX_ORDERS_PER_MARKET:
        raise Refused(ErrorCode.ORDERS_PER_MARKET)
    held = held_by(exchange, asked.account_index, listing.asset)
    if asked.reduce_only:
        _judge_reducing(asked, held)
    elif not _affordable(exchange, listing, asked, held):
        raise Refused(ErrorCode.NOT_ENOUGH_MARGIN)


def _judge_reducing(asked: CreateOrderInfo, held: Decimal) -> None:
    if held == 0:
        raise Refused(ErrorCode.REDUCE_ONLY_INCREASES)
    if (held > 0) is not bool(asked.is_ask):
        raise Refused(ErrorCode.REDUCE_ONLY_DIRECTION)


def held_by(exchange: Exchange, account_index: int, asset: str) -> Decimal:
    """The account's signed position in tokens."""
    position = exchange.position(str(account_index), asset)
    return ZERO if position is None else position.size


def _affordable(exchange: Exchange, listing: Listing, asked: CreateOrderInfo, held: Decimal) -> bool:
    """Initial margin of what the order would add to the position."""
    view = exchange.account_view(str(asked.account_index))
    assert view is not None
    size, price = asked_size(listing, asked), asked_price(listing, asked)
    after = held + (-size if asked.is_ask else size)
    added = max(ZERO, abs(after) - abs(held))
    return added * price / exchange.leverage(str(asked.account_index), listing.asset) <= view.available_usd
