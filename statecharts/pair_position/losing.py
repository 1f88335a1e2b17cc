"""Rows of a socialised loss: a venue without ADL lets all holders of a market bear a bankruptcy.

Nothing is taken from the position, only from its money, so no leg is naked: the pair goes home in order, by rows of its
own. They stand before the rows of holding, whose routine would otherwise hide what was put off.
"""

from statecharts.chart import Row
from statecharts.pair_position.places import CLOSING, ENTERING, HELD, MAKING, REDUCING, SWEEPING

LOSE = (
    Row(
        id="L1",
        source=HELD,
        on="LossSocialised",
        when=("both_can_trade",),
        do=("alarm_socialised", "send_close_first"),
        to="CLOSING.first_leg",
        why="the venue's insurance is used up: the next bankruptcy would be ours to bear too",
    ),
    Row(
        id="L2",
        source=HELD,
        on="LossSocialised",
        do=("alarm_socialised",),
        why="a venue is down or halted: closing now would leave a naked leg there; closed when both can trade",
    ),
    Row(
        id="L3",
        source=("HEDGED.earning",),
        on="LinkUp",
        when=("haircut_taken", "both_can_trade"),
        do=("send_close_first",),
        to="CLOSING.first_leg",
        why="what was put off while a venue could not trade",
    ),
    Row(
        id="L4",
        source=("HEDGED.earning",),
        on="timer:reverify",
        when=("haircut_taken", "both_can_trade"),
        do=("send_close_first",),
        to="CLOSING.first_leg",
        why="what was put off while a venue could not trade",
    ),
    Row(
        id="L5",
        source=(*ENTERING, *MAKING, *SWEEPING, *REDUCING),
        on="LossSocialised",
        do=("alarm_socialised", "cancel_open_orders"),
        to="CLOSING.canceling",
        why="as if asked to close: what works is ended first",
    ),
    Row(
        id="L6",
        source=(*CLOSING, "CLOSING.verifying", "EMERGENCY.*", "CLOSED.flat"),
        on="LossSocialised",
        do=("alarm_socialised",),
        why="on its way home already; people are told all the same",
    ),
)
