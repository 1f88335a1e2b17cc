"""Fault rules by what they strike: one venue's orders, cancels, questions, streams."""

from __future__ import annotations

from typing import Any

from actors.domain import Venue
from engine.fuzzing.faults import (
    DRIFT_ACCOUNTS,
    DRIFT_BLOCKHASH,
    DRIFT_BOOKS,
    DRIFT_HISTORY,
    DRIFT_RPC,
    DRIFT_SEND,
    HL_ORDER,
    LIGHTER_ORDER,
    ORDERS_OF,
    OWN_CHANNELS,
    PAC_IOC,
    PAC_ORDER,
    QUESTIONS_OF,
    on_own_channels,
    outage,
    rule,
    stream_lost,
)
from engine.simulators.faults import Traffic

HL_INFO: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "hyperliquid", "match": "/info"}
HL_POSITIONS: dict[str, Any] = {**HL_INFO, "contains": '"clearinghouseState"'}
HL_BBO: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "hyperliquid", "match": "bbo"}
PAC_MAKER: dict[str, Any] = {**PAC_ORDER, "contains": '"tif":"ALO"'}
PAC_CANCEL: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "pacifica", "match": "*/orders/cancel"}
PAC_POSITIONS: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "pacifica", "match": "*/positions"}
PAC_ACCOUNT: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "pacifica", "match": "account_*"}
PAC_BBO: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "pacifica", "match": "bbo"}
LIGHTER_SEND: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/sendTx"}
LIGHTER_IOC: dict[str, Any] = {**LIGHTER_SEND, "contains": "%22TimeInForce%22%3A0%2C%22ReduceOnly"}
LIGHTER_MAKER: dict[str, Any] = {**LIGHTER_SEND, "contains": "%22TimeInForce%22%3A2%2C%22ReduceOnly"}
LIGHTER_CANCEL: dict[str, Any] = {**LIGHTER_SEND, "contains": "tx_type=15"}
LIGHTER_OWN: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "lighter", "match": "account_*"}
LIGHTER_BOOK: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "lighter", "match": "order_book*"}
LIGHTER_ACCOUNT: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/account"}
LIGHTER_ORDERS: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/account*Orders"}
LIGHTER_TX: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/tx"}
LIGHTER_NONCE: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/nextNonce"}
DRIFT_STATUS: dict[str, Any] = {**DRIFT_RPC, "contains": '"getSignatureStatuses"'}
DRIFT_HEIGHT: dict[str, Any] = {**DRIFT_RPC, "contains": '"getBlockHeight"'}
DRIFT_SIGNATURES: dict[str, Any] = {**DRIFT_RPC, "contains": '"getSignaturesForAddress"'}
DRIFT_BOOK: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "drift", "match": "/dlob/l2"}
IOC_OF: dict[Venue, dict[str, Any]] = {**ORDERS_OF, Venue.PACIFICA: PAC_IOC, Venue.LIGHTER: LIGHTER_IOC}
MAKER_OF: dict[Venue, dict[str, Any]] = {**ORDERS_OF, Venue.PACIFICA: PAC_MAKER, Venue.LIGHTER: LIGHTER_MAKER}
"""What carries an IOC, or a post-only order, as far as the wire tells them apart."""
FRAMES_OF: dict[Venue, dict[str, Any]] = {
    Venue.PACIFICA: PAC_ACCOUNT,
    Venue.LIGHTER: LIGHTER_OWN,
    Venue.DRIFT: DRIFT_BOOKS,
}
"""What a stream tells: of our account, where it does."""

__all__ = [
    "DRIFT_ACCOUNTS",
    "DRIFT_BLOCKHASH",
    "DRIFT_BOOKS",
    "DRIFT_HISTORY",
    "DRIFT_RPC",
    "DRIFT_SEND",
    "HL_ORDER",
    "LIGHTER_ORDER",
    "ORDERS_OF",
    "OWN_CHANNELS",
    "PAC_IOC",
    "PAC_ORDER",
    "QUESTIONS_OF",
    "on_own_channels",
    "outage",
    "rule",
    "stream_lost",
]
