"""Lighter's words for a refused or ended order, and ours. Pure.

Sources: docs "Data structures, constants and errors" (2026-07-19) for the codes, the venue's OpenAPI description for
the statuses. A refusal at the API (HTTP 400 with a code) proves that nothing was queued and no nonce was used (docs
"Trading", 2026-07); an internal error or a timeout of the venue proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec.json import Decoder

from actors.domain import DoneReason, RejectReason
from engine.venues.budget import named_wait_s
from engine.venues.lighter.wire import OK, ErrorCode, ResultCode
from engine.venues.lighter.wire_orders import OrderStatus, SendTxReply
from engine.venues.transport import HttpResponse

_HEAD = Decoder(ResultCode)
_REPLY = Decoder(SendTxReply)

REASONS: Mapping[int, RejectReason] = {
    ErrorCode.INVALID_NONCE: RejectReason.NONCE,
    ErrorCode.NONCE_NOT_INCREASING: RejectReason.NONCE,
    ErrorCode.INVALID_PUBLIC_KEY: RejectReason.SIGNATURE,
    ErrorCode.API_KEY_NOT_FOUND: RejectReason.SIGNATURE,
    ErrorCode.INVALID_SIGNATURE: RejectReason.SIGNATURE,
    ErrorCode.SDK_TOO_OLD: RejectReason.SIGNATURE,
    ErrorCode.PRE_LIQUIDATION: RejectReason.MARGIN,
    ErrorCode.IN_LIQUIDATION: RejectReason.MARGIN,
    ErrorCode.BELOW_MAINTENANCE_MARGIN: RejectReason.MARGIN,
    ErrorCode.BELOW_INITIAL_MARGIN: RejectReason.MARGIN,
    ErrorCode.NOT_ENOUGH_MARGIN: RejectReason.MARGIN,
    ErrorCode.DEAD_MAN_DUE: RejectReason.HALTED,
    ErrorCode.CANCEL_ALL_QUEUED: RejectReason.HALTED,
    ErrorCode.INVALID_MARKET_STATUS: RejectReason.HALTED,
    ErrorCode.REDUCE_ONLY_MODE: RejectReason.HALTED,
    ErrorCode.TOO_MANY_TXS: RejectReason.RATE_LIMITED,
    ErrorCode.TOO_MANY_REQUESTS: RejectReason.RATE_LIMITED,
    ErrorCode.TOO_MANY_SUBSCRIPTIONS: RejectReason.RATE_LIMITED,
    ErrorCode.TOO_MANY_ACCOUNTS: RejectReason.RATE_LIMITED,
    ErrorCode.TOO_MANY_CONNECTIONS: RejectReason.RATE_LIMITED,
    ErrorCode.INVALID_OPEN_INTEREST: RejectReason.OPEN_INTEREST_CAP,
    ErrorCode.INVALID_BASE_AMOUNT: RejectReason.LOT,
    ErrorCode.INVALID_PRICE: RejectReason.TICK,
    ErrorCode.INVALID_ORDER_AMOUNT: RejectReason.MIN_NOTIONAL,
    ErrorCode.INVALID_EXPIRY: RejectReason.EXPIRED,
    ErrorCode.CLIENT_ORDER_INDEX_EXISTS: RejectReason.DUPLICATE_CLIENT_ID,
    ErrorCode.REDUCE_ONLY_INCREASES: RejectReason.REDUCE_ONLY,
    ErrorCode.REDUCE_ONLY_DIRECTION: RejectReason.REDUCE_ONLY,
    ErrorCode.FAT_FINGER_PRICE: RejectReason.PRICE_BAND,
    ErrorCode.TOO_FAR_FROM_MARK: RejectReason.PRICE_BAND,
    ErrorCode.INVALID_TX_INFO: RejectReason.INVALID,
    ErrorCode.INVALID_MARKET_INDEX: RejectReason.INVALID,
    ErrorCode.INVALID_CLIENT_ORDER_INDEX: RejectReason.INVALID,
}
"""Codes without a row are OTHER: order books and accounts that are full, for instance."""

HASH = re.compile(r"[0-9a-fA-F]{16,}")
PROVES_NOTHING = (ErrorCode.INTERNAL, ErrorCode.TIMEOUT)
TX_UNKNOWN = (ErrorCode.TX_NOT_FOUND, ErrorCode.NOT_FOUND)

NAMES: Mapping[str, ErrorCode] = {code.name.lower().replace("_", " "): code for code in ErrorCode} | {
    "not enough order margin": ErrorCode.NOT_ENOUGH_MARGIN,
    "invalid reduce only direction": ErrorCode.REDUCE_ONLY_DIRECTION,
    "invalid reduce only mode": ErrorCode.REDUCE_ONLY_MODE,
    "flagged as an accidental price": ErrorCode.FAT_FINGER_PRICE,
    "account is in liquidation": ErrorCode.IN_LIQUIDATION,
}
"""How the venue's names and messages for a code are recognised."""

OVER: Mapping[OrderStatus, DoneReason] = {
    "filled": DoneReason.FILLED,
    "canceled": DoneReason.CANCELED,
    "canceled-post-only": DoneReason.POST_ONLY_REJECTED,
    "canceled-reduce-only": DoneReason.REDUCE_ONLY_CANCELED,
    "canceled-position-not-allowed": DoneReason.VENUE_CANCELED,
    "canceled-margin-not-allowed": DoneReason.MARGIN_CANCELED,
    "canceled-too-much-slippage": DoneReason.IOC_REMAINDER,
    "canceled-not-enough-liquidity": DoneReason.IOC_REMAINDER,
    "canceled-self-trade": DoneReason.SELF_TRADE,
    "canceled-expired": DoneReason.EXPIRED,
    "canceled-oco": DoneReason.VENUE_CANCELED,
    "canceled-child": DoneReason.VENUE_CANCELED,
    "canceled-liquidation": DoneReason.LIQUIDATED,
    "canceled-invalid-balance": DoneReason.MARGIN_CANCELED,
}
"""Statuses of an order that is no longer open; the others are in-progress, pending and open."""

REFUSED: Mapping[OrderStatus, RejectReason] = {
    "canceled-post-only": RejectReason.POST_ONLY_WOULD_CROSS,
    "canceled-reduce-only": RejectReason.REDUCE_ONLY,
    "canceled-position-not-allowed": RejectReason.OPEN_INTEREST_CAP,
    "canceled-margin-not-allowed": RejectReason.MARGIN,
    "canceled-invalid-balance": RejectReason.MARGIN,
    "canceled-expired": RejectReason.EXPIRED,
}
"""Of an order that was never seen open and filled nothing: a refusal that came late."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The venue queued the transaction; execution is another matter."""

    tx_hash: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Proven: nothing was queued and no nonce used."""

    code: int
    reason: RejectReason
    detail: str
    wait_s: float | None = None
    """For how long nothing more is heard, where the answer says so."""


class Unclear(msgspec.Struct, frozen=True, kw_only=True):
    """It may have been queued."""

    detail: str


Answer = Accepted | Refused | Unclear


def answer_to(response: HttpResponse) -> Answer:
    """What the answer to a sendTx proves."""
    try:
        head = _HEAD.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        head = None
    if response.status == 429:
        text = head.message if head else "too many requests"
        return Refused(
            code=ErrorCode.TOO_MANY_REQUESTS,
            reason=RejectReason.RATE_LIMITED,
            detail=f"HTTP 429: {text}",
            wait_s=named_wait_s(response.headers),
        )
    if head is None or response.status >= 500 or head.code in PROVES_NOTHING:
        return Unclear(detail=f"HTTP {response.status}: {excerpt(response)}")
    if head.code == OK:
        return _queued(response)
    detail = f"HTTP {response.status}: {head.message or 'no message'} (code {head.code})"
    return Refused(code=head.code, reason=reason_of(head.code), detail=detail)


def reason_of(code: int) -> RejectReason:
    """Our word for a code."""
    return REASONS.get(code, RejectReason.OTHER)


def reason_of_text(text: str) -> RejectReason:
    """Our word for an application error inside a transaction: by the code in it, else by the name of a code."""
    number = re.search(r"\b2[0-9]{4}\b", text)
    if number is not None:
        return reason_of(int(number[0]))
    spoken = re.sub(r"[^a-z]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower())
    found = next((code for name, code in NAMES.items() if name in spoken), None)
    return RejectReason.OTHER if found is None else reason_of(found)


def excerpt(response: HttpResponse) -> str:
    """The beginning of a body, for the record; without hashes, which hold the signer's own time (`ExpiredAt`): a
    repeated run must write the same."""
    return HASH.sub("..", response.body[:1_000].decode(errors="replace"))[:120]


def _queued(response: HttpResponse) -> Answer:
    if response.status != 200:
        return Unclear(detail=f"HTTP {response.status} with code {OK}")
    try:
        return Accepted(tx_hash=_REPLY.decode(response.body).tx_hash)
    except msgspec.DecodeError as error:
        return Unclear(detail=f"unreadable answer: {error}")
