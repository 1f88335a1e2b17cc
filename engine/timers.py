"""Timers: set and forgotten by command, and their firing is a message like any other."""

from __future__ import annotations

import heapq

import trio

from actors.commands import CancelTimer, SetTimer
from actors.messages import TimerFired
from engine.clock import Clock
from engine.mailbox import Mailbox


class Timers:
    """One heap and one task for all timers of all actors."""

    def __init__(self, clock: Clock, mailbox: Mailbox) -> None:
        self._clock = clock
        self._mailbox = mailbox
        self._heap: list[tuple[int, int, str, str]] = []
        self._live: dict[tuple[str, str], int] = {}
        self._earlier = trio.Event()

    def set(self, actor: str, command: SetTimer) -> None:
        """Arm a timer of an actor; a newer generation replaces an older one."""
        self._live[(actor, command.timer)] = command.generation
        heapq.heappush(self._heap, (command.due_ns, command.generation, actor, command.timer))
        if self._heap[0][2:] == (actor, command.timer):
            self._earlier.set()

    def cancel(self, actor: str, command: CancelTimer) -> None:
        """Forget a timer; a later generation of it stays."""
        if self._live.get((actor, command.timer)) == command.generation:
            del self._live[(actor, command.timer)]

    async def run(self) -> None:
        """Fire timers as they come due, for ever."""
        while True:
            self._drop_dead()
            self._earlier = trio.Event()
            if not self._heap:
                await self._earlier.wait()
                continue
            due_ns = self._heap[0][0]
            with trio.move_on_after(max(0.0, (due_ns - self._clock.now_ns()) / 1e9)):
                await self._earlier.wait()
            self._fire()

    def _drop_dead(self) -> None:
        while self._heap and not self._is_live(self._heap[0]):
            heapq.heappop(self._heap)

    def _is_live(self, entry: tuple[int, int, str, str]) -> bool:
        _, generation, actor, timer = entry
        return self._live.get((actor, timer)) == generation

    def _fire(self) -> None:
        now_ns = self._clock.now_ns()
        while self._heap and self._heap[0][0] <= now_ns:
            entry = heapq.heappop(self._heap)
            if self._is_live(entry):
                _, generation, actor, timer = entry
                del self._live[(actor, timer)]
                self._mailbox.put(TimerFired(timer=timer, generation=generation), to=actor)
