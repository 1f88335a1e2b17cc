"""Scenes of a held pair and of reducing it: ADL, surprises, late fills, trimming the larger leg."""

from __future__ import annotations

from decimal import Decimal

from actors.domain import RejectReason, Side
from actors.messages import LinkUp, ReduceAsked
from tests.actors.pair_position.scenes import POSITIONS, Cues, Scene, alarm, asks, cancels, emergency, order
from tests.actors.pair_position.scenes_entering import NO_MAKER_LINK
from tests.factories import (
    MAKER,
    TAKER,
    accepted,
    adl,
    both_confirm,
    deleveraged,
    done,
    filled,
    foreign,
    lapsed,
    liquidated,
    rejected,
    reported,
    unknown,
    unresolved,
)
from tests.playbook import fires

SAME_SIDE: Cues = (adl(4), deleveraged(MAKER, "10", Side.SELL), filled(), filled())
"""From HEDGED.earning: a reducing fill that should not have been possible after the ADL; both legs at -5, none out."""
MAKER_GONE = deleveraged(MAKER, "5", Side.BUY, "adl-2")
TAKER_GONE = deleveraged(TAKER, "5", Side.BUY, "adl-3")
HALF_A_PAIR: Cues = (*SAME_SIDE, MAKER_GONE, fires("order_timeout"))
"""At REDUCING.verifying, five short on the taker leg alone, nothing out."""
SWEEP_LAPSED: Cues = (NO_MAKER_LINK, unresolved(), lapsed(), *both_confirm())
"""From MAKER_PENDING.sweeping: the sweep counts as never placed, the positions agree, the taker leg is trimmed."""

PAUSE_OVER = fires("retry_pause")
LAPSED_AND_PAUSING: Cues = (unresolved(), lapsed(), rejected())
"""From REDUCING.trimming: the first trim counts as never placed, the next one is refused."""

HOLD_SCENES = (
    Scene("H1", "HEDGED.earning", (adl(5),), (alarm("adl_level"), order("close", "10", MAKER)), "CLOSING.first_leg"),
    Scene("H2", "HEDGED.earning", (adl(4),), (alarm("adl_level"), order("reduce", "5", MAKER)), "REDUCING.first_leg"),
    Scene("H3", "HEDGED.earning", (adl(3),), (), "HEDGED.earning"),
    Scene(
        "H4",
        "HEDGED.earning",
        (ReduceAsked(fraction=Decimal("0.3"), reason="operator"),),
        (order("reduce", "3", MAKER),),
        "REDUCING.first_leg",
    ),
    Scene(
        "H5",
        "HEDGED.earning",
        (ReduceAsked(fraction=Decimal("0.995"), reason="operator"),),
        (order("close", "10", MAKER),),
        "CLOSING.first_leg",
    ),
    Scene("H6", "HEDGED.earning", (*HALF_A_PAIR, TAKER_GONE), POSITIONS, "CLOSING.verifying"),
    Scene(
        "H7",
        "HEDGED.earning",
        (deleveraged(TAKER, "4", Side.BUY),),
        (order("trim", "4", MAKER),),
        "REDUCING.trimming",
    ),
    Scene(
        "H7",
        "HEDGED.rechecking",
        (deleveraged(MAKER, "10", Side.SELL),),
        (order("trim", "10", TAKER),),
        "REDUCING.trimming",
    ),
    Scene("H8", "HEDGED.earning", (deleveraged(TAKER, "0.1", Side.BUY),), (), "HEDGED.earning"),
    Scene(
        "H9",
        "HEDGED.earning",
        (*HALF_A_PAIR, liquidated(TAKER, "5", Side.BUY)),
        POSITIONS,
        "CLOSING.verifying",
    ),
    Scene(
        "H10",
        "HEDGED.earning",
        (liquidated(MAKER, "10", Side.SELL),),
        (order("trim", "10", TAKER),),
        "REDUCING.trimming",
    ),
    Scene("H11", "HEDGED.earning", (liquidated(MAKER, "0.1", Side.SELL),), (), "HEDGED.earning"),
    Scene("H12", "HEDGED.earning", (reported(MAKER, "9", queried=False),), POSITIONS, "HEDGED.rechecking"),
    Scene("H13", "HEDGED.earning", (reported(MAKER, "0"),), POSITIONS, "HEDGED.rechecking"),
    Scene("H14", "HEDGED.earning", (foreign(TAKER),), POSITIONS, "HEDGED.rechecking"),
    Scene("H15", "HEDGED.earning", (fires("reverify"),), POSITIONS, "HEDGED.earning"),
    Scene("H16", "HEDGED.earning", (LinkUp(venue=TAKER),), POSITIONS, "HEDGED.earning"),
    Scene("H17", "HEDGED.earning", (filled("1", number=0),), (order("trim", "1", TAKER),), "REDUCING.trimming"),
    Scene(
        "H20",
        "MAKER_PENDING.canceling",
        (done(), filled("4")),
        POSITIONS,
        "MAKER_PENDING.verifying",
    ),
    Scene(
        "H17",
        "MAKER_PENDING.canceling",
        (done(), NO_MAKER_LINK, filled("4")),
        (order("trim", "6", TAKER),),
        "REDUCING.trimming",
    ),
    Scene(
        "H17",
        "MAKER_PENDING.sweeping",
        (*(done(), *both_confirm()) * 2, filled(), filled("2", number=0)),
        (order("trim", "2", TAKER),),
        "REDUCING.trimming",
    ),
    Scene("H18", "HEDGED.earning", (filled("0.1", number=0),), (), "HEDGED.earning"),
    Scene(
        "H19",
        "MAKER_PENDING.in_doubt",
        (lapsed(), accepted()),
        cancels(MAKER),
        "CLOSING.canceling",
    ),
)

REDUCE_SCENES = (
    Scene("R1", "REDUCING.trimming", (accepted(),), (), "REDUCING.trimming"),
    Scene("R1", "REDUCING.first_leg", (filled("2"),), (), "REDUCING.first_leg"),
    Scene(
        "R2",
        "REDUCING.trimming",
        (deleveraged(TAKER, "6", Side.BUY, "adl-2"), deleveraged(MAKER, "6", Side.SELL, "adl-3"), filled()),
        POSITIONS,
        "CLOSING.verifying",
    ),
    Scene("R3", "REDUCING.trimming", (filled(),), POSITIONS, "REDUCING.verifying"),
    Scene("R4", "REDUCING.trimming", (filled("1"), done("1")), (order("trim", "3", MAKER),), "REDUCING.trimming"),
    Scene("R4", "REDUCING.first_leg", (filled(),), (order("trim", "5", TAKER),), "REDUCING.trimming"),
    Scene(
        "R5",
        "REDUCING.trimming",
        (done(), done(), done(), done()),
        (alarm("attempts_failed"), *emergency(maker="10", taker="6")),
        "EMERGENCY.closing",
    ),
    Scene("R6", "REDUCING.first_leg", (unresolved(),), asks(MAKER), "REDUCING.in_doubt"),
    Scene("R7", "REDUCING.trimming", (fires("order_timeout"),), asks(MAKER), "REDUCING.in_doubt"),
    Scene("R8", "HEDGED.earning", (*SAME_SIDE, fires("order_timeout")), POSITIONS, "REDUCING.verifying"),
    Scene("R9", "REDUCING.in_doubt", (accepted(),), cancels(MAKER), "REDUCING.in_doubt"),
    Scene(
        "R10",
        "MAKER_PENDING.sweeping",
        (*SWEEP_LAPSED, accepted(number=-2)),
        cancels(MAKER, TAKER),
        "CLOSING.canceling",
    ),
    Scene("R11", "REDUCING.trimming", (rejected(),), (), "REDUCING.pausing"),
    Scene(
        "R4",
        "REDUCING.trimming",
        (rejected(RejectReason.IOC_UNFILLED),),
        (order("trim", "4", MAKER),),
        "REDUCING.trimming",
    ),
    Scene("R12", "REDUCING.trimming", (rejected(RejectReason.REDUCE_ONLY),), POSITIONS, "REDUCING.verifying"),
    Scene(
        "R6",
        "REDUCING.trimming",
        (*LAPSED_AND_PAUSING, accepted(number=-2), unknown(-2)),
        asks(MAKER),
        "REDUCING.in_doubt",
    ),
    Scene("R9", "REDUCING.trimming", (*LAPSED_AND_PAUSING, accepted(number=-2)), cancels(MAKER), "REDUCING.pausing"),
    Scene(
        "R13",
        "REDUCING.trimming",
        (*LAPSED_AND_PAUSING, accepted(number=-2), PAUSE_OVER),
        asks(MAKER),
        "REDUCING.in_doubt",
    ),
    Scene(
        "R14",
        "REDUCING.pausing",
        (deleveraged(TAKER, "6", Side.BUY, "adl-2"), deleveraged(MAKER, "10", Side.SELL, "adl-3"), PAUSE_OVER),
        POSITIONS,
        "CLOSING.verifying",
    ),
    Scene(
        "R15",
        "REDUCING.pausing",
        (deleveraged(MAKER, "4", Side.SELL, "adl-3"), PAUSE_OVER),
        POSITIONS,
        "REDUCING.verifying",
    ),
    Scene("R16", "REDUCING.pausing", (PAUSE_OVER,), (order("trim", "4", MAKER),), "REDUCING.trimming"),
)

SCENES = (*HOLD_SCENES, *REDUCE_SCENES)
