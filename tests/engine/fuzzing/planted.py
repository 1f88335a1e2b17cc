"""Planted bugs: each changes one part of the shipped engine, and some seed among the first few must find it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import NamedTuple

import msgspec
import pytest
import trio

from actors import engine_lifecycle, pair_position, risk
from actors.actor import Context, Step
from actors.board import Board
from actors.commands import AnyCommand, SubmitOrder
from actors.domain import ZERO, RejectReason
from actors.gates import venues
from actors.messages import (
    AnyMessage,
    CloseAsked,
    EmergencyAsked,
    EngineResumed,
    Envelope,
    FundingPaid,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnresolved,
)
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from actors.risk import limits
from engine.core import Core, Decision
from engine.executor import Executor
from engine.journal import LastingJournal
from engine.recovery import Recovery
from engine.router import Router
from engine.sequencer import Waiting
from engine.venues.adapter import Recalled
from engine.venues.hyperliquid.adapter import HyperliquidAdapter
from engine.venues.hyperliquid.limits import ActionRefused
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.performer import Performer
from engine.venues.hyperliquid.signing_request import HyperliquidSignRequest
from engine.venues.hyperliquid.wire_orders import ExchangeReply
from engine.venues.link import FrameError
from engine.venues.transport import TransportError

ROLE = pair_position.ROLE
Plant = Callable[[pytest.MonkeyPatch], None]
Act = Callable[[PairPosition, Context], tuple[AnyCommand, ...]]


class Bug(NamedTuple):
    """What is wrong, how it is planted, the seeds of which one must find it, and the rules by which (any, if none)."""

    doc: str
    plant: Plant
    seeds: tuple[int, ...]
    rules: tuple[str, ...] = ()


def _hearing(wrong: Callable[[AnyMessage], AnyMessage]) -> Plant:
    """Pairs take a message for another."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        absorb = ROLE.absorb

        def absorb_wrongly(state: PairPosition, context: Context) -> tuple[PairPosition, str]:
            return absorb(state, msgspec.structs.replace(context, message=wrong(context.message)))

        patch.setattr(ROLE, "absorb", absorb_wrongly)

    return plant


def _sending(action: str, wrong: Callable[[SubmitOrder], SubmitOrder]) -> Plant:
    """An action of pairs sends other orders."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        act = ROLE.actions[action]

        def act_wrongly(state: PairPosition, context: Context) -> tuple[AnyCommand, ...]:
            return tuple(wrong(each) if isinstance(each, SubmitOrder) else each for each in act(state, context))

        patch.setattr(ROLE, "actions", {**ROLE.actions, action: act_wrongly})

    return plant


def _a_fee_forgotten(message: AnyMessage) -> AnyMessage:
    return msgspec.structs.replace(message, fee_usd=ZERO) if isinstance(message, OrderFilled) else message


def _doubt_is_failure(message: AnyMessage) -> AnyMessage:
    if not isinstance(message, OrderUnresolved):
        return message
    return OrderRejected(
        venue=message.venue, order_id=message.order_id, reason=RejectReason.MARGIN, detail="taken for failed"
    )


def _fill_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The end of an order is not asked how much was filled, and every other fill is not heard."""
    absorb = ROLE.absorb

    def forget(state: PairPosition, context: Context) -> tuple[PairPosition, str]:
        message = context.message
        if isinstance(message, OrderFilled) and sum(map(ord, message.fill_id)) % 2:
            heard = OrderAccepted(venue=message.venue, order_id=message.order_id, venue_order_id="")
            return absorb(state, msgspec.structs.replace(context, message=heard))
        if isinstance(message, OrderDone):
            seen = next((order.filled_seen for order in state.orders if order.id == message.order_id), ZERO)
            context = msgspec.structs.replace(context, message=msgspec.structs.replace(message, filled=seen))
        return absorb(state, context)

    patch.setattr(ROLE, "absorb", forget)


def _dropping(kind: type[AnyMessage]) -> Plant:
    """The router tells nobody."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        route = Router.route

        def drop(self: Router, message: AnyMessage) -> tuple[str, ...]:
            return () if isinstance(message, kind) else route(self, message)

        patch.setattr(Router, "route", drop)

    return plant


def _sent_twice(patch: pytest.MonkeyPatch) -> None:
    send = Executor.perform

    def twice(self: Executor, actor: str, command: AnyCommand) -> None:
        send(self, actor, command)
        if isinstance(command, SubmitOrder):
            send(self, actor, msgspec.structs.replace(command, order_id=f"{int(command.order_id, 16) ^ 1:032x}"))

    patch.setattr(Executor, "perform", twice)


def _written_late(patch: pytest.MonkeyPatch) -> None:
    """Every other batch is performed before it is durable: it is written with the next."""
    commit = LastingJournal.commit
    turns: dict[int, int] = {}

    def late(self: LastingJournal) -> int:
        turns[id(self)] = turns.get(id(self), 0) + 1
        return commit(self) if turns[id(self)] % 2 else 0

    patch.setattr(LastingJournal, "commit", late)


def _kill_does_not_screen(patch: pytest.MonkeyPatch) -> None:
    """After the kill scanner and pairs go on, and gate and screen let them."""
    patch.setattr(venues, "OPENING_IN", (*venues.OPENING_IN, "KILLED", "RESTRICTED"))
    refusal = limits._refusal

    def lenient(*facts: object) -> tuple[str, str, str] | None:
        found = refusal(*facts)  # type: ignore[arg-type]
        return None if found is not None and found[0] == "openings_stopped" else found

    patch.setattr(limits, "_refusal", lenient)
    patch.setattr(risk.ROLE, "actions", {**risk.ROLE.actions, "ask_emergency": lambda *_: ()})
    told = engine_lifecycle.ROLE.actions["pull_kill_switch"]
    only_risk = {"pull_kill_switch": lambda state, context: told(state, context)[:1]}
    patch.setattr(engine_lifecycle.ROLE, "actions", {**engine_lifecycle.ROLE.actions, **only_risk})


def _limits_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_exposure_refusal", lambda *_: None)


def _maker_timer_not_armed(patch: pytest.MonkeyPatch) -> None:
    step = ROLE.step

    def untimed(state: PairPosition, envelope: Envelope, board: Board, policy: Policy) -> Step[PairPosition]:
        done = step(state, envelope, board, policy)
        if not done.state.naked or done.state.open_orders:
            return done
        return Step(msgspec.structs.replace(done.state, timers=()), done.row, done.commands)

    patch.setattr(ROLE, "step", untimed)


def _nobody_told_of_the_crash(patch: pytest.MonkeyPatch) -> None:
    news = Recovery.news

    def silent(self: Recovery) -> tuple[Waiting, ...]:
        return tuple(each for each in news(self) if not (isinstance(each.message, EngineResumed) and "/" in each.to))

    patch.setattr(Recovery, "news", silent)


def _deaf_to_close(patch: pytest.MonkeyPatch) -> None:
    route = Core.step

    def step(self: Core, envelope: Envelope) -> Decision:
        if isinstance(envelope.message, CloseAsked | EmergencyAsked):
            envelope = msgspec.structs.replace(envelope, to="nobody")
        return route(self, envelope)

    patch.setattr(Core, "step", step)


def _deaf_after_a_crash(patch: pytest.MonkeyPatch) -> None:
    """An engine that came back hears of Hyperliquid a minute and a half later."""
    recall, listen = HyperliquidAdapter.recall, HyperliquidAdapter.listen
    back: dict[int, None] = {}

    def recall_and_wait(self: HyperliquidAdapter, orders: tuple[Recalled, ...], since_ns: int) -> None:
        recall(self, orders, since_ns)
        back[id(self)] = None

    async def listen_late(
        self: HyperliquidAdapter, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        if id(self) in back:
            task_status.started()
            await trio.sleep(95.0)
            task_status = trio.TASK_STATUS_IGNORED
        await listen(self, task_status=task_status)

    patch.setattr(HyperliquidAdapter, "recall", recall_and_wait)
    patch.setattr(HyperliquidAdapter, "listen", listen_late)


def _sent_again(patch: pytest.MonkeyPatch) -> None:
    """Each Hyperliquid order is sent once more under a nonce of its own: the venue refuses its client id."""
    perform = Performer.perform

    async def twice(self: Performer, request: HyperliquidSignRequest) -> ExchangeReply:
        reply = await perform(self, request)
        if request.action["type"] == "order":
            with suppress(ActionRefused, TransportError, FrameError):
                await perform(self, msgspec.structs.replace(request, nonce=request.nonce + 1))
        return reply

    patch.setattr(Performer, "perform", twice)


def _estimates_wrong(patch: pytest.MonkeyPatch) -> None:
    """What orders would be valued at, should their fills never be told, is five percent too high.

    And some are never told: Hyperliquid's adapter does not look for the fill by which a position became smaller.
    """

    def wrong(act: Act) -> Act:
        def act_wrongly(state: PairPosition, context: Context) -> tuple[AnyCommand, ...]:
            return tuple(_dearer(each) if isinstance(each, SubmitOrder) else each for each in act(state, context))

        return act_wrongly

    patch.setattr(ROLE, "actions", {name: wrong(act) for name, act in ROLE.actions.items()})
    patch.setattr(Memory, "shrunk", property(lambda _: False, lambda _, __: None), raising=False)


def _dearer(order: SubmitOrder) -> SubmitOrder:
    return msgspec.structs.replace(order, decision_mid=order.decision_mid * Decimal("1.05"))


PLANTED: dict[str, Bug] = {
    "fill_forgotten": Bug("a pair forgets a fill", _fill_forgotten, (18, 14)),
    "fee_forgotten": Bug("a fill's fee is not booked", _hearing(_a_fee_forgotten), (1, 2, 3), ("money_differs",)),
    "fill_dropped": Bug("the router drops fills", _dropping(OrderFilled), (18, 19), ("fill_untold",)),
    "payment_dropped": Bug("the router drops payments", _dropping(FundingPaid), (1, 2, 3), ("funding_differs",)),
    "sent_twice": Bug("the executor sends an order twice", _sent_twice, (1, 2, 3), ("unrecorded",)),
    "written_late": Bug("orders leave before their record is durable", _written_late, (16, 18, 32)),
    "kill_not_screened": Bug("openings pass after the kill", _kill_does_not_screen, (60, 70), ("opened_after_kill",)),
    "limits_ignored": Bug("exposure is not screened", _limits_ignored, (8, 14), ("exposure_exceeded",)),
    "timer_not_armed": Bug("a naked leg has no timer", _maker_timer_not_armed, (2, 4), ("naked_unwatched",)),
    "doubt_is_failure": Bug(
        "an order in doubt counts as refused", _hearing(_doubt_is_failure), (5, 9), ("resent_in_doubt",)
    ),
    "close_may_open": Bug(
        "a closing order may open",
        _sending("send_close_first", lambda order: msgspec.structs.replace(order, reduce_only=False)),
        (1, 2, 3),
    ),
    "crash_not_told": Bug("pairs are not told that the engine was away", _nobody_told_of_the_crash, (42, 38, 14)),
    "deaf_after_crash": Bug("an engine that came back is deaf for 95 s", _deaf_after_a_crash, (58,), ("unsettled",)),
    "sent_again": Bug("an order is sent again, and refused for its id", _sent_again, (4,), ("doubled",)),
    "estimates_wrong": Bug("what was never told is valued wrongly", _estimates_wrong, (233,), ("money_differs",)),
    "deaf_to_close": Bug("no pair hears that it is to close", _deaf_to_close, (1, 2), ("not_flat",)),
}
"""The seeds are those of worlds in which the bug can show: with a crash, a kill, tight limits, or without any fault."""
