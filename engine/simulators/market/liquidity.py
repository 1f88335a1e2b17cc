"""Books that nobody recorded: depth, spread and other people's trades, from a few figures and a hash."""

from decimal import Decimal

import msgspec

from engine.simulators.market.noise import exponential
from engine.simulators.market.point import DepthLevel

FLOW_BLOCK_NS = 10 * 1_000_000_000
"""Taker flow is redrawn this often."""
SHAPE: tuple[tuple[str, float], ...] = (
    ("0", 1.0),
    ("0.5", 1.0),
    ("1", 1.5),
    ("2", 2.0),
    ("4", 3.0),
    ("7", 4.0),
    ("12", 6.0),
    ("20", 8.0),
    ("35", 12.0),
    ("60", 16.0),
    ("100", 20.0),
    ("200", 30.0),
)
"""(bps beyond the touch, multiple of the touch size): about 100 touch sizes within 2 %."""


class Liquidity(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue's book for one asset is worth."""

    spread_bps: float
    touch_usd: float
    volume_usd_per_day: float


def decimal(value: float, digits: int = 8) -> Decimal:
    """`value` to that many significant digits."""
    return Decimal(f"{value:.{digits}g}")


def depth(price: float, touch_usd: float) -> tuple[DepthLevel, ...]:
    """Levels for a book around `price`, sizes in base units."""
    return tuple(DepthLevel(bps=Decimal(bps), size=decimal(touch_usd * multiple / price, 5)) for bps, multiple in SHAPE)


def taker_flow(key: int, at_ns: int, volume_usd_per_day: float, price: float) -> tuple[Decimal, Decimal]:
    """Base units per second (bought, sold) by takers in the block around `at_ns`; each exponential."""
    block = 2 * (at_ns // FLOW_BLOCK_NS)
    each = volume_usd_per_day / 86_400 / 2 / price
    return decimal(each * exponential(key, block), 6), decimal(each * exponential(key, block + 1), 6)
