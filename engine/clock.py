"""The engine's only clock: nanoseconds UTC on trio's monotonic time, so that a virtual clock moves it too."""

from __future__ import annotations

import trio

NS_PER_US = 1000
TRIFLE_S = 0.001


class Clock:
    """Maps trio's time to UTC from one reading of the wall clock; a wall clock that steps is never followed."""

    def __init__(self, epoch_ns: int) -> None:
        """`epoch_ns` is the UTC time at the moment of construction (inside a trio run)."""
        self._epoch_ns = epoch_ns
        self._origin_s = trio.current_time()

    def now_ns(self) -> int:
        """The time now, in whole microseconds."""
        return self._epoch_ns + round((trio.current_time() - self._origin_s) * 1e6) * NS_PER_US

    async def sleep_until(self, at_ns: int) -> None:
        """Sleep until that time; returns at once when it has passed."""
        await trio.sleep_until(self._origin_s + (at_ns - self._epoch_ns) / 1e9)


def whole_step_s(now_ns: int, step_s: float, after_s: float = 0.0) -> float:
    """Seconds until `after_s` after the clock's next whole step: all who step alike do it at one moment.

    One that was woken a trifle early has its step now, and waits for the next.
    """
    left_s = step_s - (now_ns / 1e9 - after_s) % step_s
    return left_s if left_s > TRIFLE_S else left_s + step_s
