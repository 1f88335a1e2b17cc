"""What a conformance dialogue works with: one adapter, what it reported, its market, and the levers of a simulator."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal
from typing import Protocol, TypeVar

import msgspec
import trio

from actors.commands import CancelAll, CancelOrder, QueryOrder, QueryPosition, SubmitOrder, VenueCommand
from actors.domain import NS_PER_S, ZERO, Instrument, Quote, Side, TimeInForce, Venue, client_order_id, round_price
from actors.messages import (
    AccountFill,
    AccountReported,
    FrameRefused,
    InstrumentListed,
    LinkLost,
    LinkUp,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionReported,
    QueryFailed,
    QuoteUpdated,
    VenueMessage,
)
from engine.conformance.meddler import Meddler
from engine.errors import UserError
from engine.venues.adapter import Adapter

M = TypeVar("M", bound=VenueMessage)
Outcome = OrderDone | OrderRejected | OrderUnknown
ORDER_LIFETIME_S = 60
MARKET_SLIPPAGE = Decimal("0.02")
QUERIES_MOST = 6
LEAVE_S = 60.0
"""For cleaning up after an interrupt or a crash."""


class Failed(Exception):
    """A dialogue did not go as every venue must; the text says what was expected and what came."""


class VenueSilent(UserError):
    """The link or the first quote never came: there is nothing to try; the text says what was refused meanwhile."""


class NotFlat(UserError):
    """The account holds a position of somebody's; the text says which."""


class Levers(Protocol):
    """The misfortunes a simulator can be asked for; a test network has none."""

    async def pull(self, lever: str, **fields: str) -> None:
        """Pull a lever of the exchange by its name, such as `deleverage`, for our account and asset."""


class StandTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`size_cap_usd` bounds the notional of every order; `run` makes the client order ids of this run its own."""

    venue: Venue
    asset: str
    size_cap_usd: Decimal
    run: str
    patience_s: float = 20.0
    has_adl: bool = True


class Stand:
    """One adapter under test. Everything it reports is kept, in order."""

    def __init__(
        self, terms: StandTerms, wire: Meddler, now_ns: Callable[[], int], levers: Levers | None = None
    ) -> None:
        self.terms = terms
        self.wire = wire
        self.said: list[VenueMessage] = []
        self.levers = levers
        self.now_ns = now_ns
        self.left = ""
        """What a list that was cut off may have left behind."""
        self._news = trio.Event()
        self._orders = 0
        self._adapter: Adapter | None = None

    def put_under_test(self, adapter: Adapter) -> None:
        """The adapter, made with this stand's `report` and `wire`."""
        self._adapter = adapter

    def report(self, message: VenueMessage) -> None:
        """What the adapter calls."""
        self.said.append(message)
        self._news.set()

    # what is known

    def heard(self, kind: type[M], since: int = 0) -> list[M]:
        """Everything of a kind that was said, from a place in the record on."""
        return [message for message in self.said[since:] if isinstance(message, kind)]

    @property
    def instrument(self) -> Instrument:
        """The market as the venue last listed it."""
        found = [m.instrument for m in self.heard(InstrumentListed) if m.instrument.asset == self.terms.asset]
        if not found:
            raise Failed(f"{self.terms.asset} was not listed")
        return found[-1]

    @property
    def quote(self) -> Quote:
        """The last best bid and ask."""
        found = [m for m in self.heard(QuoteUpdated) if m.asset == self.terms.asset]
        if not found:
            raise Failed(f"no quote of {self.terms.asset} came")
        last = found[-1]
        return Quote(bid=last.bid, bid_size=last.bid_size, ask=last.ask, ask_size=last.ask_size, at_ns=last.venue_at_ns)

    @property
    def equity_usd(self) -> Decimal:
        """The account's equity as last reported."""
        found = self.heard(AccountReported)
        return found[-1].equity_usd if found else ZERO

    def unit(self, times: int = 1) -> Decimal:
        """`times` the smallest size that stays above the venue's minimum when the price moves a little.

        Raises Failed when that is above the cap at the dearest price we would pay.
        """
        instrument, price = self.instrument, self.quote.mid
        least = max(instrument.min_notional_usd * Decimal("1.5") / price, instrument.lot)
        lots = (least / instrument.lot).to_integral_value(rounding=ROUND_CEILING)
        size = lots * instrument.lot * times
        self._refuse_above_cap(size, self.limit(Side.BUY, TimeInForce.IOC))
        return size

    def _refuse_above_cap(self, size: Decimal, price: Decimal) -> None:
        if size * max(price, self.quote.mid) > self.terms.size_cap_usd:
            raise Failed(f"{size} {self.terms.asset} is above the cap of {self.terms.size_cap_usd} USD")

    def _within_cap(self, size: Decimal) -> Decimal:
        """As much of a position as one order may close. Raises Failed when that is nothing."""
        lot, dearest = self.instrument.lot, max(self.limit(Side.BUY, TimeInForce.IOC), self.quote.mid)
        piece = min(size, self.terms.size_cap_usd / dearest // lot * lot)
        if not piece:
            raise Failed(f"a lot of {self.terms.asset} is above the cap of {self.terms.size_cap_usd} USD")
        return piece

    def limit(self, side: Side, tif: TimeInForce, slip: Decimal | None = None) -> Decimal:
        """A price on the lattice: crossing for an IOC, well behind the touch for what should rest."""
        quote, up = self.quote, side is Side.BUY
        if slip is None:
            slip = MARKET_SLIPPAGE if tif is TimeInForce.IOC else -MARKET_SLIPPAGE
        touch = quote.ask if up else quote.bid
        return round_price(self.instrument, touch * (1 + slip * side.sign), up=up)

    # what is done

    def order(self, side: Side, size: Decimal, tif: TimeInForce = TimeInForce.IOC, **changes: object) -> SubmitOrder:
        """An order of our own making; `changes` replace fields."""
        self._orders += 1
        order = SubmitOrder(
            order_id=self.next_id(),
            venue=self.terms.venue,
            asset=self.terms.asset,
            side=side,
            size=size,
            limit_price=self.limit(side, tif),
            time_in_force=tif,
            reduce_only=False,
            purpose="conformance",
            expires_at_ns=self.now_ns() + ORDER_LIFETIME_S * NS_PER_S,
            decision_mid=self.quote.mid,
        )
        return msgspec.structs.replace(order, **changes)

    def next_id(self) -> str:
        """A client order id nobody has used."""
        self._orders += 1
        return client_order_id(self.terms.run, "conformance", self._orders)

    async def perform(self, *commands: VenueCommand, uncapped: bool = False) -> None:
        """Prepare all in order, then deliver them together. Raises Failed for an order above the cap.

        `uncapped` is for a simulator alone, whose money is nobody's.
        """
        assert self._adapter is not None
        assert not uncapped or self.levers is not None, "no order leaves uncapped where there is money"
        for command in commands:
            if isinstance(command, SubmitOrder) and not uncapped:
                self._refuse_above_cap(command.size, command.limit_price)
        deliveries = [self._adapter.prepare(command) for command in commands]
        async with trio.open_nursery() as nursery:
            for delivery in deliveries:
                nursery.start_soon(delivery)

    async def trade(self, order: SubmitOrder, *, uncapped: bool = False) -> Outcome:
        """Send an order and follow it to its end."""
        await self.perform(order, uncapped=uncapped)
        return await self.outcome(order.order_id)

    async def outcome(self, order_id: str) -> Outcome:
        """Wait for the order's end, asking for it when it does not come by itself; raises Failed after that."""
        for _ in range(QUERIES_MOST):
            with trio.move_on_after(self.terms.patience_s / QUERIES_MOST):
                return await self._ended(order_id)
            before = len(self.said)
            await self.perform(QueryOrder(venue=self.terms.venue, asset=self.terms.asset, order_id=order_id))
            unknown = [m for m in self.heard(OrderUnknown, before) if m.order_id == order_id]
            if unknown and not self._unresolved(order_id):
                return unknown[-1]
        raise Failed(f"order {order_id} never ended: {self.about(order_id)}")

    def _unresolved(self, order_id: str) -> bool:
        """In doubt, or taken by the venue whose lists do not show it yet; not for ever."""
        words = [m for m in self.said if getattr(m, "order_id", None) == order_id]
        doubted = any(isinstance(word, OrderUnresolved | OrderAccepted) for word in words[:1])
        return doubted and len(words) < QUERIES_MOST

    async def _ended(self, order_id: str) -> Outcome:
        while True:
            for message in self.said:
                if isinstance(message, OrderDone | OrderRejected) and message.order_id == order_id:
                    return message
            await self._wait()

    async def hear(self, kind: type[M], what: str, fits: Callable[[M], bool], since: int, within_s: float) -> M:
        """Wait for a message of a kind; raises Failed naming `what` when it does not come."""
        with trio.move_on_after(within_s):
            while True:
                found = next((m for m in self.heard(kind, since) if fits(m)), None)
                if found is not None:
                    return found
                await self._wait()
        raise Failed(f"{what} did not come within {within_s:g} s")

    async def begin(self, link_s: float, quote_s: float) -> None:
        """Wait for the link and the first quote. Raises VenueSilent."""
        try:
            await self.link_up(0, link_s)
            await self.hear(QuoteUpdated, "a quote", lambda m: m.asset == self.terms.asset, 0, quote_s)
        except Failed as failed:
            heard = [f"{m.channel}: {m.detail}" for m in self.heard(FrameRefused)][-3:]
            lost = [m.reason for m in self.heard(LinkLost)][-3:]
            raise VenueSilent("; ".join([str(failed), *lost, *heard])) from None

    async def link_up(self, since: int, within_s: float) -> None:
        """Wait for the link to be up (again)."""
        await self.hear(LinkUp, "LinkUp", lambda _: True, since, within_s)

    async def _wait(self) -> None:
        self._news = trio.Event()
        await self._news.wait()

    async def position(self) -> Decimal:
        """The position as the venue answers when asked; raises Failed when it cannot be had."""
        for _ in range(QUERIES_MOST):
            before = len(self.said)
            await self.perform(QueryPosition(venue=self.terms.venue, asset=self.terms.asset))
            answers = [m for m in self.heard(PositionReported, before) if m.queried and m.asset == self.terms.asset]
            if answers:
                return answers[-1].size
            await trio.sleep(1)
        raise Failed(f"the position cannot be asked: {[m.detail for m in self.heard(QueryFailed)][-1:]}")

    async def cancel(self, order_id: str) -> None:
        """Cancel one order."""
        await self.perform(CancelOrder(venue=self.terms.venue, asset=self.terms.asset, order_id=order_id))

    async def clean(self) -> None:
        """Leave nothing behind: every order cancelled, the position closed reduce-only, in pieces below the cap.

        Raises Failed saying what is left.
        """
        await self.perform(CancelAll(venue=self.terms.venue, asset=self.terms.asset))
        for _ in range(QUERIES_MOST):
            size = await self.position()
            if not size:
                return
            side = Side.SELL if size > 0 else Side.BUY
            await self.trade(self.order(side, self._within_cap(abs(size)), reduce_only=True))
        raise Failed(f"a position of {await self.position()} {self.terms.asset} could not be closed")

    async def leave(self) -> None:
        """Clean up; `left` says what may be left, also when this is cut off, and is empty when nothing is."""
        self.left = f"the account may still hold orders and a position in {self.terms.asset}; look at the venue"
        try:
            await self.clean()
            self.left = ""
        except Failed as failed:
            self.left = f"{self.left} ({failed})"

    async def require_flat(self) -> None:
        """Begin with nothing of anybody's: what is found is closed on a simulator, and left alone elsewhere.

        Raises NotFlat.
        """
        if self.levers is not None:
            await self.clean()
        elif held := await self.position():
            raise NotFlat(
                f"the account holds {held} {self.terms.asset}, which the list would close: close it yourself, "
                "or name another --asset"
            )

    # what is checked

    def fills(self, order_id: str) -> list[OrderFilled]:
        """The fills of one order."""
        return [m for m in self.heard(OrderFilled) if m.order_id == order_id]

    def filled(self, order_id: str) -> Decimal:
        """Their sum. Raises Failed for a fill told twice."""
        found = self.fills(order_id)
        if len({fill.fill_id for fill in found}) < len(found):
            raise Failed(f"a fill of {order_id} was told twice")
        return sum((fill.size for fill in found), ZERO)

    def forced(self, kind: type[AccountFill], since: int) -> Decimal:
        """Sum of the fills of a kind that nobody of ours ordered."""
        return sum((m.size for m in self.said[since:] if isinstance(m, kind)), ZERO)

    def about(self, order_id: str) -> str:
        """What was said of an order, in order, for a failure's text."""
        words = [m for m in self.said if getattr(m, "order_id", None) == order_id]
        return ", ".join(f"{type(m).__name__}({getattr(m, 'detail', '') or getattr(m, 'reason', '')})" for m in words)

    def require(self, true: bool, expected: str, came: object) -> None:
        """Raise Failed unless `true`."""
        if not true:
            raise Failed(f"expected {expected}, came {came}")
