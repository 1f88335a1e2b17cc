from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio.testing

from actors.commands import CancelTimer, SetTimer
from actors.domain import NS_PER_S
from actors.messages import TimerFired
from engine.clock import Clock
from engine.mailbox import Mailbox
from engine.timers import Timers

START_NS = 1_790_000_000 * NS_PER_S
Fired = list[tuple[float, str, str, int]]


def arm(timer: str, after_s: float, generation: int = 1) -> SetTimer:
    return SetTimer(timer=timer, generation=generation, due_ns=START_NS + round(after_s * NS_PER_S))


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Timers, Fired]]:
    """Timers that run, and what they fired: seconds since the start, actor, timer, generation."""
    clock, mailbox = Clock(START_NS), Mailbox()
    timers = Timers(clock, mailbox)
    fired: Fired = []

    async def read() -> None:
        while True:
            for letter in await mailbox.take(100):
                assert isinstance(letter.message, TimerFired)
                seconds = (clock.now_ns() - START_NS) / 1e9
                fired.append((seconds, letter.to, letter.message.timer, letter.message.generation))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(timers.run)
        nursery.start_soon(read)
        yield timers, fired
        nursery.cancel_scope.cancel()


async def test_timers_fire_when_due_in_the_order_of_their_times(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        timers.set("risk", arm("late", 30))
        timers.set("risk", arm("early", 10))
        timers.set("funding_scanner", arm("scan", 20))
        await trio.sleep(60)
        assert fired == [
            (10.0, "risk", "early", 1),
            (20.0, "funding_scanner", "scan", 1),
            (30.0, "risk", "late", 1),
        ]


async def test_a_timer_set_while_another_is_awaited_is_not_late(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        timers.set("risk", arm("late", 100))
        await trio.sleep(5)
        timers.set("risk", arm("early", 6))
        await trio.sleep(3)
        assert fired == [(6.0, "risk", "early", 1)]


async def test_a_cancelled_timer_never_fires(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        timers.set("risk", arm("one", 10))
        timers.set("risk", arm("two", 10))
        await trio.sleep(5)
        timers.cancel("risk", CancelTimer(timer="one", generation=1))
        await trio.sleep(60)
        assert fired == [(10.0, "risk", "two", 1)]


async def test_a_replaced_timer_fires_once_at_its_new_time(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        timers.set("risk", arm("push back", 10, 1))
        timers.set("risk", arm("push back", 20, 2))
        timers.set("risk", arm("bring forward", 30, 1))
        timers.set("risk", arm("bring forward", 15, 2))
        await trio.sleep(60)
        assert fired == [(15.0, "risk", "bring forward", 2), (20.0, "risk", "push back", 2)]


async def test_cancelling_an_old_generation_leaves_the_new_one(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        timers.set("risk", arm("watch", 10, 1))
        timers.set("risk", arm("watch", 10, 2))
        timers.cancel("risk", CancelTimer(timer="watch", generation=1))
        await trio.sleep(60)
        assert fired == [(10.0, "risk", "watch", 2)]


async def test_the_same_timer_of_two_actors_is_two_timers(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        timers.set("pair_position/BTC-1", arm("reverify", 10))
        timers.set("pair_position/ETH-2", arm("reverify", 10))
        timers.cancel("pair_position/BTC-1", CancelTimer(timer="reverify", generation=1))
        await trio.sleep(60)
        assert fired == [(10.0, "pair_position/ETH-2", "reverify", 1)]


async def test_a_time_that_has_passed_fires_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        await trio.sleep(50)
        timers.set("risk", arm("overdue", 10))
        await trio.sleep(1)
        assert fired == [(50.0, "risk", "overdue", 1)]


async def test_a_timer_that_fired_may_be_set_again(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        for generation in (1, 2, 3):
            timers.set("risk", arm("tick", 10 * generation, generation))
            await trio.sleep(10.5)
        assert [generation for *_, generation in fired] == [1, 2, 3]


async def test_a_due_time_between_two_microseconds_still_fires(autojump_clock: trio.testing.MockClock) -> None:
    async with running() as (timers, fired):
        timers.set("risk", SetTimer(timer="odd", generation=1, due_ns=START_NS + NS_PER_S + 499))
        timers.set("risk", SetTimer(timer="odder", generation=1, due_ns=START_NS + NS_PER_S + 501))
        await trio.sleep(2)
        assert [timer for _, _, timer, _ in fired] == ["odd", "odder"]
