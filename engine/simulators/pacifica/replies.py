"""Pacifica's REST envelopes and its words of refusal."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.simulators.exchange import RejectReason
from engine.simulators.pacifica.words import text
from engine.venues.transport import HttpResponse

JSON_HEADERS = (("content-type", "application/json"),)
BODY_ON_GET = b"<HTML><BODY><H1>403 ERROR</H1><H2>The request could not be satisfied.</H2></BODY></HTML>"
BAD_SIGNATURE = "Verification failed: signature does not match signer and canonical payload."


class Refused(Exception):
    """The request is answered with this status, text, code and error id."""

    def __init__(self, status: int, error: str, code: int | None = None, error_id: str | None = None) -> None:
        super().__init__(error)
        self.status, self.error = status, error
        self.code = status if code is None else code
        self.error_id = error_id


def success(data: object, **extra: object) -> HttpResponse:
    """200 with the envelope; `extra` are its further fields (`last_order_id`, `next_cursor`, `has_more`)."""
    body = {"success": True, "data": data, "error": None, "code": None, **extra}
    return HttpResponse(status=200, headers=JSON_HEADERS, body=msgspec.json.encode(body))


def failure(refused: Refused) -> HttpResponse:
    """The error envelope; `error_id` is present only where the venue gives one."""
    body: dict[str, object] = {
        "success": False,
        "data": None,
        "error": refused.error,
        "code": refused.code,
    }
    if refused.error_id is not None:
        body["error_id"] = refused.error_id
    return HttpResponse(status=refused.status, headers=JSON_HEADERS, body=msgspec.json.encode(body))


def order_refused(
    reason: RejectReason, account: str, value_usd: Decimal, equity_usd: Decimal, limit: Decimal | None = None
) -> Refused:
    """The venue's answer to an order it refuses at once.

    Recorded: the amount text, "Internal server error" for tick and lot, "No reasonable price found". The
    others are the names of the documented codes as sentences (docs "Error codes", 2026).
    """
    match reason:
        case RejectReason.MIN_NOTIONAL:
            amount = f"{value_usd:.5f} < {text(limit or Decimal(10))}"
            return Refused(422, f"Order amount too low for {account}: {amount}", 0, "invalid_amount")
        case RejectReason.MARGIN:
            detail = f"{text(value_usd)} (account value: {text(equity_usd)})"
            return Refused(422, f"Insufficient balance for {account}: {detail}", 5, "insufficient_balance")
        case RejectReason.LOT | RejectReason.TICK:
            return Refused(500, "Internal server error")
        case _:
            error, code = _SENTENCES.get(reason, ("Invalid order", 0))
            return Refused(422, error, code)


_SENTENCES: dict[RejectReason, tuple[str, int]] = {
    RejectReason.UNKNOWN_ACCOUNT: ("Account not found", 1),
    RejectReason.UNKNOWN_ASSET: ("Book not found", 3),
    RejectReason.MARKET_HALTED: ("Trading disabled", 38),
    RejectReason.MARKET_REDUCE_ONLY_MODE: ("Trading disabled", 38),
    RejectReason.NO_PRICE_YET: ("Missing mark price", 63),
    RejectReason.ZERO_SIZE: ("Invalid amount", 59),
    RejectReason.BAD_PRICE: ("Invalid tick level", 4),
    RejectReason.PRICE_TOO_FAR: ("Price too far from mark", 30),
    RejectReason.DUPLICATE_CLIENT_ORDER_ID: ("Duplicate client order ID", 36),
    RejectReason.REDUCE_ONLY_WOULD_INCREASE: ("Invalid reduce only order amount", 22),
    RejectReason.TOO_MANY_OPEN_ORDERS: ("Open order limit reached", 10),
    RejectReason.IOC_NO_LIQUIDITY: ("No reasonable price found", 25),
}

_SCENARIO: dict[str, Refused] = {
    "tick": Refused(400, "price is not a multiple of tick size", 400),
    "lot": Refused(400, "amount is not a multiple of lot size", 400),
    "min_notional": Refused(422, "Order amount too low", 0, "invalid_amount"),
    "margin": Refused(422, "Insufficient balance", 5, "insufficient_balance"),
    "post_only_would_cross": Refused(422, "Post only order would cross", 0),
    "ioc_unfilled": Refused(422, "No reasonable price found", 25),
    "reduce_only": Refused(422, "No position for reduce only order", 23),
    "duplicate_client_id": Refused(422, "Duplicate client order ID", 36),
    "expired": Refused(400, "Invalid message"),
    "rate_limited": Refused(429, "Too Many Requests"),
    "signature": Refused(400, BAD_SIGNATURE, 400, "signature_verification_failed"),
    "halted": Refused(422, "Trading disabled", 38),
    "price_band": Refused(422, "Price too far from mark", 30),
    "open_interest_cap": Refused(422, "Open interest limit exceeded", 41),
    "invalid": Refused(400, "Invalid order parameters"),
}


def scenario_refusal(reason: str) -> Refused:
    """The refusal a scenario asks for: one of our reject reasons, or the venue's text itself."""
    return _SCENARIO.get(reason) or Refused(422, reason, 0)
