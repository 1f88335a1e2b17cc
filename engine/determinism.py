"""A whole engine run, bit for bit repeatable: trio under a virtual clock with seeded scheduling.

Trio shuffles tasks on purpose; the switch that stops it is private, so trio is pinned and a known-trace test
guards it. Nothing else in the engine touches trio's insides.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import trio
import trio.testing

T = TypeVar("T")


def run_virtual(main: Callable[[], Awaitable[T]], seed: int, speed: float | None) -> T:
    """Run `main` under a virtual clock: as fast as it can (`speed` None), or at `speed` times real time.

    At full speed the scheduling is fixed by `seed`, so two runs do the same in the same order.
    """
    _fix_scheduling(seed)
    if speed is None:
        clock = trio.testing.MockClock(autojump_threshold=0)
    else:
        clock = trio.testing.MockClock(rate=speed, autojump_threshold=math.inf)
    return trio.run(main, clock=clock)


def _fix_scheduling(seed: int) -> None:
    from trio._core import _run

    run: Any = _run
    run._ALLOW_DETERMINISTIC_SCHEDULING = True
    run._r.seed(seed)
