"""POST /exchange: signed actions. Who signed is checked first, then the nonce, then the expiry, then the action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from engine.simulators.exchange import (
    CancelRejected,
    Event,
    Events,
    Exchange,
    LeverageRejected,
    NewOrder,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
)
from engine.simulators.hyperliquid import words
from engine.simulators.hyperliquid.dead_man import DeadMan
from engine.simulators.hyperliquid.knobs import FaceKnobs
from engine.simulators.hyperliquid.limits import EXPIRED_COSTS, AddressLimit, parts_of
from engine.simulators.hyperliquid.verification import NonceWindows
from engine.simulators.hyperliquid.writer import ms, text
from engine.venues.hyperliquid.wire import ClientOrderId, Number
from engine.venues.hyperliquid.wire_orders import (
    ExchangeReply,
    ExchangeResponse,
    Filled,
    OrderAck,
    Resting,
    Statuses,
)

AVERAGE_STEP = Decimal("0.00000001")
CENT = Decimal("0.01")
Recover = Callable[[Any, Any, int, int | None], str | None]
"""Action, signature, nonce, expiry in ms: the address that signed, or None."""
Done = tuple[ExchangeReply, Events]


class BadBody(Exception):
    """A body that does not deserialize: HTTP 422 at the venue."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The body; `action` stays as received, for its key order is signed."""

    action: dict[str, Any]
    nonce: int
    signature: dict[str, Any]
    vaultAddress: str | None = None  # noqa: N815 - the venue's spelling
    expiresAfter: int | None = None  # noqa: N815


class LimitTerms(msgspec.Struct, frozen=True, kw_only=True):
    tif: Literal["Alo", "Ioc", "Gtc"]


class OrderType(msgspec.Struct, frozen=True, kw_only=True):
    """Trigger orders are understood and refused."""

    limit: LimitTerms | None = None
    trigger: dict[str, Any] | None = None


class OrderAsked(msgspec.Struct, frozen=True, kw_only=True):
    a: int
    b: bool
    p: Number
    s: Number
    r: bool
    t: OrderType
    c: ClientOrderId | None = None


class CancelAsked(msgspec.Struct, frozen=True, kw_only=True):
    a: int
    o: int


class CancelByClientIdAsked(msgspec.Struct, frozen=True, kw_only=True):
    asset: int
    cloid: ClientOrderId


class ModifyAsked(msgspec.Struct, frozen=True, kw_only=True):
    oid: int | ClientOrderId
    order: OrderAsked


class LeverageAsked(msgspec.Struct, frozen=True, kw_only=True):
    asset: int
    isCross: bool  # noqa: N815 - the venue's spelling
    leverage: int


class ScheduleAsked(msgspec.Struct, frozen=True, kw_only=True):
    time: int | None = None


class WeightAsked(msgspec.Struct, frozen=True, kw_only=True):
    weight: int


class Actions:
    """Performs actions on an exchange. `agents` maps each signing address to its account, lower case.

    `valid_until_ms`: when an agent ends; one that is not named does not. An agent that has ended is as unknown as a
    stranger (the wording of the venue is not verified).
    """

    def __init__(
        self,
        exchange: Exchange,
        agents: Mapping[str, str],
        recover: Recover,
        *,
        knobs: FaceKnobs,
        address: AddressLimit,
        dead_man: DeadMan,
        valid_until_ms: Mapping[str, int],
    ) -> None:
        self._exchange = exchange
        self._agents = agents
        self._recover = recover
        self._knobs, self._address, self._dead_man = knobs, address, dead_man
        self._valid_until_ms = valid_until_ms
        self._nonces = NonceWindows()
        self._assets = tuple(spec.asset for spec in exchange.instruments)
        self._performers: Mapping[str, Callable[[int, str, dict[str, Any]], Done]] = {
            "order": self._order,
            "cancel": self._cancel,
            "cancelByCloid": self._cancel_by_client_id,
            "modify": self._modify,
            "batchModify": self._batch_modify,
            "updateLeverage": self._update_leverage,
            "updateIsolatedMargin": lambda *_: (refusal(words.NO_ISOLATED_MARGIN), ()),
            "scheduleCancel": self._schedule_cancel,
            "reserveRequestWeight": self._reserve,
            "noop": lambda *_: (DEFAULT, ()),
        }

    def act(self, now_ns: int, body: Any) -> Done:
        """The answer, and what happened to whom. Raises BadBody."""
        asked = convert(body, Asked)
        perform = self._performers.get(str(asked.action.get("type")))
        if perform is None:
            raise BadBody(f"unknown action {asked.action.get('type')!r}")
        signer = self._recover(asked.action, asked.signature, asked.nonce, asked.expiresAfter)
        text_of_refusal = self._refuse(now_ns, asked, signer)
        if text_of_refusal is not None:
            return refusal(text_of_refusal), ()
        assert signer is not None, "a signer that is not refused is known"
        return perform(now_ns, self._agents[signer], asked.action)

    def refuse(self, body: Any, reason: str) -> ExchangeReply:
        """The refusal of an action for a reason of a scenario: a known word, or the venue's text itself."""
        if reason in words.TOP_LEVEL_TEXTS:
            return refusal(words.TOP_LEVEL_TEXTS[reason])
        action = convert(body, Asked).action
        parts = next((action[key] for key in ("orders", "cancels", "modifies") if key in action), None)
        if parts is None:
            return refusal(reason)
        errors = [self._scenario_error(convert(part, dict[str, Any]), reason) for part in parts]
        kind = "cancel" if "cancels" in action else "order"
        return _reply(kind, [(error, ()) for error in errors])[0]

    def _scenario_error(self, part: dict[str, Any], reason: str) -> OrderAck:
        asset_id = int(part.get("a", part.get("asset", 0)))
        book = self._exchange.book(self._assets[asset_id], 1)
        bid, ask = (text(levels[0].price) if levels else None for levels in (book.bids, book.asks))
        template = words.ORDER_TEXTS.get(reason, reason)
        return OrderAck(error=template.format(asset_id=asset_id, account="", bid=bid, ask=ask))

    def _refuse(self, now_ns: int, asked: Asked, signer: str | None) -> str | None:
        if signer is None:
            return words.NO_SIGNER
        account = self._agents.get(signer)
        ended_ms = self._valid_until_ms.get(signer)
        if account is None or (ended_ms is not None and ms(now_ns) > ended_ms):
            return words.UNKNOWN_SIGNER.format(address=signer)
        if asked.vaultAddress is not None:
            return words.NO_VAULT.format(address=asked.vaultAddress)
        if not self._exchange.has_account(account):
            return words.NO_DEPOSIT.format(address=account)
        used_up = self._nonces.refuse(signer, asked.nonce, ms(now_ns))
        if used_up is not None:
            return used_up
        if asked.expiresAfter is not None and ms(now_ns) > asked.expiresAfter:
            self._address.charge(account, EXPIRED_COSTS * parts_of(asked.action))
            return words.EXPIRED
        return self._too_many(now_ns, account, asked.action)

    def _too_many(self, now_ns: int, account: str, action: dict[str, Any]) -> str | None:
        """The refusal of an account that has used up its requests; cancels have some more."""
        address, cancels = self._address, str(action.get("type")).startswith("cancel")
        if address.admits(now_ns, account, parts_of(action), cancels=cancels):
            return None
        volume = text(address.volume(account), CENT)
        return words.TOO_MANY_REQUESTS.format(used=address.used(account) + 1, most=address.most(account), volume=volume)

    # orders

    def _order(self, now_ns: int, account: str, action: dict[str, Any]) -> Done:
        orders = convert(action.get("orders"), tuple[OrderAsked, ...])
        placed = [self._place(now_ns, account, order) for order in orders]
        return _reply("order", placed)

    def _place(self, now_ns: int, account: str, asked: OrderAsked) -> tuple[OrderAck, Events]:
        refused = self._unplaceable(asked)
        if refused is not None:
            return OrderAck(error=refused.format(asset_id=asked.a)), ()
        events = self._exchange.place(now_ns, account, self._new_order(asked))
        return self._acknowledge(asked, account, events), events

    def _unplaceable(self, asked: OrderAsked) -> str | None:
        if not 0 <= asked.a < len(self._assets):
            return "Order has invalid asset. asset={asset_id}"
        return words.BAD_TRIGGER if asked.t.limit is None else None

    def _new_order(self, asked: OrderAsked) -> NewOrder:
        assert asked.t.limit is not None, "triggers are refused before"
        return NewOrder(
            asset=self._assets[asked.a],
            is_buy=asked.b,
            size=Decimal(asked.s),
            price=Decimal(asked.p),
            time_in_force=words.TIME_IN_FORCE[asked.t.limit.tif],
            reduce_only=asked.r,
            client_order_id=asked.c,
        )

    def _acknowledge(self, asked: OrderAsked, account: str, events: Events) -> OrderAck:
        """The order's own events are the first one and the fills of its id."""
        first = events[0]
        if isinstance(first, OrderRejected):
            return OrderAck(error=_reject_text(first, asked.a, account))
        assert isinstance(first, OrderAccepted), "an order is accepted or rejected"
        fills = [e for e in events if isinstance(e, OrderFilled) and e.order_id == first.order_id]
        if not fills:
            return OrderAck(resting=Resting(oid=first.order_id, cloid=asked.c))
        total = sum((fill.size for fill in fills), Decimal(0))
        average = sum((fill.size * fill.price for fill in fills), Decimal(0)) / total
        filled = Filled(totalSz=text(total), avgPx=text(average, AVERAGE_STEP), oid=first.order_id, cloid=asked.c)
        return OrderAck(filled=filled)

    # cancels and modifications

    def _cancel(self, now_ns: int, account: str, action: dict[str, Any]) -> Done:
        cancels = convert(action.get("cancels"), tuple[CancelAsked, ...])
        done = [(c.a, self._exchange.cancel(now_ns, account, c.o)) for c in cancels]
        return _reply("cancel", [_cancel_status(asset_id, events) for asset_id, events in done])

    def _cancel_by_client_id(self, now_ns: int, account: str, action: dict[str, Any]) -> Done:
        cancels = convert(action.get("cancels"), tuple[CancelByClientIdAsked, ...])
        done = [(c.asset, self._exchange.cancel_by_client_id(now_ns, account, c.cloid)) for c in cancels]
        return _reply("cancel", [_cancel_status(asset_id, events) for asset_id, events in done])

    def _modify(self, now_ns: int, account: str, action: dict[str, Any]) -> Done:
        return _reply("order", [self._replace(now_ns, account, convert(action, ModifyAsked))])

    def _batch_modify(self, now_ns: int, account: str, action: dict[str, Any]) -> Done:
        modifies = convert(action.get("modifies"), tuple[ModifyAsked, ...])
        return _reply("order", [self._replace(now_ns, account, modify) for modify in modifies])

    def _replace(self, now_ns: int, account: str, asked: ModifyAsked) -> tuple[OrderAck, Events]:
        refused = self._unplaceable(asked.order)
        if refused is not None:
            return OrderAck(error=refused.format(asset_id=asked.order.a)), ()
        events = self._exchange.replace(
            now_ns, account, self._order_number(account, asked.oid), self._new_order(asked.order)
        )
        if isinstance(events[0], CancelRejected):
            return OrderAck(error=words.MODIFY_MISSED), events
        return self._acknowledge(asked.order, account, events[1:]), events

    def _order_number(self, account: str, oid: int | str) -> int:
        if isinstance(oid, int):
            return oid
        view = self._exchange.order_by_client_id(account, oid)
        return -1 if view is None else view.order_id

    # account

    def _update_leverage(self, _now_ns: int, account: str, action: dict[str, Any]) -> Done:
        """Isolated margin is not simulated."""
        asked = convert(action, LeverageAsked)
        if not 0 <= asked.asset < len(self._assets) or not asked.isCross:
            return refusal(words.BAD_LEVERAGE), ()
        if self._knobs.leverage_sticks:
            return DEFAULT, ()
        events = self._exchange.set_leverage(account, self._assets[asked.asset], asked.leverage)
        refused = any(isinstance(event, LeverageRejected) for event in events)
        return (refusal(words.BAD_LEVERAGE) if refused else DEFAULT), events

    def _schedule_cancel(self, now_ns: int, account: str, action: dict[str, Any]) -> Done:
        refused = self._dead_man.set(now_ns, account, convert(action, ScheduleAsked).time)
        return (DEFAULT if refused is None else refusal(refused)), ()

    def _reserve(self, _now_ns: int, account: str, action: dict[str, Any]) -> Done:
        self._address.reserve(account, convert(action, WeightAsked).weight)
        return DEFAULT, ()


DEFAULT = ExchangeReply(status="ok", response=ExchangeResponse(type="default"))


def refusal(why: str) -> ExchangeReply:
    """A refusal of the whole action: HTTP 200 all the same."""
    return ExchangeReply(status="err", response=why)


def convert(body: Any, kind: Any) -> Any:
    """Raises BadBody."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as refused:
        raise BadBody(str(refused)) from refused


def _reply(kind: str, done: list[tuple[Any, Events]]) -> Done:
    data = Statuses(statuses=tuple(status for status, _ in done))
    events: list[Event] = [event for _, caused in done for event in caused]
    return ExchangeReply(status="ok", response=ExchangeResponse(type=kind, data=data)), tuple(events)


def _cancel_status(asset_id: int, events: Events) -> tuple[str | OrderAck, Events]:
    if any(isinstance(event, CancelRejected) for event in events):
        return OrderAck(error=words.CANCEL_MISSED.format(asset_id=asset_id)), events
    return "success", events


def _reject_text(event: OrderRejected, asset_id: int, account: str) -> str:
    bid, ask = (None if price is None else text(price) for price in (event.best_bid, event.best_ask))
    return words.REJECT_TEXTS[event.reason].format(asset_id=asset_id, account=account, bid=bid, ask=ask)
