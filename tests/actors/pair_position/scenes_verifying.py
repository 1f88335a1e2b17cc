"""Scenes of verifying: what both venues say, asked again and again, decides what the books follow."""

from __future__ import annotations

from actors.commands import CancelAll, Tell
from actors.messages import DrainAsked
from tests.actors.pair_position.scenes import (
    POSITIONS,
    TOLD_CLOSED,
    TOLD_HEDGED,
    Scene,
    adopts,
    alarm,
    emergency,
    order,
)
from tests.actors.pair_position.scenes_closing import BOTH_NOTHING_THERE, LATE
from tests.actors.pair_position.scenes_holding import HALF_A_PAIR, MAKER_GONE, SAME_SIDE, TAKER_GONE
from tests.factories import MAKER, TAKER, both_confirm, lapsed, reported, twice, unresolved
from tests.playbook import fires, like

ASK_AGAIN = fires("verify_retry")
ENDS = like(Tell, to="engine_lifecycle", message=like(DrainAsked))
ASKED_OUT = (ASK_AGAIN,) * 4
"""The answers stayed as they were through all questions."""
TRIM_THREE = (*adopts("-3", "0"), order("trim", "3", TAKER))

SCENES = (
    Scene(
        "V1",
        "HEDGED.earning",
        (*SAME_SIDE, MAKER_GONE, TAKER_GONE, LATE, *both_confirm()),
        TOLD_CLOSED,
        "CLOSED.flat",
    ),
    Scene("V2", "MAKER_PENDING.verifying", both_confirm(), TOLD_HEDGED, "HEDGED.earning"),
    Scene("V2", "HEDGED.rechecking", both_confirm(), TOLD_HEDGED, "HEDGED.earning"),
    Scene("V2", "REDUCING.verifying", both_confirm(), TOLD_HEDGED, "HEDGED.earning"),
    Scene(
        "V14",
        "MAKER_PENDING.in_doubt",
        (lapsed(), *both_confirm()),
        (order("sweep", "10", MAKER),),
        "MAKER_PENDING.sweeping",
    ),
    Scene(
        "V3",
        "HEDGED.earning",
        (*HALF_A_PAIR, *both_confirm()),
        (order("trim", "5", TAKER),),
        "REDUCING.trimming",
    ),
    Scene(
        "V13",
        "HEDGED.earning",
        (*SAME_SIDE, LATE, reported(MAKER, "-5"), reported(TAKER, "-5")),
        (alarm("position_surprise"), *emergency(maker="5", taker="5")),
        "EMERGENCY.closing",
    ),
    Scene("V4", "CLOSING.verifying", (reported(TAKER),), (), "CLOSING.verifying"),
    Scene("V4", "HEDGED.rechecking", (reported(TAKER), reported(TAKER)), (), "HEDGED.rechecking"),
    Scene("V5", "CLOSING.verifying", (reported(TAKER, "-3"),), (), "CLOSING.verifying"),
    Scene("V5", "HEDGED.rechecking", (reported(TAKER), reported(MAKER, "0")), (), "HEDGED.rechecking"),
    Scene(
        "V6",
        "MAKER_PENDING.verifying",
        ASKED_OUT,
        (alarm("positions_unverified"), *POSITIONS),
        "MAKER_PENDING.verifying",
    ),
    Scene(
        "V6",
        "EMERGENCY.verifying",
        (reported(TAKER), *ASKED_OUT),
        (alarm("positions_unverified"), *POSITIONS),
        "EMERGENCY.verifying",
    ),
    Scene(
        "V10",
        "IDLE.verifying",
        (*twice(reported(MAKER, "0"), reported(TAKER, "-3")), *ASKED_OUT),
        TRIM_THREE,
        "REDUCING.trimming",
    ),
    Scene("V7", "HEDGED.rechecking", (ASK_AGAIN,), POSITIONS, "HEDGED.rechecking"),
    Scene("V7", "CLOSING.verifying", (reported(MAKER, "3"), ASK_AGAIN), POSITIONS, "CLOSING.verifying"),
    Scene(
        "V8",
        "CLOSING.first_leg",
        (*BOTH_NOTHING_THERE, *twice(reported(TAKER, "0"), reported(MAKER, "0")), *ASKED_OUT),
        (*adopts("0", "0"), *TOLD_CLOSED),
        "CLOSED.flat",
    ),
    Scene(
        "V8",
        "CLOSING.first_leg",
        (unresolved(), lapsed(), *BOTH_NOTHING_THERE, *twice(reported(TAKER, "0"), reported(MAKER, "0")), *ASKED_OUT),
        (*adopts("0", "0"), like(CancelAll, venue=MAKER), *TOLD_CLOSED),
        "CLOSED.flat",
    ),
    Scene(
        "V15",
        "HEDGED.rechecking",
        (*twice(reported(TAKER, "0"), reported(MAKER, "0")), *ASKED_OUT),
        (alarm("leg_taken"), ENDS, *adopts("0", "0"), *TOLD_CLOSED),
        "CLOSED.flat",
    ),
    Scene(
        "V9",
        "MAKER_PENDING.verifying",
        (*twice(reported(TAKER, "-8"), reported(MAKER, "8")), *ASKED_OUT),
        (*adopts("-8", "8"), *TOLD_HEDGED),
        "HEDGED.earning",
    ),
    Scene(
        "V10",
        "HEDGED.rechecking",
        (*twice(reported(TAKER), reported(MAKER, "6")), *ASKED_OUT),
        (*adopts("-10", "6"), order("trim", "4", TAKER)),
        "REDUCING.trimming",
    ),
    Scene(
        "V16",
        "HEDGED.rechecking",
        (*twice(reported(TAKER), reported(MAKER, "0")), *ASKED_OUT),
        (alarm("leg_taken"), ENDS, *adopts("-10", "0"), order("trim", "10", TAKER)),
        "REDUCING.trimming",
    ),
    Scene(
        "V11",
        "HEDGED.rechecking",
        (*twice(reported(TAKER), reported(MAKER, "-3")), *ASKED_OUT),
        (*adopts("-10", "-3"), alarm("position_surprise"), *emergency(maker="3", taker="10")),
        "EMERGENCY.closing",
    ),
    Scene(
        "V12",
        "CLOSING.first_leg",
        (*BOTH_NOTHING_THERE, *twice(reported(TAKER), reported(MAKER, "4")), *ASKED_OUT),
        (*adopts("-10", "4"), alarm("position_surprise"), *emergency(maker="4", taker="10")),
        "EMERGENCY.closing",
    ),
)
