from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import NamedTuple

import pytest
import trio
import trio.testing

from actors.commands import (
    AdoptPosition,
    AnyCommand,
    CancelAll,
    CancelOrder,
    CancelTimer,
    QueryOrder,
    QueryPosition,
    RaiseAlarm,
    SetTimer,
    SettlePnl,
    SpawnPair,
    StopEngine,
    SubmitOrder,
    Tell,
    VenueCommand,
)
from actors.domain import RejectReason, Side, TimeInForce, Venue
from actors.messages import (
    CancelRejected,
    DrainAsked,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PnlSettlementRejected,
    PnlSettlementUnresolved,
    QueryFailed,
    TimerFired,
    VenueMessage,
)
from engine.clock import Clock
from engine.executor import AWAY as NOT_BACK, Executor, VenueDesk
from engine.mailbox import Mailbox
from engine.supervisor import Supervisor
from engine.timers import Timers
from engine.venues.adapter import Delivery, Recalled, Report

ORDER = "ab" * 16
ONE = Decimal(1)
BTC = "pair_position/BTC-1"


def submit(venue: Venue = Venue.PACIFICA, order_id: str = ORDER) -> SubmitOrder:
    return SubmitOrder(
        order_id=order_id,
        venue=venue,
        asset="BTC",
        side=Side.BUY,
        size=ONE,
        limit_price=ONE,
        time_in_force=TimeInForce.IOC,
        reduce_only=False,
        purpose="taker",
        expires_at_ns=0,
        decision_mid=ONE,
    )


P = Venue.PACIFICA
COMMANDS: tuple[VenueCommand, ...] = (
    submit(),
    CancelOrder(venue=P, asset="BTC", order_id=ORDER),
    CancelAll(venue=P, asset="BTC"),
    QueryOrder(venue=P, asset="BTC", order_id=ORDER),
    QueryPosition(venue=P, asset="BTC"),
    SettlePnl(venue=P, asset="BTC"),
)


class ScriptedAdapter:
    """An adapter that fails where it is told to, and else answers each command when its gate opens."""

    def __init__(self, venue: Venue, report: Report) -> None:
        self.venue = venue
        self.prepare_error = ""
        self.delivery_error = ""
        self.prepared: list[VenueCommand] = []
        self.gates: dict[str, trio.Event] = {}
        self._report = report

    def prepare(self, command: VenueCommand) -> Delivery:
        """Refuse to build it, or note it."""
        if self.prepare_error:
            raise ValueError(self.prepare_error)
        self.prepared.append(command)

        async def deliver() -> None:
            order_id = getattr(command, "order_id", "")
            if order_id in self.gates:
                await self.gates[order_id].wait()
            if self.delivery_error:
                raise OSError(self.delivery_error)
            self._report(OrderUnknown(venue=self.venue, order_id=order_id))

        return deliver

    def recall(self, orders: tuple[Recalled, ...], since_ns: int) -> None:
        """Nobody was here before."""

    def left_fraction(self) -> float:
        """Nothing is counted."""
        return 1.0

    async def listen(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hear nothing."""
        task_status.started()
        await trio.sleep_forever()


class Office(NamedTuple):
    """An executor with its surroundings."""

    executor: Executor
    adapters: dict[Venue, ScriptedAdapter]
    nurseries: dict[Venue, trio.Nursery]
    reported: list[VenueMessage]
    alarms: list[RaiseAlarm]
    supervisor: Supervisor
    mailbox: Mailbox


async def nursery_of_its_own(*, task_status: trio.TaskStatus[trio.Nursery]) -> None:
    async with trio.open_nursery() as nursery:
        task_status.started(nursery)
        await trio.sleep_forever()


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    reported: list[VenueMessage] = []
    alarms: list[RaiseAlarm] = []
    mailbox = Mailbox()
    timers = Timers(Clock(0), mailbox)
    desks: dict[Venue, VenueDesk] = {}
    nurseries: dict[Venue, trio.Nursery] = {}
    async with trio.open_nursery() as top:
        for venue in (Venue.PACIFICA, Venue.HYPERLIQUID):
            nurseries[venue] = await top.start(nursery_of_its_own)
        adapters = {venue: ScriptedAdapter(venue, reported.append) for venue in nurseries}
        for venue, nursery in nurseries.items():
            desks[venue] = VenueDesk(adapters[venue], nursery)
        supervisor = Supervisor(top, alarms.append)
        top.start_soon(timers.run)
        executor = Executor(desks, timers, supervisor, alarms.append, reported.append)
        yield Office(executor, adapters, nurseries, reported, alarms, supervisor, mailbox)
        top.cancel_scope.cancel()


async def settled() -> None:
    await trio.testing.wait_all_tasks_blocked()


def name_of(command: AnyCommand) -> str:
    return type(command).__name__


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
async def test_a_request_goes_to_its_venue_and_its_answer_comes_back(command: VenueCommand) -> None:
    async with office() as at:
        at.executor.perform(BTC, command)
        await settled()
        assert at.adapters[P].prepared == [command]
        assert at.adapters[Venue.HYPERLIQUID].prepared == []
        assert [message.venue for message in at.reported if isinstance(message, OrderUnknown)] == [P]
        assert at.alarms == []


def never_left(detail: str) -> tuple[VenueMessage, ...]:
    return (
        OrderRejected(venue=P, order_id=ORDER, reason=RejectReason.OTHER, detail=f"never sent: {detail}"),
        CancelRejected(venue=P, order_id=ORDER, detail=f"never sent: {detail}"),
        *not_known(detail)[2:5],
        PnlSettlementRejected(venue=P, asset="BTC", detail=f"never sent: {detail}"),
    )


def not_known(detail: str) -> tuple[VenueMessage, ...]:
    return (
        OrderUnresolved(venue=P, order_id=ORDER, detail=detail),
        OrderUnresolved(venue=P, order_id=ORDER, detail=detail),
        QueryFailed(venue=P, asset="BTC", query="order", detail=detail),
        QueryFailed(venue=P, asset="BTC", query="order", detail=detail),
        QueryFailed(venue=P, asset="BTC", query="position", detail=detail),
        PnlSettlementUnresolved(venue=P, asset="BTC", detail=detail),
    )


@pytest.mark.parametrize(
    ("command", "told"),
    list(zip(COMMANDS, never_left("ValueError: no such tick"), strict=True)),
    ids=[name_of(command) for command in COMMANDS],
)
async def test_what_cannot_be_prepared_was_never_sent(command: VenueCommand, told: VenueMessage) -> None:
    async with office() as at:
        at.adapters[P].prepare_error = "no such tick"
        at.executor.perform(BTC, command)
        assert at.reported == [told]
        assert [(alarm.severity, alarm.code) for alarm in at.alarms] == [("critical", "request_failed")]
        assert all(word in at.alarms[0].text for word in (name_of(command), "BTC", "pacifica", "no such tick"))


@pytest.mark.parametrize(
    ("command", "told"),
    list(zip(COMMANDS, not_known("OSError: cut"), strict=True)),
    ids=[name_of(command) for command in COMMANDS],
)
async def test_a_delivery_that_raises_leaves_the_outcome_unknown(command: VenueCommand, told: VenueMessage) -> None:
    async with office() as at:
        at.adapters[P].delivery_error = "cut"
        at.executor.perform(BTC, command)
        await settled()
        assert at.reported == [told]
        assert [(alarm.severity, alarm.code) for alarm in at.alarms] == [("critical", "request_failed")]
        assert "cut" in at.alarms[0].text


async def test_a_slow_answer_holds_nothing_up_and_requests_are_prepared_in_order() -> None:
    async with office() as at:
        orders = [submit(order_id=f"{number:032x}") for number in range(3)]
        at.adapters[P].gates = {orders[0].order_id: trio.Event()}
        for order in orders:
            at.executor.perform(BTC, order)
        assert at.adapters[P].prepared == orders
        await settled()
        answered = {m.order_id for m in at.reported if isinstance(m, OrderUnknown)}
        assert answered == {order.order_id for order in orders[1:]}
        at.adapters[P].gates[orders[0].order_id].set()
        await settled()
        assert len(at.reported) == 3


async def test_requests_live_in_their_venues_nursery() -> None:
    async with office() as at:
        for venue in (Venue.PACIFICA, Venue.HYPERLIQUID):
            at.adapters[venue].gates = {ORDER: trio.Event()}
            at.executor.perform(BTC, submit(venue))
        await settled()
        assert [len(nursery.child_tasks) for nursery in at.nurseries.values()] == [1, 1]
        at.nurseries[Venue.PACIFICA].cancel_scope.cancel()
        await settled()
        for venue in at.adapters:
            at.adapters[venue].gates[ORDER].set()
        await settled()
        cut_off, answered = at.reported
        assert isinstance(cut_off, OrderUnresolved)
        assert cut_off.venue is Venue.PACIFICA
        assert answered == OrderUnknown(venue=Venue.HYPERLIQUID, order_id=ORDER)


AWAY = "its venue is being restarted"


@pytest.mark.parametrize(
    ("command", "told"),
    list(zip(COMMANDS, never_left(AWAY), strict=True)),
    ids=[name_of(command) for command in COMMANDS],
)
async def test_nothing_is_prepared_for_a_venue_that_is_being_restarted(
    command: VenueCommand, told: VenueMessage
) -> None:
    desks: dict[Venue, VenueDesk] = {}
    reported: list[VenueMessage] = []
    alarms: list[RaiseAlarm] = []
    async with trio.open_nursery() as top:
        timers = Timers(Clock(0), Mailbox())
        executor = Executor(desks, timers, Supervisor(top, alarms.append), alarms.append, reported.append)
        adapter = ScriptedAdapter(P, reported.append)
        async with trio.open_nursery() as gone:
            desks[P] = VenueDesk(adapter, gone)
        executor.perform(BTC, command)
        await settled()
        assert adapter.prepared == []
        assert reported == [told]
        assert [alarm.code for alarm in alarms] == ["request_failed"]
        assert AWAY in alarms[0].text


@pytest.mark.parametrize(
    ("command", "told"),
    list(zip(COMMANDS, never_left(AWAY), strict=True)),
    ids=[name_of(command) for command in COMMANDS],
)
async def test_nothing_is_prepared_for_a_venue_whose_requests_are_just_being_cut_off(
    command: VenueCommand, told: VenueMessage
) -> None:
    async with office() as at:
        at.nurseries[P].cancel_scope.cancel()
        at.executor.perform(BTC, command)
        await settled()
        assert at.adapters[P].prepared == []
        assert at.reported == [told]
        assert [alarm.code for alarm in at.alarms] == ["request_failed"]


@pytest.mark.parametrize(
    ("command", "told"),
    list(zip(COMMANDS, never_left(NOT_BACK), strict=True)),
    ids=[name_of(command) for command in COMMANDS],
)
async def test_nothing_leaves_for_a_venue_that_has_not_been_there_yet_and_its_own_alarm_is_enough(
    command: VenueCommand, told: VenueMessage
) -> None:
    reported: list[VenueMessage] = []
    alarms: list[RaiseAlarm] = []
    async with trio.open_nursery() as top:
        supervisor = Supervisor(top, alarms.append)
        executor = Executor({}, Timers(Clock(0), Mailbox()), supervisor, alarms.append, reported.append)
        executor.perform(BTC, command)
        await settled()
    assert reported == [told]
    assert alarms == []


async def test_nothing_is_prepared_in_the_moment_in_which_a_venues_nursery_ends() -> None:
    reported: list[VenueMessage] = []
    adapter = ScriptedAdapter(P, reported.append)
    async with trio.open_nursery() as top:
        executor: Executor | None = None

        async def last() -> None:
            await trio.testing.wait_all_tasks_blocked()
            # Ends in this very turn: its nursery is closed when the spawned one runs, its parent not yet awake.
            top.start_soon(ask)

        async def ask() -> None:
            assert executor is not None
            executor.perform(BTC, submit())

        async with trio.open_nursery() as ending:
            desks = {P: VenueDesk(adapter, ending)}
            supervisor = Supervisor(top, lambda _: None)
            timers = Timers(Clock(0), Mailbox())
            executor = Executor(desks, timers, supervisor, lambda _: None, reported.append)
            ending.start_soon(last)
        await settled()
    assert adapter.prepared == []
    assert reported == [never_left(AWAY)[0]]


async def test_what_cannot_be_prepared_leaves_no_task_behind() -> None:
    async with office() as at:
        at.adapters[P].prepare_error = "no such tick"
        at.executor.perform(BTC, submit())
        await settled()
        assert len(at.reported) == 1
        assert not at.nurseries[P].child_tasks


async def test_timers_are_set_and_cancelled_by_command(autojump_clock: trio.testing.MockClock) -> None:
    async with office() as at:
        for timer in ("kept", "dropped"):
            at.executor.perform(BTC, SetTimer(timer=timer, generation=4, due_ns=1_000_000_000))
        at.executor.perform(BTC, CancelTimer(timer="dropped", generation=4))
        await trio.sleep(5)
        letters = at.mailbox.take_nowait(10)
        assert [(letter.to, letter.message) for letter in letters] == [(BTC, TimerFired(timer="kept", generation=4))]


async def test_a_spawned_pair_gets_its_owner() -> None:
    async with office() as at:
        spawn = SpawnPair(actor=BTC, asset="BTC", taker_venue=P, maker_venue=Venue.HYPERLIQUID, first_to_close=P)
        at.executor.perform("funding_scanner", spawn)
        await settled()
        assert at.supervisor.owned == (BTC,)


async def test_an_alarm_of_a_decision_is_left_to_whoever_watches_the_decisions() -> None:
    async with office() as at:
        alarm = RaiseAlarm(severity="warning", code="link_lost", text="pacifica: link lost")
        at.executor.perform("venue_link/pacifica", alarm)
        assert at.alarms == [], "it would be counted twice, the first time under the record before"


@pytest.mark.parametrize(
    "command",
    [
        Tell(to="risk", message=DrainAsked(reason="?")),
        AdoptPosition(venue=P, asset="BTC", size=ONE),
        StopEngine(reason="done"),
    ],
    ids=name_of,
)
async def test_what_concerns_the_books_alone_reaches_no_venue(command: AnyCommand) -> None:
    async with office() as at:
        at.executor.perform("risk", command)
        await settled()
        assert at.executor.performed == 1
        assert not at.reported
        assert not at.alarms
        assert not any(adapter.prepared for adapter in at.adapters.values())
