"""A whole engine run, bit for bit repeatable: trio under a virtual clock with seeded scheduling.

Trio shuffles tasks on purpose; the switch that stops it is private, so trio is pinned and a known-trace test
guards it. Nothing else in the engine touches trio's insides.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import trio
import trio.testing

T = TypeVar("T")


class LeapingClock(trio.abc.Clock):
    """Virtual time that leaps to the next deadline as soon as nobody can run.

    As trio's own mock clock with an autojump threshold of 0, but without a turn of the loop for every leap.
    """

    def __init__(self) -> None:
        self._now_s = 0.0

    def start_clock(self) -> None:
        """Time stands still until trio asks how long to sleep."""

    def current_time(self) -> float:
        """Seconds since the start of the run."""
        return self._now_s

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Trio asks when nobody can run: then it is the deadline's time. Without a deadline only I/O can wake."""
        sleep_s = deadline - self._now_s
        if sleep_s == math.inf:
            return sleep_s
        self._now_s += max(0.0, sleep_s)
        return 0.0


def run_virtual(main: Callable[[], Awaitable[T]], seed: int, speed: float | None) -> T:
    """Run `main` under a virtual clock: as fast as it can (`speed` None), or at `speed` times real time.

    At full speed the scheduling is fixed by `seed`, so two runs do the same in the same order.
    """
    with fixed_scheduling(seed):
        if speed is None:
            return trio.run(main, clock=LeapingClock())
        return trio.run(main, clock=trio.testing.MockClock(rate=speed, autojump_threshold=math.inf))


def run_real(main: Callable[[], Awaitable[T]], speed: float) -> T:
    """Run `main` in real time, or at `speed` times that, with sockets and in trio's own order."""
    if speed == 1:
        return trio.run(main)
    return trio.run(main, clock=trio.testing.MockClock(rate=speed, autojump_threshold=math.inf))


@contextmanager
def fixed_scheduling(seed: int) -> Iterator[None]:
    """Trio's own order of tasks, drawn from the seed; what it was before is put back."""
    from trio._core import _run

    run: Any = _run
    before = run._ALLOW_DETERMINISTIC_SCHEDULING, run._r.getstate()
    run._ALLOW_DETERMINISTIC_SCHEDULING = True
    run._r.seed(seed)
    try:
        yield
    finally:
        run._ALLOW_DETERMINISTIC_SCHEDULING = before[0]
        run._r.setstate(before[1])
