"""The engine's one mailbox: three lanes, the more urgent first.

An operator's word overtakes orders, orders and timers overtake market data. Orders and fills are never dropped;
market data is conflated to the latest per market and counted. Counterpart: `engine.sequencer`, which empties it.
"""

from __future__ import annotations

from collections import deque

import msgspec
import trio

from actors.messages import AccountReported, AnyMessage, MarketSampled, QuoteUpdated

CONFLATED = (QuoteUpdated, MarketSampled, AccountReported)


class Letter(msgspec.Struct, frozen=True):
    """A message for an actor, or for whoever the router says when `to` is empty."""

    to: str
    message: AnyMessage


class Mailbox:
    """Bounded where dropping is harmless, unbounded but watched where it is not."""

    def __init__(self, orders_watch: int = 10_000) -> None:
        """`orders_watch` is the length of the orders lane above which `overfull` is true."""
        self._operator: deque[Letter] = deque()
        self._orders: deque[Letter] = deque()
        self._market: dict[tuple[str, str, str], Letter] = {}
        self._orders_watch = orders_watch
        self._filled = trio.Event()
        self.conflated = 0
        self.orders_highest = 0

    def put(self, message: AnyMessage, to: str = "") -> None:
        """Add a fact from a venue or a timer. Never blocks."""
        letter = Letter(to, message)
        if isinstance(message, CONFLATED):
            self._put_market(message, letter)
        else:
            self._orders.append(letter)
            self.orders_highest = max(self.orders_highest, len(self._orders))
        self._filled.set()

    def put_operator(self, message: AnyMessage, to: str) -> None:
        """Add a word from a person; it is taken before everything else."""
        self._operator.append(Letter(to, message))
        self._filled.set()

    def _put_market(self, message: QuoteUpdated | MarketSampled | AccountReported, letter: Letter) -> None:
        asset = "" if isinstance(message, AccountReported) else message.asset
        key = (type(message).__name__, message.venue.value, asset)
        if self._market.pop(key, None) is not None:
            self.conflated += 1
        self._market[key] = letter

    @property
    def overfull(self) -> bool:
        """True while more order facts wait than the engine should ever be behind."""
        return len(self._orders) > self._orders_watch

    def __len__(self) -> int:
        return len(self._operator) + len(self._orders) + len(self._market)

    async def take(self, most: int) -> list[Letter]:
        """Wait for letters; up to `most`, in order of lanes."""
        while not len(self):
            self._filled = trio.Event()
            await self._filled.wait()
        return self.take_nowait(most)

    def take_nowait(self, most: int) -> list[Letter]:
        """Up to `most` waiting letters, in order of lanes."""
        batch: list[Letter] = []
        for lane in (self._operator, self._orders):
            while lane and len(batch) < most:
                batch.append(lane.popleft())
        while self._market and len(batch) < most:
            key = next(iter(self._market))
            batch.append(self._market.pop(key))
        return batch
