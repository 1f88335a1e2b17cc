"""What the venue says unasked: markets when they change, accounts when something happens to them."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.simulators.exchange import (
    AccountLiquidated,
    BookView,
    Events,
    Exchange,
    FundingPaid,
    OrderAccepted,
    OrderDone,
    OrderFilled,
)
from engine.simulators.hyperliquid import writer
from engine.simulators.hyperliquid.dead_man import DeadMan
from engine.simulators.hyperliquid.info import Info
from engine.simulators.hyperliquid.streams import Streams, Topic
from engine.simulators.hyperliquid.writer import ms, text
from engine.venues.hyperliquid.wire import ActiveAssetContext, Bbo, ClearinghouseUpdate, SpotUpdate
from engine.venues.hyperliquid.wire_orders import Fill, Funding, OrderUpdate, UserFills, UserFundings

NS_PER_S = 1_000_000_000


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often each feed speaks at most (WS profile, 2026-09-24, where it says so)."""

    context_every_ns: int = NS_PER_S
    book_every_ns: int = 54 * NS_PER_S // 10
    """Twenty levels (since 2026-06; the documents still say 0.5 s). The fast kind, five levels, is not simulated."""
    mids_every_ns: int = 5 * NS_PER_S
    state_every_ns: int = 5 * NS_PER_S


ACCOUNT_STATES = ("clearinghouseState", "spotState", "openOrders", "webData2")
"""Channels that tell an account as a whole, whenever something happened to it."""


class News:
    """What one batch of events means to one account."""

    def __init__(self) -> None:
        self.updates: list[OrderUpdate] = []
        self.fills: list[Fill] = []
        self.fundings: list[Funding] = []
        self.user_events: list[dict[str, Any]] = []


class Publisher:
    """Writes frames into the streams; asks the exchange only about topics somebody listens to."""

    def __init__(self, exchange: Exchange, info: Info, streams: Streams, pace: Pace, dead_man: DeadMan) -> None:
        self._exchange = exchange
        self._dead_man = dead_man
        self._info = info
        self._streams = streams
        self._pace = pace
        self._told_books: dict[str, BookView] = {}
        self._told_contexts: dict[str, Any] = {}
        self._told_ns: dict[Topic, int] = {}

    # what a new subscriber hears first

    def greet(self, now_ns: int, connection: int, topic: Topic) -> None:
        """The first frame of a subscription; `orderUpdates`, `userEvents` and `trades` have none."""
        kind, about = topic
        data = self._first(now_ns, kind, about)
        if data is not None:
            self._streams.send(now_ns, connection, kind, data)

    def _first(self, now_ns: int, kind: str, about: str) -> Any:
        match kind:
            case "bbo":
                return self._bbo(now_ns, self._exchange.book(about, 1))
            case "activeAssetCtx":
                return self._context(about)
            case "l2Book":
                return self._info.book(now_ns, about)
            case "allMids":
                return {"mids": self._info.mids()}
            case "userFills":
                return UserFills(user=about, fills=self._info.fills(about), isSnapshot=True)
            case "userFundings":
                return UserFundings(user=about, fundings=self._info.fundings(about), isSnapshot=True)
            case "userNonFundingLedgerUpdates":
                return {"user": about, "nonFundingLedgerUpdates": [], "isSnapshot": True}
            case "activeAssetData":
                return self._info.active_asset_data(*about.split("|"))
            case _ if kind in ACCOUNT_STATES:
                return self._account(now_ns, kind, about)
            case _:
                return None

    def _account(self, now_ns: int, kind: str, user: str) -> Any:
        """The whole of one account, as this channel tells it."""
        match kind:
            case "clearinghouseState":
                return self._state(now_ns, user)
            case "openOrders":
                return {"dex": "", "user": user, "orders": self._info.open_orders(user, detailed=True)}
            case "spotState":
                return SpotUpdate(user=user, spotState=self._info.spot(user))
            case _:
                return self._info.web_data(now_ns, user)

    # markets

    def market_moved(self, now_ns: int, coin: str) -> None:
        """Tell what changed about one market."""
        if self._due(now_ns, ("l2Book", coin), self._pace.book_every_ns):
            self._streams.publish(now_ns, ("l2Book", coin), "l2Book", self._info.book(now_ns, coin))
        if self._streams.wanted(("bbo", coin)):
            self._tell_bbo(now_ns, coin)
        if self._due(now_ns, ("activeAssetCtx", coin), self._pace.context_every_ns):
            self._tell_context(now_ns, coin)

    def _tell_bbo(self, now_ns: int, coin: str) -> None:
        book, told = self._exchange.book(coin, 1), self._told_books.get(coin)
        if told is not None and told.bids == book.bids and told.asks == book.asks:
            return
        self._told_books[coin] = book
        self._streams.publish(now_ns, ("bbo", coin), "bbo", self._bbo(now_ns, book))

    def _bbo(self, now_ns: int, book: BookView) -> Bbo:
        bid, ask = (writer.level(levels[0]) if levels else None for levels in (book.bids, book.asks))
        return Bbo(coin=book.asset, time=ms(now_ns), bbo=(bid, ask))

    def _tell_context(self, now_ns: int, coin: str) -> None:
        context = self._context(coin)
        if context is not None and context != self._told_contexts.get(coin):
            self._told_contexts[coin] = context
            self._streams.publish(now_ns, ("activeAssetCtx", coin), "activeAssetCtx", context)

    def _context(self, coin: str) -> ActiveAssetContext | None:
        context = self._info.context(coin)
        return None if context is None else ActiveAssetContext(coin=coin, ctx=context)

    def periodic(self, now_ns: int) -> None:
        """Mids, and the state of accounts whose equity moves with the mark."""
        if self._due(now_ns, ("allMids", ""), self._pace.mids_every_ns):
            self._streams.publish(now_ns, ("allMids", ""), "allMids", {"mids": self._info.mids()})
        for user in self._streams.topics("clearinghouseState"):
            topic = ("clearinghouseState", user)
            if self._due(now_ns, topic, self._pace.state_every_ns) and self._exchange.holds(user):
                self._streams.publish(now_ns, topic, topic[0], self._state(now_ns, user))

    def _due(self, now_ns: int, topic: Topic, every_ns: int) -> bool:
        if not self._streams.wanted(topic) or now_ns - self._told_ns.get(topic, -every_ns) < every_ns:
            return False
        self._told_ns[topic] = now_ns
        return True

    # accounts

    def happened(self, now_ns: int, events: Events) -> None:
        """Tell every account what these events did to it: orders, fills, payments, and its new state."""
        news: dict[str, News] = {}
        for event in events:
            self._note(event, news)
        for account, told in news.items():
            self._tell(now_ns, account, told)

    def _note(self, event: Any, news: dict[str, News]) -> None:
        match event:
            case OrderAccepted():
                if event.resting_size:
                    _of(news, event.account).updates.append(writer.accepted_order(event))
            case OrderDone():
                view = self._exchange.order(event.account, event.order_id)
                if view is not None:
                    update = writer.order_update(view, scheduled=event.order_id in self._dead_man.ended)
                    _of(news, event.account).updates.append(update)
            case OrderFilled():
                _of(news, event.account).fills.append(writer.fill(event))
                self._note_part(event, news)
            case FundingPaid():
                _of(news, event.account).fundings.append(writer.funding(event))
            case AccountLiquidated():
                _of(news, event.account).user_events.append({"liquidation": _liquidation(event)})
            case _:
                pass

    def _note_part(self, event: OrderFilled, news: dict[str, News]) -> None:
        view = self._exchange.order(event.account, event.order_id)
        if view is not None and not event.is_taker and event.filled_total < view.size:
            _of(news, event.account).updates.append(writer.part_filled_order(view, event))

    def _tell(self, now_ns: int, account: str, news: News) -> None:
        streams = self._streams
        if news.updates:
            streams.publish(now_ns, ("orderUpdates", account), "orderUpdates", news.updates)
        if news.fills:
            fills = UserFills(user=account, fills=tuple(news.fills))
            streams.publish(now_ns, ("userFills", account), "userFills", fills)
        if news.fundings:
            fundings = UserFundings(user=account, fundings=tuple(news.fundings))
            streams.publish(now_ns, ("userFundings", account), "userFundings", fundings)
        self._tell_user_events(now_ns, account, news)
        for kind in ACCOUNT_STATES:
            if streams.wanted((kind, account)):
                self._told_ns[kind, account] = now_ns
                streams.publish(now_ns, (kind, account), kind, self._account(now_ns, kind, account))

    def _tell_user_events(self, now_ns: int, account: str, news: News) -> None:
        """The channel of `userEvents` is called `user`."""
        fills: list[dict[str, Any]] = [{"fills": news.fills}] if news.fills else []
        for data in (*fills, *({"funding": row} for row in news.fundings), *news.user_events):
            self._streams.publish(now_ns, ("userEvents", account), "user", data)

    def _state(self, now_ns: int, user: str) -> ClearinghouseUpdate:
        return ClearinghouseUpdate(dex="", user=user, clearinghouseState=self._info.state(now_ns, user))


def _of(news: dict[str, News], account: str) -> News:
    return news.setdefault(account, News())


def _liquidation(event: AccountLiquidated) -> dict[str, Any]:
    return {
        "lid": event.at_ns,
        "liquidator": event.account,
        "liquidated_user": event.account,
        "liquidated_ntl_pos": text(event.notional_usd, writer.USD),
        "liquidated_account_value": text(event.equity_usd, writer.USD),
    }
