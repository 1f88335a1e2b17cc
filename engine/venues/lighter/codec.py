"""Lighter's bytes and our words: what every part of the codec shares, and the requests we write. Pure.

`codec_rest` reads answers on markets and account, `codec_orders` orders, trades and transactions, `codec_stream`
frames, `refusals` errors. Everything that must not be used is refused by a `FrameError` that names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar
from urllib.parse import urlencode

import msgspec

from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, Side, TimeInForce
from engine.venues.lighter import wire
from engine.venues.lighter.markets import Market
from engine.venues.lighter.signing_request import CreateOrder, LighterSigned
from engine.venues.lighter.wire_stream import Say, Subscribe
from engine.venues.link import FrameError

NS_PER_MS = 1_000_000
NS_PER_US = 1_000
CLIENT_INDEX_DIGITS = 12
"""48 bits."""

TIF: Mapping[TimeInForce, Literal[0, 1, 2]] = {
    TimeInForce.IOC: wire.TIF_IOC,
    TimeInForce.POST_ONLY: wire.TIF_POST_ONLY,
    TimeInForce.GTC: wire.TIF_GTT,
}

PING = msgspec.json.encode(Say(type="ping"))
PONG = msgspec.json.encode(Say(type="pong"))

T = TypeVar("T")


def read(decoder: msgspec.json.Decoder[T], channel: str, body: bytes | msgspec.Raw | str) -> T:
    """Decode, or raise `FrameError` naming channel and field."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(channel, str(error)) from error


def ns(ms: int) -> int:
    """Nanoseconds of the venue's milliseconds."""
    return ms * NS_PER_MS


def client_order_index(order_id: str) -> int:
    """Our 32 hex digits as the venue's 48-bit number: the low 48 bits, and 1 for the one that would mean "none".

    Two ids may collide; the ledger refuses the second before it is sent.
    """
    return int(order_id[-CLIENT_INDEX_DIGITS:], 16) or 1


def side_of(*, is_ask: bool) -> Side:
    """Our side of the venue's flag."""
    return Side.SELL if is_ask else Side.BUY


def encode_order(order: SubmitOrder, market: Market, *, now_ns: int, order_expiry_s: int, nonce: int) -> CreateOrder:
    """What is to be signed for an order. Raises UnfitOrder for what must not leave.

    An IOC carries no expiry. A resting order's is at least five minutes away (docs "Trading", 2026-07), so that the
    engine's own cancel, not the venue, ends it at `expires_at_ns`.
    """
    ioc = order.time_in_force is TimeInForce.IOC
    amount, price = market.base_amount(order.size), market.price_units(order.limit_price)
    if not ioc and not order.reduce_only:
        market.check_minimum(order.size, order.limit_price)
    expiry_s = min(max(order_expiry_s, wire.ORDER_EXPIRY_LEAST_S + 1), wire.ORDER_EXPIRY_MOST_S - 1)
    expires_ns = max(now_ns + expiry_s * NS_PER_S, order.expires_at_ns)
    return CreateOrder(
        market_index=market.market_id,
        client_order_index=client_order_index(order.order_id),
        base_amount=amount,
        price=price,
        is_ask=order.side is Side.SELL,
        time_in_force=TIF[order.time_in_force],
        reduce_only=order.reduce_only,
        order_expiry=0 if ioc else expires_ns // NS_PER_MS,
        size_decimals=market.row.size_decimals,
        price_decimals=market.row.price_decimals,
        nonce=nonce,
    )


def encode_transaction(signed: LighterSigned) -> bytes:
    """The body of POST sendTx."""
    return urlencode({"tx_type": signed.tx_type, "tx_info": signed.tx_info}).encode()


def encode_subscription(channel: str, token: str | None = None) -> bytes:
    """Open a channel, named with a slash; `token` for the account's own."""
    return msgspec.json.encode(Subscribe(type="subscribe", channel=channel, auth=token))


def encode_unsubscription(channel: str) -> bytes:
    """Close a channel."""
    return msgspec.json.encode(Subscribe(type="unsubscribe", channel=channel))
