"""One pair position: two legs on two venues, from the first order to flat.

The eight top-level states are IDLE, TAKER_FILLED, MAKER_PENDING, HEDGED, REDUCING, CLOSING, CLOSED, EMERGENCY.
What the venues say of single orders is judged first by the `order` chart; here it arrives as one of

- OrderProgressed: an order is open (accepted, or partly filled), or others still are;
- OrderSettled: the last open order is over, and every size is known;
- OrderInDoubt: the outcome of an order is unknown;
- OrderCorrected: an order that was over turns out to have filled more;
- OrderRepeated: nothing new.

What they say of positions arrives as PositionConfirmed (asked for, and equal to our books), PositionDiffers
(asked for, and not equal), PositionDrifted (pushed, and not equal) or PositionNoted (an order is in flight, or it
is pushed and equal).
"""

from statecharts.chart import Chart
from statecharts.pair_position.closing import CLOSE, VERIFY
from statecharts.pair_position.doubting import DOUBT, RESOLVE
from statecharts.pair_position.emergency import PANIC
from statecharts.pair_position.entering import ENTRY, MAKE
from statecharts.pair_position.holding import HOLD, REDUCE
from statecharts.pair_position.ignoring import IGNORED
from statecharts.pair_position.losing import LOSE
from statecharts.pair_position.places import TRIGGERS
from statecharts.pair_position.resuming import RESUME
from statecharts.pair_position.states import STATES

CHART = Chart(
    name="pair_position",
    doc="Two legs on two venues, from the first order to flat; no state holds a leg unwatched.",
    initial="IDLE.ready",
    states=STATES,
    triggers=TRIGGERS,
    rows=(*RESOLVE, *ENTRY, *MAKE, *DOUBT, *LOSE, *HOLD, *REDUCE, *CLOSE, *PANIC, *VERIFY, *RESUME),
    ignored=IGNORED,
    lasting=("maker_timeout",),
    final=("CLOSED.flat",),
)
