"""POST /info: questions anyone may ask. Nothing here changes the exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from engine.simulators.exchange import Exchange, MarketMode, OrderView
from engine.simulators.hyperliquid import writer
from engine.simulators.hyperliquid.dead_man import DeadMan
from engine.simulators.hyperliquid.knobs import FaceKnobs
from engine.simulators.hyperliquid.limits import AddressLimit
from engine.simulators.hyperliquid.writer import NS_PER_MS, ms, text
from engine.venues.hyperliquid.wire import ActiveAssetData, Leverage, Meta, UserRateLimit
from engine.venues.hyperliquid.wire_orders import FundingDelta, FundingRow, OrderStatusReply

FILLS_MOST = 2000
FUNDING_MOST = 500
BOOK_LEVELS = 20
HOUR_MS = 3_600_000
"""Rows a call (HL docs, "Info endpoint", 2025-11)."""


class UnknownQuestion(Exception):
    """A body that does not deserialize: HTTP 422 at the venue."""


class VenueFault(Exception):
    """HTTP 500 with the body `null`: what the venue says to a coin it does not know."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of any question; explicit nulls count as absent (SDK 0.24.0 sends them)."""

    type: str
    user: str | None = None
    coin: str | None = None
    oid: int | str | None = None
    startTime: int | None = None  # noqa: N815 - the venue's spelling
    endTime: int | None = None  # noqa: N815


class Info:
    """Answers built from an exchange's views."""

    def __init__(
        self,
        exchange: Exchange,
        agents: Mapping[str, str],
        *,
        knobs: FaceKnobs,
        address: AddressLimit,
        dead_man: DeadMan,
        valid_until_ms: Mapping[str, int],
    ) -> None:
        self._exchange = exchange
        self._agents = agents
        self._knobs, self._address, self._dead_man = knobs, address, dead_man
        self._valid_until_ms = valid_until_ms
        self._ids = {spec.asset: asset_id for asset_id, spec in enumerate(exchange.instruments)}
        self._answers: Mapping[str, Callable[[int, Question], Any]] = {
            "meta": lambda _now, _ask: self.meta(),
            "metaAndAssetCtxs": lambda _now, _ask: (self.meta(), self._contexts()),
            "spotMeta": lambda _now, _ask: {"universe": [], "tokens": []},
            "perpDexs": lambda _now, _ask: [None],
            "allMids": lambda _now, _ask: self.mids(),
            "l2Book": self._l2_book,
            "fundingHistory": self._funding_history,
            "predictedFundings": lambda _now, _ask: self._predicted(),
            "clearinghouseState": lambda now, ask: self.state(now, _user(ask)),
            "spotClearinghouseState": lambda _now, ask: self.spot(_user(ask)),
            "userAbstraction": lambda _now, _ask: "unifiedAccount" if self._knobs.unified else "default",
            "activeAssetData": lambda _now, ask: self.active_asset_data(_user(ask), ask.coin or ""),
            "openOrders": lambda _now, ask: self.open_orders(_user(ask)),
            "frontendOpenOrders": lambda _now, ask: self.open_orders(_user(ask), detailed=True),
            "historicalOrders": lambda _now, ask: self._historical_orders(ask),
            "orderStatus": self._order_status,
            "userFills": lambda _now, ask: self.fills(_user(ask))[::-1],
            "userFillsByTime": lambda _now, ask: self._fills_by_time(ask),
            "userFunding": lambda _now, ask: self._user_funding(ask),
            "userFees": lambda _now, _ask: self._user_fees(),
            "userRateLimit": lambda _now, ask: self._rate_limit(_user(ask)),
            "userRole": lambda _now, ask: self._role(ask),
            "extraAgents": lambda _now, ask: self._agents_of(_user(ask)),
            "exchangeStatus": lambda now, _ask: {"specialStatuses": None, "time": ms(now)},
        }

    def answer(self, now_ns: int, body: Any) -> Any:
        """The answer, ready to be encoded. Raises UnknownQuestion, VenueFault."""
        try:
            question = msgspec.convert(body, Question)
        except msgspec.ValidationError as refused:
            raise UnknownQuestion(str(refused)) from refused
        answer = self._answers.get(question.type)
        if answer is None:
            raise UnknownQuestion(question.type)
        return answer(now_ns, question)

    # markets

    def meta(self) -> Meta:
        listed = self._exchange.instruments
        return Meta(universe=tuple(writer.asset_info(spec, delisted=self._delisted(spec.asset)) for spec in listed))

    def _delisted(self, asset: str) -> bool:
        market = self._exchange.market(asset)
        return self._knobs.delists_halted and market is not None and market.mode is MarketMode.HALTED

    def mids(self) -> dict[str, str]:
        views = (self._exchange.market(spec.asset) for spec in self._exchange.instruments)
        return {view.asset: text(view.mid) for view in views if view is not None}

    def context(self, coin: str) -> Any:
        """None before the first point."""
        market, funding = self._exchange.market(coin), self._exchange.funding_view(coin)
        return None if market is None or funding is None else writer.asset_context(market, funding)

    def _contexts(self) -> tuple[Any, ...]:
        contexts = tuple(self.context(spec.asset) for spec in self._exchange.instruments)
        if None in contexts:
            raise VenueFault("a market has no price yet")
        return contexts

    def book(self, now_ns: int, coin: str) -> Any:
        view = self._exchange.book(coin, BOOK_LEVELS)
        sides = [[writer.level(level) for level in levels] for levels in (view.bids, view.asks)]
        return {"coin": coin, "time": ms(now_ns), "levels": sides}

    def _l2_book(self, now_ns: int, ask: Question) -> Any:
        return self.book(now_ns, ask.coin) if ask.coin in self._ids else None

    def _funding_history(self, _now_ns: int, ask: Question) -> Any:
        if ask.coin not in self._ids:
            raise VenueFault(f"fundingHistory of {ask.coin}")
        settled = self._exchange.funding_settled_since(ask.coin, (ask.startTime or 0) * NS_PER_MS)
        return [
            {
                "coin": row.asset,
                "fundingRate": text(row.rate, writer.RATE),
                "premium": text(row.premium, writer.RATE),
                "time": ms(row.hour_ns) + writer.FUNDING_STAMP_MS,
            }
            for row in settled
            if ask.endTime is None or ms(row.hour_ns) <= ask.endTime
        ][:FUNDING_MOST]

    def _predicted(self) -> Any:
        """`nextFundingTime` names the hour already settled (REST profile, 2026-09-24: 234 of 234 coins)."""
        views = (self._exchange.funding_view(spec.asset) for spec in self._exchange.instruments)
        return [
            [view.asset, [["HlPerp", {
                "fundingRate": text(view.forming_rate, writer.RATE),
                "nextFundingTime": ms(view.next_settlement_ns) - HOUR_MS,
                "fundingIntervalHours": 1,
            }]]]
            for view in views
            if view is not None
        ]  # fmt: skip

    # accounts

    def state(self, now_ns: int, user: str) -> Any:
        view = self._exchange.account_view(user)
        return writer.clearinghouse_state(view, now_ns, unified=self._knobs.unified)

    def spot(self, user: str) -> Any:
        return writer.spot_state(self._exchange.account_view(user), unified=self._knobs.unified)

    def active_asset_data(self, user: str, coin: str) -> Any:
        if coin not in self._ids:
            raise VenueFault(f"activeAssetData of {coin}")
        value = self._exchange.leverage(user, coin) if self._exchange.has_account(user) else 1
        return ActiveAssetData(user=user, coin=coin, leverage=Leverage(type="cross", value=value))

    def web_data(self, now_ns: int, user: str) -> Any:
        """Channel `webData2`, as far as a trading client reads it; the venue calls it deprecated."""
        agents = [signer for signer, account in self._agents.items() if account == user != signer]
        return {
            "user": user,
            "clearinghouseState": self.state(now_ns, user),
            "openOrders": self.open_orders(user, detailed=True),
            "meta": self.meta(),
            "assetCtxs": self._contexts(),
            "agentAddress": agents[0] if agents else None,
            "agentValidUntil": self._valid_until_ms.get(agents[0]) if agents else None,
            "serverTime": ms(now_ns),
            "isVault": False,
        }

    def _user_fees(self) -> Any:
        taker, maker = text(self._exchange.fees.taker), text(self._exchange.fees.maker)
        return {
            "dailyUserVlm": [],
            "feeSchedule": {"cross": taker, "add": maker, "tiers": {"vip": [], "mm": []}},
            "userCrossRate": taker,
            "userAddRate": maker,
            "activeReferralDiscount": "0.0",
        }

    def _rate_limit(self, user: str) -> Any:
        return UserRateLimit(
            cumVlm=text(self._address.volume(user)),
            nRequestsUsed=self._address.used(user),
            nRequestsCap=self._address.most(user),
        )

    def _agents_of(self, user: str) -> Any:
        """Named agents only; here those whose end is known have a name."""
        named = [signer for signer, account in self._agents.items() if account == user]
        return [
            {"name": f"agent{number}", "address": signer, "validUntil": self._valid_until_ms[signer]}
            for number, signer in enumerate(named)
            if signer in self._valid_until_ms
        ]

    def _role(self, ask: Question) -> Any:
        user = _user(ask)
        master = self._agents.get(user)
        if master is not None and master != user:
            return {"role": "agent", "data": {"user": master}}
        return {"role": "user" if self._exchange.has_account(user) else "missing"}

    # orders, fills, payments

    def open_orders(self, user: str, *, detailed: bool = False) -> Any:
        views = self._exchange.open_orders(user)
        return [writer.basic_order(view, detailed=detailed) for view in views]

    def _historical_orders(self, ask: Question) -> Any:
        views = self._exchange.orders_since(_user(ask), 0)
        return [self._update(view) for view in reversed(views[-FILLS_MOST:])]

    def _order_status(self, now_ns: int, ask: Question) -> Any:
        view = self._find(_user(ask), ask.oid)
        lag_ns = self._knobs.unknown_oid_lag_ms * NS_PER_MS
        if view is None or now_ns < view.placed_at_ns + lag_ns:
            return OrderStatusReply(status="unknownOid")
        return OrderStatusReply(status="order", order=self._update(view))

    def _update(self, view: OrderView) -> Any:
        return writer.order_update(view, detailed=True, scheduled=view.order_id in self._dead_man.ended)

    def _find(self, user: str, oid: int | str | None) -> OrderView | None:
        if oid is None:
            raise UnknownQuestion("orderStatus without oid")
        if isinstance(oid, int):
            return self._exchange.order(user, oid)
        return self._exchange.order_by_client_id(user, oid.lower())

    def fills(self, user: str) -> tuple[Any, ...]:
        """The most recent ones, oldest first."""
        return tuple(writer.fill(event) for event in self._exchange.fills_since(user, 0)[-FILLS_MOST:])

    def _fills_by_time(self, ask: Question) -> Any:
        since = self._exchange.fills_since(_user(ask), (ask.startTime or 0) * NS_PER_MS)
        within = (event for event in since if ask.endTime is None or ms(event.at_ns) <= ask.endTime)
        return [writer.fill(event) for event in within][:FILLS_MOST]

    def fundings(self, user: str) -> tuple[Any, ...]:
        """The most recent payments, oldest first."""
        paid = self._exchange.funding_paid_since(user, 0)[-FUNDING_MOST:]
        return tuple(writer.funding(event) for event in paid)

    def _user_funding(self, ask: Question) -> Any:
        start = ask.startTime or 0
        early_ns = (start - HOUR_MS) * NS_PER_MS
        rows = (writer.funding(event) for event in self._exchange.funding_paid_since(_user(ask), early_ns))
        within = (row for row in rows if start <= row.time <= (ask.endTime or row.time))
        return [_funding_row(row) for row in within][:FUNDING_MOST]


def _user(ask: Question) -> str:
    if ask.user is None:
        raise UnknownQuestion(f"{ask.type} without user")
    return ask.user.lower()


def _funding_row(row: Any) -> FundingRow:
    delta = FundingDelta(
        type="funding", coin=row.coin, usdc=row.usdc, szi=row.szi, fundingRate=row.fundingRate, nSamples=row.nSamples
    )
    return FundingRow(time=row.time, hash="0x" + "0" * 64, delta=delta)
