"""Rows of going on after the engine was cut off: nothing is believed, everything is asked for.

Every order that was not over is in doubt then, and no earlier word of a position counts as verified. The links are
down until the venues have been heard again.
"""

from statecharts.chart import Row
from statecharts.pair_position.places import (
    ANY_VERIFYING,
    CLOSING,
    ENTERING,
    MAKING,
    ORDER_OUT,
    REDUCING,
    RESTING_PLACES,
    SWEEPING,
)

RESUME = (
    Row(
        id="Q1",
        source=RESTING_PLACES,
        on="EngineResumed",
        do=("announce_closed",),
        to="CLOSED.flat",
        why="nothing is open; a new pair is entered on what is known today",
    ),
    Row(
        id="Q2",
        source=ENTERING,
        on="EngineResumed",
        when=("orders_out",),
        do=("query_open_orders",),
        to="IDLE.taker_in_doubt",
        why="the taker order was sent, or was about to be: asked for, never sent again",
    ),
    Row(
        id="Q3",
        source=(*MAKING, *SWEEPING),
        on="EngineResumed",
        when=("orders_out",),
        do=("query_open_orders",),
        to="MAKER_PENDING.in_doubt",
        why="the taker leg may be naked: the maker order is asked for, and ended if it lives",
    ),
    Row(
        id="Q4",
        source=REDUCING,
        on="EngineResumed",
        when=("orders_out",),
        do=("query_open_orders",),
        to="REDUCING.in_doubt",
    ),
    Row(
        id="Q5",
        source=CLOSING,
        on="EngineResumed",
        when=("orders_out",),
        do=("query_open_orders",),
        to="CLOSING.in_doubt",
    ),
    Row(
        id="Q6",
        source=ORDER_OUT,
        on="EngineResumed",
        why="no order is out: the timer that was the pause before the next attempt goes on",
    ),
    Row(
        id="Q7",
        source=("HEDGED.earning",),
        on="EngineResumed",
        do=("query_positions", "query_untold_fills"),
        to="HEDGED.rechecking",
        why="hedged is earned again: ADL, a liquidation or a person may have been there meanwhile",
    ),
    Row(
        id="Q8",
        source=ANY_VERIFYING,
        on="EngineResumed",
        do=("query_positions",),
        to="=",
        why="what was verified before counts no longer",
    ),
    Row(
        id="Q9",
        source=("EMERGENCY.closing", "EMERGENCY.stranded"),
        on="EngineResumed",
        do=("query_open_orders",),
        why="asked for; the armed timer goes on and closes again, only reducing",
    ),
)
