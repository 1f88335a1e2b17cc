"""The closed vocabularies of the simulated exchange. Faces translate them into their venue's words."""

from enum import StrEnum


class TimeInForce(StrEnum):
    GTC = "gtc"
    IOC = "ioc"
    POST_ONLY = "post_only"


class RejectReason(StrEnum):
    """Why an order was refused. `place` runs its checks in this order; the first that fails is the reason."""

    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ASSET = "unknown_asset"
    MARKET_HALTED = "market_halted"
    NO_PRICE_YET = "no_price_yet"
    EXPIRED = "expired"
    ZERO_SIZE = "zero_size"
    LOT = "lot"
    BAD_PRICE = "bad_price"
    TICK = "tick"
    PRICE_TOO_FAR = "price_too_far"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate_client_order_id"
    MARKET_REDUCE_ONLY_MODE = "market_reduce_only_mode"
    REDUCE_ONLY_WOULD_INCREASE = "reduce_only_would_increase"
    MIN_NOTIONAL = "min_notional"
    TOO_MANY_OPEN_ORDERS = "too_many_open_orders"
    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    MARGIN = "margin"
    IOC_NO_LIQUIDITY = "ioc_no_liquidity"


class DoneReason(StrEnum):
    """Why an accepted order ended."""

    FILLED = "filled"
    CANCELED = "canceled"
    IOC_REMAINDER = "ioc_remainder"
    EXPIRED = "expired"
    REDUCE_ONLY_CANCELED = "reduce_only_canceled"
    MARGIN_CANCELED = "margin_canceled"
    LIQUIDATED = "liquidated"
    SELF_TRADE = "self_trade"
    MARKET_MODE_CANCELED = "market_mode_canceled"


class OrderStatus(StrEnum):
    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    """Ended with something unfilled; `OrderView.done_reason` says why."""
    REJECTED = "rejected"


class CancelRejectReason(StrEnum):
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ORDER = "unknown_order"
    ALREADY_DONE = "already_done"


class LeverageRejectReason(StrEnum):
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ASSET = "unknown_asset"
    BELOW_ONE = "below_one"
    ABOVE_MAX = "above_max"
    LOWERING_WITH_POSITION = "lowering_with_position"
    MARGIN = "margin"


class FillCause(StrEnum):
    """What made a fill happen."""

    ORDER = "order"
    """An order of this account, as taker or maker."""
    LIQUIDATION = "liquidation"
    """This account was liquidated against the book."""
    BACKSTOP = "backstop"
    """This account's position was taken over by the backstop."""
    ADL = "adl"
    """This account was profitable and was auto-deleveraged."""
    BANKRUPTCY = "bankruptcy"
    """This account had no equity left; its position was closed against deleveraged accounts."""
    MANUAL = "manual"
    """A trade the engine did not order (`Exchange.set_position`)."""


class LiquidationMethod(StrEnum):
    MARKET = "market"
    BACKSTOP = "backstop"
    ADL = "adl"


class MarketMode(StrEnum):
    OPEN = "open"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"


class PriceBase(StrEnum):
    """The price that turns a funding rate into money."""

    ORACLE = "oracle"
    MARK = "mark"


class RateSource(StrEnum):
    COMPUTED = "computed"
    RECORDED = "recorded"
    FORCED = "forced"
