"""The exchange's vocabularies in Hyperliquid's words. Data only.

Texts: HL docs, "Error responses", 2025-11; recorded testnet exchange, 2026-09-07. Statuses: "Query order status".
"""

from collections.abc import Mapping

from engine.simulators.exchange import DoneReason, LiquidationMethod, RejectReason, TimeInForce

REJECT_TEXTS: Mapping[RejectReason, str] = {
    RejectReason.UNKNOWN_ACCOUNT: "Must deposit before performing actions. User: {account}",
    RejectReason.UNKNOWN_ASSET: "Order has invalid asset. asset={asset_id}",
    RejectReason.MARKET_HALTED: "Trading is halted. asset={asset_id}",
    RejectReason.NO_PRICE_YET: "Trading is halted. asset={asset_id}",
    RejectReason.EXPIRED: "Action already expired",
    RejectReason.ZERO_SIZE: "Order has zero size.",
    RejectReason.LOT: "Order has invalid size.",
    RejectReason.BAD_PRICE: "Order has invalid price.",
    RejectReason.TICK: "Price must be divisible by tick size. asset={asset_id}",
    RejectReason.PRICE_TOO_FAR: "Order price cannot be more than 80% away from the reference price",
    RejectReason.DUPLICATE_CLIENT_ORDER_ID: "Duplicate cloid. asset={asset_id}",
    RejectReason.MARKET_REDUCE_ONLY_MODE: (
        "Order would increase open interest while open interest is capped. asset={asset_id}"
    ),
    RejectReason.REDUCE_ONLY_WOULD_INCREASE: "Reduce only order would increase position. asset={asset_id}",
    RejectReason.MIN_NOTIONAL: "Order must have minimum value of $10. asset={asset_id}",
    RejectReason.TOO_MANY_OPEN_ORDERS: "Too many open orders. asset={asset_id}",
    RejectReason.POST_ONLY_WOULD_CROSS: (
        "Post only order would have immediately matched, bbo was {bid}@{ask}. asset={asset_id}"
    ),
    RejectReason.MARGIN: "Insufficient margin to place order. asset={asset_id}",
    RejectReason.IOC_NO_LIQUIDITY: ("Order could not immediately match against any resting orders. asset={asset_id}"),
}
"""The texts for a halted market, a repeated client id, an unknown asset and too many orders are made up."""

REJECT_STATUSES: Mapping[RejectReason, str] = {
    RejectReason.TICK: "tickRejected",
    RejectReason.MIN_NOTIONAL: "minTradeNtlRejected",
    RejectReason.MARGIN: "perpMarginRejected",
    RejectReason.REDUCE_ONLY_WOULD_INCREASE: "reduceOnlyRejected",
    RejectReason.POST_ONLY_WOULD_CROSS: "badAloPxRejected",
    RejectReason.IOC_NO_LIQUIDITY: "iocCancelRejected",
    RejectReason.MARKET_REDUCE_ONLY_MODE: "positionIncreaseAtOpenInterestCapRejected",
    RejectReason.PRICE_TOO_FAR: "oracleRejected",
    RejectReason.TOO_MANY_OPEN_ORDERS: "tooManyOpenOrdersRejected",
}
"""Every other reason has the status `rejected`."""

DONE_STATUSES: Mapping[DoneReason, str] = {
    DoneReason.FILLED: "filled",
    DoneReason.CANCELED: "canceled",
    DoneReason.IOC_REMAINDER: "canceled",
    DoneReason.EXPIRED: "canceled",
    DoneReason.REDUCE_ONLY_CANCELED: "reduceOnlyCanceled",
    DoneReason.MARGIN_CANCELED: "marginCanceled",
    DoneReason.LIQUIDATED: "liquidatedCanceled",
    DoneReason.SELF_TRADE: "selfTradeCanceled",
    DoneReason.MARKET_MODE_CANCELED: "openInterestCapCanceled",
}

TIME_IN_FORCE: Mapping[str, TimeInForce] = {
    "Alo": TimeInForce.POST_ONLY,
    "Ioc": TimeInForce.IOC,
    "Gtc": TimeInForce.GTC,
}
TIME_IN_FORCE_WORDS: Mapping[TimeInForce, str] = {ours: word for word, ours in TIME_IN_FORCE.items()}

LIQUIDATION_METHODS: Mapping[LiquidationMethod, str] = {
    LiquidationMethod.MARKET: "market",
    LiquidationMethod.BACKSTOP: "backstop",
    LiquidationMethod.ADL: "backstop",
}
"""ADL fills carry the method `backstop` (mainnet record of 2025-10-10)."""

LIQUIDATOR = "0x2e3d94f0562703b25c83308a05046ddaf9a8dd14"
"""The venue's own liquidator vault, named on ADL fills (mainnet record of 2025-10-10)."""

CANCEL_MISSED = "Order was never placed, already canceled, or filled. asset={asset_id}"
MODIFY_MISSED = "Cannot modify canceled or filled order"
BAD_TRIGGER = "Invalid TP/SL price. asset={asset_id}"
NO_ISOLATED_MARGIN = "Position does not use isolated margin."
BAD_LEVERAGE = "Invalid leverage value"
NO_SCHEDULE = "Cannot set scheduled cancel time until enough volume traded. Required: ${required}. Traded: ${traded}."
SCHEDULE_TOO_NEAR = "Scheduled cancel time must be at least 5 seconds in the future."
SCHEDULE_SPENT = "Cannot set scheduled cancel time: too many triggers today."
TOO_MANY_REQUESTS = (
    "Too many cumulative requests sent ({used} > {most}) for cumulative volume traded ${volume}. "
    "Place taker orders to free up 1 request per USDC traded."
)
IP_EXHAUSTED = "Too many requests"
"""Made up: the body of a 429 is not documented."""
UNKNOWN_SIGNER = "User or API Wallet {address} does not exist."
NO_SIGNER = "Unable to recover signer."
NO_DEPOSIT = "Must deposit before performing actions. User: {address}"
EXPIRED = "Action already expired"
NO_VAULT = "Vault not registered: {address}"
BAD_JSON = "Failed to parse the request body as JSON"
BAD_BODY = "Failed to deserialize the JSON body into the target type"
BAD_FRAME = "Error parsing JSON into valid websocket request: {echo}"

ORDER_TEXTS: Mapping[str, str] = {
    **{reason.value: text for reason, text in REJECT_TEXTS.items()},
    "ioc_unfilled": REJECT_TEXTS[RejectReason.IOC_NO_LIQUIDITY],
    "reduce_only": REJECT_TEXTS[RejectReason.REDUCE_ONLY_WOULD_INCREASE],
    "duplicate_client_id": REJECT_TEXTS[RejectReason.DUPLICATE_CLIENT_ORDER_ID],
    "halted": REJECT_TEXTS[RejectReason.MARKET_HALTED],
    "price_band": REJECT_TEXTS[RejectReason.PRICE_TOO_FAR],
    "open_interest_cap": REJECT_TEXTS[RejectReason.MARKET_REDUCE_ONLY_MODE],
}
"""Texts of refused orders by the words a scenario may use: the exchange's reasons and the engine's."""

TOP_LEVEL_TEXTS: Mapping[str, str] = {
    "rate_limited": TOO_MANY_REQUESTS.format(used=10_001, most=10_000, volume="0.0"),
    "nonce": "Invalid nonce: duplicate nonce 0",
    "signature": NO_SIGNER,
    "expired": EXPIRED,
}
"""Texts that refuse a whole action, by the words a scenario may use."""
