"""Rows of orders in doubt: asked for while it lasts, and what follows when only their time has resolved them.

How one order leaves doubt, by its client id, its fills, proof, or its time, stands in the `order` chart. By its time is
the weakest way: nobody has said what became of it. So the positions of both venues are asked for before anything more
is sent on that leg, also when an opening order counts as never placed (E14 and M14), or ended by a word that names less
than was asked (E17 and M20), and the books follow what they explain. A reducing order that counts as never placed is
sent again without that question: it never reduces beyond what the venue holds, and should not wait for the other one.
An emergency waits for nothing: it only reduces.
"""

from statecharts.chart import Row
from statecharts.pair_position.places import CLOSING, ENTERING, IN_DOUBT, MAKING, ORDER_OUT, REDUCING, SWEEPING

RESOLVE = (
    Row(
        id="D10",
        source=ENTERING,
        on="OrderSettled",
        when=("flat", "last_order_vanished"),
        do=("alarm_vanished", "query_positions"),
        to="CLOSING.verifying",
        why="taken by the venue, and after its lifetime shown nowhere: the position says what it did",
    ),
    Row(
        id="D11",
        source=(*ENTERING, *MAKING, *SWEEPING),
        on="OrderSettled",
        when=("last_order_vanished",),
        do=("alarm_vanished", "query_positions"),
        to="MAKER_PENDING.verifying",
        why="taken by the venue, and after its lifetime shown nowhere: the position says what it did",
    ),
    Row(
        id="D12",
        source=REDUCING,
        on="OrderSettled",
        when=("last_order_vanished", "trims_left"),
        do=("alarm_vanished", "query_positions"),
        to="REDUCING.verifying",
        why="taken by the venue, and after its lifetime shown nowhere: the position says what it did",
    ),
    Row(
        id="D13",
        source=CLOSING,
        on="OrderSettled",
        when=("last_order_vanished",),
        do=("alarm_vanished", "query_positions"),
        to="CLOSING.verifying",
        why="taken by the venue, and after its lifetime shown nowhere: the position says what it did",
    ),
    Row(
        id="D14",
        source=("CLOSING.verifying",),
        on="PositionConfirmed",
        when=("both_legs_confirmed", "last_order_vanished", "first_leg_open", "close_tries_left"),
        do=("send_close_first",),
        to="CLOSING.first_leg",
        why="the positions agree: the order did nothing more, and what is open is closed again",
    ),
    Row(
        id="D15",
        source=("CLOSING.verifying",),
        on="PositionConfirmed",
        when=("both_legs_confirmed", "last_order_vanished", "!flat", "close_tries_left"),
        do=("send_close_second",),
        to="CLOSING.second_leg",
        why="the positions agree: the order did nothing more, and what is open is closed again",
    ),
    Row(
        id="D18",
        source=("MAKER_PENDING.verifying", "REDUCING.verifying", "CLOSING.verifying", "EMERGENCY.verifying"),
        on="timer:verify_retry",
        when=("!both_legs_reported", "!verify_tries_left", "!flat", "!legs_within_dust"),
        do=("alarm_unverified",),
        to="EMERGENCY.closing",
        why="a leg is naked and a venue does not say what it holds: waiting is over, only reducing is safe",
    ),
)

DOUBT = (
    Row(
        id="D7",
        source=("MAKER_PENDING.in_doubt",),
        on="timer:doubt_retry",
        when=("maker_unreachable", "lifetimes_over"),
        do=("alarm_maker_down",),
        to="EMERGENCY.closing",
        why="the maker venue is silent and its order can fill no more: the leg cannot be hedged there, so it is closed",
    ),
    Row(
        id="D8",
        source=("MAKER_PENDING.in_doubt",),
        on="timer:doubt_retry",
        when=("maker_unreachable", "!unreachable_tries_left"),
        do=("alarm_maker_down",),
        to="EMERGENCY.closing",
        why="the maker venue is silent for too long: the leg is closed; what filled there is closed when it is back",
    ),
    Row(
        id="D1",
        source=IN_DOUBT,
        on="timer:doubt_retry",
        when=("!doubt_tries_left",),
        do=("alarm_doubt",),
        to="EMERGENCY.closing",
        why="still unknown after every question: only reducing is safe",
    ),
    Row(
        id="D2",
        source=("IDLE.taker_in_doubt",),
        on="timer:doubt_retry",
        do=("cancel_open_orders", "query_open_orders"),
        to="IDLE.taker_in_doubt",
    ),
    Row(
        id="D3",
        source=("MAKER_PENDING.in_doubt",),
        on="timer:doubt_retry",
        do=("cancel_open_orders", "query_open_orders"),
        to="MAKER_PENDING.in_doubt",
    ),
    Row(
        id="D4",
        source=("REDUCING.in_doubt",),
        on="timer:doubt_retry",
        do=("cancel_open_orders", "query_open_orders"),
        to="REDUCING.in_doubt",
    ),
    Row(
        id="D5",
        source=("CLOSING.in_doubt",),
        on="timer:doubt_retry",
        do=("cancel_open_orders", "query_open_orders"),
        to="CLOSING.in_doubt",
    ),
    Row(
        id="D9",
        source=IN_DOUBT,
        on="CancelRejected",
        when=("!known_alive",),
        why="it was asked for in the same breath as it was cancelled: once is enough",
    ),
    Row(
        id="D6",
        source=ORDER_OUT,
        on="CancelRejected",
        do=("query_open_orders",),
        why="filled or gone: the venue is asked which",
    ),
)
