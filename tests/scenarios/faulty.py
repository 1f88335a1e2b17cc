"""Fault rules by what they strike: one venue's orders, cancels, questions, streams."""

from __future__ import annotations

from typing import Any

from actors.domain import Venue
from engine.simulators.faults import Disconnect, DropRequest, Fault, FaultRule, Traffic

HL_ORDER: dict[str, Any] = {
    "traffic": Traffic.HTTP,
    "venue": "hyperliquid",
    "match": "/exchange",
    "contains": '"type":"order"',
}
HL_INFO: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "hyperliquid", "match": "/info"}
HL_POSITIONS: dict[str, Any] = {**HL_INFO, "contains": '"clearinghouseState"'}
HL_BBO: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "hyperliquid", "match": "bbo"}
PAC_ORDER: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "pacifica", "match": "*/orders/create"}
PAC_IOC: dict[str, Any] = {**PAC_ORDER, "contains": '"tif":"IOC"'}
PAC_MAKER: dict[str, Any] = {**PAC_ORDER, "contains": '"tif":"ALO"'}
PAC_CANCEL: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "pacifica", "match": "*/orders/cancel"}
PAC_POSITIONS: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "pacifica", "match": "*/positions"}
PAC_ACCOUNT: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "pacifica", "match": "account_*"}
PAC_BBO: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "pacifica", "match": "bbo"}
LIGHTER_SEND: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/sendTx"}
LIGHTER_ORDER: dict[str, Any] = {**LIGHTER_SEND, "contains": "tx_type=14"}
LIGHTER_IOC: dict[str, Any] = {**LIGHTER_SEND, "contains": "%22TimeInForce%22%3A0%2C%22ReduceOnly"}
LIGHTER_MAKER: dict[str, Any] = {**LIGHTER_SEND, "contains": "%22TimeInForce%22%3A2%2C%22ReduceOnly"}
LIGHTER_CANCEL: dict[str, Any] = {**LIGHTER_SEND, "contains": "tx_type=15"}
LIGHTER_OWN: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "lighter", "match": "account_*"}
LIGHTER_BOOK: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "lighter", "match": "order_book*"}
LIGHTER_ACCOUNT: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/account"}
LIGHTER_ORDERS: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/account*Orders"}
LIGHTER_TX: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/tx"}
LIGHTER_NONCE: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "lighter", "match": "*/nextNonce"}
DRIFT_RPC: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "drift", "match": "/rpc"}
DRIFT_SEND: dict[str, Any] = {**DRIFT_RPC, "contains": '"sendTransaction"'}
"""Every transaction alike: orders and cancels are one method, their contents bytes."""
DRIFT_HISTORY: dict[str, Any] = {**DRIFT_RPC, "contains": '"getTransaction"'}
DRIFT_STATUS: dict[str, Any] = {**DRIFT_RPC, "contains": '"getSignatureStatuses"'}
DRIFT_ACCOUNTS: dict[str, Any] = {**DRIFT_RPC, "contains": '"getMultipleAccounts"'}
DRIFT_HEIGHT: dict[str, Any] = {**DRIFT_RPC, "contains": '"getBlockHeight"'}
DRIFT_SIGNATURES: dict[str, Any] = {**DRIFT_RPC, "contains": '"getSignaturesForAddress"'}
DRIFT_BOOK: dict[str, Any] = {"traffic": Traffic.HTTP, "venue": "drift", "match": "/dlob/l2"}
DRIFT_BLOCKHASH: dict[str, Any] = {**DRIFT_RPC, "contains": '"getLatestBlockhash"'}
DRIFT_BOOKS: dict[str, Any] = {"traffic": Traffic.FRAME, "venue": "drift", "match": "*"}
ORDERS_OF: dict[Venue, dict[str, Any]] = {
    Venue.HYPERLIQUID: HL_ORDER,
    Venue.PACIFICA: PAC_ORDER,
    Venue.LIGHTER: LIGHTER_ORDER,
    Venue.DRIFT: DRIFT_SEND,
}
"""What carries an order to a venue."""
IOC_OF: dict[Venue, dict[str, Any]] = {**ORDERS_OF, Venue.PACIFICA: PAC_IOC, Venue.LIGHTER: LIGHTER_IOC}
MAKER_OF: dict[Venue, dict[str, Any]] = {**ORDERS_OF, Venue.PACIFICA: PAC_MAKER, Venue.LIGHTER: LIGHTER_MAKER}
"""What carries an IOC, or a post-only order, as far as the wire tells them apart."""
QUESTIONS_OF: dict[Venue, dict[str, Any]] = {
    Venue.HYPERLIQUID: HL_INFO,
    Venue.PACIFICA: PAC_POSITIONS,
    Venue.LIGHTER: LIGHTER_ACCOUNT,
    Venue.DRIFT: DRIFT_ACCOUNTS,
}
"""What a venue is asked when positions are verified."""
FRAMES_OF: dict[Venue, dict[str, Any]] = {
    Venue.PACIFICA: PAC_ACCOUNT,
    Venue.LIGHTER: LIGHTER_OWN,
    Venue.DRIFT: DRIFT_BOOKS,
}
"""What a stream tells: of our account, where it does."""
OWN_CHANNELS = (
    "orderUpdates",
    "userFills",
    "clearinghouseState",
    "account_order_updates",
    "account_trades",
    "account_positions",
    "account_all_orders",
    "account_all_trades",
    "account_all_positions",
    "account_tx",
)


def rule(fault: Fault, strikes: dict[str, Any], name: str = "", **when: Any) -> FaultRule:
    """One rule; named by what it does unless two do the same."""
    return FaultRule(name=name or f"{type(fault).__name__} {sorted(strikes.items())}", fault=fault, **strikes, **when)


def on_own_channels(fault: Fault, **when: Any) -> tuple[FaultRule, ...]:
    """The same fault on every stream that tells of our orders, fills and positions."""
    return tuple(
        FaultRule(name=f"{type(fault).__name__} {channel}", traffic=Traffic.FRAME, match=channel, fault=fault, **when)
        for channel in OWN_CHANNELS
    )


def stream_lost(venue: str, from_s: float, for_s: float) -> tuple[FaultRule, ...]:
    """The stream is cut at its next frame and stays refused; requests still work."""
    cut = Disconnect(refuse_s=for_s)
    return (FaultRule(name=f"{venue} cut", traffic=Traffic.FRAME, venue=venue, fault=cut, from_s=from_s, at_most=1),)


def outage(venue: str, from_s: float, for_s: float) -> tuple[FaultRule, ...]:
    """Nothing gets through to the venue and nothing comes from it."""
    lost = FaultRule(
        name=f"{venue} unreachable",
        traffic=Traffic.HTTP,
        venue=venue,
        fault=DropRequest(),
        from_s=from_s,
        to_s=from_s + for_s,
    )
    return (*stream_lost(venue, from_s, for_s), lost)
