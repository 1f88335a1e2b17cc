"""What is said to Drift's two servers and what their answers are: bytes in, wire structs out. Pure.

Counterparts: `rpc` and `dialogue`, which send; `codec_accounts` and `codec_events` make messages of what was read.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from engine.venues.drift.wire import (
    Book,
    Commitment,
    RpcErrorBody,
    RpcErrorData,
    RpcReply,
    RpcRequest,
    StreamFrame,
    Subscribe,
)
from engine.venues.link import FrameError

T = TypeVar("T")
HEARTBEAT = "heartbeat"
ORDERBOOK = "orderbook_perp_"


class RpcRefused(Exception):
    """The node answered with an error. `err` and `logs` are those of a failed preflight."""

    def __init__(self, body: RpcErrorBody) -> None:
        super().__init__(f"{body.code}: {body.message}")
        self.code, self.reason = body.code, body.message
        data = _error_data(body)
        self.err, self.logs = data.err, data.logs or ()


def encode_call(number: int, method: str, *params: object) -> bytes:
    """One JSON-RPC call."""
    return msgspec.json.encode(RpcRequest(id=number, method=method, params=params))


def decode_reply(body: bytes, number: int, method: str, kind: type[T]) -> T:
    """The result of call `number`. Raises RpcRefused for the node's own error, FrameError for what cannot be used."""
    try:
        reply = msgspec.json.decode(body, type=RpcReply[kind])  # type: ignore[valid-type]
    except msgspec.MsgspecError as error:
        raise FrameError(f"rpc/{method}", str(error)) from error
    if reply.error is not None:
        raise RpcRefused(reply.error)
    if reply.id != number:
        raise FrameError(f"rpc/{method}", f"answers call {reply.id}, not {number}")
    if reply.result is None and not _may_be_none(kind):
        raise FrameError(f"rpc/{method}", "has no result")
    result: T = reply.result  # type: ignore[assignment]
    return result


def _may_be_none(kind: type[T]) -> bool:
    try:
        msgspec.convert(None, kind)
    except msgspec.ValidationError:
        return False
    return True


def _error_data(body: RpcErrorBody) -> RpcErrorData:
    try:
        return msgspec.convert(body.data, RpcErrorData)
    except msgspec.ValidationError:
        return RpcErrorData()


def reading_options(commitment: Commitment, slot_least: int = 0) -> dict[str, object]:
    """Options of a read of accounts; `slot_least` 0 = whatever slot the node is at."""
    options: dict[str, object] = {"encoding": "base64", "commitment": commitment}
    return {**options, "minContextSlot": slot_least} if slot_least else options


def encode_subscription(symbol: str) -> bytes:
    """Ask for a market's book. Asked again, the server confirms again and sends the last book (dlob-server,
    wsConnectionManager, read 2026-11-22): that is its only answer to a frame of ours, so it serves as the ping."""
    return msgspec.json.encode(Subscribe(market=symbol))


def decode_frame(frame: bytes) -> Book | None:
    """The book in a frame; None for heartbeats and acknowledgements. Raises FrameError."""
    outer = _decoded(frame, StreamFrame, "stream")
    if outer.error is not None:
        raise FrameError(outer.channel or "stream", f"the server refuses: {outer.error}")
    if outer.channel is None or outer.channel == HEARTBEAT:
        return None
    if not outer.channel.startswith(ORDERBOOK) or outer.data is None:
        raise FrameError(outer.channel, "is no book of a perpetual")
    return decode_book(outer.data.encode(), outer.channel)


def decode_book(payload: bytes, channel: str) -> Book:
    """A book, best levels first on both sides. Raises FrameError, also for one that is crossed or out of order."""
    book = _decoded(payload, Book, channel)
    bids = [int(level.price) for level in book.bids]
    asks = [int(level.price) for level in book.asks]
    if bids != sorted(bids, reverse=True) or asks != sorted(asks):
        raise FrameError(channel, "levels are not in order")
    if bids and asks and bids[0] >= asks[0]:
        raise FrameError(channel, f"crossed: bid {bids[0]}, ask {asks[0]}")
    if any(int(level.size) <= 0 or int(level.price) <= 0 for level in (*book.bids, *book.asks)):
        raise FrameError(channel, "a level is not positive")
    return book


def _decoded(payload: bytes, kind: type[T], channel: str) -> T:
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.MsgspecError as error:
        raise FrameError(channel, str(error)) from error
