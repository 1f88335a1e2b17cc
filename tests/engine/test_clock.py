from __future__ import annotations

import time

import pytest
import trio
import trio.testing

from actors.domain import NS_PER_S
from engine.clock import Clock, whole_step_s

EPOCH_NS = 1_790_000_000_123_456_000


async def test_time_moves_with_the_virtual_clock(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock(EPOCH_NS)
    assert clock.now_ns() == EPOCH_NS
    await trio.sleep(1.5)
    assert clock.now_ns() == EPOCH_NS + 1_500_000_000
    await trio.sleep(21 * 86400)
    assert clock.now_ns() == EPOCH_NS + 1_500_000_000 + 21 * 86400 * NS_PER_S


async def test_time_never_goes_back_and_comes_in_whole_microseconds(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock(EPOCH_NS)
    readings = [clock.now_ns()]
    for _ in range(200):
        await trio.sleep(0.000_000_7)
        readings.append(clock.now_ns())
    assert readings == sorted(readings)
    assert all(reading % 1000 == 0 for reading in readings)
    assert readings[-1] - readings[0] == 140_000


async def test_a_wall_clock_that_steps_is_not_followed(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(EPOCH_NS)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    await trio.sleep(2)
    assert clock.now_ns() == EPOCH_NS + 2 * NS_PER_S


async def test_sleeping_ends_at_the_time_asked_for(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock(EPOCH_NS)
    await trio.sleep(3)
    await clock.sleep_until(EPOCH_NS + 10 * NS_PER_S)
    assert clock.now_ns() == EPOCH_NS + 10 * NS_PER_S


async def test_a_time_that_has_passed_is_not_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock(EPOCH_NS)
    await trio.sleep(3)
    await clock.sleep_until(EPOCH_NS + NS_PER_S)
    assert clock.now_ns() == EPOCH_NS + 3 * NS_PER_S


@pytest.mark.parametrize(
    ("now_s", "left_s"),
    [(2, 299), (299, 2), (300, 1), (301, 300), (300.9995, 300.0005), (302, 299), (1_767_225_600, 1)],
)
def test_whole_steps_fall_at_one_moment_for_all_some_time_after(now_s: float, left_s: float) -> None:
    """A step that is due within a trifle is taken: whoever was woken for it does not wait for it again."""
    assert whole_step_s(round(now_s * NS_PER_S), 300.0, 1.0) == pytest.approx(left_s, abs=1e-5)
