"""Money without a trade: hourly rates, funding when a position is touched, profit and loss, socialised losses."""

from __future__ import annotations

from decimal import Decimal

from engine.simulators.drift import records
from engine.simulators.drift.books import Books, MarketBook, Position, User
from engine.simulators.drift.records import NS_PER_S, Moment, Record
from engine.simulators.drift.units import (
    BASE_TIMES_PRICE,
    price_units,
    quote_units,
    rate_units,
    to_base,
    towards_zero,
)
from engine.simulators.exchange import Exchange, FundingSettled


class Settling:
    """Funding accrues in the market's cumulative rates; a position is paid when an instruction touches it."""

    def __init__(self, exchange: Exchange, books: Books) -> None:
        self._exchange, self._books = exchange, books

    def oracle(self, market: MarketBook) -> int:
        """The oracle's price now; 0 before the first."""
        view = self._exchange.market(market.symbol)
        return 0 if view is None else price_units(view.oracle)

    def settle_funding(self, user: User, market_index: int, moment: Moment) -> list[Record]:
        """Pay a position what its market has accrued since it was last touched."""
        market, position = self._books.markets[market_index], user.positions.get(market_index)
        if position is None or position.base == 0:
            return []
        cumulative = market.cumulative(is_long=position.base > 0)
        if cumulative == position.last_cumulative:
            return []
        payment = market.owed(position)
        told = records.funding_payment(moment.at_s, user, market, position, payment)
        position.last_cumulative = cumulative
        position.charge(payment)
        user.funding += payment
        return [told]

    def settle_pnl(self, user: User, market_index: int, pool: int, moment: Moment) -> list[Record] | None:
        """Move a position's profit (as far as the pool goes) or loss to the deposit; None when the pool is empty."""
        market, position = self._books.markets[market_index], user.positions.get(market_index)
        assert position is not None
        oracle = self.oracle(market)
        pnl = unrealised(position, oracle) + market.owed(position)
        if pnl > 0 and pool <= 0:
            return None
        told, moved = self.settle_funding(user, market_index, moment), min(pnl, pool)
        if moved == 0:
            return [*told, records.said("User has no unsettled pnl")]
        position.quote -= moved
        position.settled_pnl += moved
        user.deposit += moved
        user.settled_pnl += moved
        user.last_active_slot = moment.slot
        return [*told, records.pnl_settled(moment.at_s, user, market, position, moved, oracle)]

    def rate(self, event: FundingSettled) -> Record:
        """The hour's rate becomes quote per base at the oracle's price: what everybody is paid by."""
        market = self._books.markets[self._books.index_of[event.asset]]
        rate, hour_s = rate_units(event.rate * event.oracle_price), event.hour_ns // NS_PER_S
        oracle = price_units(event.oracle_price)
        market.pay(rate, oracle, hour_s)
        return records.funding_rate(hour_s, market, rate, oracle, price_units(event.mark_price))

    def socialise(self, market_index: int, usd_per_base: Decimal, moment: Moment) -> Record:
        """Charge every holder of a market: longs and shorts alike lose this much per base at the next touch."""
        market, rate = self._books.markets[market_index], rate_units(usd_per_base)
        market.cumulative_long += rate
        market.cumulative_short -= rate
        loss = 0
        for user in self._books.users.values():
            position = user.positions.get(market_index)
            size = to_base(0 if position is None else abs(position.base))
            if size:
                self._exchange.open_account(user.wallet.authority, -size * usd_per_base)
                loss += quote_units(size * usd_per_base)
        market.social_loss += loss
        return records.bankruptcy(moment.at_s, records.STRANGER, market, loss, rate)


def unrealised(position: Position, oracle: int) -> int:
    """Profit of a position at the oracle's price, without funding that it is owed."""
    return towards_zero(position.base * oracle, BASE_TIMES_PRICE) + position.quote
