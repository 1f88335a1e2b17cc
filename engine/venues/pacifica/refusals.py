"""The venue's refusals in our vocabulary, and what an HTTP answer proves. Pure.

The venue's business codes contradict one another between its pages (5 is both "insufficient balance" and
"order not found"), so the text decides and the code is only recorded (docs "Error codes", 2025-11 and 2026;
live bodies).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.json import Decoder

from actors.domain import RejectReason, Venue
from actors.messages import CancelRejected, OrderAccepted, OrderRejected, OrderUnresolved
from engine.venues.link import FrameError
from engine.venues.pacifica.codec_rest import decode_order_ack
from engine.venues.pacifica.wire import Envelope, Refusal
from engine.venues.transport import HttpResponse, TransportError

REASONS: Mapping[str, RejectReason] = {
    "verification failed": RejectReason.SIGNATURE,
    "invalid signature": RejectReason.SIGNATURE,
    "invalid public key": RejectReason.SIGNATURE,
    "agent not authorized": RejectReason.SIGNATURE,
    "invalid message": RejectReason.EXPIRED,
    "amount too low": RejectReason.MIN_NOTIONAL,
    "insufficient": RejectReason.MARGIN,
    "immediate liquidation": RejectReason.MARGIN,
    "duplicate client order id": RejectReason.DUPLICATE_CLIENT_ID,
    "reduce only": RejectReason.REDUCE_ONLY,
    "position not found": RejectReason.REDUCE_ONLY,
    "no reasonable price": RejectReason.IOC_UNFILLED,
    "price too far": RejectReason.PRICE_BAND,
    "tick": RejectReason.TICK,
    "lot size": RejectReason.LOT,
    "trading disabled": RejectReason.HALTED,
    "asset not active": RejectReason.HALTED,
    "open interest": RejectReason.OPEN_INTEREST_CAP,
    "too many requests": RejectReason.RATE_LIMITED,
    "rate limit": RejectReason.RATE_LIMITED,
    "post only": RejectReason.POST_ONLY_WOULD_CROSS,
    "invalid": RejectReason.INVALID,
    "amount too high": RejectReason.INVALID,
}
"""A fragment of the text, lower case, underscores as spaces; the first that occurs decides."""

_REFUSAL: Decoder[Refusal | str] = Decoder(Refusal | str)
_ENVELOPE = Decoder(Envelope[msgspec.Raw])


def reject_reason(text: str, error_id: str | None = None) -> RejectReason:
    """The reason behind the venue's words; the text first, then its `error_id`."""
    for words in (text, error_id or ""):
        spoken = words.lower().replace("_", " ").replace("-", " ")
        for fragment, reason in REASONS.items():
            if fragment in spoken:
                return reason
    return RejectReason.OTHER


def refusal(response: HttpResponse) -> Refusal | None:
    """The venue's refusal in a response, or None when there is none that could be read.

    A signature refusal may be a bare string instead of the envelope (official tools, 2026-07).
    """
    try:
        body = _REFUSAL.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Refusal(error=body, code=response.status) if isinstance(body, str) else body


def submit_outcome(order_id: str, response: HttpResponse) -> OrderAccepted | OrderRejected | OrderUnresolved:
    """What the answer to `create_order` proves.

    200 with an id: accepted (an acknowledgement only). 429, or 4xx with a readable refusal: rejected.
    Everything else is unresolved; so is 500, which may be a bad tick (docs "Tick and lot size", 2025-11) but
    proves nothing.
    """
    if response.status == 200:
        return _acknowledged(order_id, response)
    said = refusal(response)
    if response.status == 429:
        text = said.error if said else "too many requests"
        return rejected(order_id, RejectReason.RATE_LIMITED, f"HTTP 429: {text}")
    if said is None or response.status >= 500:
        return unresolved(order_id, f"HTTP {response.status}: {_excerpt(response)}")
    return rejected(order_id, reject_reason(said.error, said.error_id), described(response.status, said))


def cancel_outcome(order_id: str, response: HttpResponse) -> CancelRejected | OrderUnresolved | None:
    """What the answer to `cancel_order` proves; None when the cancel was acknowledged."""
    said = refusal(response)
    if response.status == 200 and said is None and acknowledged(response):
        return None
    if said is None or response.status >= 500 or response.status == 429:
        return unresolved(order_id, f"cancel: HTTP {response.status}: {_excerpt(response)}")
    return CancelRejected(venue=Venue.PACIFICA, order_id=order_id, detail=described(response.status, said))


def acknowledged(response: HttpResponse) -> bool:
    """Whether the body says `success`."""
    try:
        return _ENVELOPE.decode(response.body).success
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def submit_failure(order_id: str, error: TransportError) -> OrderRejected | OrderUnresolved:
    """A request that failed underway: rejected only when it is proven that it never left."""
    if error.sent:
        return unresolved(order_id, error.reason)
    return rejected(order_id, RejectReason.OTHER, f"never sent: {error.reason}")


def unresolved(order_id: str, detail: str) -> OrderUnresolved:
    """The outcome is unknown: the order may exist."""
    return OrderUnresolved(venue=Venue.PACIFICA, order_id=order_id, detail=detail)


def described(status: int, said: Refusal) -> str:
    """The refusal as it goes to the record."""
    return f"HTTP {status}: {said.error} (code {said.code}, {said.error_id or 'no error_id'})"


def _acknowledged(order_id: str, response: HttpResponse) -> OrderAccepted | OrderRejected | OrderUnresolved:
    said = refusal(response)
    if said is not None:
        return rejected(order_id, reject_reason(said.error, said.error_id), described(200, said))
    try:
        ack = decode_order_ack(response.body)
    except FrameError as refused:
        return unresolved(order_id, f"unreadable acknowledgement: {refused.detail}")
    return OrderAccepted(venue=Venue.PACIFICA, order_id=order_id, venue_order_id=str(ack.order_id))


def rejected(order_id: str, reason: RejectReason, detail: str) -> OrderRejected:
    """Refused, proven; or never sent."""
    return OrderRejected(venue=Venue.PACIFICA, order_id=order_id, reason=reason, detail=detail)


def _excerpt(response: HttpResponse) -> str:
    return response.body[:120].decode(errors="replace")
