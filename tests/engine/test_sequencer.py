from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
import trio

from actors.actor import ActorState, Step
from actors.board import reconciler_of
from actors.commands import AnyCommand, SetTimer, SubmitOrder, Tell
from actors.domain import Side
from actors.gates import Gate, judge
from actors.messages import (
    ActorFaulted,
    AnyMessage,
    DrainAsked,
    EmergencyAsked,
    EngineStarted,
    EntryAsked,
    Envelope,
    FrameRefused,
    KillSwitchPulled,
    LinkUp,
    MarketDisputed,
    OrderDenied,
    PositionReported,
)
from actors.policy import CorePolicy
from actors.roles import ROLES
from engine.core import BOARD, Decision
from engine.journal.errors import JournalBroken
from engine.limits import Limits
from engine.mailbox import Letter, Mailbox
from engine.router import Router
from engine.sequencer import Sequencer
from engine.supervisor import Supervisor
from tests.actors.known import known
from tests.engine.recorded import MAKER, PAIR, START_NS, TAKER, SmallRun
from tests.factories import ASSET, market_facts

LIFECYCLE = "engine_lifecycle"
LINK, SIBLING = f"venue_link/{TAKER.value}", f"venue_link/{MAKER.value}"
WATCHER = reconciler_of(TAKER, ASSET)


class Ledger:
    """Journal, executor and watcher in one, that keeps the order in which they are called."""

    broken = ""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int | str]] = []
        self.decisions: list[Decision] = []
        self.performed: list[tuple[str, AnyCommand]] = []
        self.refused: list[tuple[str, str]] = []
        self.breaks = False

    def append(self, decision: Decision) -> None:
        """A record joins the group."""
        self.decisions.append(decision)
        self.calls.append(("append", decision.envelope.seq))

    def commit(self) -> int:
        """The group becomes durable, or nothing does."""
        if self.breaks:
            raise JournalBroken("the disk is full; mend it")
        self.calls.append(("commit", 0))
        return 0

    def refuse(self, command: SubmitOrder, why: str) -> None:
        """An order does not leave."""
        self.refused.append((command.order_id, why))

    def perform(self, actor: str, command: AnyCommand) -> None:
        """A command leaves."""
        self.performed.append((actor, command))
        self.calls.append(("perform", type(command).__name__))

    def watch(self, decision: Decision) -> None:
        """A durable decision is seen."""
        self.calls.append(("watch", decision.envelope.seq))


class Desk:
    """A sequencer over a small engine whose links are up."""

    def __init__(self, batch_most: int = 256) -> None:
        run = SmallRun()
        run.open_venues()
        self.core = run.core
        self.ledger = Ledger()
        self.mailbox = Mailbox()
        self.now_ns = run.at_ns
        self.first = len(run.decisions) + 1
        self.sequencer = Sequencer(
            self.core,
            self.mailbox,
            Router(self.core.states, lambda: self.core.board),
            self.ledger,
            lambda: self.now_ns,
            Limits(batch_most=batch_most),
            self.ledger.watch,
            last=(len(run.decisions), 0),
        )

    def batch(self, *letters: tuple[str, AnyMessage]) -> list[Decision]:
        """Take these letters as one batch."""
        before = len(self.ledger.decisions)
        self.sequencer.batch([Letter(to, message) for to, message in letters], self.ledger)
        return self.ledger.decisions[before:]

    def start(self) -> None:
        """Let the lifecycle run."""
        self.batch((LIFECYCLE, EngineStarted(mode="test")), (LIFECYCLE, LinkUp(venue=TAKER)))
        assert self.core.states[LIFECYCLE].place == "RUNNING"


def entry(size: str = "0.5") -> tuple[str, AnyMessage]:
    wish = EntryAsked(taker_side=Side.SELL, size=Decimal(size), expected_net_usd=Decimal(25), reason="test")
    return PAIR, wish


def steps(decisions: list[Decision], first: int) -> list[tuple[str, str, int]]:
    """Addressee, message, and cause as a place in the list counted from 1 (0: from outside)."""
    return [(d.envelope.to, type(d.envelope.message).__name__, max(0, d.envelope.cause - first + 1)) for d in decisions]


def test_nothing_is_performed_before_the_whole_batch_is_durable() -> None:
    desk = Desk()
    desk.batch(entry(), (LINK, FrameRefused(venue=TAKER, channel="bbo", detail="?")), entry())
    kinds = [call for call, _ in desk.ledger.calls]
    committed = kinds.index("commit")
    assert kinds.count("commit") == 1
    assert set(kinds[:committed]) == {"append"}
    assert set(kinds[committed + 1 :]) == {"perform", "watch"}
    assert ("perform", "SubmitOrder") in desk.ledger.calls


def test_commands_are_performed_in_the_order_of_the_records() -> None:
    desk = Desk()
    decisions = desk.batch(entry())
    assert desk.ledger.performed == [(PAIR, command) for d in decisions for command in d.commands]
    assert [seq for call, seq in desk.ledger.calls if call == "watch"] == [d.envelope.seq for d in decisions]


def test_a_journal_that_breaks_lets_nothing_out() -> None:
    desk = Desk()
    desk.ledger.breaks = True
    with pytest.raises(JournalBroken):
        desk.batch(entry())
    assert desk.ledger.decisions[0].commands
    assert desk.ledger.performed == []
    assert {call for call, _ in desk.ledger.calls} == {"append"}


async def test_a_broken_journal_ends_the_sequencer() -> None:
    desk = Desk()
    desk.ledger.breaks = True
    desk.mailbox.put(entry()[1], to=PAIR)
    async with trio.open_nursery() as nursery:
        with pytest.raises(JournalBroken):
            await desk.sequencer.run(desk.ledger, Supervisor(nursery, lambda _: None))
    assert desk.ledger.performed == []


def test_letters_are_decided_in_the_order_they_were_taken_without_a_hole() -> None:
    desk = Desk()
    decisions = desk.batch(*[(LINK, FrameRefused(venue=TAKER, channel=str(n), detail="?")) for n in range(5)])
    assert [d.envelope.seq for d in decisions] == list(range(desk.first, desk.first + 5))
    assert [d.envelope.message.channel for d in decisions if isinstance(d.envelope.message, FrameRefused)] == [*"01234"]
    again = desk.batch((LINK, LinkUp(venue=TAKER)))
    assert again[0].envelope.seq == desk.first + 5


def test_what_actors_tell_each_other_is_delivered_before_the_next_letter_first_told_first() -> None:
    desk = Desk()
    desk.start()
    kill = KillSwitchPulled(by="operator", reason="test")
    seen = msgspec.structs.replace(desk.core.states[LIFECYCLE], pairs=(PAIR,))
    desk.core.states[LIFECYCLE] = seen
    decisions = desk.batch((LIFECYCLE, kill), (LINK, LinkUp(venue=TAKER)))
    heard = steps(decisions, decisions[0].envelope.seq)
    assert heard[:5] == [
        (LIFECYCLE, "KillSwitchPulled", 0),
        ("risk", "KillSwitchPulled", 1),
        ("funding_scanner", "KillSwitchPulled", 1),
        (PAIR, "EmergencyAsked", 1),
        (PAIR, "EmergencyAsked", 2),
    ]
    assert heard.index((LINK, "LinkUp", 0)) > 4
    assert len(desk.mailbox) == 0


def test_a_denied_order_is_told_to_its_sender_and_does_not_leave() -> None:
    desk = Desk()
    decisions = desk.batch(entry("3"))
    assert steps(decisions, desk.first)[:2] == [(PAIR, "EntryAsked", 0), (PAIR, "OrderDenied", 1)]
    assert isinstance(decisions[1].envelope.message, OrderDenied)
    assert not [command for _, command in desk.ledger.performed if isinstance(command, SubmitOrder)]


def test_a_message_without_an_address_goes_where_the_router_says() -> None:
    desk = Desk()
    decisions = desk.batch(("", LinkUp(venue=TAKER)))
    assert [d.envelope.to for d in decisions[:4]] == ["board", LINK, LIFECYCLE, PAIR]


def test_time_never_goes_back_in_the_order() -> None:
    desk = Desk()
    first = desk.batch((LINK, LinkUp(venue=TAKER)))[0].envelope.at_ns
    desk.now_ns = START_NS - 5
    assert desk.batch((LINK, LinkUp(venue=TAKER)))[0].envelope.at_ns == first
    desk.now_ns = first + 7
    assert desk.batch((LINK, LinkUp(venue=TAKER)))[0].envelope.at_ns == first + 7


def failing_on(monkeypatch: pytest.MonkeyPatch, *kinds: type, role: str = "venue_link") -> None:
    """Let every step of a role (a link, unless told otherwise) raise on these messages."""
    real = ROLES[role].step

    def step(state: Any, envelope: Envelope, *rest: Any) -> Step[Any]:
        if isinstance(envelope.message, kinds):
            raise ValueError("a defect")
        return real(state, envelope, *rest)

    monkeypatch.setattr(ROLES[role], "step", step)


def test_the_first_fault_is_told_to_the_actor_in_its_last_good_state(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    failing_on(monkeypatch, FrameRefused)
    good: ActorState = desk.core.states[LINK]
    decisions = desk.batch((LINK, FrameRefused(venue=TAKER, channel="bbo", detail="?")))
    assert steps(decisions, desk.first) == [(LINK, "FrameRefused", 0), (LINK, "ActorFaulted", 1)]
    assert decisions[1].envelope.message == ActorFaulted(error="ValueError: a defect")
    assert decisions[1].source == good.place
    assert [getattr(command, "code", "") for _, command in desk.ledger.performed] == ["actor_fault"]


def test_the_second_fault_is_told_to_nobody_and_siblings_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    failing_on(monkeypatch, FrameRefused)
    bad = FrameRefused(venue=TAKER, channel="bbo", detail="?")
    desk.batch((LINK, bad))
    decisions = desk.batch((LINK, bad), (LINK, LinkUp(venue=TAKER)), (SIBLING, LinkUp(venue=MAKER)), entry())
    rows = [(d.envelope.to, d.row) for d in decisions[:2]]
    assert rows == [(LINK, "fault"), (LINK, "quarantined")]
    assert not [d for d in decisions if isinstance(d.envelope.message, ActorFaulted)]
    assert decisions[2].row not in ("fault", "quarantined")
    assert [command for _, command in desk.ledger.performed if isinstance(command, SubmitOrder)]


def reconciled_gate(desk: Desk) -> Gate:
    candidate = judge(known(desk.core.board, at_ns=desk.now_ns), ASSET, (TAKER, MAKER))
    assert candidate is not None
    return next(gate for gate in candidate.gates if gate.name == "reconciled")


def test_nothing_is_opened_on_the_last_word_of_a_watcher_that_is_quarantined(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was empty when last asked; what the venue tells afterwards is heard by nobody."""
    desk = Desk()
    desk.batch(*((BOARD, fact) for venue in (TAKER, MAKER) for fact in market_facts(venue)))
    assert reconciled_gate(desk).passed
    failing_on(monkeypatch, PositionReported, ActorFaulted, role="reconciler")
    found = PositionReported(venue=TAKER, asset=ASSET, size=Decimal(2), venue_at_ns=desk.now_ns)
    first = len(desk.ledger.decisions)
    decisions = desk.batch((WATCHER, found))
    assert steps(decisions, desk.first + first) == [
        (WATCHER, "PositionReported", 0),
        (WATCHER, "ActorFaulted", 1),
        (BOARD, "MarketDoubted", 2),
    ]
    gate = reconciled_gate(desk)
    assert (gate.passed, gate.measured) == (False, f"{TAKER.value}: not asked yet, or not answered")
    assert [d.row for d in desk.batch((WATCHER, found))] == ["quarantined"], "said once, not with every message"


def test_a_dispute_of_a_watcher_that_is_quarantined_is_no_longer_its_word_and_still_nothing_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.batch(*((BOARD, fact) for venue in (TAKER, MAKER) for fact in market_facts(venue)))
    desk.batch((BOARD, MarketDisputed(venue=TAKER, asset=ASSET, size=Decimal(2), cause="by hand")))
    failing_on(monkeypatch, PositionReported, ActorFaulted, role="reconciler")
    desk.batch((WATCHER, PositionReported(venue=TAKER, asset=ASSET, size=Decimal(1), venue_at_ns=desk.now_ns)))
    assert desk.core.board.verdict(TAKER, ASSET) is None
    assert desk.core.board.verdict(MAKER, ASSET) is not None, "its sibling's word stands"
    assert not reconciled_gate(desk).passed


async def test_a_fault_surfaces_in_the_owner_of_its_actor_and_the_alarms_name_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    failing_on(monkeypatch, FrameRefused, ActorFaulted)
    alarms: list[str] = []
    async with trio.open_nursery() as nursery:
        supervisor = Supervisor(nursery, lambda alarm: alarms.append(f"{alarm.code} {alarm.text}"))
        for actor in (LINK, SIBLING):
            supervisor.adopt(actor)
        await trio.testing.wait_all_tasks_blocked()
        letter = Letter(LINK, FrameRefused(venue=TAKER, channel="bbo", detail="?"))
        desk.sequencer.batch([letter], desk.ledger, supervisor)
        await trio.testing.wait_all_tasks_blocked()
        assert [alarm.split()[:2] for alarm in alarms] == [
            ["actor_fault", f"{LINK}:"],
            ["actor_quarantined", f"{LINK}:"],
        ]
        assert supervisor.owned == (SIBLING,)
        nursery.cancel_scope.cancel()


def test_actors_that_talk_in_a_circle_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    core = desk.core
    monkeypatch.setattr(core, "policy", msgspec.structs.replace(core.policy, core=CorePolicy(cascade_most=50)))

    def step(state: Any, *_: Any) -> Step[Any]:
        return Step(state, "Z1", (Tell(to=LINK, message=EmergencyAsked(reason="again")),))

    monkeypatch.setattr(ROLES["venue_link"], "step", step)
    with pytest.raises(AssertionError, match="circle"):
        desk.batch((LINK, LinkUp(venue=TAKER)))
    assert desk.ledger.performed == []


async def test_the_run_ends_with_the_reason_of_the_stop() -> None:
    desk = Desk()
    desk.start()
    desk.mailbox.put_operator(DrainAsked(reason="SIGINT received"), to=LIFECYCLE)
    async with trio.open_nursery() as nursery:
        with trio.fail_after(5):
            reason = await desk.sequencer.run(desk.ledger, Supervisor(nursery, lambda _: None))
    assert reason == "SIGINT received"


async def test_a_batch_has_at_most_so_many_letters_and_others_run_in_between() -> None:
    desk = Desk(batch_most=3)
    desk.start()
    commits_before = desk.ledger.calls.count(("commit", 0))
    for number in range(9):
        desk.mailbox.put(FrameRefused(venue=TAKER, channel=str(number), detail="?"), to=LINK)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while len(desk.mailbox):
            turns += 1
            await trio.lowlevel.checkpoint()
        desk.mailbox.put_operator(DrainAsked(reason="done"), to=LIFECYCLE)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        with trio.fail_after(5):
            await desk.sequencer.run(desk.ledger, Supervisor(nursery, lambda _: None))
    assert desk.ledger.calls.count(("commit", 0)) - commits_before == 4
    assert turns >= 1


def test_a_timer_belongs_to_the_actor_that_set_it() -> None:
    desk = Desk()
    desk.batch((SIBLING, LinkUp(venue=MAKER)), (LIFECYCLE, EngineStarted(mode="test")))
    timers = [(actor, c.timer) for actor, c in desk.ledger.performed if isinstance(c, SetTimer)]
    assert (LIFECYCLE, "links_timeout") in timers
