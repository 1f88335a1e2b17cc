"""Closes one market of one venue: cancel, reduce by IOC at a widening price, and ask the venue after each attempt.

No order is larger than the position the venue last named, and all are reduce-only, so that whatever else happens on the
account nothing is opened. An order whose outcome stays unknown is never sent again: the next one is another order, for
what the venue says is left after the first could no longer be executed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from actors.commands import SubmitOrder
from actors.domain import (
    BPS,
    NS_PER_S,
    ZERO,
    Instrument,
    Quote,
    RejectReason,
    Side,
    TimeInForce,
    Venue,
    client_order_id,
    round_price,
    round_size,
)
from actors.messages import OrderDone, OrderFilled, OrderRejected, OrderUnknown, PositionReported
from engine.flatten.desk import Desk
from engine.flatten.record import Line, What
from engine.flatten.settings import FlattenSettings
from engine.sizes import closed_by, plain

PURPOSE = "flatten"
End = OrderDone | OrderRejected | OrderUnknown


class Notes(Protocol):
    """Where a market's work is noted: durable before an order leaves, and on the screen."""

    def note(self, line: Line) -> None:
        """One line of the record."""

    def tell(self, venue: Venue, words: str) -> None:
        """One line for people."""


class Market:
    """One market, and how far it has come.

    Sizes are signed base units, None while nobody knows: `before` the first order, `after` as the venue last told.
    """

    def __init__(self, venue: Venue, asset: str, settings: FlattenSettings, notes: Notes, namespace: str) -> None:
        self.venue, self.asset = venue, asset
        self.before: Decimal | None = None
        self.after: Decimal | None = None
        self.last: PositionReported | None = None
        self.attempts = 0
        self.fills: dict[str, OrderFilled] = {}
        self.trouble = ""
        """Why the position is not known; empty when it is."""
        self.refusal = ""
        """Why the last order filled nothing, or there was none."""
        self.uncancelled = "not tried"
        """Why our orders may still rest; empty when the venue said that they do not."""
        self.absent = False
        """The venue has no such market."""
        self.unresolved: tuple[str, ...] = ()
        """Orders whose outcome was never told."""
        self._settings, self._notes, self._namespace = settings, notes, namespace
        self._level = 0

    @property
    def flat(self) -> bool:
        """The venue said so, and holds no order of ours."""
        return self.absent or (self.after == ZERO and not self.uncancelled and not self.trouble)

    def shown(self, desk: Desk) -> None:
        """What the venue's own snapshot tells of it."""
        told = desk.ear.positions.get(self.asset)
        self.absent = not desk.ear.knows(self.asset) and (told is None or not told.size)
        if self.absent:
            self.before = self.after = ZERO
        elif told is not None:
            self._found(told)

    async def look(self, desk: Desk) -> None:
        """Ask the venue for the position."""
        found = await desk.position(self.asset)
        self._found(found)
        self.trouble = "" if found is not None else "the venue does not tell the position"

    async def clear(self, desk: Desk) -> None:
        """Cancel every order of ours and close the position, in as many attempts as there are prices."""
        await self._cancel(desk)
        await self.look(desk)
        self._level = 0
        for _ in self._settings.slippages_bps:
            order = await self._order(desk, self.after) if self.after else None
            if order is None:
                return
            await self._attempt(desk, order)

    # orders of before

    async def _cancel(self, desk: Desk) -> None:
        for _ in range(self._settings.cancel_tries_most):
            self._note("cancelling")
            self.uncancelled = await desk.cancel_all(self.asset)
            self._note("cancelled", self.uncancelled or "done")
            if not self.uncancelled:
                return
            self._tell(f"orders not cancelled: {self.uncancelled}")

    # one attempt

    async def _order(self, desk: Desk, held: Decimal) -> SubmitOrder | None:
        """The next order; None when none can be made, and `refusal` says why."""
        instrument, quote = await self._terms(desk)
        if instrument is None or quote is None:
            lacking = "rules" if instrument is None else "price"
            self.refusal = f"the venue told no {lacking} of this market"
            return None
        size = round_size(abs(held), instrument.lot)
        if not size:
            self.refusal = f"less than the least order of {plain(instrument.lot)}"
            return None
        side = Side.SELL if held > 0 else Side.BUY
        now_ns = desk.now_ns()
        return SubmitOrder(
            order_id=client_order_id(self._namespace, f"{self.venue.value}/{self.asset}", self.attempts),
            venue=self.venue,
            asset=self.asset,
            side=side,
            size=size,
            limit_price=limit_price(instrument, quote, side, self._settings.slippages_bps[self._level]),
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
            purpose=PURPOSE,
            expires_at_ns=now_ns + int(self._settings.order_lifetime_s * NS_PER_S),
            decision_mid=quote.mid,
        )

    async def _terms(self, desk: Desk) -> tuple[Instrument | None, Quote | None]:
        """The market's rules and price. A market that was flat when the venue was first asked is read anew."""
        if self.asset not in desk.ear.instruments:
            await desk.read_anew(self._settings.answer_s)
        fresh_s = self._settings.quote_s
        await desk.ear.until(lambda: desk.ear.price(self.asset, fresh_s), fresh_s)
        return desk.ear.instruments.get(self.asset), desk.ear.price(self.asset, fresh_s)

    async def _attempt(self, desk: Desk, order: SubmitOrder) -> None:
        self.attempts += 1
        self._notes.note(Line(venue=self.venue, asset=self.asset, what="intent", order=order))
        self._tell(f"{order.side.value} {plain(order.size)} at {plain(order.limit_price)} or better, reduce-only")
        desk.submit(order)
        end = await self._end(desk, order)
        filled = await self._filled(desk, order, end)
        self._notes.note(
            Line(
                venue=self.venue,
                asset=self.asset,
                what="outcome",
                words=words_of(end),
                order_id=order.order_id,
                size=filled,
            )
        )
        self._tell(f"{plain(filled)} filled ({words_of(end)})")
        if end is None:
            self.unresolved = (*self.unresolved, order.order_id)
        self._widen(end)
        await self._verify(desk, order, filled)
        self.refusal = "" if filled else words_of(end)
        if self.after and not filled:
            await desk.ear.until(lambda: None, self._settings.verify_retry_s)

    async def _end(self, desk: Desk, order: SubmitOrder) -> End | None:
        """How it ended; None when that is not known although it can no longer be executed."""
        ear, deadline_ns = desk.ear, desk.now_ns() + int(self._settings.answer_s * NS_PER_S)
        while True:
            end: End | None = await ear.until(lambda: ear.end_of(order.order_id), self._settings.question_s)
            if end is not None:
                return end
            lapsed = desk.now_ns() > order.expires_at_ns
            await desk.ask_order(order)
            last = ear.words_of(order.order_id)[-1:]
            if lapsed and last and isinstance(last[0], OrderUnknown):
                return last[0]
            if desk.now_ns() >= deadline_ns:
                return ear.end_of(order.order_id)

    async def _filled(self, desk: Desk, order: SubmitOrder, end: End | None) -> Decimal:
        """What was filled: the venue's figure, and the fills that came for it."""
        ear, told = desk.ear, end.filled if isinstance(end, OrderDone) else ZERO
        await ear.until(lambda: True if ear.filled(order.order_id) >= told else None, self._settings.fills_s)
        self.fills.update({fill.fill_id: fill for fill in ear.fills_of(order.order_id)})
        return max(told, ear.filled(order.order_id))

    def _widen(self, end: End | None) -> None:
        """The next price, further away; nearer where this one was too far for the venue."""
        too_far = isinstance(end, OrderRejected) and end.reason is RejectReason.PRICE_BAND
        steps = len(self._settings.slippages_bps)
        self._level = max(0, self._level - 1) if too_far else min(steps - 1, self._level + 1)

    async def _verify(self, desk: Desk, order: SubmitOrder, filled: Decimal) -> None:
        """Ask until the position is what the fills say, some times; then it is what the venue says."""
        assert self.after is not None
        expected = self.after + order.side.sign * filled
        for _ in range(self._settings.verify_tries_most):
            await self.look(desk)
            if self.after == expected or self.trouble:
                return
            await desk.ear.until(lambda: None, self._settings.verify_retry_s)

    def _found(self, found: PositionReported | None) -> None:
        self.last = found or self.last
        self.after = None if found is None else found.size
        self.before = self.before if self.attempts else self.after
        words = "" if found is not None else "not told"
        self._notes.note(Line(venue=self.venue, asset=self.asset, what="position", words=words, size=self.after))

    # words

    def would(self) -> str:
        """What `clear` would send first, and how far it would go."""
        first, last = self._settings.slippages_bps[0], max(self._settings.slippages_bps)
        return (
            f"cancel ours, then reduce-only IOC within {plain(first)} bps of the touch, "
            f"at most {plain(last)} bps, as often as {len(self._settings.slippages_bps)} times"
        )

    def _note(self, what: What, words: str = "") -> None:
        self._notes.note(Line(venue=self.venue, asset=self.asset, what=what, words=words))

    def _tell(self, words: str) -> None:
        self._notes.tell(self.venue, f"{self.asset}: {words}")

    def by_hand(self) -> str:
        """What a person has to do; empty when nothing."""
        parts: list[str] = []
        if self.absent:
            return ""
        if self.after is None:
            parts.append(f"look at the venue: {self.trouble or 'the position is not known'}")
        elif self.after:
            close = f"{closed_by(self.after)} {plain(abs(self.after))} {self.asset} reduce-only"
            parts.append(f"{close} ({self.refusal or 'not closed'})")
        if self.uncancelled:
            parts.append(f"cancel our orders ({self.uncancelled})")
        return "; ".join(parts)


def limit_price(instrument: Instrument, quote: Quote, side: Side, slippage_bps: Decimal) -> Decimal:
    """The worst price, so far beyond the touch, on the market's lattice; USD a token."""
    touch = quote.ask if side is Side.BUY else quote.bid
    return round_price(instrument, touch * (1 + side.sign * slippage_bps * BPS), up=side is Side.BUY)


def words_of(end: End | None) -> str:
    """An order's end in words."""
    match end:
        case OrderDone():
            return f"done, {end.reason.value}"
        case OrderRejected():
            return f"rejected, {end.reason.value}: {end.detail}"
        case OrderUnknown():
            return "the venue does not know it, and its time has passed"
        case _:
            return "unresolved: the venue did not tell in time"
