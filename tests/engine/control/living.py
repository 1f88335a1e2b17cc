"""An engine's heart, as small as it may be: a core that is stepped by what people say, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from actors.commands import RaiseAlarm
from actors.messages import Envelope
from actors.policy import Policy
from actors.roles import initial_states
from engine.control.asking import Answer, Ask
from engine.control.listener import Listener
from engine.control.teller import tell
from engine.core import Core, Decision
from engine.limits import EngineLimits
from engine.mailbox import Mailbox


class Living:
    """A core behind a mailbox; `pause` keeps it from deciding, `asked` is set when it has something to decide."""

    def __init__(self, run: Path, speed: float = 1.0) -> None:
        self.run = run
        self.core = Core(Policy(), initial_states(Policy()))
        self.mailbox = Mailbox()
        self.alarms: list[RaiseAlarm] = []
        self.listener = Listener(run, self.core, self.mailbox, self.alarms.append, limits=EngineLimits(), speed=speed)
        self.decisions: list[Decision] = []
        self.asked, self.awake = trio.Event(), trio.Event()
        self.awake.set()

    def pause(self) -> None:
        self.awake = trio.Event()

    async def decide(self) -> None:
        while True:
            letters = await self.mailbox.take(16)
            self.asked.set()
            await self.awake.wait()
            for letter in letters:
                seq = len(self.decisions) + 1
                envelope = Envelope(seq=seq, at_ns=seq, to=letter.to, cause=0, message=letter.message)
                self.decisions.append(self.core.step(envelope))
                self.listener.note(self.decisions[-1])

    async def told(self, patience_s: float = 5.0, **fields: Any) -> Answer:
        """What a person is answered, who sits in another thread."""
        ask = Ask(**{"id": "1", "by": "Ann", "reason": "news", **fields})
        return await trio.to_thread.run_sync(lambda: tell(self.run, ask, patience_s), abandon_on_cancel=True)


@asynccontextmanager
async def living(run: Path, speed: float = 1.0) -> AsyncIterator[Living]:
    """An engine's heart that hears people at this run."""
    heart = Living(run, speed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(heart.decide)
        await nursery.start(heart.listener.listen)
        yield heart
        nursery.cancel_scope.cancel()
