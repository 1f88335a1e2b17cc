"""Rows that decide in several places decide in each of them: the scenes show what a row does, this table shows where.

One line a row: what is told, and the places of `tests.stories` in which it is told. When the way from there leads on,
`at` is where the pair stands before the last message.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from actors.domain import RejectReason, Side
from actors.messages import EngineResumed, LinkLost
from statecharts.pair_position import CHART
from tests.actors.pair_position.scenes import Cues, Scene, act
from tests.actors.pair_position.scenes_emergency import WATCHED
from tests.actors.pair_position.test_rows import IDS, SCENES
from tests.factories import (
    MAKER,
    TAKER,
    accepted,
    both_confirm,
    cancel_rejected,
    deleveraged,
    done,
    filled,
    foreign,
    lapsed,
    liquidated,
    pair_at,
    rejected,
    reported,
    socialised,
    unknown,
    unresolved,
)
from tests.playbook import fires
from tests.stories import CLOSE, EMERGENCY


class Cell(NamedTuple):
    """From each of the places, what is told last is decided by the row; `at` says where the pair has come by then."""

    row: str
    cues: Cues
    places: tuple[str, ...]
    at: str = ""


VERIFYING = ("MAKER_PENDING.verifying", "HEDGED.rechecking", "REDUCING.verifying")
ALL_VERIFYING = (*VERIFYING, "CLOSING.verifying", "EMERGENCY.verifying")
HELD = (*VERIFYING, "HEDGED.earning")
ENTERING = ("IDLE.taker_in_flight", "IDLE.taker_in_doubt")
MAKING = ("TAKER_FILLED.maker_in_flight", "MAKER_PENDING.resting", "MAKER_PENDING.canceling")
SWEEPING = ("MAKER_PENDING.sweeping", "MAKER_PENDING.in_doubt")
REDUCING = ("REDUCING.first_leg", "REDUCING.trimming", "REDUCING.in_doubt")
CLOSING = ("CLOSING.canceling", "CLOSING.first_leg", "CLOSING.second_leg", "CLOSING.in_doubt")
OUT = (*ENTERING, *MAKING, *SWEEPING, *REDUCING)
ASKED = tuple(place for place in (*OUT, *CLOSING) if not place.endswith("in_doubt"))
LOST = socialised(MAKER, "5")
RESUMED = EngineResumed(silent_since_ns=1)
LATE = fires("order_timeout")
TOO_SOON = rejected(RejectReason.RATE_LIMITED)
CROSSED = rejected(RejectReason.POST_ONLY_WOULD_CROSS)
NOTHING_THERE = rejected(RejectReason.REDUCE_ONLY)
NO_MAKER_LINK = LinkLost(venue=MAKER, reason="cut")
TAKEN = deleveraged(TAKER, "4", Side.BUY, "adl-9")
TAKEN_ALL: Cues = (deleveraged(TAKER, "10", Side.BUY, "adl-8"), deleveraged(MAKER, "10", Side.SELL, "adl-9"))
SOLD = liquidated(TAKER, "4", Side.BUY)
CORRECTED = filled("2", number=0)

OVER_CELLS = (
    Cell("M3", (deleveraged(TAKER, "10", Side.BUY), done()), (*MAKING, *SWEEPING)),
    Cell("M4", (filled(),), (*MAKING, *SWEEPING)),
    Cell("M14", (lapsed(),), ("TAKER_FILLED.maker_in_flight", *SWEEPING)),
    Cell("M14", (fires("maker_timeout"), lapsed()), ("TAKER_FILLED.maker_in_flight",), "MAKER_PENDING.canceling"),
    Cell("M6", (done(),), ("MAKER_PENDING.canceling", "MAKER_PENDING.resting", *SWEEPING)),
    Cell("M6", (rejected(),), ("TAKER_FILLED.maker_in_flight",)),
    Cell("M6", (CROSSED,) * 4, ("TAKER_FILLED.maker_in_flight",)),
    Cell("M7", (NO_MAKER_LINK, CROSSED), ("TAKER_FILLED.maker_in_flight",)),
    Cell("M7", (NO_MAKER_LINK, TOO_SOON), ("MAKER_PENDING.sweeping",)),
    Cell("R2", (*TAKEN_ALL, done()), REDUCING),
    Cell("R3", (filled(),), ("REDUCING.trimming", "REDUCING.in_doubt")),
    Cell("R3", (deleveraged(TAKER, "5", Side.BUY), filled()), ("REDUCING.first_leg",)),
    Cell("R4", (done(),), ("REDUCING.trimming", "REDUCING.in_doubt")),
    Cell("R4", (filled(),), ("REDUCING.first_leg",)),
    Cell("X6", (*TAKEN_ALL, done()), CLOSING),
    Cell("X7", (deleveraged(TAKER, "10", Side.BUY), NOTHING_THERE), ("CLOSING.first_leg", "CLOSING.in_doubt")),
    Cell("X8", (filled("4"), done("4")), ("CLOSING.canceling", "CLOSING.first_leg")),
    Cell("X8", (done(),), ("CLOSING.in_doubt",)),
    Cell("X8", (filled("2", number=1), done()), ("CLOSING.second_leg",)),
    Cell("X9", (done(),), ("CLOSING.canceling", "CLOSING.second_leg")),
    Cell("X9", (filled(),), ("CLOSING.first_leg", "CLOSING.in_doubt")),
    Cell("X23", (NOTHING_THERE,), ("CLOSING.first_leg", "CLOSING.in_doubt")),
    Cell("X25", (TOO_SOON,), ("CLOSING.first_leg", "CLOSING.second_leg")),
)
DOUBT_CELLS = (
    Cell("D1", (fires("doubt_retry"),) * 10, ("REDUCING.in_doubt", "CLOSING.in_doubt")),
    Cell("D6", (cancel_rejected(),), ASKED),
    Cell("D9", (cancel_rejected(),), ("MAKER_PENDING.in_doubt", "REDUCING.in_doubt", "CLOSING.in_doubt")),
    Cell("M9", (unresolved(),), ("TAKER_FILLED.maker_in_flight", "MAKER_PENDING.sweeping")),
    Cell("M9", (unknown(),), ("MAKER_PENDING.resting", "MAKER_PENDING.canceling")),
    Cell("M10", (LATE,), ("MAKER_PENDING.sweeping",)),
    Cell("M10", (deleveraged(TAKER, "10", Side.BUY), LATE), ("MAKER_PENDING.sweeping",)),
    Cell("M10", (filled("4"), deleveraged(TAKER, "6", Side.BUY), LATE), ("MAKER_PENDING.sweeping",)),
    Cell("R7", (LATE,), ("REDUCING.first_leg", "REDUCING.trimming")),
    Cell("X11", (unknown(),), ("CLOSING.canceling",)),
    Cell("X11", (unresolved(),), ("CLOSING.first_leg", "CLOSING.second_leg")),
    Cell("X12", (LATE,), ("CLOSING.canceling", "CLOSING.first_leg", "CLOSING.second_leg")),
    Cell("Q2", (RESUMED,), ENTERING),
    Cell("Q3", (RESUMED,), (*MAKING, *SWEEPING)),
    Cell("Q4", (RESUMED,), REDUCING),
    Cell("Q5", (RESUMED,), CLOSING),
)
PAUSE_CELLS = (
    Cell("X13", (TOO_SOON, LATE), ("CLOSING.first_leg",)),
    Cell("X14", (TOO_SOON, LATE), ("CLOSING.second_leg",)),
    Cell("X14", (TOO_SOON, deleveraged(MAKER, "10", Side.SELL), LATE), ("CLOSING.first_leg",)),
    Cell("X13", (filled("2", number=1), TOO_SOON, LATE), ("CLOSING.second_leg",)),
    Cell("X26", (TOO_SOON, LATE) * 3, ("CLOSING.second_leg",)),
)
ASKED_CELLS = (
    Cell("X1", (CLOSE,), ("IDLE.ready", "IDLE.backoff")),
    Cell("X2", (CLOSE,), OUT),
    Cell("X3", (CLOSE,), HELD),
    Cell("L1", (LOST,), HELD),
    Cell("L5", (LOST,), OUT),
    Cell("L6", (LOST,), (*CLOSING, "CLOSING.verifying", "EMERGENCY.closing", "EMERGENCY.verifying")),
    Cell("H7", (TAKEN,), HELD),
    Cell("H10", (SOLD,), HELD),
    Cell("H17", (CORRECTED,), HELD),
    Cell("E16", (foreign(TAKER),), ("IDLE.ready", "IDLE.backoff")),
    Cell("E11", (fires("backoff"), filled("3", number=0)), ("IDLE.backoff",), "IDLE.ready"),
    Cell("P10", (unresolved(),), ("EMERGENCY.closing",)),
)
ALIVE = accepted(number=1)
"""The maker order of the entry, which counted as never placed, is alive."""
LAPSED_AND_HEDGED: Cues = (lapsed(), *both_confirm(), filled(), *both_confirm())
ALIVE_CELLS = (
    Cell("H19", (lapsed(), ALIVE), ("MAKER_PENDING.in_doubt",), "MAKER_PENDING.verifying"),
    Cell("H19", (*LAPSED_AND_HEDGED, ALIVE), ("MAKER_PENDING.in_doubt",), "HEDGED.earning"),
    Cell(
        "H19",
        (*LAPSED_AND_HEDGED, reported(MAKER, "9", queried=False), ALIVE),
        ("MAKER_PENDING.in_doubt",),
        "HEDGED.rechecking",
    ),
    Cell("H19", (*LAPSED_AND_HEDGED, TAKEN, filled(), ALIVE), ("MAKER_PENDING.in_doubt",), "REDUCING.verifying"),
    Cell("R10", (*LAPSED_AND_HEDGED, TAKEN, ALIVE), ("MAKER_PENDING.in_doubt",), "REDUCING.trimming"),
    Cell("R10", (*LAPSED_AND_HEDGED, TAKEN, unresolved(), ALIVE), ("MAKER_PENDING.in_doubt",), "REDUCING.in_doubt"),
    Cell("X21", (*LAPSED_AND_HEDGED, CLOSE, ALIVE), ("MAKER_PENDING.in_doubt",), "CLOSING.first_leg"),
    Cell("X21", (*LAPSED_AND_HEDGED, CLOSE, filled(), ALIVE), ("MAKER_PENDING.in_doubt",), "CLOSING.second_leg"),
    Cell("P23", (*LAPSED_AND_HEDGED, EMERGENCY, ALIVE), ("MAKER_PENDING.in_doubt",), "EMERGENCY.closing"),
)
VERIFYING_CELLS = (
    Cell("V5", (reported(MAKER, "9"),), ALL_VERIFYING),
    Cell("V7", (fires("verify_retry"),), ALL_VERIFYING),
    Cell("V6", (fires("verify_retry"),) * 5, ("HEDGED.rechecking", "REDUCING.verifying")),
    Cell("V8", (reported(MAKER, "0"), reported(TAKER, "0"), *(fires("verify_retry"),) * 4), VERIFYING),
    Cell("Q8", (RESUMED,), VERIFYING),
)
CELLS = (
    *OVER_CELLS,
    *DOUBT_CELLS,
    *PAUSE_CELLS,
    *ASKED_CELLS,
    *ALIVE_CELLS,
    *VERIFYING_CELLS,
)


@pytest.mark.parametrize(
    ("row", "cues", "start", "at"),
    [(cell.row, cell.cues, start, cell.at or start) for cell in CELLS for start in cell.places],
    ids=[f"{cell.row}-{cell.at or start}" for cell in CELLS for start in cell.places],
)
def test_a_row_decides_in_all_its_places(row: str, cues: Cues, start: str, at: str) -> None:
    *before, last = cues
    play = pair_at(start).play(*before).at(at)
    play.play(last).took(row)


STAYING = (
    *("E2", "E3", "E4", "M2", "M5", "M11", "M15", "D6", "D9", "L2", "L6"),
    *("H3", "H8", "H11", "H16", "H18", "R1", "R9", "X4", "X22", "X24", "X25", "X41"),
    *("P10", "P14", "P21", "P22", "P23", "P24", "P25", "P27", "V4", "V5", "Q6", "Q9"),
)
"""Rows that leave the pair where it is, its timers running on and its attempts uncounted."""


@pytest.mark.parametrize("scene", SCENES, ids=IDS)
def test_only_these_rows_leave_timers_running_and_attempts_uncounted(scene: Scene) -> None:
    assert act(scene).arrived is (scene.row not in STAYING)


NAKED = (*(place for place in WATCHED if not place.startswith("HEDGED")), "EMERGENCY.closing", "EMERGENCY.verifying")


@pytest.mark.parametrize("place", [*NAKED, "EMERGENCY.stranded"])
def test_every_place_that_may_hold_a_naked_leg_is_checked_for_what_watches_it(place: str) -> None:
    assert "naked_is_watched" in CHART.state(place).holds
