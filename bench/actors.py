"""What many pairs cost: time a message when there are thousands of them, and memory for each that idles."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import cycle

import trio

from actors.actor import ActorState
from actors.commands import SubmitOrder
from actors.messages import PositionReported
from actors.roles import spawn_pair
from bench.ratios import OWN, Line, Scale, compare
from bench.reaction import EncodedOnly
from bench.trading import ASSET, NOW_NS, TAKER, core_with_pairs, spawned
from engine.limits import Limits
from engine.mailbox import Mailbox
from engine.router import Router
from engine.sequencer import Sequencer
from engine.supervisor import Supervisor

AIMS_MOST = (1.15, 1.4)
BYTES_AIM_MOST = 3_000
BATCH = 64


def lines(scale: Scale) -> list[Line]:
    """Time a message for each number of pairs, then bytes a pair."""
    one = Delivered(1, scale.messages)
    found = [
        compare(f"cost per message, {count:,} pairs / 1", Delivered(count, scale.messages), one, scale.rounds, aim, OWN)
        for count, aim in zip(scale.actors, AIMS_MOST, strict=True)
    ]
    owned = bytes_each("bytes per idle pair, with its owner task", _owned, scale.parked, BYTES_AIM_MOST)
    return [*found, owned, bytes_each("bytes per idle pair, state alone", _states, scale.parked)]


class Delivered:
    """Answers to position queries, one pair after the other, through mailbox and sequencer, records encoded."""

    def __init__(self, pairs: int, messages: int) -> None:
        self.core = core_with_pairs(pairs)
        self._messages = messages
        self._mailbox = Mailbox()
        self._addresses: Iterator[str] = cycle([name for name in self.core.states if name.startswith("pair_position/")])
        router = Router(self.core.states, lambda: self.core.board)
        self._sequencer = Sequencer(
            self.core, self._mailbox, router, EncodedOnly(), lambda: NOW_NS, Limits(), lambda _: None
        )

    def __call__(self) -> int:
        answer = PositionReported(venue=TAKER, asset=ASSET, size=Decimal(0), venue_at_ns=NOW_NS, queried=True)
        for _ in range(self._messages // BATCH):
            for _ in range(BATCH):
                self._mailbox.put(answer, to=next(self._addresses))
            self._sequencer.batch(self._mailbox.take_nowait(BATCH), self)
        return self._messages // BATCH * BATCH

    def refuse(self, _: SubmitOrder, __: str) -> None:
        """Nothing is refused here."""

    def perform(self, _: str, __: object) -> None:
        """An idle pair commands nothing that would be performed here."""


def bytes_each(name: str, measure: Callable[[int], int], count: int, aim_most: float | None = None) -> Line:
    """Bytes a pair; measured once, since counting bytes has no spread."""
    measure(10)
    each = measure(count) / count
    return Line(name=name, unit="bytes", measured=each, least=each, most=each, aim_most=aim_most, note="tracemalloc")


def _states(count: int) -> int:
    with _Counted() as counted:
        states = _spawn(count)
        counted.read()
        assert len(states) == count
    return counted.bytes


def _owned(count: int) -> int:
    return trio.run(_park, count)


async def _park(count: int) -> int:
    with _Counted() as counted:
        async with trio.open_nursery() as nursery:
            supervisor = Supervisor(nursery, lambda _: None)
            states = _spawn(count)
            for actor in states:
                supervisor.adopt(actor)
            while len(supervisor.owned) < count:
                await trio.lowlevel.checkpoint()
            counted.read()
            nursery.cancel_scope.cancel()
    return counted.bytes


def _spawn(count: int) -> dict[str, ActorState]:
    return {(state := spawn_pair(spawned(number + 1))).actor: state for number in range(count)}


class _Counted:
    """Bytes allocated since it was entered and still held when it is read."""

    def __enter__(self) -> _Counted:
        self.bytes = 0
        gc.collect()
        tracemalloc.start()
        return self

    def read(self) -> None:
        """Count now."""
        gc.collect()
        self.bytes = tracemalloc.get_traced_memory()[0]

    def __exit__(self, *_: object) -> None:
        tracemalloc.stop()
