"""How often: messages to the venues, and executions of the same opening in the same market. Pure.

Every order and every cancel counts as it leaves, whatever it does; what is denied for it is only what opens. An order
hedges when by risk's own count it takes the pair that sends it nearer to equal legs, whatever the order says of itself:
the leg before it stands naked, and a limit on frequency must not keep it so. Hedging has a bound of its own instead
(`hedges_per_minute_most`), which no opening can use up; and there is no hedge without an execution before it.

Executions of one side of one market within the window are counted; in flight counts as executed. At
`repeated_executions_most` the market is disarmed, and only a person arms it again (`person`).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import NS_PER_S, ZERO, Side, Venue
from actors.policy import RiskPolicy
from actors.risk.exposure import open_size
from actors.risk.state import Disarmed, Execution, Held, InFlight, Kind, RiskState, Sent, key_of

HEDGING = ("maker", "sweep")
"""What orders for the second leg of an entry are called."""
MINUTE_NS = 60 * NS_PER_S
SENT_REMEMBERED = 1000
"""More messages a minute than any limit may allow."""

Refusal = tuple[str, str, str]
"""The rule that denies, what was measured, and the limit."""


def hedges(state: RiskState, actor: str, order: SubmitOrder) -> bool:
    """Whether the order is no larger than what its pair's filled legs lack, hedges in flight counted as filled."""
    if order.reduce_only or order.purpose not in HEDGING:
        return False
    own = key_of(order.venue, order.asset)
    legs = {key: held for key, held in state.positions.items() if _is_leg(held, key == own, actor, order.asset)}
    keys = (*legs, own)
    naked = sum((held.size for held in legs.values()), ZERO)
    under_way = sum(
        (abs(open_size(other)) for other in state.in_flight.values() if _hedging_in(other, keys, order.side)), ZERO
    )
    return naked * order.side.sign < 0 and order.size + under_way <= abs(naked)


def _is_leg(held: Held, is_own: bool, actor: str, asset: str) -> bool:
    """A position of the actor's; in the order's own market also one that nobody trades, but not another's."""
    return held.asset == asset and (held.holder == actor or (is_own and not held.holder))


def _hedging_in(order: InFlight, keys: tuple[str, ...], side: Side) -> bool:
    same_side = (order.signed_size > 0) is (side.sign > 0)
    return same_side and not order.reduce_only and key_of(order.venue, order.asset) in keys


# --- messages ----------------------------------------------------------------------------------------------


def left(state: RiskState, venue: Venue, kind: Kind, at_ns: int) -> RiskState:
    """Count a message to a venue; those of the last minute are remembered."""
    recent = tuple(sent for sent in state.sent if at_ns - sent.at_ns < MINUTE_NS)
    return msgspec.structs.replace(state, sent=(*recent[1 - SENT_REMEMBERED :], Sent(at_ns, venue, kind)))


def too_many(state: RiskState, venue: Venue, kind: Kind, limits: RiskPolicy, at_ns: int) -> Refusal | None:
    """The first limit on messages that an opening or hedging order to that venue would break."""
    minute = [sent for sent in state.sent if at_ns - sent.at_ns < MINUTE_NS]
    if kind == "hedge":
        hedged = sum(1 for sent in minute if sent.kind == "hedge")
        return _beyond(("hedges_per_minute_most", hedged, limits.hedges_per_minute_most))
    second = [sent for sent in minute if at_ns - sent.at_ns < NS_PER_S]
    orders = sum(1 for sent in minute if sent.kind != "cancel")
    return _beyond(
        ("orders_per_minute_most", orders, limits.orders_per_minute_most),
        ("messages_per_minute_most", len(minute), limits.messages_per_minute_most),
        ("messages_per_second_most", len(second), limits.messages_per_second_most),
        ("venue_messages_per_minute_most", _to(minute, venue), limits.venue_messages_per_minute_most),
        ("venue_messages_per_second_most", _to(second, venue), limits.venue_messages_per_second_most),
    )


def _to(messages: list[Sent], venue: Venue) -> int:
    return sum(1 for sent in messages if sent.venue is venue)


def _beyond(*counted: tuple[str, int, int]) -> Refusal | None:
    return next(((rule, str(count), str(most)) for rule, count, most in counted if count >= most), None)


# --- executions --------------------------------------------------------------------------------------------


def repeated(state: RiskState, order: SubmitOrder, limits: RiskPolicy, at_ns: int) -> Refusal | None:
    """Why nothing more is opened in the order's market, if so: disarmed, or as often executed as it may be."""
    key, most = key_of(order.venue, order.asset), str(limits.repeated_executions_most)
    disarmed = state.disarmed.get(key)
    if disarmed is not None:
        told = f"{disarmed.executions} times {disarmed.side.value}; not re-armed by a person since"
        return ("repeated_executions_most", told, most)
    under_way = sum(
        1
        for other in state.in_flight.values()
        if other.opening
        and not other.filled
        and key_of(other.venue, other.asset) == key
        and (other.signed_size > 0) is (order.side.sign > 0)
    )
    count = executed_within(state, key, order.side, limits, at_ns) + under_way
    return ("repeated_executions_most", str(count), most) if count >= limits.repeated_executions_most else None


def executed_within(state: RiskState, key: str, side: Side, limits: RiskPolicy, at_ns: int) -> int:
    """How often that side of a market was executed within the window."""
    window_ns = round(limits.repeated_executions_window_s * NS_PER_S)
    return sum(
        1 for each in state.executions if each.market == key and each.side is side and at_ns - each.at_ns < window_ns
    )


def filled(state: RiskState, order: InFlight, size: Decimal, limits: RiskPolicy, at_ns: int) -> RiskState:
    """Count the first fill of an opening order as an execution; the last one allowed disarms its market."""
    if not size or not order.opening or order.filled:
        return state
    key, side = key_of(order.venue, order.asset), Side.BUY if order.signed_size > 0 else Side.SELL
    window_ns = round(limits.repeated_executions_window_s * NS_PER_S)
    recent = tuple(each for each in state.executions if at_ns - each.at_ns < window_ns)
    state = msgspec.structs.replace(state, executions=(*recent[1 - SENT_REMEMBERED :], Execution(at_ns, key, side)))
    count = executed_within(state, key, side, limits, at_ns)
    if count < limits.repeated_executions_most or key in state.disarmed:
        return state
    disarmed = Disarmed(at_ns=at_ns, side=side, executions=count)
    return msgspec.structs.replace(state, disarmed={**state.disarmed, key: disarmed})
