"""Scenes of orders in doubt: asked for while it lasts, and what follows when only their time has resolved them."""

from __future__ import annotations

from actors.messages import LinkLost, QueryFailed
from tests.actors.pair_position.scenes import POSITIONS, Cues, Scene, alarm, asks, cancels, order, panic
from tests.factories import (
    ASSET,
    MAKER,
    TAKER,
    accepted,
    both_confirm,
    cancel_rejected,
    done,
    filled,
    lapsed,
    reported,
    unknown,
)
from tests.playbook import fires, later

ASK_AGAIN = fires("doubt_retry")
ASKED_IN_VAIN = (ASK_AGAIN,) * 10
NO_MAKER_LINK = LinkLost(venue=MAKER, reason="cut")
NO_ANSWER = QueryFailed(venue=MAKER, asset=ASSET, query="order", detail="timeout")
IN_ONE_BREATH = (*cancels(MAKER), *asks(MAKER))
VANISHES: Cues = (accepted(), lapsed(), lapsed())
"""The venue takes the order; after its lifetime, asked twice, it shows it nowhere."""
SAID_UNVERIFIED = (alarm("positions_unverified"), *POSITIONS)
SAID_NOWHERE = (alarm("order_vanished"), *POSITIONS)

RESOLVE_SCENES = (
    Scene("D10", "IDLE.taker_in_flight", VANISHES, SAID_NOWHERE, "CLOSING.verifying"),
    Scene("D11", "IDLE.taker_in_flight", (filled("4"), *VANISHES), SAID_NOWHERE, "MAKER_PENDING.verifying"),
    Scene("D11", "TAKER_FILLED.maker_in_flight", VANISHES, SAID_NOWHERE, "MAKER_PENDING.verifying"),
    Scene("D11", "MAKER_PENDING.sweeping", VANISHES, SAID_NOWHERE, "MAKER_PENDING.verifying"),
    Scene("D12", "REDUCING.trimming", VANISHES, SAID_NOWHERE, "REDUCING.verifying"),
    Scene("D13", "CLOSING.first_leg", VANISHES, SAID_NOWHERE, "CLOSING.verifying"),
    Scene(
        "D14",
        "CLOSING.first_leg",
        (*VANISHES, *both_confirm()),
        (order("close", "10", MAKER),),
        "CLOSING.first_leg",
    ),
    Scene(
        "D15",
        "CLOSING.second_leg",
        (*VANISHES, *both_confirm()),
        (order("close", "10", TAKER),),
        "CLOSING.second_leg",
    ),
    Scene(
        "V14",
        "TAKER_FILLED.maker_in_flight",
        (filled("4"), *VANISHES, *both_confirm()),
        (order("sweep", "6", MAKER),),
        "MAKER_PENDING.sweeping",
    ),
    Scene(
        "V6",
        "IDLE.ready",
        (reported(TAKER, "-3", queried=False), *(fires("verify_retry"),) * 4),
        SAID_UNVERIFIED,
        "CLOSING.verifying",
    ),
    Scene(
        "D18",
        "MAKER_PENDING.in_doubt",
        (lapsed(), *(fires("verify_retry"),) * 4),
        (alarm("positions_unverified"), *panic(order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene(
        "D18",
        "MAKER_PENDING.canceling",
        (done(), *(fires("verify_retry"),) * 4),
        (alarm("positions_unverified"), *panic(order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene(
        "D18",
        "REDUCING.trimming",
        (*VANISHES, *(fires("verify_retry"),) * 4),
        (alarm("positions_unverified"), *panic(order("emergency", "10", MAKER), order("emergency", "6", TAKER))),
        "EMERGENCY.closing",
    ),
)

DOUBT_SCENES = (
    Scene("D1", "IDLE.taker_in_doubt", ASKED_IN_VAIN, (alarm("order_in_doubt"), *panic()), "EMERGENCY.closing"),
    Scene(
        "D1",
        "MAKER_PENDING.in_doubt",
        (unknown(), *ASKED_IN_VAIN),
        (alarm("order_in_doubt"), *panic(order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene(
        "D7",
        "MAKER_PENDING.in_doubt",
        (NO_MAKER_LINK, later(26, fires("doubt_retry"))),
        (alarm("order_in_doubt"), *panic(order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene(
        "D8",
        "MAKER_PENDING.in_doubt",
        (unknown(), NO_MAKER_LINK, ASK_AGAIN, ASK_AGAIN),
        (alarm("order_in_doubt"), *panic(order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene(
        "D8",
        "MAKER_PENDING.in_doubt",
        (NO_ANSWER, ASK_AGAIN, ASK_AGAIN),
        (alarm("order_in_doubt"), *panic(order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene(
        "D8",
        "MAKER_PENDING.canceling",
        (filled("4"), NO_MAKER_LINK, fires("order_timeout"), ASK_AGAIN, ASK_AGAIN),
        (alarm("order_in_doubt"), *panic(order("emergency", "4", MAKER), order("emergency", "10", TAKER))),
        "EMERGENCY.closing",
    ),
    Scene("D3", "MAKER_PENDING.in_doubt", (NO_MAKER_LINK, ASK_AGAIN), IN_ONE_BREATH, "MAKER_PENDING.in_doubt"),
    Scene("D3", "MAKER_PENDING.in_doubt", (unknown(), *(ASK_AGAIN,) * 3), IN_ONE_BREATH, "MAKER_PENDING.in_doubt"),
    Scene("D2", "IDLE.taker_in_doubt", (fires("doubt_retry"),), (*cancels(TAKER), *asks(TAKER)), "IDLE.taker_in_doubt"),
    Scene(
        "D3",
        "MAKER_PENDING.in_doubt",
        (fires("doubt_retry"),),
        (*cancels(MAKER), *asks(MAKER)),
        "MAKER_PENDING.in_doubt",
    ),
    Scene("D4", "REDUCING.in_doubt", (fires("doubt_retry"),), (*cancels(MAKER), *asks(MAKER)), "REDUCING.in_doubt"),
    Scene("D5", "CLOSING.in_doubt", (fires("doubt_retry"),), (*cancels(MAKER), *asks(MAKER)), "CLOSING.in_doubt"),
    Scene("D9", "MAKER_PENDING.in_doubt", (cancel_rejected(),), (), "MAKER_PENDING.in_doubt"),
    Scene("D9", "IDLE.taker_in_doubt", (fires("doubt_retry"), cancel_rejected()), (), "IDLE.taker_in_doubt"),
    Scene("D6", "IDLE.taker_in_doubt", (accepted(), cancel_rejected()), asks(TAKER), "IDLE.taker_in_doubt"),
    Scene("D6", "MAKER_PENDING.canceling", (cancel_rejected(),), asks(MAKER), "MAKER_PENDING.canceling"),
)

SCENES = (*RESOLVE_SCENES, *DOUBT_SCENES)
