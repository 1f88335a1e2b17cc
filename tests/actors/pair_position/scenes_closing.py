"""Scenes of closing: the less reliable leg first, then the other, then verified flat."""

from __future__ import annotations

from decimal import Decimal

from actors.commands import CancelAll
from actors.domain import DoneReason, MarketStatus, RejectReason
from actors.messages import LeftoverFound, LinkLost
from tests.actors.pair_position.scenes import (
    POSITIONS,
    TOLD_CLOSED,
    TOLD_REOPENED,
    Scene,
    alarm,
    asks,
    cancels,
    emergency,
    order,
    panic,
)
from tests.actors.pair_position.scenes_holding import MAKER_GONE, SAME_SIDE, TAKER_GONE
from tests.factories import (
    ASSET,
    MAKER,
    TAKER,
    accepted,
    both_confirm,
    done,
    filled,
    lapsed,
    listed,
    rejected,
    unresolved,
)
from tests.playbook import fires, like
from tests.stories import CLOSE

NOTHING_THERE = rejected(RejectReason.REDUCE_ONLY)
BOTH_NOTHING_THERE = (NOTHING_THERE, NOTHING_THERE)
"""From CLOSING.first_leg: both venues refuse as having nothing to reduce, our books hold both legs."""
LATE = fires("order_timeout")
LEFTOVER = LeftoverFound(venue=TAKER, asset=ASSET, size=Decimal(1))
TOO_SOON = rejected(RejectReason.RATE_LIMITED)

SCENES = (
    Scene("X1", "IDLE.ready", (CLOSE,), TOLD_CLOSED, "CLOSED.flat"),
    Scene("X2", "MAKER_PENDING.resting", (CLOSE,), cancels(MAKER), "CLOSING.canceling"),
    Scene("X3", "HEDGED.earning", (CLOSE,), (order("close", "10", MAKER),), "CLOSING.first_leg"),
    Scene("X4", "CLOSING.first_leg", (accepted(),), (), "CLOSING.first_leg"),
    Scene("X4", "CLOSING.canceling", (filled("4"),), (), "CLOSING.canceling"),
    Scene("X5", "CLOSING.in_doubt", (accepted(),), cancels(MAKER), "CLOSING.canceling"),
    Scene("X6", "CLOSING.second_leg", (filled(),), POSITIONS, "CLOSING.verifying"),
    Scene("X7", "CLOSING.first_leg", BOTH_NOTHING_THERE, POSITIONS, "CLOSING.verifying"),
    Scene("X7", "CLOSING.second_leg", (done(reason=DoneReason.REDUCE_ONLY_CANCELED),), POSITIONS, "CLOSING.verifying"),
    Scene(
        "X8",
        "CLOSING.first_leg",
        (filled("4"), done("4")),
        (order("close", "6", MAKER),),
        "CLOSING.first_leg",
    ),
    Scene("X9", "CLOSING.first_leg", (filled(),), (order("close", "10", TAKER),), "CLOSING.second_leg"),
    Scene("X9", "CLOSING.canceling", (done(),), (order("close", "10", TAKER),), "CLOSING.second_leg"),
    Scene(
        "X10",
        "CLOSING.first_leg",
        (done(), done(), done()),
        (alarm("attempts_failed"), *emergency(maker="10", taker="10")),
        "EMERGENCY.closing",
    ),
    Scene("X11", "CLOSING.second_leg", (unresolved(),), asks(TAKER), "CLOSING.in_doubt"),
    Scene("X12", "CLOSING.first_leg", (LATE,), asks(MAKER), "CLOSING.in_doubt"),
    Scene("X13", "HEDGED.earning", (*SAME_SIDE, CLOSE, LATE), (order("close", "5", MAKER),), "CLOSING.first_leg"),
    Scene(
        "X14",
        "HEDGED.earning",
        (*SAME_SIDE, MAKER_GONE, CLOSE, LATE),
        (order("close", "5", TAKER),),
        "CLOSING.second_leg",
    ),
    Scene(
        "X15",
        "HEDGED.earning",
        (*SAME_SIDE, MAKER_GONE, TAKER_GONE, CLOSE, LATE),
        POSITIONS,
        "CLOSING.verifying",
    ),
    Scene("X24", "HEDGED.earning", (LinkLost(venue=MAKER, reason="cut"), CLOSE), (), "HEDGED.earning"),
    Scene("X24", "HEDGED.earning", (listed(MAKER, MarketStatus.HALTED), CLOSE), (), "HEDGED.earning"),
    Scene(
        "X3",
        "HEDGED.earning",
        (listed(MAKER, MarketStatus.REDUCE_ONLY), CLOSE),
        (order("close", "10", MAKER),),
        "CLOSING.first_leg",
    ),
    Scene("X27", "CLOSING.first_leg", (rejected(RejectReason.HALTED),), POSITIONS, "HEDGED.rechecking"),
    Scene("X25", "CLOSING.first_leg", (TOO_SOON,), (), "CLOSING.first_leg"),
    Scene(
        "X26",
        "CLOSING.first_leg",
        (TOO_SOON, LATE, TOO_SOON, LATE, TOO_SOON, LATE),
        (alarm("attempts_failed"), *emergency(maker="10", taker="10")),
        "EMERGENCY.closing",
    ),
    Scene("X16", "CLOSING.verifying", both_confirm(), TOLD_CLOSED, "CLOSED.flat"),
    Scene("X16", "EMERGENCY.verifying", both_confirm(), TOLD_CLOSED, "CLOSED.flat"),
    Scene(
        "X16",
        "IDLE.taker_in_flight",
        (lapsed(), *both_confirm()),
        (like(CancelAll, venue=TAKER), *TOLD_CLOSED),
        "CLOSED.flat",
    ),
    Scene(
        "X17",
        "CLOSING.first_leg",
        (*BOTH_NOTHING_THERE, *both_confirm()),
        (alarm("position_surprise"), *emergency(maker="10", taker="10")),
        "EMERGENCY.closing",
    ),
    Scene(
        "X18",
        "CLOSED.flat",
        (filled("1", number=0),),
        (alarm("position_surprise"), *TOLD_REOPENED, *panic(order("emergency", "1", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene(
        "X20",
        "IDLE.taker_in_doubt",
        (lapsed(), CLOSE, accepted()),
        (alarm("position_surprise"), *panic()),
        "EMERGENCY.closing",
    ),
    Scene(
        "X40",
        "IDLE.taker_in_doubt",
        (lapsed(), CLOSE, *both_confirm(), accepted()),
        (alarm("position_surprise"), *TOLD_REOPENED, *panic()),
        "EMERGENCY.closing",
    ),
    Scene("X41", "CLOSED.flat", (LEFTOVER,), asks(TAKER, TAKER), "CLOSED.flat"),
    Scene(
        "X21",
        "MAKER_PENDING.in_doubt",
        (CLOSE, lapsed(), accepted(number=-2)),
        cancels(MAKER, TAKER),
        "CLOSING.canceling",
    ),
    Scene(
        "X22",
        "CLOSING.second_leg",
        (done("10", DoneReason.FILLED), *both_confirm()),
        asks(TAKER),
        "CLOSING.verifying",
    ),
    Scene("X23", "CLOSING.first_leg", (NOTHING_THERE,), (order("close", "10", TAKER),), "CLOSING.second_leg"),
)
