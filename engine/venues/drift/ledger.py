"""What the adapter knows of its orders and has already told: landed transactions in, new messages out. No I/O.

A transaction is folded once, by its signature, whoever brought it: the delivery that sent it or the history of the
account. Messages count as told when they are returned here, so callers report at once, without waiting in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import ZERO, DoneReason, Liquidity, RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    ForeignFilled,
    FrameRefused,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    PnlSettled,
    PositionLiquidated,
    VenueMessage,
)
from engine.venues.adapter import Recalled
from engine.venues.assets import Listed
from engine.venues.drift.accruals import Accruals
from engine.venues.drift.codec_accounts import base_of, usd_of
from engine.venues.drift.recalling import Unseen
from engine.venues.drift.refusals import rejected
from engine.venues.drift.slots import Slots
from engine.venues.drift.values import (
    AnyEvent,
    FundingSettled,
    OrderActed,
    OrderPlaced,
    OrderSide,
    PlaceOrder,
    PnlMoved,
    Reading,
    Unread,
)
from engine.venues.drift.wire import JsonValue

NS_PER_S = 1_000_000_000
LIQUIDATION = "Liquidation"
ListingOf = Callable[[int], Listed]

_ENDINGS: dict[str, DoneReason] = {
    "None": DoneReason.CANCELED,
    "OrderExpired": DoneReason.EXPIRED,
    "InsufficientFreeCollateral": DoneReason.MARGIN_CANCELED,
    "ReduceOnlyOrderIncreasedPosition": DoneReason.REDUCE_ONLY_CANCELED,
    LIQUIDATION: DoneReason.LIQUIDATED,
}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One order of ours. `number` is the program's, once it has told it; `settled` its last word.

    `user_order_id` 0: an earlier process sent it, or was about to, and it has not been seen. `lapsed`: nor will it be,
    by all that is known.
    """

    order_id: str
    asset: str
    listing: Listed
    user_order_id: int
    ioc: bool
    expires_at_ns: int
    signature: str = ""
    last_valid_height: int = 0
    number: int | None = None
    filled: Decimal = ZERO
    settled: OrderDone | OrderRejected | None = None
    lapsed: bool = False

    @property
    def may_live(self) -> bool:
        """It may be open, as far as we know."""
        return self.settled is None and not self.lapsed


class Landing(msgspec.Struct, frozen=True, kw_only=True):
    """A landed transaction: its error (None = it succeeded) and what its logs told."""

    signature: str
    err: JsonValue
    events: tuple[AnyEvent, ...]


class Ledger:
    """Bounded memory; orders that may live are never forgotten."""

    def __init__(self, listing_of: ListingOf, user: str, *, orders_most: int, ids_most: int) -> None:
        """`user` is our User account; `listing_of` names a market by its index."""
        self.slots = Slots()
        self.obscured = False
        """A transaction that somebody else sent, perhaps an earlier process, cannot be read in whole."""
        self._listing_of, self._user = listing_of, user
        self._orders: dict[str, Known] = {}
        self._numbers: dict[int, str] = {}
        self._signatures: dict[str, str] = {}
        self._folded: dict[str, None] = {}
        self._accruals, self._unseen = Accruals(), Unseen()
        self._orders_most, self._ids_most = orders_most, ids_most

    # our own orders

    def prepared(self, order: SubmitOrder, listing: Listed) -> Known | None:
        """Give an order its number; None when none is free."""
        user_order_id = self.slots.take(order.order_id)
        if user_order_id is None:
            return None
        known = Known(
            order_id=order.order_id,
            asset=order.asset,
            listing=listing,
            user_order_id=user_order_id,
            ioc=order.time_in_force is TimeInForce.IOC,
            expires_at_ns=order.expires_at_ns,
        )
        self._orders[order.order_id] = known
        self._forget()
        return known

    def signed(self, order_id: str, signature: str, last_valid_height: int) -> None:
        """An order's transaction is about to leave; by its signature its fate is found, whatever the answer."""
        self._signatures[signature] = order_id
        self._change(order_id, signature=signature, last_valid_height=last_valid_height)

    def refused(self, outcome: OrderRejected) -> None:
        """An order provably did not come to be."""
        self._settle(outcome.order_id, outcome)

    # orders of an earlier process

    def recall(self, recalled: Recalled, listing: Listed, asked: PlaceOrder) -> None:
        """Look out for an order of an earlier process; also for one that was over, whose fills may be read again."""
        order = recalled.order
        ended = OrderDone(
            venue=Venue.DRIFT, order_id=order.order_id, filled=recalled.filled, reason=DoneReason.CANCELED
        )
        self._orders[order.order_id] = Known(
            order_id=order.order_id,
            asset=order.asset,
            listing=listing,
            user_order_id=0,
            ioc=order.time_in_force is TimeInForce.IOC,
            expires_at_ns=order.expires_at_ns,
            settled=ended if recalled.over else None,
        )
        self._unseen.add(order.order_id, asked)

    def recall_payments(self, payment_ids: Iterable[str]) -> None:
        """An earlier process of the run told this funding, oldest first."""
        self._accruals.recall(payment_ids)

    def unseen(self, order_id: str) -> bool:
        """Whether an order of an earlier process has not been seen yet."""
        return self._unseen.holds(order_id)

    def awaits(self) -> bool:
        """Whether an order may still be seen that an earlier process sent."""
        return any(self._unseen.holds(known.order_id) for known in self.living())

    def lapsed(self, order_id: str) -> None:
        """An order of an earlier process was not seen in its time."""
        self._change(order_id, lapsed=True)

    def order(self, order_id: str) -> Known | None:
        """What is known of one order; None when it was not sent by this process, or is forgotten."""
        return self._orders.get(order_id)

    def living(self, asset: str | None = None) -> tuple[Known, ...]:
        """Orders (of one asset, if named) that may be open, oldest first."""
        return tuple(k for k in self._orders.values() if k.may_live and asset in (None, k.asset))

    def has_folded(self, signature: str) -> bool:
        """Whether a transaction has been told."""
        return signature in self._folded

    # what the chain says

    def read(self, reading: Reading) -> tuple[VenueMessage, ...]:
        """A reading of the accounts: funding that has accrued."""
        self.slots.seen_open(order.user_order_id for order in reading.user.orders)
        return self._accruals.read(reading)

    def fold(self, landing: Landing) -> tuple[VenueMessage, ...]:
        """What a transaction did, told once."""
        if landing.signature in self._folded:
            return ()
        self._folded[landing.signature] = None
        _trim(self._folded, self._ids_most)
        order_id = self._signatures.get(landing.signature) or self._recognised(landing)
        if landing.err is not None:
            return () if order_id is None else self._failed(order_id, landing.err)
        messages = [message for event in landing.events for message in self._event(event, order_id)]
        whole = not any(isinstance(event, Unread) for event in landing.events)
        if order_id is not None and whole:
            messages += self._after(order_id)
        return tuple(messages)

    def _recognised(self, landing: Landing) -> str | None:
        """The order of an earlier process that a transaction placed; from now on it is as if we had sent it."""
        events = (event for event in landing.events if isinstance(event, OrderPlaced) and event.user == self._user)
        for event in events:
            order_id = self._unseen.claim(event)
            if order_id is not None:
                self.signed(order_id, landing.signature, 0)
                self._change(order_id, user_order_id=event.user_order_id, lapsed=False)
                if self._orders[order_id].may_live:
                    self.slots.hold(event.user_order_id, order_id)
                return order_id
        self.obscured = self.obscured or any(isinstance(event, Unread) for event in landing.events)
        return None

    # events

    def _event(self, event: AnyEvent, order_id: str | None) -> tuple[VenueMessage, ...]:
        match event:
            case OrderPlaced():
                return self._placed(event, order_id) if event.user == self._user else ()
            case OrderActed():
                return self._acted(event)
            case FundingSettled():
                listing = self._listing_of(event.market_index)
                return self._accruals.settled(event, listing) if event.user == self._user else ()
            case PnlMoved():
                return (self._moved(event),) if event.user == self._user else ()
            case Unread():
                return (FrameRefused(venue=Venue.DRIFT, channel="logs", detail=event.why),)

    def _moved(self, event: PnlMoved) -> PnlSettled:
        asset, at_ns = self._listing_of(event.market_index).asset, event.ts * NS_PER_S
        return PnlSettled(venue=Venue.DRIFT, asset=asset, amount_usd=usd_of(event.pnl), venue_at_ns=at_ns)

    def _placed(self, event: OrderPlaced, order_id: str | None) -> tuple[VenueMessage, ...]:
        known = self._orders.get(order_id or "")
        if known is None or known.user_order_id != event.user_order_id:
            return ()
        self._numbers[event.number] = known.order_id
        _trim(self._numbers, self._ids_most)
        self._change(known.order_id, number=event.number)
        accepted = OrderAccepted(venue=Venue.DRIFT, order_id=known.order_id, venue_order_id=str(event.number))
        return (accepted,)

    def _acted(self, event: OrderActed) -> tuple[VenueMessage, ...]:
        sides = ((event.taker, Liquidity.TAKER), (event.maker, Liquidity.MAKER))
        own = next(((side, role) for side, role in sides if side is not None and side.user == self._user), None)
        if own is None:
            return ()
        side, role = own
        match event.action:
            case "Fill":
                return self._filled(event, side, role) if event.base else ()
            case "Cancel" | "Expire":
                return self._ended(event, side)
            case _:
                return ()

    def _filled(self, event: OrderActed, side: OrderSide, role: Liquidity) -> tuple[VenueMessage, ...]:
        known = self._orders.get(self._numbers.get(side.number, ""))
        if known is None:
            return (self._foreign(event, side),)
        self._change(known.order_id, filled=known.listing.size(base_of(side.filled)))
        filled = OrderFilled(
            **_fill_fields(event, side, known.listing),  # type: ignore[arg-type]
            order_id=known.order_id,
            liquidity=role,
        )
        if side.filled < side.size:
            return (filled,)
        done = OrderDone(
            venue=Venue.DRIFT,
            order_id=known.order_id,
            filled=known.listing.size(base_of(side.filled)),
            reason=DoneReason.FILLED,
        )
        return (filled, *self._done(done))

    def _foreign(self, event: OrderActed, side: OrderSide) -> ForeignFilled | PositionLiquidated:
        fields = _fill_fields(event, side, self._listing_of(event.market_index))
        kind = PositionLiquidated if event.explanation == LIQUIDATION else ForeignFilled
        return kind(**fields)  # type: ignore[arg-type]

    def _ended(self, event: OrderActed, side: OrderSide) -> tuple[VenueMessage, ...]:
        known = self._orders.get(self._numbers.get(side.number, ""))
        if known is None:
            return ()
        reason = _ENDINGS.get(event.explanation, DoneReason.VENUE_CANCELED)
        if event.action == "Expire":
            reason = DoneReason.EXPIRED
        elif known.ioc and reason is DoneReason.CANCELED:
            reason = DoneReason.IOC_REMAINDER
        filled = known.listing.size(base_of(side.filled))
        return self._done(OrderDone(venue=Venue.DRIFT, order_id=known.order_id, filled=filled, reason=reason))

    # endings

    def _failed(self, order_id: str, err: JsonValue) -> tuple[VenueMessage, ...]:
        outcome = rejected(order_id, err, "the transaction failed")
        self._settle(order_id, outcome)
        return (outcome,)

    def _after(self, order_id: str) -> tuple[VenueMessage, ...]:
        """The end of an order's own transaction: an IOC is over, and what was not placed by then never was."""
        known = self._orders.get(order_id)
        if known is None or not known.may_live:
            return ()
        if known.number is None:
            late = "the transaction placed no order: it came after the order's time"
            outcome = OrderRejected(venue=Venue.DRIFT, order_id=order_id, reason=RejectReason.EXPIRED, detail=late)
            self._settle(order_id, outcome)
            return (outcome,)
        if not known.ioc:
            return ()
        done = OrderDone(venue=Venue.DRIFT, order_id=order_id, filled=known.filled, reason=DoneReason.IOC_REMAINDER)
        return self._done(done)

    def _done(self, done: OrderDone) -> tuple[VenueMessage, ...]:
        known = self._orders.get(done.order_id)
        if known is None or not known.may_live:
            return ()
        self._settle(done.order_id, done)
        return (done,)

    def _settle(self, order_id: str, outcome: OrderDone | OrderRejected) -> None:
        known = self._orders.get(order_id)
        if known is not None and known.may_live:
            self._change(order_id, settled=outcome)
            self.slots.free(known.user_order_id, order_id)

    # memory

    def _change(self, order_id: str, **changes: object) -> None:
        self._orders[order_id] = msgspec.structs.replace(self._orders[order_id], **changes)

    def _forget(self) -> None:
        over = (known for known in tuple(self._orders.values()) if not known.may_live)
        for known in over:
            if len(self._orders) <= self._orders_most:
                break
            del self._orders[known.order_id]
            self._signatures.pop(known.signature, None)
            self._unseen.drop(known.order_id)


def _fill_fields(event: OrderActed, side: OrderSide, listing: Listed) -> dict[str, object]:
    """What every kind of fill has; the price is quote over base, so that price x size is what was paid."""
    price = usd_of(event.quote) / base_of(event.base)
    return {
        "venue": Venue.DRIFT,
        "asset": listing.asset,
        "fill_id": f"{event.market_index}-{event.fill_id}",
        "side": Side.BUY if side.is_buy else Side.SELL,
        "price": listing.price(price),
        "size": listing.size(base_of(event.base)),
        "fee_usd": usd_of(side.fee),
        "venue_at_ns": event.ts * NS_PER_S,
    }


def _trim(entries: dict[str, None] | dict[int, str], most: int) -> None:
    excess: Iterable[object] = tuple(entries)[: max(0, len(entries) - most)]
    for key in excess:
        del entries[key]  # type: ignore[arg-type]
