"""Signed transactions as they arrive: read, and judged by what can be judged without the exchange.

Field names and constants: lighter-sdk 1.1.8; limits: apidocs "Trading" and "Data structures" (2026-07-19). `ExpiredAt`
is not judged: the signing library takes it from the machine's own clock, which is not the simulated one.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.simulators.lighter.refusals import Refused
from engine.simulators.lighter.words import ms
from engine.venues.lighter import wire
from engine.venues.lighter.wire import ErrorCode
from engine.venues.lighter.wire_orders import (
    CancelAllInfo,
    CancelOrderInfo,
    CreateOrderInfo,
    UpdateLeverageInfo,
)

Asked = CreateOrderInfo | CancelOrderInfo | CancelAllInfo | UpdateLeverageInfo
KINDS: Mapping[int, type[Asked]] = {
    wire.TX_CREATE_ORDER: CreateOrderInfo,
    wire.TX_CANCEL_ORDER: CancelOrderInfo,
    wire.TX_CANCEL_ALL: CancelAllInfo,
    wire.TX_UPDATE_LEVERAGE: UpdateLeverageInfo,
}
CANCEL_ALL_MARKET = "5"
"""The attribute that confines a cancel-all to one market (lighter-sdk 1.1.8)."""
INVALID_ORDER_TYPE_TIF = 21705


def parse(tx_type: int, text: str | bytes) -> Asked:
    """The transaction, well formed. Raises `Refused`."""
    if tx_type not in KINDS:
        raise Refused(21505)
    try:
        asked = msgspec.json.decode(text, type=KINDS[tx_type])
    except msgspec.DecodeError as error:
        raise Refused(ErrorCode.INVALID_TX_INFO) from error
    if not all(kind.isdecimal() for kind in asked.l2_tx_attributes or {}):
        raise Refused(ErrorCode.INVALID_TX_INFO)
    return asked


def judge(asked: Asked, now_ns: int) -> None:
    """What is wrong with the transaction by itself. Raises `Refused`."""
    match asked:
        case CreateOrderInfo():
            _judge_order(asked, ms(now_ns))
        case CancelAllInfo():
            _judge_cancel_all(asked, ms(now_ns))
        case CancelOrderInfo() if asked.index < 1:
            raise Refused(ErrorCode.INVALID_ORDER_INDEX)
        case UpdateLeverageInfo() if not 1 <= asked.initial_margin_fraction <= wire.MARGIN_FRACTION_SCALE:
            raise Refused(ErrorCode.INVALID_MARGIN_FRACTION)
        case _:
            return


def _judge_order(asked: CreateOrderInfo, now_ms: int) -> None:
    if asked.type not in (wire.ORDER_TYPE_LIMIT, wire.ORDER_TYPE_MARKET):
        raise Refused(21710)
    if asked.type == wire.ORDER_TYPE_MARKET and asked.time_in_force != wire.TIF_IOC:
        raise Refused(INVALID_ORDER_TYPE_TIF)
    least = 0 if asked.reduce_only else 1
    if not least <= asked.base_amount <= wire.BASE_AMOUNT_MOST:
        raise Refused(ErrorCode.INVALID_BASE_AMOUNT)
    if not 1 <= asked.price <= wire.PRICE_MOST:
        raise Refused(ErrorCode.INVALID_PRICE)
    if not 0 <= asked.client_order_index <= wire.CLIENT_ORDER_INDEX_MOST:
        raise Refused(ErrorCode.INVALID_CLIENT_ORDER_INDEX)
    if asked.trigger_price != 0:
        raise Refused(21729)
    if not _expiry_fits(asked, now_ms):
        raise Refused(ErrorCode.INVALID_EXPIRY)


def _expiry_fits(asked: CreateOrderInfo, now_ms: int) -> bool:
    """0 for what never rests, else between 5 minutes and 30 days ahead."""
    if asked.time_in_force == wire.TIF_IOC:
        return asked.order_expiry == 0
    ahead_s = (asked.order_expiry - now_ms) / 1000
    return wire.ORDER_EXPIRY_LEAST_S <= ahead_s <= wire.ORDER_EXPIRY_MOST_S


def _judge_cancel_all(asked: CancelAllInfo, now_ms: int) -> None:
    """A scheduled one lies 5 minutes to 15 days ahead and concerns the whole account."""
    if asked.time_in_force != wire.CANCEL_ALL_SCHEDULED:
        if asked.time != 0:
            raise Refused(ErrorCode.INVALID_CANCEL_ALL_TIME)
        return
    ahead_s = (asked.time - now_ms) / 1000
    if not wire.SCHEDULED_CANCEL_LEAST_S <= ahead_s <= wire.SCHEDULED_CANCEL_MOST_S:
        raise Refused(ErrorCode.INVALID_CANCEL_ALL_TIME)
    if cancel_all_market(asked) is not None:
        raise Refused(21713)


def cancel_all_market(asked: CancelAllInfo) -> int | None:
    """The one market a cancel-all concerns, if any."""
    found = (asked.l2_tx_attributes or {}).get(CANCEL_ALL_MARKET)
    return None if found in (None, wire.NIL_MARKET_INDEX) else found
