"""What the small worlds of all venues share: a market that stands still, and a dialogue over the in-memory transport.

Counterparts: `<venue>/world.py`, which make the exchange, the face and the adapter of one venue.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Self

import trio

from actors.commands import SubmitOrder
from actors.domain import Side, TimeInForce, Venue
from actors.messages import AccountReported, MarketSampled, PositionReported, QuoteUpdated
from engine.simulators.market import DepthLevel, MarketPoint

D = Decimal
HOUR_NS = 3_600_000_000_000
START_NS = 1_790_000_000_000_000_000 // HOUR_NS * HOUR_NS


class StillMarket:
    """The same point for ever, 4 bps between bid and ask, until a test moves a mid.

    `depth`: tokens at the touch and 10 bps beyond it; `scales` multiplies them, and the open interest, of some assets.
    """

    start_ns = 0
    end_ns = None

    def __init__(
        self,
        mids: dict[str, Decimal],
        *,
        depth: tuple[int, int] = (1, 5),
        premium: Decimal = D(0),
        scales: dict[str, Decimal] | None = None,
    ) -> None:
        self.assets = tuple(mids)
        self.mids = dict(mids)
        self.depth = tuple(DepthLevel(bps=D(bps), size=D(size)) for bps, size in zip((0, 10), depth, strict=True))
        self.taker_sell_per_s = D(0)
        self._premium = premium
        self._scales = scales or {}

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint:
        mid, scale = self.mids[asset], self._scales.get(asset, D(1))
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=mid,
            oracle=mid,
            spread_bps=D(4),
            depth=tuple(DepthLevel(bps=level.bps, size=level.size * scale) for level in self.depth),
            premium=self._premium,
            open_interest=D(1000) * scale,
            taker_buy_per_s=D(0),
            taker_sell_per_s=self.taker_sell_per_s,
        )

    def gaps(self) -> tuple[Any, ...]:
        return ()

    def provenance(self) -> tuple[Any, ...]:
        return ()


def pushed(message: object) -> bool:
    """Whether it is news of markets and account that nobody asked for."""
    queried = isinstance(message, PositionReported) and message.queried
    return isinstance(message, QuoteUpdated | MarketSampled | AccountReported | PositionReported) and not queried


def terms(venue: Venue, asset: str, *, size: str, price: str, mid: str) -> dict[str, Any]:
    """What an order of a dialogue is unless said otherwise; `mid` is that of its decision."""
    money = {"size": D(size), "limit_price": D(price), "decision_mid": D(mid)}
    return {"venue": venue, "asset": asset, **money}


class Dialogue:
    """One adapter and one venue; `said` is what the adapter reported.

    Whoever is one sets `adapter` and `transport`, and says what an order of its `order` is by default.
    """

    usual: dict[str, Any]
    """What `terms` says."""
    lifetime_s = 5
    adapter: Any
    transport: Any

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.orders = 0

    def now_ns(self) -> int:
        return START_NS + round(trio.current_time() * 1e9)

    def order(self, side=Side.BUY, size=None, price=None, tif=TimeInForce.IOC, **changes) -> SubmitOrder:
        self.orders += 1
        fields = {
            **self.usual,
            "order_id": f"{self.orders:032x}",
            "side": side,
            "time_in_force": tif,
            "reduce_only": False,
            "purpose": "test",
            "expires_at_ns": self.now_ns() + self.lifetime_s * 1_000_000_000,
        }
        chosen = {"size": size, "limit_price": price}
        fields |= {name: D(value) for name, value in chosen.items() if value is not None}
        return SubmitOrder(**(fields | changes))

    async def perform(self, command) -> list[Any]:
        """Deliver one command; returns what was reported meanwhile, apart from pushes of markets and account."""
        before = len(self.said)
        await self.adapter.prepare(command)()
        return [message for message in self.said[before:] if not pushed(message)]

    async def after(self, seconds: float) -> list[Any]:
        """Let the world run; returns what was reported meanwhile."""
        before = len(self.said)
        await trio.sleep(seconds)
        return self.said[before:]

    def of(self, *kinds) -> list[Any]:
        return [message for message in self.said if isinstance(message, kinds)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.transport.run)
            await nursery.start(self.adapter.listen)
            yield self
            nursery.cancel_scope.cancel()


def words(messages: Iterable[object]) -> list[str]:
    """The names of what was said."""
    return [type(message).__name__ for message in messages]
