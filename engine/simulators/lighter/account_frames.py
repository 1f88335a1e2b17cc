"""The private channels' frames: whole accounts, one market of an account, and the first frame of each channel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.simulators.exchange import FundingPaid
from engine.simulators.lighter.holdings import Holdings
from engine.simulators.lighter.orders import Orders, Record, order_row
from engine.simulators.lighter.rules import Listing
from engine.simulators.lighter.trades import Trade, Trades
from engine.simulators.lighter.verdicts import Transaction
from engine.simulators.lighter.words import Row, ms

TRADES_SHOWN = 50
"""Trades in the first frame of a channel; the venue's figure is not verified."""


class News:
    """What one call of the exchange meant to one account."""

    def __init__(self) -> None:
        self.orders: dict[int, Record] = {}
        self.trades: list[Trade] = []
        self.assets: dict[str, None] = {}
        self.payments: list[FundingPaid] = []
        self.transactions: list[Transaction] = []


class AccountFrames:
    """Makes the fields of frames; who gets them is not its affair."""

    def __init__(self, listings: Mapping[int, Listing], orders: Orders, trades: Trades, holdings: Holdings) -> None:
        self._listings, self._orders, self._trades, self._holdings = listings, orders, trades, holdings

    def whole(self, account_index: int, news: News, positions: dict[str, Row]) -> Row:
        """`account_all`: what changed."""
        payments: dict[str, list[Row]] = {}
        for paid in news.payments:
            row = self._holdings.payment(paid)
            payments.setdefault(str(row["market_id"]), []).append(row)
        return {
            "account": account_index,
            "assets": self._holdings.assets(account_index),
            **dict.fromkeys(_COUNTS, 0),
            "funding_histories": payments,
            "positions": positions,
            "shares": [],
            "trades": by_market((trade.listing, trade.row) for trade in news.trades),
        }

    def market(self, account_index: int, market_id: int, news: News) -> Row:
        """`account_market`: what changed in one market."""
        listing = self._listings[market_id]
        paid = [self._holdings.payment(each) for each in news.payments if each.asset == listing.asset]
        mine = [order_row(record) for record in news.orders.values() if record.listing is listing]
        return {
            "account": account_index,
            "assets": None,
            "funding_history": paid[-1] if paid else None,
            "orders": mine,
            "position": self._holdings.position(account_index, listing.asset),
            "trades": [trade.row for trade in news.trades if trade.listing is listing],
        }

    def snapshot(self, now_ns: int, kind: str, account_index: int, market_id: int | None) -> Row:
        """The fields of the first frame of a private channel."""
        open_orders = self._orders.open_of(account_index, market_id)
        orders = by_market((record.listing, order_row(record)) for record in open_orders)
        match kind:
            case "account_all_orders":
                return {"orders": orders}
            case "account_orders":
                return {"account": account_index, "nonce": 0, "orders": orders}
            case "account_all_trades":
                return {"trades": self._recent(account_index)}
            case "account_all_positions":
                return positions_frame(self._holdings.positions(account_index))
            case "account_all_assets":
                return {"assets": self._holdings.assets(account_index), "timestamp": ms(now_ns)}
            case "user_stats":
                return {"stats": self._holdings.stats(account_index), "timestamp": ms(now_ns)}
            case "account_all":
                whole = self.whole(account_index, News(), self._holdings.positions(account_index))
                return whole | {"trades": self._recent(account_index)}
            case "account_market":
                assert market_id is not None
                return self.market(account_index, market_id, News()) | {"orders": orders.get(str(market_id), [])}
            case "account_tx":
                return {"txs": []}
            case _:
                return {"notifs": []}

    def _recent(self, account_index: int) -> dict[str, list[Row]]:
        trades = self._trades.of_account(str(account_index))[:TRADES_SHOWN]
        return by_market((trade.listing, trade.row) for trade in trades)


_COUNTS = (
    "daily_trades_count",
    "daily_volume",
    "weekly_trades_count",
    "weekly_volume",
    "monthly_trades_count",
    "monthly_volume",
    "total_trades_count",
    "total_volume",
)
"""Of `account_all`; not simulated."""


def by_market(rows: Iterable[tuple[Listing, Row]]) -> dict[str, list[Row]]:
    """Rows by market id."""
    found: dict[str, list[Row]] = {}
    for listing, row in rows:
        found.setdefault(str(listing.market_id), []).append(row)
    return found


def positions_frame(positions: dict[str, Row]) -> Row:
    """`account_all_positions`: these markets."""
    return {"positions": positions, "shares": [], "last_funding_round": None, "last_funding_discount": None}
