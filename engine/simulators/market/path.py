"""Random paths that can be read at any instant in any order and always give the same value there.

Hourly anchors are drawn one after the other from a named stream and kept; inside an hour the path is a
Brownian bridge by midpoint displacement, each midpoint drawn by its address. Below the finest interval it is
straight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from engine.simulators.market.noise import uniform

HOUR_NS = 3600 * 1_000_000_000
_UNIT = 3.0**0.5
"""Half-width of a uniform distribution with standard deviation 1."""
_ROOT_HALF = 0.5**0.5


class Anchor(NamedTuple):
    """The path at the start of an hour, and how it moves in that hour."""

    value: float
    volatility: float
    """Standard deviation of the change over the hour, in units of the value."""
    jump: float = 0.0
    jump_at_ns: int = 0
    """A step of `jump` this long after the start of the hour."""


class Path:
    """Anchors from `grow` (called once per hour, in order) and a bridge of `depth` halvings between them."""

    def __init__(self, key: int, grow: Callable[[], Anchor], depth: int) -> None:
        self._key, self._grow, self._depth = key, grow, depth
        self._anchors: list[Anchor] = []
        self._leaf = (-1, 0, 0, 0.0, 0.0)

    def anchor(self, hour: int) -> Anchor:
        """The anchor `hour` hours after the start."""
        while len(self._anchors) <= hour:
            self._anchors.append(self._grow())
        return self._anchors[hour]

    def value(self, since_start_ns: int) -> float:
        """The path at an instant, ns after its start."""
        hour, inside = divmod(since_start_ns, HOUR_NS)
        leaf_hour, low, width, left, right = self._leaf
        if hour != leaf_hour or not low <= inside < low + width:
            low, width, left, right = self._descend(hour, inside)
            self._leaf = (hour, low, width, left, right)
        anchor = self._anchors[hour]
        jumped = anchor.jump if anchor.jump and inside >= anchor.jump_at_ns else 0.0
        return left + (right - left) * (inside - low) / width + jumped

    def _descend(self, hour: int, inside: int) -> tuple[int, int, float, float]:
        """The finest interval around `inside`: start, width, value at both ends (without the jump)."""
        right = self.anchor(hour + 1).value - self._anchors[hour].jump
        left, sigma, _, _ = self._anchors[hour]
        low, width, node, base = 0, HOUR_NS, 1, hour << (self._depth + 1)
        spread = sigma * 0.5 * _UNIT
        for _ in range(self._depth):
            middle = (left + right) * 0.5 + spread * (2.0 * uniform(self._key, base | node) - 1.0)
            width //= 2
            if inside >= low + width:
                low, left, node = low + width, middle, 2 * node + 1
            else:
                right, node = middle, 2 * node
            spread *= _ROOT_HALF
        return low, width, left, right
