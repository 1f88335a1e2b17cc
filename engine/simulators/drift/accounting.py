"""What the exchange's events do to the program's books, and the records the program would log of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.simulators.drift import records
from engine.simulators.drift.books import Books, MarketBook, OpenOrder, User
from engine.simulators.drift.grouping import sides_of
from engine.simulators.drift.records import Distress, Explanation, Moment, Record, Side
from engine.simulators.drift.settling import Settling
from engine.simulators.drift.units import (
    base_units,
    price_units,
    quote_units,
)
from engine.simulators.exchange import (
    AccountLiquidated,
    DoneReason,
    Event,
    Exchange,
    FillCause,
    FundingPaid,
    FundingSettled,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    TimeInForce,
)

ENDING: dict[DoneReason, Explanation] = {
    DoneReason.FILLED: "None",
    DoneReason.CANCELED: "None",
    DoneReason.IOC_REMAINDER: "None",
    DoneReason.SELF_TRADE: "None",
    DoneReason.EXPIRED: "OrderExpired",
    DoneReason.REDUCE_ONLY_CANCELED: "ReduceOnlyOrderIncreasedPosition",
    DoneReason.MARGIN_CANCELED: "InsufficientFreeCollateral",
    DoneReason.LIQUIDATED: "Liquidation",
    DoneReason.MARKET_MODE_CANCELED: "RiskingIncreasingOrder",
}
FORCED = (FillCause.LIQUIDATION, FillCause.BACKSTOP, FillCause.BANKRUPTCY, FillCause.ADL)
DELEVERAGED = "Simulated deleveraging of {user}: this venue has none of its own"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an order's transaction said beyond what the exchange knows."""

    user_order_id: int = 0
    base: int = 0
    max_ts: int = 0


class Accounting:
    """Only the users of the books are told of: the exchange's crowd has no accounts here."""

    def __init__(self, exchange: Exchange, books: Books, *, keeper_settles_funding: bool) -> None:
        self._exchange, self._books = exchange, books
        self.settling = Settling(exchange, books)
        self._keeper_settles_funding = keeper_settles_funding
        self._distress: dict[str, Distress] = {}

    def absorb(self, events: Sequence[Event], moment: Moment, asked: Asked | None = None) -> list[Record]:
        """Book the events in order; returns what is logged. `asked` belongs to the one order accepted."""
        told: list[Record] = []
        skip = False
        for at, event in enumerate(events):
            if skip:
                skip = False
                continue
            match event:
                case OrderAccepted() if event.account in self._books.users:
                    told += self._accepted(event, moment, asked or Asked())
                case OrderFilled():
                    both = sides_of(event, events[at + 1 : at + 2])
                    skip = len(both) > 1
                    told += self._traded(both, moment)
                case OrderDone() if event.account in self._books.users:
                    told += self._ended(event, moment)
                case FundingSettled():
                    told.append(self.settling.rate(event))
                case FundingPaid() if event.account in self._books.users and self._keeper_settles_funding:
                    user = self._books.users[event.account]
                    told += self.settling.settle_funding(user, self._books.index_of[event.asset], moment)
                case AccountLiquidated() if event.account in self._books.users:
                    self._liquidated(event)
                case _:
                    pass
        self._distress.clear()
        return told

    # orders

    def _accepted(self, event: OrderAccepted, moment: Moment, asked: Asked) -> list[Record]:
        user = self._books.users[event.account]
        order = self.draft(user, event, moment, asked)
        self._books.admit(user, order)
        return self.placed(user, order, moment)

    def draft(self, user: User, event: OrderAccepted, moment: Moment, asked: Asked) -> OpenOrder:
        """The program's order for one that the exchange took on; it uses up a number."""
        index = self._books.index_of[event.asset]
        held = user.positions.get(index)
        return OpenOrder(
            order_id=user.take_order_id(),
            exchange_id=event.order_id,
            user_order_id=asked.user_order_id,
            market_index=index,
            is_buy=event.is_buy,
            price=0 if event.price is None else price_units(event.price),
            base=asked.base or base_units(event.size),
            reduce_only=event.reduce_only,
            post_only=event.time_in_force is TimeInForce.POST_ONLY,
            ioc=event.time_in_force is TimeInForce.IOC,
            max_ts=asked.max_ts,
            slot=moment.slot,
            was_long=held is None or held.base >= 0,
        )

    def placed(self, user: User, order: OpenOrder, moment: Moment) -> list[Record]:
        """The two records of a new order."""
        market = self._books.markets[order.market_index]
        user.last_active_slot = moment.slot
        return [
            records.order_change(moment.at_s, "Place", "None", market, self.settling.oracle(market), user, order),
            records.order_record(moment.at_s, user, order),
        ]

    def gone(self, user: User, order: OpenOrder, explanation: Explanation, moment: Moment) -> Record:
        """The record of an order that ended unfilled."""
        market = self._books.markets[order.market_index]
        return records.order_change(
            moment.at_s,
            "Expire" if explanation == "OrderExpired" else "Cancel",
            explanation,
            market,
            self.settling.oracle(market),
            user,
            order,
            by_keeper=moment.by_keeper,
        )

    def _ended(self, event: OrderDone, moment: Moment) -> list[Record]:
        user, order = self._books.users[event.account], self._books.by_exchange_id.get(event.order_id)
        if order is None:
            return []
        self._books.dismiss(user, order)
        if event.reason is DoneReason.LIQUIDATED and event.account in self._distress:
            known = self._distress[event.account]
            canceled = (*known.canceled, order.order_id)
            self._distress[event.account] = msgspec.structs.replace(known, canceled=canceled)
        if event.reason is not DoneReason.FILLED:
            return [self.gone(user, order, ENDING[event.reason], moment)]
        if order.filled < order.base:
            return [self.gone(user, order, "ReduceOnlyOrderIncreasedPosition", moment)]
        return []

    # trades

    def _traded(self, fills: tuple[OrderFilled, ...], moment: Moment) -> list[Record]:
        """One trade, told once however many of its sides are ours."""
        ours = [fill for fill in fills if fill.account in self._books.users]
        if not ours:
            return []
        market = self._books.markets[self._books.index_of[ours[0].asset]]
        fill_id, oracle = market.take_fill_id(), self.settling.oracle(market)
        market.last_trade_at_s = moment.at_s
        told, sides = list[Record](), list[tuple[OrderFilled, Side]]()
        for fill in ours:
            user = self._books.users[fill.account]
            told += self.settling.settle_funding(user, market.index, moment)
            if fill.cause is FillCause.MANUAL:
                told += self._by_hand(user, market, fill, moment)
            sides.append((fill, self._book_fill(user, market, fill)))
        told.append(self._fill_record(sides, market, oracle, fill_id, moment))
        for fill, side in sides:
            if fill.cause in FORCED:
                told += self._taken(fill, market, oracle, side, fill_id, moment)
        return told

    def _fill_record(
        self,
        sides: Sequence[tuple[OrderFilled, Side]],
        market: MarketBook,
        oracle: int,
        fill_id: int,
        moment: Moment,
    ) -> Record:
        """Who traded with whom; a taker we know nothing of stands in for the other side of a resting order."""
        fill = sides[0][0]
        taker = next((side for each, side in sides if each.is_taker), None)
        maker = next((side for _, side in reversed(sides) if side is not taker), None)
        forced = any(each.cause in FORCED for each, _ in sides)
        return records.order_action(
            moment.at_s,
            "Fill",
            "Liquidation" if forced else "OrderFilledWithAMM" if maker is None else "OrderFilledWithMatch",
            market,
            oracle,
            taker=taker or self._stranger(fill, fill_id),
            maker=maker,
            base=base_units(fill.size),
            quote=quote_units(fill.size * fill.price),
            fill_id=fill_id,
            by_keeper=moment.by_keeper,
        )

    def _by_hand(self, user: User, market: MarketBook, fill: OrderFilled, moment: Moment) -> list[Record]:
        """An order of the user's own keys that this engine did not send; its number is the fill's."""
        held = user.positions.get(market.index)
        order = OpenOrder(
            order_id=user.next_order_id,
            exchange_id=0,
            user_order_id=0,
            market_index=market.index,
            is_buy=fill.is_buy,
            price=price_units(fill.price),
            base=base_units(fill.size),
            slot=moment.slot,
            was_long=held is None or held.base >= 0,
        )
        return self.placed(user, order, moment)

    def _stranger(self, fill: OrderFilled, fill_id: int) -> Side:
        """The taker we know nothing of: an order of exactly this size."""
        base, quote = base_units(fill.size), quote_units(fill.size * fill.price)
        return Side(
            user=records.STRANGER,
            order_id=fill_id,
            is_buy=not fill.is_buy,
            base=base,
            filled=base,
            quote_filled=quote,
            fee=quote_units(fill.size * fill.price * self._exchange.fees.taker),
        )

    def _book_fill(self, user: User, market: MarketBook, fill: OrderFilled) -> Side:
        """Change the position and the order; returns the order's side of the record."""
        base, quote = base_units(fill.size), quote_units(fill.size * fill.price)
        fee, is_buy = quote_units(fill.fee_usd), fill.is_buy
        position = user.position(market.index)
        assert position is not None
        was_long = position.base > 0
        position.trade(base if is_buy else -base, -quote if is_buy else quote, fee)
        if position.base == 0:
            position.last_cumulative = 0
        elif was_long is not (position.base > 0) or position.last_cumulative == 0:
            position.last_cumulative = market.cumulative(is_long=position.base > 0)
        _count(user, fee, quote, is_taker=fill.is_taker)
        order = self._books.by_exchange_id.get(fill.order_id)
        if order is None:
            return self._unasked(user, fill, base, quote, fee)
        order.filled += base
        order.quote_filled += quote
        position.reserve(-base, is_buy=is_buy, orders=0)
        return records.side_of(user, order, fee)

    def _unasked(self, user: User, fill: OrderFilled, base: int, quote: int, fee: int) -> Side:
        """A fill of an order nobody placed uses up a number all the same."""
        return Side(
            user=user.wallet.user,
            order_id=user.take_order_id(),
            is_buy=fill.is_buy,
            base=base,
            filled=base,
            quote_filled=quote,
            fee=fee,
        )

    # what is taken

    def _liquidated(self, event: AccountLiquidated) -> None:
        user = self._books.users[event.account]
        user.next_liquidation_id += 1
        user.deposit -= quote_units(event.collateral_taken_usd)
        self._distress[event.account] = Distress(
            margin_required=quote_units(event.maintenance_usd),
            collateral=quote_units(event.equity_usd),
            liquidation_id=user.next_liquidation_id - 1,
            bankrupt=event.equity_usd < 0,
        )

    def _taken(
        self, fill: OrderFilled, market: MarketBook, oracle: int, side: Side, fill_id: int, moment: Moment
    ) -> list[Record]:
        user = self._books.users[fill.account]
        distress = self._distress.get(fill.account) or self._healthy(fill.account)
        base, quote = base_units(fill.size), quote_units(fill.size * fill.price)
        signed, money = (base, -quote) if fill.is_buy else (-base, quote)
        told = records.liquidation(moment.at_s, user, market, oracle, distress, signed, money, side, fill_id)
        if fill.cause is not FillCause.ADL:
            return [told]
        return [records.said(DELEVERAGED.format(user=user.wallet.user)), told]

    def _healthy(self, account: str) -> Distress:
        """Figures of an account that lost a position without being in trouble."""
        view = self._exchange.account_view(account)
        assert view is not None
        user = self._books.users[account]
        user.next_liquidation_id += 1
        return Distress(
            margin_required=quote_units(view.maintenance_usd),
            collateral=quote_units(view.equity_usd),
            liquidation_id=user.next_liquidation_id - 1,
            bankrupt=False,
        )


def _count(user: User, fee: int, quote: int, *, is_taker: bool) -> None:
    user.fees_paid += max(0, fee)
    user.rebates += max(0, -fee)
    if is_taker:
        user.taker_volume += quote
    else:
        user.maker_volume += quote
