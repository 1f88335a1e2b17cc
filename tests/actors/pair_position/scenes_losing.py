"""Scenes of a loss that a venue lets its holders bear: told to people, and the pair goes home in order."""

from __future__ import annotations

from actors.domain import MarketStatus
from actors.messages import LinkLost, LinkUp
from tests.actors.pair_position.scenes import Cues, Scene, alarm, cancels, order
from tests.factories import MAKER, TAKER, both_confirm, listed, socialised
from tests.playbook import fires

LOST = socialised(MAKER, "12")
TOLD = alarm("loss_socialised")
OTHER_DOWN: Cues = (LinkLost(venue=TAKER, reason="cut"), LOST)
UP = LinkUp(venue=TAKER)

SCENES = (
    Scene("L1", "HEDGED.earning", (LOST,), (TOLD, order("close", "10", MAKER)), "CLOSING.first_leg"),
    Scene("L1", "HEDGED.rechecking", (LOST,), (TOLD, order("close", "10", MAKER)), "CLOSING.first_leg"),
    Scene("L1", "MAKER_PENDING.verifying", (LOST,), (TOLD, order("close", "10", MAKER)), "CLOSING.first_leg"),
    Scene("L2", "HEDGED.earning", OTHER_DOWN, (TOLD,), "HEDGED.earning"),
    Scene("L2", "HEDGED.earning", (listed(TAKER, MarketStatus.HALTED), LOST), (TOLD,), "HEDGED.earning"),
    Scene("L3", "HEDGED.earning", (*OTHER_DOWN, UP), (order("close", "10", MAKER),), "CLOSING.first_leg"),
    Scene(
        "L4",
        "MAKER_PENDING.verifying",
        (*OTHER_DOWN, UP, *both_confirm(), fires("reverify")),
        (order("close", "10", MAKER),),
        "CLOSING.first_leg",
    ),
    Scene("L5", "MAKER_PENDING.resting", (LOST,), (TOLD, *cancels(MAKER)), "CLOSING.canceling"),
    Scene("L5", "REDUCING.first_leg", (LOST,), (TOLD, *cancels(MAKER)), "CLOSING.canceling"),
    Scene("L6", "CLOSING.first_leg", (LOST,), (TOLD,), "CLOSING.first_leg"),
    Scene("L6", "EMERGENCY.stranded", (LOST,), (TOLD,), "EMERGENCY.stranded"),
    Scene("L6", "CLOSED.flat", (LOST,), (TOLD,), "CLOSED.flat"),
)
