"""Cells in which a trigger changes nothing, each with the reason."""

from statecharts.chart import Ignored

WATCHED = "the armed timer goes on and acts"
IGNORED = (
    Ignored(source=("*",), on=("OrderRepeated",), why="told twice"),
    Ignored(source=("*",), on=("PositionNoted",), why="noted; an order is in flight, or it is what our books say"),
    Ignored(source=("*",), on=("FundingPaid",), why="counted in the books; decides nothing"),
    Ignored(source=("*",), on=("LossSocialised",), why="counted in the books; nothing was held here when it fell due"),
    Ignored(source=("*",), on=("QueryFailed",), why="says nothing about what was asked; the timer asks again"),
    Ignored(source=("*",), on=("LinkLost", "LinkUp"), why=WATCHED),
    Ignored(source=("*",), on=("EngineResumed",), why="closed is closed; a late fill is told by the venue"),
    Ignored(source=("*",), on=("LeftoverFound",), why="open: it verifies its legs itself"),
    Ignored(source=("*",), on=("EntryAsked",), why="one position an actor: it is entered once"),
    Ignored(source=("*",), on=("ForeignFilled",), why="shown by the next verification; not ours to count"),
    Ignored(
        source=("*",),
        on=("PositionConfirmed", "PositionDiffers", "PositionDrifted"),
        why="not asked here; the next verification decides",
    ),
    Ignored(
        source=("*",),
        on=("PositionDeleveraged", "PositionLiquidated"),
        why="counted in the books; acted on as soon as the orders in flight are settled or verified",
    ),
    Ignored(source=("*",), on=("AdlLevelEstimated",), why="told again every watch; the pair is on its way already"),
    Ignored(source=("*",), on=("ReduceAsked", "CloseAsked"), why="on its way already, or nothing to reduce"),
    Ignored(source=("*",), on=("EmergencyAsked",), why="idempotent: it runs already, or nothing is open"),
    Ignored(source=("*",), on=("OrderCorrected", "OrderProgressed"), why="counted in the books"),
    Ignored(
        source=("*",),
        on=("OrderSettled", "OrderInDoubt", "CancelRejected"),
        why="no order is out in this state",
    ),
    Ignored(
        source=("*",),
        on=(
            "timer:order_timeout",
            "timer:maker_timeout",
            "timer:doubt_retry",
            "timer:verify_retry",
            "timer:reverify",
            "timer:backoff",
            "timer:recheck",
            "timer:retry_pause",
        ),
        why="this timer does not run here",
    ),
)
