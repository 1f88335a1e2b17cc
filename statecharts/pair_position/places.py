"""Names for groups of places that share rows, and the triggers every place must answer."""

ENTERING = ("IDLE.taker_in_flight", "IDLE.taker_in_doubt")
MAKING = ("TAKER_FILLED.maker_in_flight", "MAKER_PENDING.resting", "MAKER_PENDING.canceling")
SWEEPING = ("MAKER_PENDING.sweeping", "MAKER_PENDING.in_doubt")
REDUCING = ("REDUCING.first_leg", "REDUCING.trimming", "REDUCING.pausing", "REDUCING.in_doubt")
CLOSING = ("CLOSING.canceling", "CLOSING.first_leg", "CLOSING.second_leg", "CLOSING.in_doubt")
ORDER_OUT = (*ENTERING, *MAKING, *SWEEPING, *REDUCING, *CLOSING)
IN_DOUBT = ("IDLE.taker_in_doubt", "MAKER_PENDING.in_doubt", "REDUCING.in_doubt", "CLOSING.in_doubt")
HELD = ("MAKER_PENDING.verifying", "HEDGED.earning", "HEDGED.rechecking", "REDUCING.verifying")
VERIFYING = ("MAKER_PENDING.verifying", "HEDGED.rechecking", "REDUCING.verifying")
RESTING_PLACES = ("IDLE.ready", "IDLE.backoff")
ANY_VERIFYING = ("IDLE.verifying", *VERIFYING, "CLOSING.verifying", "EMERGENCY.verifying")
EMPTY_PLACES = ("IDLE.verifying", *RESTING_PLACES)

TRIGGERS = (
    "EntryAsked",
    "OrderProgressed",
    "OrderSettled",
    "OrderInDoubt",
    "OrderCorrected",
    "OrderRepeated",
    "CancelRejected",
    "PositionConfirmed",
    "PositionDiffers",
    "PositionDrifted",
    "PositionNoted",
    "PositionDeleveraged",
    "PositionLiquidated",
    "ForeignFilled",
    "QueryFailed",
    "FundingPaid",
    "LossSocialised",
    "AdlLevelEstimated",
    "ReduceAsked",
    "CloseAsked",
    "EmergencyAsked",
    "ActorFaulted",
    "EngineResumed",
    "LeftoverFound",
    "LinkLost",
    "LinkUp",
    "timer:order_timeout",
    "timer:maker_timeout",
    "timer:doubt_retry",
    "timer:verify_retry",
    "timer:reverify",
    "timer:backoff",
    "timer:recheck",
    "timer:retry_pause",
)
