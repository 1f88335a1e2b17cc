"""Scenes of the entry: the taker order, the maker order, the sweep, and orders in doubt."""

from __future__ import annotations

from actors.domain import DoneReason, RejectReason, Side
from actors.messages import LinkLost
from tests.actors.pair_position.scenes import POSITIONS, REFUSED, Scene, asks, cancels, order, panic
from tests.factories import (
    MAKER,
    TAKER,
    accepted,
    both_confirm,
    deleveraged,
    done,
    entry,
    filled,
    foreign,
    lapsed,
    rejected,
    reported,
    unresolved,
)
from tests.playbook import fires
from tests.stories import CLOSE

NO_MAKER_LINK = LinkLost(venue=MAKER, reason="cut")
NO_TAKER_LINK = LinkLost(venue=TAKER, reason="cut")
TOO_SOON = rejected(RejectReason.RATE_LIMITED)
LATE = fires("order_timeout")
IOC_OVER = DoneReason.IOC_REMAINDER
FOUR_AND_TEN = (reported(TAKER), reported(MAKER, "4"))
"""Both venues agree that the maker leg lacks six."""

ENTRY_SCENES = (
    Scene("E1", "IDLE.ready", (entry(),), (order("taker", "10", TAKER),), "IDLE.taker_in_flight"),
    Scene("E2", "IDLE.ready", (NO_TAKER_LINK, entry()), (REFUSED,), "IDLE.ready"),
    Scene("E2", "IDLE.backoff", (entry(),), (REFUSED,), "IDLE.backoff"),
    Scene("E3", "IDLE.taker_in_flight", (accepted(),), (), "IDLE.taker_in_flight"),
    Scene("E3", "IDLE.taker_in_flight", (filled("4"),), (), "IDLE.taker_in_flight"),
    Scene("E4", "IDLE.taker_in_doubt", (accepted(),), cancels(TAKER), "IDLE.taker_in_doubt"),
    Scene("E14", "IDLE.taker_in_doubt", (lapsed(),), POSITIONS, "CLOSING.verifying"),
    Scene("E15", "IDLE.backoff", (reported(TAKER, "-3", queried=False),), POSITIONS, "CLOSING.verifying"),
    Scene("E16", "IDLE.backoff", (foreign(TAKER),), POSITIONS, "CLOSING.verifying"),
    Scene("E5", "IDLE.taker_in_flight", (rejected(),), (REFUSED,), "IDLE.backoff"),
    Scene("E17", "IDLE.taker_in_flight", (done(reason=IOC_OVER),), POSITIONS, "IDLE.verifying"),
    Scene("E17", "IDLE.taker_in_doubt", (done(reason=IOC_OVER),), POSITIONS, "IDLE.verifying"),
    Scene("E18", "IDLE.verifying", both_confirm(), (REFUSED,), "IDLE.backoff"),
    Scene("E19", "IDLE.verifying", (CLOSE,), POSITIONS, "CLOSING.verifying"),
    Scene("E15", "IDLE.verifying", (reported(TAKER, "-3", queried=False),), POSITIONS, "CLOSING.verifying"),
    Scene("E16", "IDLE.verifying", (foreign(TAKER),), POSITIONS, "CLOSING.verifying"),
    Scene("E11", "IDLE.verifying", (filled("3"),), (order("trim", "3", TAKER),), "REDUCING.trimming"),
    Scene(
        "E6",
        "IDLE.taker_in_flight",
        (filled("6"), done("6", IOC_OVER)),
        (order("maker", "6", MAKER),),
        "TAKER_FILLED.maker_in_flight",
    ),
    Scene(
        "E7",
        "IDLE.taker_in_flight",
        (filled("0.05"), done("0.05", IOC_OVER)),
        (order("trim", "0.05", TAKER),),
        "REDUCING.trimming",
    ),
    Scene("E8", "IDLE.taker_in_flight", (unresolved(),), asks(TAKER), "IDLE.taker_in_doubt"),
    Scene("E9", "IDLE.taker_in_flight", (fires("order_timeout"),), asks(TAKER), "IDLE.taker_in_doubt"),
    Scene("E10", "IDLE.backoff", (fires("backoff"),), (), "IDLE.ready"),
    Scene("E11", "IDLE.backoff", (filled("3"),), (order("trim", "3", TAKER),), "REDUCING.trimming"),
)

MAKE_SCENES = (
    Scene("M1", "TAKER_FILLED.maker_in_flight", (accepted(),), (), "MAKER_PENDING.resting"),
    Scene("M2", "MAKER_PENDING.resting", (filled("4"),), (), "MAKER_PENDING.resting"),
    Scene("M2", "MAKER_PENDING.canceling", (filled("4"),), (), "MAKER_PENDING.canceling"),
    Scene(
        "M3",
        "TAKER_FILLED.maker_in_flight",
        (deleveraged(TAKER, "10", Side.BUY), done()),
        POSITIONS,
        "CLOSING.verifying",
    ),
    Scene("M4", "TAKER_FILLED.maker_in_flight", (filled(),), POSITIONS, "MAKER_PENDING.verifying"),
    Scene("M4", "MAKER_PENDING.sweeping", (filled(),), POSITIONS, "MAKER_PENDING.verifying"),
    Scene(
        "M5",
        "TAKER_FILLED.maker_in_flight",
        (rejected(RejectReason.POST_ONLY_WOULD_CROSS),),
        (order("maker", "10", MAKER),),
        "TAKER_FILLED.maker_in_flight",
    ),
    Scene(
        "M13",
        "MAKER_PENDING.resting",
        (done(reason=DoneReason.POST_ONLY_REJECTED),),
        (order("maker", "10", MAKER),),
        "TAKER_FILLED.maker_in_flight",
    ),
    Scene(
        "M6",
        "MAKER_PENDING.canceling",
        (filled("4"), rejected()),
        (order("sweep", "6", MAKER),),
        "MAKER_PENDING.sweeping",
    ),
    Scene("M20", "MAKER_PENDING.canceling", (filled("4"), done("4")), POSITIONS, "MAKER_PENDING.verifying"),
    Scene(
        "M7",
        "MAKER_PENDING.canceling",
        (NO_MAKER_LINK, done()),
        (order("trim", "10", TAKER),),
        "REDUCING.trimming",
    ),
    Scene(
        "M7",
        "MAKER_PENDING.resting",
        (filled("5"), deleveraged(TAKER, "8", Side.BUY), done("5", DoneReason.POST_ONLY_REJECTED)),
        (order("trim", "3", MAKER),),
        "REDUCING.trimming",
    ),
    Scene("M15", "MAKER_PENDING.sweeping", (TOO_SOON,), (), "MAKER_PENDING.sweeping"),
    Scene(
        "M16",
        "MAKER_PENDING.sweeping",
        (TOO_SOON, deleveraged(TAKER, "10", Side.BUY), LATE),
        POSITIONS,
        "CLOSING.verifying",
    ),
    Scene(
        "M17",
        "MAKER_PENDING.canceling",
        (filled("4"), done("4"), *FOUR_AND_TEN, TOO_SOON, deleveraged(TAKER, "6", Side.BUY), LATE),
        POSITIONS,
        "MAKER_PENDING.verifying",
    ),
    Scene(
        "M18",
        "MAKER_PENDING.sweeping",
        (TOO_SOON, LATE),
        (order("sweep", "10", MAKER),),
        "MAKER_PENDING.sweeping",
    ),
    Scene(
        "M19",
        "MAKER_PENDING.sweeping",
        (TOO_SOON, NO_MAKER_LINK, LATE),
        (order("trim", "10", TAKER),),
        "REDUCING.trimming",
    ),
    Scene(
        "M7",
        "MAKER_PENDING.sweeping",
        (TOO_SOON, LATE, TOO_SOON, LATE, TOO_SOON),
        (order("trim", "10", TAKER),),
        "REDUCING.trimming",
    ),
    Scene("M14", "MAKER_PENDING.in_doubt", (lapsed(),), panic(*POSITIONS), "MAKER_PENDING.verifying"),
    Scene("M14", "TAKER_FILLED.maker_in_flight", (lapsed(),), panic(*POSITIONS), "MAKER_PENDING.verifying"),
    Scene("M8", "TAKER_FILLED.maker_in_flight", (fires("maker_timeout"),), cancels(MAKER), "MAKER_PENDING.canceling"),
    Scene("M8", "MAKER_PENDING.resting", (fires("maker_timeout"),), cancels(MAKER), "MAKER_PENDING.canceling"),
    Scene("M9", "MAKER_PENDING.sweeping", (unresolved(),), asks(MAKER), "MAKER_PENDING.in_doubt"),
    Scene("M9", "TAKER_FILLED.maker_in_flight", (unresolved(),), asks(MAKER), "MAKER_PENDING.in_doubt"),
    Scene("M10", "MAKER_PENDING.canceling", (fires("order_timeout"),), asks(MAKER), "MAKER_PENDING.in_doubt"),
    Scene("M11", "MAKER_PENDING.sweeping", (accepted(),), (), "MAKER_PENDING.sweeping"),
    Scene("M12", "MAKER_PENDING.in_doubt", (accepted(),), cancels(MAKER), "MAKER_PENDING.canceling"),
)

SCENES = (*ENTRY_SCENES, *MAKE_SCENES)
