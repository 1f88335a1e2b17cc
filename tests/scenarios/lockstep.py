"""Two processes that share one virtual time: it leaps to what is due next when neither has anything left to do.

Between leaps time stands still, so that neither a busy machine nor a process that is being started delays an answer
past its time. Neither is idle because it says so once: both must have stepped no task between two questions, and
what was sent on the loopback before the first is read before the second is answered.
"""

from __future__ import annotations

import math
import socket
import struct

import trio
import trio.testing

LEAP = struct.Struct("!d")
"""Seconds to leap; 0 only asks."""
WORD = struct.Struct("!Qd")
"""How many steps tasks have made so far, and the seconds until the next of them is due."""


class Gone(Exception):
    """The other process has ended."""


class Steps(trio.abc.Instrument):
    """Counts the steps of all tasks but the one that asks."""

    def __init__(self) -> None:
        self.made = 0
        self._asker: trio.lowlevel.Task | None = None

    def leave_out(self, asker: trio.lowlevel.Task) -> None:
        """Count the steps of this task no more."""
        self._asker = asker

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Told by trio."""
        if task is not self._asker:
            self.made += 1


class Pace:
    """One process's virtual time, and what it tells of itself; to be made outside trio and used within."""

    def __init__(self) -> None:
        self.clock = trio.testing.MockClock(rate=0.0, autojump_threshold=math.inf)
        self._steps = Steps()

    async def begin(self) -> None:
        """From now on steps are counted, those of the calling task left out."""
        self._steps.leave_out(trio.lowlevel.current_task())
        trio.lowlevel.add_instrument(self._steps)

    async def rest(self) -> tuple[int, float]:
        """Wait until nobody can run; the steps made so far, and the seconds until somebody is due."""
        await trio.testing.wait_all_tasks_blocked()
        return self._steps.made, trio.lowlevel.current_statistics().seconds_to_next_deadline

    def leap(self, seconds: float) -> None:
        """Let time pass."""
        if seconds:
            self.clock.jump(seconds)


async def follow(pace: Pace, leader: socket.socket) -> None:
    """Leap as the leader says, and tell it when there is rest. Raises Gone."""
    await pace.begin()
    channel = trio.socket.from_stdlib_socket(leader)
    while True:
        (seconds,) = LEAP.unpack(await _exactly(channel, LEAP.size))
        pace.leap(seconds)
        await channel.send(WORD.pack(*await pace.rest()))


async def lead(pace: Pace, follower: socket.socket) -> None:
    """Let time pass for both until the follower has ended."""
    await pace.begin()
    channel = trio.socket.from_stdlib_socket(follower)
    seconds, before = 0.0, (-1, -1)
    while True:
        pace.leap(seconds)
        made, due_s = await pace.rest()
        try:
            await channel.send(LEAP.pack(seconds))
            others, their_due_s = WORD.unpack(await _exactly(channel, WORD.size))
        except (Gone, OSError):
            return
        resting, before = before == (made, others), (made, others)
        seconds = min(due_s, their_due_s) if resting else 0.0
        assert seconds < math.inf, "both wait for ever"


async def alone(pace: Pace, seconds: float) -> None:
    """Let time pass while there is no follower."""
    await pace.begin()
    until_s = trio.current_time() + seconds
    while (left_s := until_s - trio.current_time()) > 0:
        _, due_s = await pace.rest()
        pace.leap(min(due_s, left_s))


async def _exactly(channel: trio.socket.SocketType, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await channel.recv(size - len(data))
        if not more:
            raise Gone
        data += more
    return data
