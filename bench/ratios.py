"""Ratios of two ways to spend time, measured in turns: what disturbs the machine disturbs both.

A `Timed` does its work once and says how much of it there was; the ratio of a round is the time per unit of the
measured way over that of the base. Counterpart: `table`, which prints.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median

import msgspec

Timed = Callable[[], int]
"""Does the work and returns how many units (messages, records, hops) it did."""
Clock = Callable[[], int]
"""Nanoseconds: passed time for what waits (disks, sockets, other processes), this process's own for what only reckons,
whose ratio then does not depend on what else the machine does."""
PASSED: Clock = time.perf_counter_ns
OWN: Clock = time.process_time_ns


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """How much work a run of the benchmarks does."""

    rounds: int = 7
    duration: str = "2d"
    """Market time of the paper run."""
    reactions: int = 2_000
    messages: int = 20_000
    actors: tuple[int, int] = (1_000, 10_000)
    parked: int = 2_000
    records: int = 1_280
    frames: int = 20_000
    books: int = 5_000
    market_hours: int = 48
    """Of a back-test."""


QUICK = Scale(
    rounds=3,
    duration="3h",
    reactions=200,
    messages=2_000,
    actors=(50, 500),
    parked=200,
    records=128,
    frames=2_000,
    books=500,
    market_hours=12,
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure: the median of its rounds, the least and the most; `aim_most` None is information only."""

    name: str
    unit: str
    measured: float
    least: float
    most: float
    aim_most: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the median is within the aim; None without an aim."""
        return None if self.aim_most is None else self.measured <= self.aim_most


def compare(
    name: str, measured: Timed, base: Timed, rounds: int, aim_most: float | None = None, clock: Clock = PASSED
) -> Line:
    """The time per unit of `measured` over that of `base`, one ratio a round; each is done once unmeasured first."""
    measured(), base()
    pairs = [(_per_unit_ns(measured, clock), _per_unit_ns(base, clock)) for _ in range(rounds)]
    ratios = [spent / reference for spent, reference in pairs]
    times = [median(pair[way] for pair in pairs) / 1000 for way in (0, 1)]
    return Line(
        name=name,
        unit="x",
        measured=median(ratios),
        least=min(ratios),
        most=max(ratios),
        aim_most=aim_most,
        note=f"{times[0]:.4g} µs against {times[1]:.4g} µs",
    )


def _per_unit_ns(timed: Timed, clock: Clock) -> float:
    """Garbage of the one way is not collected on the time of the other."""
    gc.collect()
    begun_ns = clock()
    units = timed()
    return (clock() - begun_ns) / units
