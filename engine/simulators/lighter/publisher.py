"""Private channels and public trades: what happened, told once per call of the exchange.

Order of the frames of one event: trades of the market, the account's orders, trades, positions, assets, figures, the
account as a whole, notices, and last the verdict on the transaction (the venue's own order is not verified).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.simulators.exchange import (
    Events,
    Exchange,
    FundingPaid,
    LeverageSet,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
)
from engine.simulators.lighter.account_frames import AccountFrames, News, by_market, positions_frame
from engine.simulators.lighter.credentials import LighterAccount
from engine.simulators.lighter.feeds import Feeds
from engine.simulators.lighter.holdings import Holdings
from engine.simulators.lighter.notices import notice
from engine.simulators.lighter.orders import Orders, order_row
from engine.simulators.lighter.streams import Streams
from engine.simulators.lighter.trades import Trade, Trades
from engine.simulators.lighter.verdicts import Transaction, transaction_row
from engine.simulators.lighter.words import NS_PER_S, Row, ms


class Publisher:
    """Tells only accounts of the face; the exchange's crowd has no connections."""

    def __init__(
        self,
        exchange: Exchange,
        accounts: Mapping[int, LighterAccount],
        orders: Orders,
        trades: Trades,
        holdings: Holdings,
        frames: AccountFrames,
        streams: Streams,
        feeds: Feeds,
        stats_every_s: int,
    ) -> None:
        self._exchange, self._accounts, self._frames = exchange, accounts, frames
        self._orders, self._trades, self._holdings = orders, trades, holdings
        self._streams, self._feeds = streams, feeds
        self._every_ns, self._due_ns = stats_every_s * NS_PER_S, 0
        self._positions: dict[int, dict[str, Row]] = {}

    def happened(self, now_ns: int, events: Events, transaction: Transaction | None = None) -> None:
        """Take over and tell."""
        news: dict[int, News] = {}
        self._take_orders(events, news)
        trades = self._trades.book(events, "" if transaction is None else transaction.hash)
        self._take_trades(trades, news)
        self._take_holdings(events, news)
        if transaction is not None:
            _of(news, transaction.asked.account_index).transactions.append(transaction)
        self._tell_markets(trades)
        for account_index, told in news.items():
            if account_index in self._accounts:
                self._tell(now_ns, account_index, told)

    def _take_orders(self, events: Events, news: dict[int, News]) -> None:
        for event in events:
            match event:
                case OrderAccepted() | OrderRejected() | OrderFilled() | OrderDone():
                    view = self._exchange.order(event.account, event.order_id)
                    record = None if view is None else self._orders.see(view)
                    if record is not None and record.told:
                        _of(news, record.account_index).orders[record.order_index] = record
                case _:
                    continue

    def _take_trades(self, trades: list[Trade], news: dict[int, News]) -> None:
        for trade in trades:
            for fill in trade.fills:
                self._holdings.traded(fill)
                mine = _of(news, self._trades.account_index(fill.account))
                mine.assets[fill.asset] = None
                if not mine.trades or mine.trades[-1] is not trade:
                    mine.trades.append(trade)

    def _take_holdings(self, events: Events, news: dict[int, News]) -> None:
        """Payments, and leverages set; the crowd's are nobody's news."""
        for event in events:
            if isinstance(event, FundingPaid | LeverageSet) and event.account.isdecimal():
                mine = _of(news, int(event.account))
                mine.assets[event.asset] = None
                if isinstance(event, FundingPaid):
                    mine.payments.append(event)

    def _tell_markets(self, trades: list[Trade]) -> None:
        for trade in trades:
            forced = trade.kind != "trade"
            told: Row = {
                "trades": [] if forced else [trade.row],
                "liquidation_trades": [trade.row] if forced else [],
                "nonce": self._feeds.nonce(trade.listing.asset),
            }
            self._streams.publish(f"trade:{trade.listing.market_id}", told)

    def _tell(self, now_ns: int, account_index: int, news: News) -> None:
        self._tell_orders(account_index, news)
        if news.trades:
            trades = by_market((trade.listing, trade.row) for trade in news.trades)
            self._streams.publish(f"account_all_trades:{account_index}", {"trades": trades})
        positions = {}
        for asset in news.assets:
            row = self._holdings.position(account_index, asset)
            positions[str(row["market_id"])] = row
        if positions:
            self._tell_holdings(now_ns, account_index, positions)
        elif news.orders:
            self._tell_stats(now_ns, account_index)
        self._tell_whole(account_index, news, positions)
        for trade in news.trades:
            self._tell_notice(account_index, trade)
        if news.transactions:
            self._tell_transactions(account_index, news.transactions)

    def _tell_orders(self, account_index: int, news: News) -> None:
        if not news.orders:
            return
        rows = by_market((record.listing, order_row(record)) for record in news.orders.values())
        self._streams.publish(f"account_all_orders:{account_index}", {"orders": rows})
        for market_id, told in rows.items():
            channel = f"account_orders:{market_id}:{account_index}"
            nonce = told[0]["nonce"]
            self._streams.publish(channel, {"account": account_index, "nonce": nonce, "orders": {market_id: told}})

    def _tell_holdings(self, now_ns: int, account_index: int, positions: dict[str, Row]) -> None:
        self._positions.setdefault(account_index, {}).update(positions)
        if self._streams.wanted(f"account_all_positions:{account_index}"):
            self._streams.publish(f"account_all_positions:{account_index}", positions_frame(positions))
        if self._streams.wanted(f"account_all_assets:{account_index}"):
            assets: Row = {"assets": self._holdings.assets(account_index), "timestamp": ms(now_ns)}
            self._streams.publish(f"account_all_assets:{account_index}", assets)
        self._tell_stats(now_ns, account_index)

    def _tell_stats(self, now_ns: int, account_index: int) -> None:
        if self._streams.wanted(f"user_stats:{account_index}"):
            stats: Row = {"stats": self._holdings.stats(account_index), "timestamp": ms(now_ns)}
            self._streams.publish(f"user_stats:{account_index}", stats)

    def _tell_whole(self, account_index: int, news: News, positions: dict[str, Row]) -> None:
        """`account_all`, and `account_market` for every market that something happened in."""
        if positions and self._streams.wanted(f"account_all:{account_index}"):
            self._streams.publish(f"account_all:{account_index}", self._frames.whole(account_index, news, positions))
        touched = {str(record.listing.market_id): None for record in news.orders.values()} | dict.fromkeys(positions)
        for market_id in touched:
            channel = f"account_market:{market_id}:{account_index}"
            if self._streams.wanted(channel):
                self._streams.publish(channel, self._frames.market(account_index, int(market_id), news))

    def _tell_notice(self, account_index: int, trade: Trade) -> None:
        told = notice(account_index, trade)
        if told is not None:
            self._streams.publish(f"notification:{account_index}", {"notifs": [told]})

    def _tell_transactions(self, account_index: int, transactions: list[Transaction]) -> None:
        address = self._accounts[account_index].l1_address
        rows = [transaction_row(transaction, address) for transaction in transactions]
        self._streams.publish(f"account_tx:{account_index}", {"txs": rows})

    def margins(self, now_ns: int) -> None:
        """Accounts with positions are told every few seconds what the mark did to them."""
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + self._every_ns
        for account_index in self._accounts:
            if self._exchange.holds(str(account_index)):
                self._tell_stats(now_ns, account_index)
                self._tell_moved(account_index)

    def _tell_moved(self, account_index: int) -> None:
        channel = f"account_all_positions:{account_index}"
        if not self._streams.wanted(channel):
            return
        known = self._positions.setdefault(account_index, {})
        moved = {key: row for key, row in self._holdings.positions(account_index).items() if known.get(key) != row}
        if moved:
            known.update(moved)
            self._streams.publish(channel, positions_frame(moved))


def _of(news: dict[int, News], account_index: int) -> News:
    return news.setdefault(account_index, News())
