"""Ownership of deciding actors: each has a task parked in a nursery, which is where its faults surface.

Actors are stepped by the sequencer without a task switch; the parked task is what structured concurrency holds on
to. A fault is raised in it, judged there against the restart budget, and told to people; cancelling it removes
the actor. A parked task costs about 2 kB.
"""

from __future__ import annotations

from collections.abc import Callable

import outcome
import trio
from trio.lowlevel import Abort, RaiseCancelT, Task, current_task, reschedule, wait_task_rescheduled

from actors.commands import RaiseAlarm
from actors.policy import CorePolicy

BY_HAND = "close what it holds by hand or with the flattener"


class ActorFault(Exception):
    """A step of an actor raised; the text is the error as the journal has it."""


class Supervisor:
    """Parks one owner task an actor (one_for_one); siblings never notice a fault."""

    def __init__(
        self,
        nursery: trio.Nursery,
        alarm: Callable[[RaiseAlarm], None],
        remedy: Callable[[str], str] = lambda _: BY_HAND,
        bounds: CorePolicy | None = None,
    ) -> None:
        """`remedy` says what a person does about an actor that is quarantined; `bounds` are those of the core."""
        self._faults_most = (bounds or CorePolicy()).faults_most
        self._nursery = nursery
        self._alarm = alarm
        self._remedy = remedy
        self._owners: dict[str, Task] = {}
        self._waiting: dict[str, list[str]] = {}

    @property
    def owned(self) -> tuple[str, ...]:
        """Actors that have a parked owner."""
        return tuple(self._owners)

    def adopt(self, actor: str) -> None:
        """Give an actor its owner task."""
        self._nursery.start_soon(self._own, actor, name=f"owner of {actor}")

    def fault(self, actor: str, error: str) -> None:
        """Raise a fault in the actor's owner task; at once, or as soon as that task parks."""
        task = self._owners.pop(actor, None)
        if task is None:
            self._waiting.setdefault(actor, []).append(error)
        else:
            reschedule(task, outcome.Error(ActorFault(error)))

    async def _own(self, actor: str) -> None:
        for faults in range(1, self._faults_most + 1):
            try:
                await self._park(actor)
            except ActorFault as fault:
                self._tell(actor, str(fault), faults)

    async def _park(self, actor: str) -> None:
        if self._waiting.get(actor):
            raise ActorFault(self._waiting[actor].pop(0))
        self._owners[actor] = current_task()

        def abort(_: RaiseCancelT) -> Abort:
            self._owners.pop(actor, None)
            return Abort.SUCCEEDED

        await wait_task_rescheduled(abort)

    def _tell(self, actor: str, error: str, faults: int) -> None:
        last = faults >= self._faults_most
        text = f"{actor}: a step failed ({error}); " + (
            f"quarantined; {self._remedy(actor)}" if last else "its emergency path takes over"
        )
        self._alarm(RaiseAlarm(severity="critical", code="actor_quarantined" if last else "actor_fault", text=text))
