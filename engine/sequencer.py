"""The one order: takes letters from the mailbox, stamps them, steps the core, writes, and only then performs.

Each letter runs to completion: what actors tell each other is delivered before the next one, in order. All records
of a batch become durable in one commit; only after that does any of its commands reach the executor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

import trio

from actors.actor import ActorState
from actors.commands import AnyCommand, StopEngine, SubmitOrder, Tell
from actors.messages import ActorFaulted, AnyMessage, Envelope, KillSwitchPulled, MarketDoubted
from actors.reconciler import Reconciler
from engine import stand_in
from engine.core import BOARD, Core, Decision
from engine.limits import Limits
from engine.mailbox import Letter, Mailbox
from engine.router import Router
from engine.supervisor import Supervisor


class Waiting(NamedTuple):
    """A message on its way to an actor; `cause` is the record that told it, 0 when it comes from outside."""

    to: str
    cause: int
    message: AnyMessage


class Journal(Protocol):
    """What the sequencer needs of a journal. `broken` says why the record is not where it should be, or nothing."""

    broken: str

    def append(self, decision: Decision) -> None:
        """Take a decision into the next group."""

    def commit(self) -> int:
        """Make the group durable; returns the last durable seq."""


class Performs(Protocol):
    """What the sequencer needs of an executor."""

    def perform(self, actor: str, command: AnyCommand) -> None:
        """Do one durable command."""

    def refuse(self, command: SubmitOrder, why: str) -> None:
        """Do not send it, and tell its actor."""


class Sequencer:
    """Drives the core. `watch` sees every decision after it is durable (view, report, progress)."""

    def __init__(
        self,
        core: Core,
        mailbox: Mailbox,
        router: Router,
        journal: Journal,
        now_ns: Callable[[], int],
        limits: Limits,
        watch: Callable[[Decision], None],
        last: tuple[int, int] = (0, 0),
    ) -> None:
        """`last` is the seq and the time of the last record of a run that is gone on with."""
        self.core = core
        self.stopped = ""
        self._kill_told = False
        self._ending = stand_in.Ending(core)
        self._mailbox = mailbox
        self._router = router
        self._journal = journal
        self._now_ns = now_ns
        self._limits = limits
        self._watch = watch
        self._next_seq = last[0] + 1
        self._last_ns = last[1]

    async def run(self, executor: Performs, supervisor: Supervisor) -> str:
        """Step until an actor asks to stop; returns the reason."""
        while not self.stopped:
            letters = await self._mailbox.take(self._limits.batch_most)
            self.batch(letters, executor, supervisor)
            await trio.lowlevel.checkpoint()
        return self.stopped

    def batch(self, letters: list[Letter], executor: Performs, supervisor: Supervisor | None = None) -> None:
        """Decide a batch, make it durable, perform it."""
        self._settle(self._decide(letters), executor, supervisor)

    def go_on(
        self, news: Iterable[Iterable[Waiting]], executor: Performs, supervisor: Supervisor | None = None
    ) -> None:
        """The first batch of a run that is gone on with: what actors have to hear before anything else, in order.

        Each group runs to completion before the next, as one queue: what a batch that was cut off left waiting is heard
        in the order in which it would have been heard.
        """
        self._last_ns = max(self._last_ns, self._now_ns())
        decisions: list[Decision] = []
        for group in news:
            self._run_to_completion(deque(group), decisions)
        self._settle(decisions, executor, supervisor)

    def _settle(self, decisions: list[Decision], executor: Performs, supervisor: Supervisor | None) -> None:
        """Make decisions durable, then perform them; with a broken journal only what cannot open anything."""
        self._journal.commit()
        broken = self._journal.broken
        if broken and not self._kill_told:
            self._kill_told = True
            kill = KillSwitchPulled(by="journal", reason=f"the journal is broken: {broken}")
            self._mailbox.put_operator(kill, to="engine_lifecycle")
        for decision in decisions:
            actor = decision.envelope.to
            if decision.fault and supervisor is not None:
                supervisor.fault(actor, decision.fault)
            for command in decision.commands:
                if broken and isinstance(command, SubmitOrder) and not command.reduce_only:
                    executor.refuse(command, "the journal is broken, nothing is opened")
                    continue
                executor.perform(actor, command)
                if isinstance(command, StopEngine) and not stand_in.forgotten(self.core):
                    self.stopped = command.reason
            self._ending.note(decision)
            self._watch(decision)
        self.stopped = self.stopped or self._ending.reason(self._last_ns)

    def _decide(self, letters: list[Letter]) -> list[Decision]:
        self._last_ns = max(self._last_ns, self._now_ns())
        decisions: list[Decision] = []
        for letter in letters:
            self._decide_letter(letter, decisions)
        return decisions

    def _decide_letter(self, letter: Letter, decisions: list[Decision]) -> None:
        """One letter and all it gives rise to, before the next: a kill is everywhere before the next fill is seen."""
        addresses = self._router.expand(letter.to) if letter.to else self._router.route(letter.message)
        self._run_to_completion(deque(Waiting(to, 0, letter.message) for to in addresses), decisions)

    def _run_to_completion(self, queue: deque[Waiting], decisions: list[Decision]) -> None:
        most = len(decisions) + len(queue) + self.core.policy.core.cascade_most
        while queue:
            assert len(decisions) < most, "actors talk in a circle"
            decision = self._step(queue.popleft())
            decisions.append(decision)
            enqueue(queue, consequences(decision, self.core, self._router))

    def _step(self, waiting: Waiting) -> Decision:
        to, cause, message = waiting
        envelope = Envelope(seq=self._next_seq, at_ns=self._last_ns, to=to, cause=cause, message=message)
        decision = self.core.step(envelope)
        self._journal.append(decision)
        self._next_seq += 1
        return decision


def enqueue(queue: deque[Waiting], told: Iterable[Waiting]) -> None:
    """First told, first heard; but an actor hears of its own fault before anything else.

    Its budget is two faults: asked a second time for what it failed at, it would be quarantined with its legs open
    before its emergency path was begun.
    """
    for each in told:
        if isinstance(each.message, ActorFaulted):
            queue.appendleft(each)
        else:
            queue.append(each)


def consequences(decision: Decision, core: Core, router: Router) -> list[Waiting]:
    """Messages a decision sends to actors: what was denied, what was told, and its own fault or what that ends.

    Asked right after the step, in the order of decisions: `router` notes what leaves, `core` is as the step left it.
    """
    seq, actor = decision.envelope.seq, decision.envelope.to
    told = [Waiting(actor, seq, denied) for denied in decision.denied]
    for command in decision.commands:
        if isinstance(command, Tell):
            told.extend(Waiting(to, seq, command.message) for to in router.expand(command.to))
        else:
            router.note(actor, command)
    if decision.fault and not core.quarantined(actor):
        told.append(Waiting(actor, seq, ActorFaulted(error=decision.fault)))
    elif decision.fault:
        told.extend(Waiting(BOARD, seq, doubted) for doubted in _unwatched(core.states[actor]))
    for address, message in stand_in.words(decision, core):
        told.extend(Waiting(to, seq, message) for to in router.expand(address))
    return told


def _unwatched(quarantined: ActorState) -> tuple[MarketDoubted, ...]:
    """A reconciler that hears nothing more cannot doubt its last word itself: nothing is opened on that."""
    if not isinstance(quarantined, Reconciler):
        return ()
    return (MarketDoubted(venue=quarantined.venue, asset=quarantined.asset),)
