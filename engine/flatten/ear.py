"""What one venue has said to the flattener, and waiting for more. Filled by the venue's adapter, read by `closing`.

It believes nothing and decides nothing: a position counts only as the answer to a question asked since.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import msgspec
import trio

from actors.domain import ZERO, Instrument, Quote
from actors.messages import (
    AccountReported,
    InstrumentListed,
    LinkLost,
    LinkUp,
    MarketSampled,
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

T = TypeVar("T")
OrderWord = OrderAccepted | OrderDone | OrderRejected | OrderUnknown | OrderUnresolved


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A price and when it was heard (trio's clock, s)."""

    bid: Decimal
    ask: Decimal
    at_s: float


class Ear:
    """Everything an adapter reports goes to `report`; whoever waits is woken by it."""

    def __init__(self, lost: Callable[[str], None] = lambda _: None) -> None:
        """`lost` is told why the link was lost, each time."""
        self.up = False
        self.complaint = ""
        """Why the link was lost last."""
        self._lost = lost
        self.account: AccountReported | None = None
        self.instruments: dict[str, Instrument] = {}
        self.positions: dict[str, PositionReported] = {}
        self.quotes: dict[str, Heard] = {}
        self.marks: dict[str, Heard] = {}
        self.answers: dict[str, tuple[int, PositionReported]] = {}
        self.failures: dict[tuple[str, str], tuple[int, str]] = {}
        self._words: dict[str, list[OrderWord]] = {}
        self._fills: dict[str, dict[str, OrderFilled]] = {}
        self._count = 0
        self._news = trio.Event()

    @property
    def count(self) -> int:
        """How much was heard: the place in it from which an answer is new."""
        return self._count

    def report(self, message: VenueMessage) -> None:
        """What the adapter calls."""
        self._count += 1
        match message:
            case LinkUp() | LinkLost() | QueryFailed():
                self._absorb_link(message)
            case QuoteUpdated() | MarketSampled():
                self._absorb_price(message)
            case PositionReported():
                self._absorb_position(message)
            case InstrumentListed():
                self.instruments[message.instrument.asset] = message.instrument
            case AccountReported():
                self.account = message
            case OrderFilled():
                self._fills.setdefault(message.order_id, {})[message.fill_id] = message
            case OrderAccepted() | OrderDone() | OrderRejected() | OrderUnknown() | OrderUnresolved():
                self._words.setdefault(message.order_id, []).append(message)
            case _:  # what befalls the account without us shows in its positions
                pass
        self._news.set()
        self._news = trio.Event()

    def _absorb_link(self, message: LinkUp | LinkLost | QueryFailed) -> None:
        match message:
            case LinkUp():
                self.up = True
            case LinkLost():
                self.up, self.complaint = False, message.reason
                self._lost(message.reason)
            case QueryFailed():
                self.failures[(message.asset, message.query)] = (self._count, message.detail)

    def _absorb_price(self, message: QuoteUpdated | MarketSampled) -> None:
        now_s = trio.current_time()
        if isinstance(message, QuoteUpdated):
            self.quotes[message.asset] = Heard(bid=message.bid, ask=message.ask, at_s=now_s)
        else:
            self.marks[message.asset] = Heard(bid=message.mark, ask=message.mark, at_s=now_s)

    def _absorb_position(self, message: PositionReported) -> None:
        self.positions[message.asset] = message
        if message.queried:
            self.answers[message.asset] = (self._count, message)

    # what is known

    def answer(self, asset: str, since: int) -> PositionReported | None:
        """The venue's answer to a question asked since."""
        at, found = self.answers.get(asset, (0, None))
        return found if at > since else None

    def failure(self, asset: str, query: str, since: int) -> str:
        """Why a question asked since has no answer; empty when nothing was said of it."""
        at, detail = self.failures.get((asset, query), (0, ""))
        return detail if at > since else ""

    def words_of(self, order_id: str) -> tuple[OrderWord, ...]:
        """What was said of an order, oldest first."""
        return tuple(self._words.get(order_id, ()))

    def end_of(self, order_id: str) -> OrderDone | OrderRejected | None:
        """How an order ended, if it is known to have."""
        ends = [word for word in self.words_of(order_id) if isinstance(word, OrderDone | OrderRejected)]
        return ends[-1] if ends else None

    def fills_of(self, order_id: str) -> tuple[OrderFilled, ...]:
        """Its fills, each once."""
        return tuple(self._fills.get(order_id, {}).values())

    def filled(self, order_id: str) -> Decimal:
        """Their sum."""
        return sum((fill.size for fill in self.fills_of(order_id)), ZERO)

    def price(self, asset: str, fresh_s: float) -> Quote | None:
        """Best bid and ask, or the mark for both where no quote is that fresh and a mark is newer."""
        quote, mark = self.quotes.get(asset), self.marks.get(asset)
        stale = quote is None or trio.current_time() - quote.at_s > fresh_s
        found = mark if quote is None or (stale and mark is not None and mark.at_s > quote.at_s) else quote
        if found is None:
            return None
        return Quote(bid=found.bid, bid_size=ZERO, ask=found.ask, ask_size=ZERO, at_ns=0)

    def knows(self, asset: str) -> bool:
        """Whether the venue has such a market, as far as it said."""
        return asset in self.instruments or asset in self.marks or asset in self.quotes

    # waiting

    async def until(self, true: Callable[[], T | None], within_s: float) -> T | None:
        """The first thing other than None that `true` gives; None when it does not come in time."""
        with trio.move_on_after(within_s):
            while (found := true()) is None:
                await self._news.wait()
            return found
        return true()
