"""Rows that decide in several places decide in each of them: the scenes show what a row does, this table shows where.

One line a row: what is told, and the places of `tests.stories` in which it is told. When the way from there leads on,
`at` is where the pair stands before the last message.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from actors.domain import DoneReason, RejectReason, Side
from actors.messages import EngineResumed, LinkLost, LinkUp
from statecharts.pair_position import CHART
from tests.actors.pair_position.scenes import Cues, Scene, act
from tests.actors.pair_position.scenes_emergency import ONE_SILENT, WATCHED
from tests.actors.pair_position.scenes_entering import FOUR_AND_TEN
from tests.actors.pair_position.scenes_holding import LAPSED_AND_PAUSING
from tests.actors.pair_position.test_rows import IDS, SCENES
from tests.factories import (
    MAKER,
    TAKER,
    accepted,
    adl,
    both_confirm,
    cancel_rejected,
    deleveraged,
    denied,
    done,
    filled,
    foreign,
    lapsed,
    liquidated,
    pair_at,
    rejected,
    reported,
    socialised,
    twice,
    unknown,
    unresolved,
)
from tests.playbook import fires
from tests.stories import BOTH_REFUSED, CLOSE, EMERGENCY


class Cell(NamedTuple):
    """From each of the places, what is told last is decided by the row, and leads to `to`, if that is said.

    `at` says where the pair has come before the last message.
    """

    row: str
    cues: Cues
    places: tuple[str, ...]
    at: str = ""
    to: str = ""


VERIFYING = ("MAKER_PENDING.verifying", "HEDGED.rechecking", "REDUCING.verifying")
ALL_VERIFYING = ("IDLE.verifying", *VERIFYING, "CLOSING.verifying", "EMERGENCY.verifying")
HELD = (*VERIFYING, "HEDGED.earning")
ENTERING = ("IDLE.taker_in_flight", "IDLE.taker_in_doubt")
MAKING = ("TAKER_FILLED.maker_in_flight", "MAKER_PENDING.resting", "MAKER_PENDING.canceling")
SWEEPING = ("MAKER_PENDING.sweeping", "MAKER_PENDING.in_doubt")
REDUCING = ("REDUCING.first_leg", "REDUCING.trimming", "REDUCING.in_doubt")
PAUSING = "REDUCING.pausing"
CLOSING = ("CLOSING.canceling", "CLOSING.first_leg", "CLOSING.second_leg", "CLOSING.in_doubt")
OUT = (*ENTERING, *MAKING, *SWEEPING, *REDUCING)
ASKED = tuple(place for place in (*OUT, *CLOSING) if not place.endswith("in_doubt"))
LOST = socialised(MAKER, "5")
RESUMED = EngineResumed(silent_since_ns=1)
LATE = fires("order_timeout")
TOO_SOON = rejected(RejectReason.RATE_LIMITED)
CROSSED = rejected(RejectReason.POST_ONLY_WOULD_CROSS)
CANCELED_AS_CROSSING = done(reason=DoneReason.POST_ONLY_REJECTED)
NOTHING_THERE = rejected(RejectReason.REDUCE_ONLY)
NO_MAKER_LINK = LinkLost(venue=MAKER, reason="cut")
TAKEN = deleveraged(TAKER, "4", Side.BUY, "adl-9")
TAKEN_ALL: Cues = (deleveraged(TAKER, "10", Side.BUY, "adl-8"), deleveraged(MAKER, "10", Side.SELL, "adl-9"))
TAKEN_REST: Cues = (deleveraged(TAKER, "6", Side.BUY, "adl-8"), deleveraged(MAKER, "10", Side.SELL, "adl-9"))
"""From REDUCING: all that is left of both legs."""
SOLD = liquidated(TAKER, "4", Side.BUY)
CORRECTED = filled("2", number=0)
ALIVE_IN_PAUSE: Cues = (*LAPSED_AND_PAUSING, accepted(number=-2))
"""From REDUCING.trimming: pausing after the second trim was refused, the first one is alive after all."""
SWEPT_IN_VAIN: Cues = (done(), *both_confirm())
"""A sweep that fills nothing, verified."""

OVER_CELLS = (
    Cell("M3", (deleveraged(TAKER, "10", Side.BUY), done()), (*MAKING, *SWEEPING)),
    Cell("M4", (filled(),), (*MAKING, *SWEEPING)),
    Cell("M14", (lapsed(),), ("TAKER_FILLED.maker_in_flight", *SWEEPING)),
    Cell("M14", (fires("maker_timeout"), lapsed()), ("TAKER_FILLED.maker_in_flight",), "MAKER_PENDING.canceling"),
    Cell("M20", (done(),), (*MAKING, *SWEEPING)),
    Cell("M6", (rejected(),), (*MAKING, *SWEEPING)),
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
    Cell("H17", (CORRECTED,), HELD[1:]),
    Cell("H20", (CORRECTED,), HELD[:1]),
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
ASK_AGAIN = fires("verify_retry")
ASKED_OUT: Cues = (ASK_AGAIN,) * 4
TAKER_TAKEN = deleveraged(TAKER, "10", Side.BUY, "adl-7")
VANISHES: Cues = (accepted(), lapsed(), lapsed())
CLAIMED = done("10", DoneReason.FILLED)
"""All of it has filled, by the venue's sum; no fill of it was told."""
BY_TIME_CELLS = (
    Cell("D11", (accepted(), TAKER_TAKEN, lapsed(), lapsed()), ("TAKER_FILLED.maker_in_flight",), SWEEPING[1]),
    Cell("D13", (accepted(), TAKER_TAKEN, lapsed(), lapsed()), ("CLOSING.second_leg",), "CLOSING.in_doubt"),
    Cell("D12", (accepted(), *TAKEN_ALL, lapsed(), lapsed()), ("REDUCING.trimming",), "REDUCING.in_doubt"),
    Cell(
        "M4",
        (filled("4"), done("4"), *FOUR_AND_TEN, deleveraged(TAKER, "6", Side.BUY), lapsed()),
        (MAKING[2],),
        SWEEPING[0],
    ),
    Cell("V2", (filled("9.9"), *VANISHES, *both_confirm()), ("TAKER_FILLED.maker_in_flight",), VERIFYING[0]),
    Cell(
        "M17",
        (filled("4"), done("4"), *FOUR_AND_TEN, TOO_SOON, deleveraged(TAKER, "5.9", Side.BUY), LATE),
        (MAKING[2],),
        SWEEPING[0],
    ),
    Cell("R5", (done(), done(), done(), *VANISHES), ("REDUCING.trimming",), "REDUCING.in_doubt"),
    Cell("X17", (done(), done(), *VANISHES, *both_confirm()), CLOSING[1:3], "CLOSING.verifying"),
    Cell(
        "X16",
        (accepted(), TAKER_TAKEN, lapsed(), lapsed(), *both_confirm()),
        ("CLOSING.second_leg",),
        "CLOSING.verifying",
    ),
    Cell("V3", (*VANISHES, NO_MAKER_LINK, *both_confirm()), ("MAKER_PENDING.sweeping",), "MAKER_PENDING.verifying"),
    Cell("V3", (*SWEPT_IN_VAIN * 2, *VANISHES, *both_confirm()), (SWEEPING[0],), "MAKER_PENDING.verifying"),
    Cell("V3", (*SWEPT_IN_VAIN * 2, lapsed(), *both_confirm()), (SWEEPING[0],), "MAKER_PENDING.verifying"),
    Cell("D18", (*VANISHES, *ASKED_OUT), ("MAKER_PENDING.sweeping",), "MAKER_PENDING.verifying"),
    Cell("D18", (*VANISHES, *ASKED_OUT), ("REDUCING.trimming",), "REDUCING.verifying"),
    Cell("D18", (*VANISHES, *ASKED_OUT), ("CLOSING.second_leg",), "CLOSING.verifying"),
    Cell("V6", (*VANISHES, *ASKED_OUT), ("IDLE.taker_in_flight", "CLOSING.first_leg"), "CLOSING.verifying"),
    Cell("H6", (lapsed(), TAKER_TAKEN), ("MAKER_PENDING.in_doubt",), "MAKER_PENDING.verifying"),
    Cell("H9", (lapsed(), liquidated(TAKER, "10", Side.BUY)), (SWEEPING[1],), "MAKER_PENDING.verifying"),
)
ATTEMPT_CELLS = (
    Cell("M20", (*(CANCELED_AS_CROSSING, accepted()) * 3, CANCELED_AS_CROSSING), ("MAKER_PENDING.resting",)),
    Cell("X8", (done(),), ("CLOSING.in_doubt",), "", "CLOSING.first_leg"),
    Cell("X8", (filled("4"), done("4")), ("CLOSING.canceling",), "", "CLOSING.first_leg"),
    Cell("X8", (filled("4"), done("4"), rejected(RejectReason.HALTED)), ("CLOSING.first_leg",)),
    Cell("X8", (rejected(),), ("CLOSING.first_leg",)),
    Cell("L3", (LinkLost(venue=TAKER, reason="cut"), socialised(MAKER, "0.5"), LinkUp(venue=TAKER)), (HELD[3],)),
    Cell("X10", (done(), done(), done()), ("CLOSING.first_leg", "CLOSING.second_leg")),
    Cell("X23", (CLOSE, NOTHING_THERE), ("REDUCING.first_leg",), "CLOSING.canceling"),
    Cell("X7", (TAKER_TAKEN, CLOSE, NOTHING_THERE), ("REDUCING.first_leg",), "CLOSING.canceling"),
    Cell("H16", (LinkLost(venue=TAKER, reason="cut"), LOST, LinkUp(venue=MAKER)), ("HEDGED.earning",)),
    Cell("H15", (LinkLost(venue=TAKER, reason="cut"), LOST, fires("reverify")), ("HEDGED.earning",)),
    Cell("R10", (*LAPSED_AND_HEDGED, adl(4), ALIVE), ("MAKER_PENDING.in_doubt",), "REDUCING.first_leg"),
)
EMERGENCY_CELLS = (
    Cell("P13", (*TAKEN_ALL, *(LATE,) * 10), ("EMERGENCY.closing",)),
    Cell("P10", (LATE, LATE, LATE, unresolved()), ("EMERGENCY.closing",), "EMERGENCY.stranded"),
    Cell("P12", (rejected(RejectReason.RATE_LIMITED, -2), TOO_SOON, LATE), ("EMERGENCY.closing",)),
    Cell("P12", (*TAKEN_ALL, LATE), ("EMERGENCY.closing",)),
    Cell("P6", (rejected(RejectReason.RATE_LIMITED, -2), *TAKEN_ALL, TOO_SOON), ("EMERGENCY.closing",)),
    Cell("P23", (*LAPSED_AND_HEDGED, EMERGENCY, *BOTH_REFUSED * 3, ALIVE), (SWEEPING[1],), "EMERGENCY.stranded"),
    Cell("X17", (filled(number=-2), NOTHING_THERE, *both_confirm()), ("EMERGENCY.closing",), "EMERGENCY.verifying"),
)
UNTOLD_CELLS = (
    Cell("V4", (CLAIMED, reported(TAKER)), ("CLOSING.second_leg",), "CLOSING.verifying"),
    Cell("X17", (CLAIMED, NOTHING_THERE, *both_confirm()), ("CLOSING.first_leg",), "CLOSING.verifying"),
    Cell("X16", (CLAIMED, *ASKED_OUT[1:], *both_confirm()), ("CLOSING.second_leg",), "CLOSING.verifying"),
    Cell("X16", (reported(TAKER, "-3", queried=False), *both_confirm()), ("IDLE.ready",), "CLOSING.verifying"),
    Cell(
        "X22",
        (done("10", DoneReason.FILLED, -2), filled(), *both_confirm()),
        ("EMERGENCY.closing",),
        "EMERGENCY.verifying",
    ),
)
VERIFYING_CELLS = (
    Cell(
        "V8",
        (filled(number=-2), NOTHING_THERE, *twice(reported(MAKER, "0"), reported(TAKER, "0")), *ASKED_OUT),
        ("EMERGENCY.closing",),
        "EMERGENCY.verifying",
    ),
    Cell("V9", (*twice(reported(TAKER, "-5"), reported(MAKER, "5")), *ASKED_OUT), ("REDUCING.verifying",)),
    Cell("V10", (*twice(reported(TAKER), reported(MAKER, "3")), *ASKED_OUT), ("REDUCING.verifying",)),
    Cell("V5", (reported(MAKER, "9"),), ALL_VERIFYING),
    Cell("V7", (fires("verify_retry"),), ALL_VERIFYING),
    Cell("V6", (fires("verify_retry"),) * 5, ("IDLE.verifying", "HEDGED.rechecking", "REDUCING.verifying")),
    Cell("V15", (*twice(reported(MAKER, "0"), reported(TAKER, "0")), *(fires("verify_retry"),) * 4), VERIFYING),
    Cell("V16", (*twice(reported(MAKER, "0"), reported(TAKER)), *ASKED_OUT), VERIFYING),
    Cell("V11", (*twice(reported(MAKER, "-3"), reported(TAKER, "-3")), *ASKED_OUT), ("IDLE.verifying",)),
    Cell("Q8", (RESUMED,), ALL_VERIFYING),
    Cell("Q6", (RESUMED,), (PAUSING,)),
    Cell("X2", (CLOSE,), (PAUSING,)),
    Cell("R11", (rejected(),), ("REDUCING.trimming", "REDUCING.in_doubt")),
)
NOT_EXECUTED_CELLS = (
    Cell("R11", (TAKEN, rejected()), ("REDUCING.first_leg",)),
    Cell("R11", (*ALIVE_IN_PAUSE, done(number=-2)), ("REDUCING.trimming",), PAUSING, PAUSING),
    Cell("E5", (denied(),), ENTERING[:1]),
    Cell("E5", (rejected(),), ENTERING),
    Cell("M6", (denied(),), MAKING[:1]),
    Cell("R11", (denied(),), ("REDUCING.trimming",)),
    Cell("D6", (*ALIVE_IN_PAUSE, cancel_rejected(-2)), ("REDUCING.trimming",), PAUSING),
    Cell("L5", (LOST,), (PAUSING,)),
    Cell("Q4", (*ALIVE_IN_PAUSE, RESUMED), ("REDUCING.trimming",), PAUSING),
    Cell("R2", (*ALIVE_IN_PAUSE, *TAKEN_REST, done(number=-2)), ("REDUCING.trimming",), PAUSING),
    Cell("R3", (*ALIVE_IN_PAUSE, filled(number=-2)), ("REDUCING.trimming",), PAUSING),
    Cell("R12", (NOTHING_THERE,), ("REDUCING.trimming", "REDUCING.in_doubt")),
    Cell("R12", (TAKEN, NOTHING_THERE), ("REDUCING.first_leg",)),
    Cell("R5", (done(), done(), done(), NOTHING_THERE), ("REDUCING.trimming",)),
    Cell("R13", (*ALIVE_IN_PAUSE, *TAKEN_REST, fires("retry_pause")), ("REDUCING.trimming",), PAUSING),
    Cell("P15", ONE_SILENT[1:], ("EMERGENCY.closing",), "EMERGENCY.stranded"),
)
"""An order that did nothing for certain; and what waits for an order that may still do something."""
CELLS = (
    *OVER_CELLS,
    *DOUBT_CELLS,
    *PAUSE_CELLS,
    *ASKED_CELLS,
    *ALIVE_CELLS,
    *BY_TIME_CELLS,
    *ATTEMPT_CELLS,
    *EMERGENCY_CELLS,
    *UNTOLD_CELLS,
    *VERIFYING_CELLS,
    *NOT_EXECUTED_CELLS,
)


@pytest.mark.parametrize(
    ("cell", "start"),
    [(cell, start) for cell in CELLS for start in cell.places],
    ids=[f"{cell.row}-{cell.at or start}" for cell in CELLS for start in cell.places],
)
def test_a_row_decides_in_all_its_places(cell: Cell, start: str) -> None:
    *before, last = cell.cues
    play = pair_at(start).play(*before).at(cell.at or start)
    play.play(last).took(cell.row, cell.to or None)


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
