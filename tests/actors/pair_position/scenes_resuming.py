"""Scenes of going on after the engine was cut off: everything is asked for, nothing is sent again."""

from __future__ import annotations

from actors.domain import RejectReason
from actors.messages import EngineResumed
from tests.actors.pair_position.scenes import POSITIONS, TOLD_CLOSED, Scene, asks
from tests.factories import MAKER, TAKER, filled, rejected

RESUMED = EngineResumed(silent_since_ns=1)

SCENES = (
    Scene("Q1", "IDLE.ready", (RESUMED,), TOLD_CLOSED, "CLOSED.flat"),
    Scene("Q1", "IDLE.backoff", (RESUMED,), TOLD_CLOSED, "CLOSED.flat"),
    Scene("Q2", "IDLE.taker_in_flight", (RESUMED,), asks(TAKER), "IDLE.taker_in_doubt"),
    Scene("Q2", "IDLE.taker_in_doubt", (RESUMED,), asks(TAKER), "IDLE.taker_in_doubt"),
    Scene("Q3", "TAKER_FILLED.maker_in_flight", (RESUMED,), asks(MAKER), "MAKER_PENDING.in_doubt"),
    Scene("Q3", "MAKER_PENDING.resting", (RESUMED,), asks(MAKER), "MAKER_PENDING.in_doubt"),
    Scene("Q3", "MAKER_PENDING.canceling", (RESUMED,), asks(MAKER), "MAKER_PENDING.in_doubt"),
    Scene("Q3", "MAKER_PENDING.sweeping", (RESUMED,), asks(MAKER), "MAKER_PENDING.in_doubt"),
    Scene("Q4", "REDUCING.first_leg", (RESUMED,), asks(MAKER), "REDUCING.in_doubt"),
    Scene("Q4", "REDUCING.in_doubt", (RESUMED,), asks(MAKER), "REDUCING.in_doubt"),
    Scene("Q5", "CLOSING.canceling", (RESUMED,), asks(MAKER), "CLOSING.in_doubt"),
    Scene("Q5", "CLOSING.first_leg", (RESUMED,), asks(MAKER), "CLOSING.in_doubt"),
    Scene("Q5", "CLOSING.second_leg", (RESUMED,), asks(TAKER), "CLOSING.in_doubt"),
    Scene("Q6", "CLOSING.first_leg", (rejected(RejectReason.RATE_LIMITED), RESUMED), (), "CLOSING.first_leg"),
    Scene("Q7", "HEDGED.earning", (RESUMED,), POSITIONS, "HEDGED.rechecking"),
    Scene("Q8", "MAKER_PENDING.verifying", (RESUMED,), POSITIONS, "MAKER_PENDING.verifying"),
    Scene("Q8", "HEDGED.rechecking", (RESUMED,), POSITIONS, "HEDGED.rechecking"),
    Scene("Q8", "CLOSING.verifying", (RESUMED,), POSITIONS, "CLOSING.verifying"),
    Scene("Q8", "EMERGENCY.verifying", (RESUMED,), POSITIONS, "EMERGENCY.verifying"),
    Scene("Q9", "EMERGENCY.closing", (RESUMED,), asks(MAKER, TAKER), "EMERGENCY.closing"),
    Scene("Q9", "EMERGENCY.closing", (filled(number=-2), RESUMED), asks(TAKER), "EMERGENCY.closing"),
    Scene("Q9", "EMERGENCY.stranded", (RESUMED,), (), "EMERGENCY.stranded"),
)
