"""The shortest story that leads a pair position to each of its places; `tests.factories.pair_at` plays them."""

from __future__ import annotations

from actors.domain import Side
from actors.messages import CloseAsked, EmergencyAsked
from actors.pair_position import PairPosition
from tests.factories import (
    MAKER,
    TAKER,
    accepted,
    adl,
    both_confirm,
    deleveraged,
    done,
    entry,
    filled,
    rejected,
    reported,
    unresolved,
)
from tests.playbook import Cue, fires

Story = tuple[Cue[PairPosition], ...]

CLOSE = CloseAsked(reason="enough")
EMERGENCY = EmergencyAsked(reason="alarm")

SENT: Story = (entry(),)
TAKEN: Story = (*SENT, filled())
RESTING: Story = (*TAKEN, accepted())
CANCELING: Story = (*RESTING, fires("maker_timeout"))
BOTH_FILLED: Story = (*TAKEN, filled())
HEDGED: Story = (*BOTH_FILLED, *both_confirm())
TRIMMING: Story = (*HEDGED, deleveraged(TAKER, "4", Side.BUY))
CLOSING_FIRST: Story = (*HEDGED, CLOSE)
CLOSING_SECOND: Story = (*CLOSING_FIRST, filled())
CLOSED_BY_BOOKS: Story = (*CLOSING_SECOND, filled())
PANICKING: Story = (*HEDGED, EMERGENCY)
BOTH_REFUSED: Story = (rejected(number=-2), rejected(number=-1))

STORIES: dict[str, Story] = {
    "IDLE.ready": (),
    "IDLE.taker_in_flight": SENT,
    "IDLE.taker_in_doubt": (*SENT, unresolved()),
    "IDLE.verifying": (*SENT, done()),
    "IDLE.backoff": (*SENT, rejected()),
    "TAKER_FILLED.maker_in_flight": TAKEN,
    "MAKER_PENDING.resting": RESTING,
    "MAKER_PENDING.canceling": CANCELING,
    "MAKER_PENDING.sweeping": (*CANCELING, done(), *both_confirm()),
    "MAKER_PENDING.in_doubt": (*TAKEN, unresolved()),
    "MAKER_PENDING.verifying": BOTH_FILLED,
    "HEDGED.earning": HEDGED,
    "HEDGED.rechecking": (*HEDGED, reported(MAKER, "9", queried=False)),
    "REDUCING.first_leg": (*HEDGED, adl(4)),
    "REDUCING.trimming": TRIMMING,
    "REDUCING.pausing": (*TRIMMING, rejected()),
    "REDUCING.in_doubt": (*TRIMMING, unresolved()),
    "REDUCING.verifying": (*TRIMMING, filled()),
    "CLOSING.canceling": (*RESTING, CLOSE),
    "CLOSING.first_leg": CLOSING_FIRST,
    "CLOSING.second_leg": CLOSING_SECOND,
    "CLOSING.in_doubt": (*CLOSING_FIRST, unresolved()),
    "CLOSING.verifying": CLOSED_BY_BOOKS,
    "CLOSED.flat": (*CLOSED_BY_BOOKS, *both_confirm()),
    "EMERGENCY.closing": PANICKING,
    "EMERGENCY.verifying": (*PANICKING, filled(number=-2), filled(number=-1)),
    "EMERGENCY.stranded": (*PANICKING, *BOTH_REFUSED, *BOTH_REFUSED, *BOTH_REFUSED),
}
