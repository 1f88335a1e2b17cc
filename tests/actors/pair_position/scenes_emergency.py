"""Scenes of the emergency path, from every place that can hold an order or a leg."""

from __future__ import annotations

from actors.domain import RejectReason
from actors.messages import ActorFaulted, LinkUp
from statecharts.pair_position import CHART
from tests.actors.pair_position.scenes import (
    POSITIONS,
    TOLD_CLOSED,
    Cues,
    Scene,
    alarm,
    asks,
    cancels,
    emergency,
    order,
    panic,
)
from tests.actors.pair_position.scenes_closing import LATE
from tests.factories import (
    MAKER,
    TAKER,
    accepted,
    cancel_rejected,
    done,
    filled,
    lapsed,
    rejected,
    unresolved,
)
from tests.playbook import fires
from tests.stories import BOTH_REFUSED, EMERGENCY

FAULT = ActorFaulted(error="AssertionError: legs")
TOO_SOON_FIRST = rejected(RejectReason.RATE_LIMITED, number=-2)
TOO_SOON = rejected(RejectReason.RATE_LIMITED)
BOTH_OUT = asks(MAKER, TAKER)
THREE_ROUNDS: Cues = (LATE, LATE, LATE)
"""From EMERGENCY.closing: nothing is answered, three rounds of orders are out."""
SIX_OUT = BOTH_OUT * 3
ONE_SILENT: Cues = (filled("6", number=-2), *(rejected(), LATE) * 3, fires("recheck"))
"""From EMERGENCY.closing: the maker venue tells a part and no more, the taker venue refuses."""
WATCHED = tuple(state.name for state in CHART.states if state.may_hold_leg and not state.name.startswith("EMERGENCY"))
"""Places that may hold a leg or an order; an emergency leads from each of them to EMERGENCY.closing."""

SCENES = (
    Scene("P1", "IDLE.ready", (EMERGENCY,), TOLD_CLOSED, "CLOSED.flat"),
    Scene("P1", "IDLE.backoff", (EMERGENCY,), TOLD_CLOSED, "CLOSED.flat"),
    Scene("P2", "HEDGED.earning", (EMERGENCY,), emergency(maker="10", taker="10"), "EMERGENCY.closing"),
    Scene("P2", "IDLE.taker_in_flight", (EMERGENCY,), panic(), "EMERGENCY.closing"),
    Scene("P2", "EMERGENCY.stranded", (EMERGENCY,), emergency(maker="10", taker="10"), "EMERGENCY.closing"),
    Scene("P3", "IDLE.ready", (FAULT,), (alarm("actor_fault"), *TOLD_CLOSED), "CLOSED.flat"),
    Scene(
        "P4",
        "HEDGED.earning",
        (FAULT,),
        (alarm("actor_fault"), *emergency(maker="10", taker="10")),
        "EMERGENCY.closing",
    ),
    Scene(
        "P5",
        "EMERGENCY.stranded",
        (FAULT,),
        (alarm("actor_fault"), *emergency(maker="10", taker="10")),
        "EMERGENCY.closing",
    ),
    Scene("P22", "CLOSED.flat", (FAULT,), (alarm("actor_fault"),), "CLOSED.flat"),
    Scene(
        "P23",
        "TAKER_FILLED.maker_in_flight",
        (EMERGENCY, accepted(number=-2)),
        cancels(MAKER, TAKER),
        "EMERGENCY.closing",
    ),
    Scene("P24", "EMERGENCY.closing", (accepted(),), (), "EMERGENCY.closing"),
    Scene("P25", "EMERGENCY.closing", (TOO_SOON_FIRST, TOO_SOON), (), "EMERGENCY.closing"),
    Scene("P6", "EMERGENCY.closing", (filled(number=-2), filled()), POSITIONS, "EMERGENCY.verifying"),
    Scene(
        "P7",
        "EMERGENCY.closing",
        (filled(number=-2), rejected(RejectReason.REDUCE_ONLY)),
        POSITIONS,
        "EMERGENCY.verifying",
    ),
    Scene(
        "P8",
        "EMERGENCY.closing",
        (filled(number=-2), filled("4"), done("4")),
        panic(order("emergency", "6", TAKER)),
        "EMERGENCY.closing",
    ),
    Scene(
        "P9",
        "EMERGENCY.closing",
        (*BOTH_REFUSED, *BOTH_REFUSED, *BOTH_REFUSED),
        (alarm("leg_stranded"),),
        "EMERGENCY.stranded",
    ),
    Scene("P10", "EMERGENCY.closing", (filled(), unresolved(-2)), asks(MAKER), "EMERGENCY.closing"),
    Scene("P11", "CLOSING.verifying", (EMERGENCY, LATE), POSITIONS, "EMERGENCY.verifying"),
    Scene(
        "P12",
        "EMERGENCY.closing",
        (LATE,),
        (*BOTH_OUT, *emergency(maker="10", taker="10")),
        "EMERGENCY.closing",
    ),
    Scene("P13", "EMERGENCY.closing", THREE_ROUNDS, (alarm("leg_stranded"), *SIX_OUT), "EMERGENCY.stranded"),
    Scene(
        "P14",
        "EMERGENCY.closing",
        (filled(number=-2), rejected(RejectReason.REDUCE_ONLY), filled()),
        (),
        "EMERGENCY.verifying",
    ),
    Scene(
        "P15",
        "EMERGENCY.closing",
        (*THREE_ROUNDS, fires("recheck")),
        (*cancels(MAKER, TAKER) * 3, *SIX_OUT, *POSITIONS),
        "EMERGENCY.stranded",
    ),
    Scene(
        "P28",
        "EMERGENCY.closing",
        ONE_SILENT,
        (*cancels(MAKER) * 3, *asks(MAKER) * 3, *POSITIONS, order("emergency", "10", TAKER)),
        "EMERGENCY.stranded",
    ),
    Scene(
        "D18",
        "EMERGENCY.closing",
        (filled(number=-2), *(rejected(),) * 3, fires("recheck"), *(fires("verify_retry"),) * 4),
        (alarm("positions_unverified"), *panic(order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene("P16", "EMERGENCY.stranded", (fires("recheck"),), POSITIONS, "EMERGENCY.verifying"),
    Scene(
        "P17",
        "EMERGENCY.stranded",
        (LinkUp(venue=TAKER),),
        emergency(maker="10", taker="10"),
        "EMERGENCY.closing",
    ),
    Scene(
        "P18",
        "EMERGENCY.closing",
        (*THREE_ROUNDS, *(done(number=-number) for number in range(1, 7))),
        POSITIONS,
        "EMERGENCY.verifying",
    ),
    Scene(
        "P19",
        "EMERGENCY.verifying",
        (filled("1", number=0),),
        panic(order("emergency", "1", TAKER)),
        "EMERGENCY.closing",
    ),
    Scene("P20", "IDLE.taker_in_doubt", (EMERGENCY, lapsed(), accepted()), panic(), "EMERGENCY.closing"),
    Scene("P21", "EMERGENCY.closing", (cancel_rejected(),), BOTH_OUT, "EMERGENCY.closing"),
    Scene(
        "P21",
        "EMERGENCY.closing",
        (*THREE_ROUNDS, accepted(), cancel_rejected()),
        SIX_OUT,
        "EMERGENCY.stranded",
    ),
    Scene("P27", "EMERGENCY.closing", (*THREE_ROUNDS, cancel_rejected()), (), "EMERGENCY.stranded"),
)
