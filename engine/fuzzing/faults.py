"""Fault rules by what they strike: one venue's orders, questions, streams; and the storms made of them.

Counterparts: `engine.simulators.faults`, which decides by them; `draw`, which draws them; `tests/scenarios/faulty`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from actors.domain import Venue
from engine.simulators.faults import (
    CapFill,
    Delay,
    DelayRequest,
    Disconnect,
    DropFrame,
    DropRequest,
    DropResponse,
    Duplicate,
    Fault,
    FaultRule,
    Garble,
    Hold,
    Reject,
    Status,
    Traffic,
)

Strikes = dict[str, Any]
"""Fields of a `FaultRule` that say which messages it is about."""

HTTP: Strikes = {"traffic": Traffic.HTTP}
FRAMES: Strikes = {"traffic": Traffic.FRAME}
HL_ORDER: Strikes = {**HTTP, "venue": "hyperliquid", "match": "/exchange", "contains": '"type":"order"'}
PAC_ORDER: Strikes = {**HTTP, "venue": "pacifica", "match": "*/orders/create"}
PAC_IOC: Strikes = {**PAC_ORDER, "contains": '"tif":"IOC"'}
LIGHTER_ORDER: Strikes = {**HTTP, "venue": "lighter", "match": "*/sendTx", "contains": "tx_type=14"}
DRIFT_RPC: Strikes = {**HTTP, "venue": "drift", "match": "/rpc"}
DRIFT_SEND: Strikes = {**DRIFT_RPC, "contains": '"sendTransaction"'}
"""Every transaction alike: orders and cancels are one method, their contents bytes."""
DRIFT_HISTORY: Strikes = {**DRIFT_RPC, "contains": '"getTransaction"'}
DRIFT_ACCOUNTS: Strikes = {**DRIFT_RPC, "contains": '"getMultipleAccounts"'}
DRIFT_BLOCKHASH: Strikes = {**DRIFT_RPC, "contains": '"getLatestBlockhash"'}
DRIFT_BOOKS: Strikes = {**FRAMES, "venue": "drift", "match": "*"}
ORDERS_OF: dict[Venue, Strikes] = {
    Venue.HYPERLIQUID: HL_ORDER,
    Venue.PACIFICA: PAC_ORDER,
    Venue.LIGHTER: LIGHTER_ORDER,
    Venue.DRIFT: DRIFT_SEND,
}
"""What carries an order to a venue."""
QUESTIONS_OF: dict[Venue, Strikes] = {
    Venue.HYPERLIQUID: {**HTTP, "venue": "hyperliquid", "match": "/info"},
    Venue.PACIFICA: {**HTTP, "venue": "pacifica", "match": "*/positions"},
    Venue.LIGHTER: {**HTTP, "venue": "lighter", "match": "*/account"},
    Venue.DRIFT: DRIFT_ACCOUNTS,
}
"""What a venue is asked when positions are verified."""
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


def rule(fault: Fault, strikes: Strikes, name: str = "", **when: Any) -> FaultRule:
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


def storm(weight: float, from_s: float, to_s: float) -> tuple[FaultRule, ...]:
    """Every fault, each with a chance of `weight`, until it is calm."""
    window = {"from_s": from_s, "to_s": to_s}
    often, seldom = {**window, "probability": weight}, {**window, "probability": weight / 10}
    return (
        rule(DropResponse(), HTTP, "answers lost", **often),
        rule(DropRequest(), HTTP, "requests lost", **often),
        rule(DelayRequest(delay_s=3.0), HTTP, "requests late", **often),
        rule(Delay(delay_s=4.0), HTTP, "answers late", **often),
        rule(Status(status=502, body="<html>"), HTTP, "bad gateway", **often),
        rule(Status(status=500, executed=True), HTTP, "server error", **often),
        rule(Reject(reason="rate_limited"), {**HTTP, "match": "*/orders/*"}, "rate limit", **often),
        rule(Disconnect(refuse_s=6.0), FRAMES, "cut", **seldom),
        rule(Delay(delay_s=2.0), FRAMES, "frames late", **often),
        rule(CapFill(fraction=Decimal("0.4")), PAC_IOC, "thin", **often),
        rule(CapFill(fraction=Decimal("0.4")), DRIFT_SEND, "thin program", **often),
        rule(DropRequest(), DRIFT_SEND, "transactions lost", **often),
        rule(DropResponse(), DRIFT_SEND, "transactions taken in silence", **often),
        rule(Status(status=503, executed=True), DRIFT_HISTORY, "history not served", **often),
        rule(Garble(find='"blockhash":"', put='"blockhash":"1'), DRIFT_BLOCKHASH, "blockhash of nobody", **seldom),
        rule(DropFrame(), DRIFT_BOOKS, "books lost", **often),
        rule(Hold(), DRIFT_BOOKS, "books out of order", **often),
        *on_own_channels(DropFrame(), **often),
        *on_own_channels(Duplicate(), **often),
        *on_own_channels(Hold(), **often),
    )


def kinds_of(rules: tuple[FaultRule, ...]) -> Iterator[tuple[str, str]]:
    """Each rule's name with what its fault is called in a plan."""
    for each in rules:
        yield each.name, str(each.fault.__struct_config__.tag)
