"""How Lighter says no: HTTP 400 (429 for a spent rate limit) with `{code, message}`, and the same codes elsewhere.

Codes and texts: apidocs "Data structures, constants and errors" (2026-07-19). Counterpart: `engine.venues.lighter`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.simulators.exchange import RejectReason
from engine.venues.lighter.wire import ErrorCode
from engine.venues.transport import HttpResponse

JSON_HEADERS = (("content-type", "application/json"),)
INVALID_PARAM = 20001
"""Wrong parameters and a missing auth token; seen in third-party clients (2026), not in the table of codes."""

MESSAGES: Mapping[int, str] = {
    INVALID_PARAM: "invalid param",
    21100: "account not found",
    21104: "invalid nonce",
    21105: "batch transaction nonce is not increasing",
    21108: "invalid PublicKey,please run changePubKey",
    21109: "api key not found",
    21110: "invalid api key index",
    21111: "account is in pre-liquidation and the transaction doesn't increase the account health",
    21112: "account is in liquidation",
    21113: "invalid initial margin fraction",
    21120: "invalid signature",
    21121: "all transactions in the batch must have use same account and apikey",
    21132: "margin mode change on a market with position or open order is not allowed",
    21136: "invalid PublicKey, update the sdk to the latest version",
    21500: "transaction not found",
    21501: "invalid tx info",
    21505: "unsupported tx type",
    21506: "too many pending txs. Please try again later",
    21507: "account is below maintenance margin, can't execute transaction",
    21508: "account is below initial margin, can't execute transaction",
    21513: "TxInfos and TxTypes should have the same length",
    21514: "maximum 50 transactions allowed per batch",
    21600: "given order is not an active limit order",
    21601: "order book is full",
    21602: "invalid market index",
    21605: "invalid market status",
    21613: "invalid margin mode",
    21700: "invalid order index",
    21701: "invalid base amount",
    21702: "invalid price",
    21704: "invalid OrderType",
    21705: "invalid OrderTimeInForce",
    21706: "invalid order base or quote amount",
    21707: "account is not owner of the order",
    21710: "unsupported order type",
    21711: "invalid expiry",
    21713: "invalid cancel all time in force",
    21714: "invalid cancel all time",
    21717: "maximum active limit order count reached",
    21718: "maximum active limit order count per market reached",
    21727: "invalid client order index",
    21728: "client order index already exists",
    21729: "invalid order trigger price",
    21732: "reduce only increases position",
    21733: "order price flagged as an accidental price",
    21734: "limit order price is too far from the mark price",
    21738: "invalid reduce only direction",
    21739: "not enough margin to create the order",
    21740: "invalid reduce only mode",
    22402: "invalid resolution: resolution unsupported",
    23000: "Too Many Requests!",
    23001: "Too Many Subscriptions!",
    29404: "not found",
    29500: "internal server error",
    30000: "Invalid Json",
    30001: "Invalid Type",
    30002: "Not Subscribed to ",
    30003: "Already Subscribed to ",
    30005: "Invalid Channel",
    30007: "Invalid Data",
    30009: "Too Many Websocket Messages!",
    30012: "Failed to subscribe",
}


class Refused(Exception):
    """The request is answered with this code. `detail` follows the code's own text."""

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.message = MESSAGES.get(code, "") + detail
        super().__init__(f"{code} {self.message}")

    @property
    def body(self) -> dict[str, object]:
        """What is said over either door."""
        return {"code": self.code, "message": self.message}


def success(**fields: object) -> HttpResponse:
    """200 with `code` 200 and these fields."""
    return HttpResponse(status=200, headers=JSON_HEADERS, body=msgspec.json.encode({"code": 200, **fields}))


def failure(refused: Refused) -> HttpResponse:
    """The error envelope."""
    status = 429 if refused.code == ErrorCode.TOO_MANY_REQUESTS else 400
    return HttpResponse(status=status, headers=JSON_HEADERS, body=msgspec.json.encode(refused.body))


SCENARIO: Mapping[str, int] = {
    "tick": 21702,
    "lot": 21701,
    "min_notional": 21706,
    "margin": 21739,
    "post_only_would_cross": 21702,
    "ioc_unfilled": 21706,
    "reduce_only": 21732,
    "duplicate_client_id": 21728,
    "expired": 21711,
    "rate_limited": 23000,
    "signature": 21120,
    "halted": 21605,
    "price_band": 21734,
    "open_interest_cap": 21601,
    "invalid": 21501,
    "nonce": 21104,
}
"""What a scenario may ask for. The venue cancels a crossing post-only and an unmet IOC later, never at once: these two
get the nearest code."""


def scenario_refusal(reason: str) -> Refused:
    """The refusal a scenario asks for: one of our reject reasons, a code of the venue, or the venue's text itself."""
    if reason.isdecimal():
        return Refused(int(reason))
    if reason in SCENARIO:
        return Refused(SCENARIO[reason])
    refused = Refused(INVALID_PARAM)
    refused.message = reason
    return refused


REJECTED: Mapping[RejectReason, int] = {
    RejectReason.EXPIRED: 21711,
    RejectReason.MARGIN: 21739,
    RejectReason.POST_ONLY_WOULD_CROSS: 21702,
    RejectReason.REDUCE_ONLY_WOULD_INCREASE: 21732,
    RejectReason.MARKET_REDUCE_ONLY_MODE: 21740,
    RejectReason.MARKET_HALTED: 21605,
    RejectReason.NO_PRICE_YET: 21605,
    RejectReason.TOO_MANY_OPEN_ORDERS: 21717,
    RejectReason.DUPLICATE_CLIENT_ORDER_ID: 21728,
    RejectReason.PRICE_TOO_FAR: 21734,
    RejectReason.ZERO_SIZE: 21701,
    RejectReason.LOT: 21701,
    RejectReason.BAD_PRICE: 21702,
    RejectReason.TICK: 21702,
}
"""The application error of an order that the sequencer refused. An IOC that met nothing is executed, not refused."""
