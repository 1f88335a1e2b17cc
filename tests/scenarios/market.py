"""A market that does what a scenario says: constant scenes, one after the other, the same to both venues."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.simulators.market import DepthLevel, Gap, MarketPoint, Provenance

START_NS = 1_767_225_600 * 1_000_000_000
"""2026-01-01T00:00:00Z; a scenario shorter than an hour sees no funding settled."""
NS_PER_S = 1_000_000_000
BEFORE_NS = 60 * NS_PER_S
"""A venue whose clock is behind begins before the first scene does: that one holds already."""
SHAPE = (("0", 1), ("1", 2), ("3", 4), ("6", 8), ("15", 40), ("60", 100), ("150", 200))
"""(bps beyond the touch, multiple of the touch size)."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's market. `touch` is the best level's size; the flows are other takers', base units per second."""

    premium_bps: Decimal = Decimal(0)
    spread_bps: Decimal = Decimal(2)
    touch: Decimal = Decimal(10)
    bought_per_s: Decimal = Decimal(0)
    sold_per_s: Decimal = Decimal(0)
    open_interest: Decimal = Decimal(100_000)


RICH = Look(premium_bps=Decimal(20), open_interest=Decimal(400_000))
"""Longs crowd here, and more is open: the taker leg goes here, short."""
CHEAP = Look(premium_bps=Decimal(-10), sold_per_s=Decimal(1000))
"""Shorts crowd here, and sellers are many: a resting bid fills within seconds."""
QUIET = Look(premium_bps=Decimal(-10))
"""Nobody sells into a resting bid."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The world from `from_s` on: one fair price, one look a venue."""

    from_s: float = 0.0
    price: Decimal = Decimal(3000)
    hyperliquid: Look = RICH
    pacifica: Look = CHEAP


class ScriptedMarket:
    """A `Market` of scenes; every asset looks alike."""

    def __init__(
        self, scenes: tuple[Scene, ...], assets: tuple[str, ...], rich: str = "hyperliquid", start_ns: int = START_NS
    ) -> None:
        """`rich` is the venue that looks as the scenes' `hyperliquid` does; the others look as their `pacifica`."""
        self._start_ns = start_ns
        self._rich = rich
        self._scenes = scenes
        self._assets = assets
        self._depths: dict[Decimal, tuple[DepthLevel, ...]] = {}

    @property
    def assets(self) -> tuple[str, ...]:
        return self._assets

    @property
    def start_ns(self) -> int:
        return self._start_ns

    @property
    def end_ns(self) -> int | None:
        return None

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint | None:
        if asset not in self._assets or at_ns < self._start_ns - BEFORE_NS:
            raise ValueError(f"no market for {asset!r} on {venue!r} at {at_ns}")
        scene = self._scene(max(0, at_ns - self._start_ns) / NS_PER_S)
        look = scene.hyperliquid if venue == self._rich else scene.pacifica
        premium = look.premium_bps / 10_000
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=(scene.price * (1 + premium)).quantize(Decimal("0.0001")),
            oracle=scene.price,
            spread_bps=look.spread_bps,
            depth=self._depth(look.touch),
            premium=premium,
            open_interest=look.open_interest,
            taker_buy_per_s=look.bought_per_s,
            taker_sell_per_s=look.sold_per_s,
        )

    def _scene(self, at_s: float) -> Scene:
        return [scene for scene in self._scenes if scene.from_s <= at_s][-1]

    def _depth(self, touch: Decimal) -> tuple[DepthLevel, ...]:
        if touch not in self._depths:
            self._depths[touch] = tuple(DepthLevel(bps=Decimal(bps), size=touch * times) for bps, times in SHAPE)
        return self._depths[touch]

    def gaps(self) -> tuple[Gap, ...]:
        return ()

    def provenance(self) -> tuple[Provenance, ...]:
        return ()
