"""Planted bugs: each changes the shipped role in one place, and a search must find each.

They change rows, guards and actions of a chart of their own, or stand around the shipped `absorb` and `step`; nothing
of the shipped role is touched. Counterpart: `search`, by name, so that every process can plant the same bug.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from actors import pair_position
from actors.actor import Context, Role, Step
from actors.board import Board
from actors.commands import AnyCommand, SubmitOrder
from actors.domain import DoneReason, RejectReason
from actors.messages import AnyMessage, CancelRejected, Envelope, OrderDone, OrderRejected, OrderUnresolved, TimerFired
from actors.pair_position import PairPosition
from actors.policy import Policy
from engine.checking.bounds import Bounds
from engine.checking.decision import Shop
from statecharts.chart import Chart, Row

Absorb = Callable[[PairPosition, Context], tuple[PairPosition, str]]
Guard = Callable[[PairPosition, Context], bool]
Action = Callable[[PairPosition, Context], tuple[AnyCommand, ...]]
SHIPPED = pair_position.ROLE


class Bug(NamedTuple):
    """A bug: what is wrong, how the role is made, and the smallest bounds at which a search finds it."""

    doc: str
    role: Callable[[], Role[PairPosition]]
    lots: int
    faults: int
    asks: int
    gone: int = 0

    def bounds(self) -> Bounds:
        """The smallest bounds that find it."""
        return Bounds(lots=self.lots, faults=self.faults, asks=self.asks, gone=self.gone)


def shop_with(bug: str, policy: Policy) -> Shop:
    """The shop with a planted bug; raises KeyError for a name that is none."""
    return Shop(policy, PLANTED[bug].role())


def _role(
    *,
    chart: Chart | None = None,
    absorb: Absorb | None = None,
    guards: dict[str, Guard] | None = None,
    actions: dict[str, Action] | None = None,
    kind: type[Role[PairPosition]] = Role,
) -> Role[PairPosition]:
    """The shipped role with some of it replaced."""
    return kind(
        chart=chart or SHIPPED.chart,
        absorb=absorb or SHIPPED.absorb,
        guards={**SHIPPED.guards, **(guards or {})},
        actions={**SHIPPED.actions, **(actions or {})},
        duration_s=SHIPPED.duration_s,
        remember=SHIPPED.remember,
        invariants=SHIPPED.invariants,
    )


# --- ways of planting --------------------------------------------------------------------------------------


def _with_row(row_id: str, **changes: Any) -> Chart:
    """The shipped chart with one row altered."""
    assert any(row.id == row_id for row in SHIPPED.chart.rows), f"there is no row {row_id}"
    rows = tuple(msgspec.structs.replace(row, **changes) if row.id == row_id else row for row in SHIPPED.chart.rows)
    return msgspec.structs.replace(SHIPPED.chart, rows=rows)


def _without_row(row_id: str) -> Chart:
    """The shipped chart with one row left out."""
    rows: tuple[Row, ...] = tuple(row for row in SHIPPED.chart.rows if row.id != row_id)
    assert len(rows) < len(SHIPPED.chart.rows), f"there is no row {row_id}"
    return msgspec.structs.replace(SHIPPED.chart, rows=rows)


def _heeding(on: str, place: str, do: tuple[str, ...], to: str) -> Chart:
    """The shipped chart with a row for a message that it ignores."""
    row = Row(id="ZZ", source=(place,), on=on, do=do, to=to)
    return msgspec.structs.replace(SHIPPED.chart, rows=(*SHIPPED.chart.rows, row))


def _hearing(wrong: Callable[[AnyMessage], AnyMessage]) -> Role[PairPosition]:
    """The shipped role, which takes a message for another."""

    def absorb(state: PairPosition, context: Context) -> tuple[PairPosition, str]:
        return SHIPPED.absorb(state, msgspec.structs.replace(context, message=wrong(context.message)))

    return _role(absorb=absorb)


def _sending(action: str, wrong: Callable[[PairPosition, SubmitOrder], SubmitOrder]) -> Role[PairPosition]:
    """The shipped role, whose action sends other orders."""

    def act(state: PairPosition, context: Context) -> tuple[AnyCommand, ...]:
        commands = SHIPPED.actions[action](state, context)
        return tuple(wrong(state, each) if isinstance(each, SubmitOrder) else each for each in commands)

    return _role(actions={action: act})


# --- the bugs ----------------------------------------------------------------------------------------------


def _cumulative_ignored(message: AnyMessage) -> AnyMessage:
    return msgspec.structs.replace(message, filled=Decimal(0)) if isinstance(message, OrderDone) else message


def _doubt_is_failure(message: AnyMessage) -> AnyMessage:
    if not isinstance(message, OrderUnresolved):
        return message
    return OrderRejected(
        venue=message.venue, order_id=message.order_id, reason=RejectReason.MARGIN, detail="taken for failed"
    )


def _refused_cancel_is_the_end(message: AnyMessage) -> AnyMessage:
    if not isinstance(message, CancelRejected):
        return message
    return OrderDone(venue=message.venue, order_id=message.order_id, filled=Decimal(0), reason=DoneReason.CANCELED)


def _forgetting_fills(state: PairPosition, context: Context) -> tuple[PairPosition, str]:
    orders = tuple(msgspec.structs.replace(order, fills=()) for order in state.orders)
    return SHIPPED.absorb(msgspec.structs.replace(state, orders=orders), context)


def _one_leg_only(state: PairPosition, context: Context) -> tuple[AnyCommand, ...]:
    return SHIPPED.actions["close_both_legs"](state, context)[:1]


class _Untimed(Role[PairPosition]):
    """Forgets to arm the maker timer."""

    def step(self, state: PairPosition, envelope: Envelope, board: Board, policy: Policy) -> Step[PairPosition]:
        step = super().step(state, envelope, board, policy)
        if step.state.place != "TAKER_FILLED.maker_in_flight":
            return step
        return Step(msgspec.structs.replace(step.state, timers=()), step.row, step.commands)


class _AnyGeneration(Role[PairPosition]):
    """Obeys a timer of any generation."""

    def step(self, state: PairPosition, envelope: Envelope, board: Board, policy: Policy) -> Step[PairPosition]:
        message = envelope.message
        if isinstance(message, TimerFired):
            for armed in state.timers:
                if armed.timer == message.timer:
                    current = msgspec.structs.replace(message, generation=armed.generation)
                    envelope = msgspec.structs.replace(envelope, message=current)
        return super().step(state, envelope, board, policy)


def _always(_: PairPosition, __: Context) -> bool:
    return True


def _never(_: PairPosition, __: Context) -> bool:
    return False


def _silently(_: PairPosition, __: Context) -> tuple[AnyCommand, ...]:
    return ()


def _any_size(state: PairPosition, order: SubmitOrder) -> SubmitOrder:
    return msgspec.structs.replace(order, size=state.size)


def _not_reduce_only(_: PairPosition, order: SubmitOrder) -> SubmitOrder:
    return msgspec.structs.replace(order, reduce_only=False)


def _doubled(_: PairPosition, order: SubmitOrder) -> SubmitOrder:
    return msgspec.structs.replace(order, size=2 * order.size)


PLANTED: dict[str, Bug] = {
    "remainder_lost_in_cancel_race": Bug(
        "the end of an order is not asked how much was filled", lambda: _hearing(_cumulative_ignored), 1, 2, 0
    ),
    "maker_for_asked_size": Bug(
        "the maker order is for the size asked, not for what the taker filled",
        lambda: _sending("send_maker", _any_size),
        2,
        1,
        0,
    ),
    "close_not_reduce_only": Bug(
        "a closing order may open", lambda: _sending("send_close_first", _not_reduce_only), 1, 0, 1
    ),
    "trim_too_large": Bug(
        "a trim is for more than the leg holds", lambda: _sending("trim_larger_leg", _doubled), 1, 1, 0
    ),
    "doubt_taken_for_failure": Bug(
        "an unresolved order counts as refused, and is sent again", lambda: _hearing(_doubt_is_failure), 1, 1, 0
    ),
    "refused_cancel_taken_for_end": Bug(
        "a cancel that is refused counts as an order that ended empty",
        lambda: _hearing(_refused_cancel_is_the_end),
        1,
        1,
        0,
    ),
    "timer_not_armed": Bug("the maker timer is not armed", lambda: _role(kind=_Untimed), 1, 0, 0),
    "stale_generation_obeyed": Bug(
        "a timer of another generation is obeyed", lambda: _role(kind=_AnyGeneration), 1, 0, 0
    ),
    "attempts_unbounded": Bug("closing never gives up", lambda: _role(guards={"close_tries_left": _always}), 1, 1, 1),
    "duplicate_fill_counted_twice": Bug(
        "a fill told twice counts twice", lambda: _role(absorb=_forgetting_fills), 1, 1, 0
    ),
    "emergency_waits_for_second_leg": Bug(
        "the emergency closes one leg only", lambda: _role(actions={"close_both_legs": _one_leg_only}), 1, 0, 1
    ),
    "unverified_size_adopted": Bug(
        "the books follow the first answer that differs",
        lambda: _role(chart=_with_row("V5", do=("adopt_reported",))),
        1,
        1,
        1,
    ),
    "adopted_after_one_question": Bug(
        "positions are asked for once, and then believed",
        lambda: _role(guards={"verify_tries_left": lambda _, __: False}),
        1,
        1,
        1,
    ),
    "closed_without_verification": Bug(
        "one venue's word is enough for flat",
        lambda: _role(chart=_with_row("X16", when=("flat",))),
        1,
        0,
        1,
    ),
    "hedged_without_verification": Bug(
        "filled counts as hedged",
        lambda: _role(chart=_with_row("M4", do=("announce_hedged",), to="HEDGED.earning")),
        1,
        0,
        0,
    ),
    "resent_without_asking": Bug(
        "an order without an outcome in time is sent again", lambda: _role(chart=_without_row("X12")), 1, 1, 1
    ),
    "failed_question_taken_for_agreement": Bug(
        "a question that fails counts as an answer that agrees",
        lambda: _role(chart=_heeding("QueryFailed", "MAKER_PENDING.verifying", ("announce_hedged",), "HEDGED.earning")),
        1,
        1,
        0,
    ),
    "resumed_by_sending_again": Bug(
        "an engine that comes back sends its maker order again",
        lambda: _role(chart=_with_row("Q3", do=("send_maker",), to="TAKER_FILLED.maker_in_flight")),
        1,
        1,
        0,
    ),
    "taken_leg_replaced": Bug(
        "a leg that somebody else closed is opened again",
        lambda: _role(
            chart=_with_row("V16", do=("stop_opening", "adopt_reported", "send_sweep"), to="MAKER_PENDING.sweeping")
        ),
        1,
        1,
        0,
    ),
    "adl_not_followed": Bug("ADL took one leg, and the other stays", lambda: _role(chart=_without_row("H7")), 1, 1, 0),
    "silence_waited_out": Bug(
        "an order in doubt is asked for as long as its venue is silent",
        lambda: _role(guards={"doubt_tries_left": _always, "maker_unreachable": _never}),
        1,
        0,
        0,
        gone=1,
    ),
    "stranded_without_a_word": Bug(
        "a leg that cannot be closed is named by no alarm",
        lambda: _role(actions={"alarm_stranded": _silently}),
        1,
        0,
        1,
        gone=1,
    ),
}
