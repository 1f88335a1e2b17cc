"""Why a transaction failed, in the engine's vocabulary. Pure. Codes: IDL 2.142 of the program, errors."""

from __future__ import annotations

from actors.domain import RejectReason, Venue
from actors.messages import OrderRejected, OrderUnresolved
from engine.venues.drift.wire import JsonValue

ORDER_NOT_OPEN = (6058, 6061, 6062)
"""UserHasNoOrder, OrderDoesNotExist, OrderNotOpen: a cancel found nothing to cancel."""
BLOCKHASH_NOT_FOUND = "BlockhashNotFound"
ALREADY_PROCESSED = "AlreadyProcessed"
NO_MONEY_FOR_FEES = ("AccountNotFound", "InsufficientFundsForFee")

_REASONS: dict[int, tuple[str, RejectReason]] = {
    6003: ("InsufficientCollateral", RejectReason.MARGIN),
    6005: ("MaxNumberOfPositions", RejectReason.INVALID),
    6016: ("OrderSizeTooSmall", RejectReason.MIN_NOTIONAL),
    6023: ("PriceBandsBreached", RejectReason.PRICE_BAND),
    6024: ("ExchangePaused", RejectReason.HALTED),
    6042: ("InvalidOrder", RejectReason.INVALID),
    6043: ("InvalidOrderMaxTs", RejectReason.EXPIRED),
    6045: ("InvalidOrderForInitialMarginReq", RejectReason.MARGIN),
    6046: ("InvalidOrderNotRiskReducing", RejectReason.REDUCE_ONLY),
    6047: ("InvalidOrderSizeTooSmall", RejectReason.MIN_NOTIONAL),
    6048: ("InvalidOrderNotStepSizeMultiple", RejectReason.LOT),
    6050: ("InvalidOrderIOC", RejectReason.INVALID),
    6051: ("InvalidOrderPostOnly", RejectReason.INVALID),
    6056: ("InvalidOrderMinOrderSize", RejectReason.MIN_NOTIONAL),
    6057: ("PlacePostOnlyLimitFailure", RejectReason.POST_ONLY_WOULD_CROSS),
    6059: ("OrderAmountTooSmall", RejectReason.MIN_NOTIONAL),
    6060: ("MaxNumberOfOrders", RejectReason.INVALID),
    6064: ("ReduceOnlyOrderIncreasedRisk", RejectReason.REDUCE_ONLY),
    6071: ("UserOrderIdAlreadyInUse", RejectReason.DUPLICATE_CLIENT_ID),
    6109: ("OrderBreachesOraclePriceLimits", RejectReason.PRICE_BAND),
    6117: ("UserIsBeingLiquidated", RejectReason.REDUCE_ONLY),
    6146: ("MarketActionPaused", RejectReason.HALTED),
    6147: ("MarketPlaceOrderPaused", RejectReason.HALTED),
    6148: ("MarketFillOrderPaused", RejectReason.HALTED),
    6154: ("MaxOpenInterest", RejectReason.OPEN_INTEREST_CAP),
    6191: ("InvalidOrderLimitPrice", RejectReason.TICK),
    6197: ("InvalidMarketStatusForFills", RejectReason.HALTED),
    6213: ("MarketBeingInitialized", RejectReason.HALTED),
    6254: ("UserReduceOnly", RejectReason.REDUCE_ONLY),
}


def code_of(err: JsonValue) -> int | None:
    """The program's error code in {"InstructionError": [index, {"Custom": code}]}; None for any other error."""
    match err:
        case {"InstructionError": [int(), {"Custom": int(code)}]}:
            return code
        case _:
            return None


def reason_of(err: JsonValue) -> tuple[RejectReason, str]:
    """Why an order was refused, and the venue's own word for it."""
    code = code_of(err)
    if code is None:
        return RejectReason.OTHER, str(err)
    name, reason = _REASONS.get(code, ("", RejectReason.OTHER))
    return reason, f"{code} {name}".strip()


def found_nothing(err: JsonValue) -> bool:
    """A cancel failed because there was nothing to cancel."""
    return code_of(err) in ORDER_NOT_OPEN


def rejected(order_id: str, err: JsonValue, where: str) -> OrderRejected:
    """Refused by the program: proven, since a failed transaction leaves no trace."""
    reason, word = reason_of(err)
    return OrderRejected(venue=Venue.DRIFT, order_id=order_id, reason=reason, detail=f"{where}: {word}")


def never_sent(order_id: str, reason: RejectReason, why: str) -> OrderRejected:
    """The venue cannot have seen it."""
    return OrderRejected(venue=Venue.DRIFT, order_id=order_id, reason=reason, detail=f"never sent: {why}")


def unresolved(order_id: str, detail: str) -> OrderUnresolved:
    """The outcome is not known."""
    return OrderUnresolved(venue=Venue.DRIFT, order_id=order_id, detail=detail)
