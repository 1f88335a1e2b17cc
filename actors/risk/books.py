"""Counts facts into risk's own state: orders in flight, positions, what they brought, the day's equity.

Counterparts: `state`, which it fills, and `limits`, which screens by it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.actor import Context
from actors.board import Account
from actors.commands import AnyCommand, RaiseAlarm, SubmitOrder, Tell
from actors.domain import HOUR_NS, NS_PER_S, ZERO, TimeInForce
from actors.messages import (
    CancelRejected,
    CloseAsked,
    EmergencyAsked,
    ForcedFill,
    FundingPaid,
    OrderAccepted,
    OrderDenied,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PersonAsked,
    PositionDeleveraged,
    PositionLiquidated,
    PositionReported,
    TimerFired,
)
from actors.policy import Policy
from actors.risk import observing, person, throttle
from actors.risk.state import REVIEWED, Asked, Held, InFlight, Kind, RiskState, key_of

DAY_NS = 24 * HOUR_NS
"""What an account was told to have counts for so long: Drift's, unchanged, is told every minute."""
PAYMENTS_REMEMBERED = 64

__all__ = ["Asked", "Held", "InFlight", "RiskState", "absorb", "key_of", "remember", "send"]


def absorb(state: RiskState, context: Context) -> tuple[RiskState, str]:
    """Count an order, position or money fact; name the trigger. The end of an order is an own fill where it names more
    than was told: what is held is watched from the first word on."""
    message = context.message
    state = _day(observing.observed(state, context), context)
    match message:
        case PositionReported():
            return _position(state, message, context)
        case TimerFired():
            return _looked(state, context), f"timer:{message.timer}"
        case OrderFilled():
            return _fill(state, message, context), "OwnFill"
        case OrderDone():
            counted = _done(state, message, context)
            return counted, "OrderNoted" if counted.positions is state.positions else "OwnFill"
        case OrderRejected() | OrderDenied():
            return _forget(state, message.order_id), "OrderNoted"
        case OrderUnknown():
            order = state.in_flight.get(message.order_id)
            lapsed = order is not None and context.at_ns > order.lapses_ns
            return (_forget(state, message.order_id) if lapsed else state), "OrderNoted"
        case OrderAccepted() | OrderUnresolved() | CancelRejected():
            return state, "OrderNoted"
        case PositionDeleveraged():
            told = {**state.deleveraged_ns, message.venue.value: context.at_ns}
            return _forced(msgspec.structs.replace(state, deleveraged_ns=told), message, context), "OwnFill"
        case PositionLiquidated():
            return _forced(state, message, context), "OwnFill"
        case FundingPaid():
            return _funding(state, message), "FundingPaid"
        case PersonAsked():
            return person.heard(state, message)
        case _:
            return state, type(message).__name__


def remember(state: RiskState, command: AnyCommand, context: Context) -> RiskState:
    """Note what a pair was asked for, whose reason begins with the rule's name, and what people were told."""
    if isinstance(command, RaiseAlarm):
        reviewed = command.code == REVIEWED
        return _reviewed(state, command, context) if reviewed else person.remembered(state, command, context)
    if not isinstance(command, Tell) or not isinstance(command.message, CloseAsked | EmergencyAsked):
        return state
    if command.to == "pairs":
        return state
    urgent = isinstance(command.message, EmergencyAsked)
    asked = Asked(rule=command.message.reason.partition(":")[0], at_ns=context.at_ns, urgent=urgent)
    return msgspec.structs.replace(state, asked={**state.asked, command.to: asked})


def _reviewed(state: RiskState, alarm: RaiseAlarm, context: Context) -> RiskState:
    """Both legs of the pair whose name the alarm begins with."""
    legs = [key for key, held in state.positions.items() if alarm.text.startswith(f"{held.holder}: ")]
    changed = {key: msgspec.structs.replace(state.positions[key], reviewed_ns=context.at_ns) for key in legs}
    return msgspec.structs.replace(state, positions={**state.positions, **changed})


def _day(state: RiskState, context: Context) -> RiskState:
    """The first words of the accounts after midnight (UTC) are what the day's loss is counted from.

    All are taken at about one time, or a price that moved between them would look like a loss: an account that is
    first told later begins the count anew, with those that were told just now.
    """
    day_ns, accounts = context.at_ns - context.at_ns % DAY_NS, context.board.accounts
    if state.day_ns == day_ns and accounts.keys() <= state.equity_start_usd.keys():
        return state
    known = state.equity_start_usd if state.day_ns == day_ns else {}
    told = {
        venue: account.equity_usd
        for venue, account in accounts.items()
        if account.told_ns >= day_ns and is_recent(account, context.at_ns, context.policy)
    }
    if state.day_ns == day_ns and all(venue in known for venue in told):
        return state
    return msgspec.structs.replace(state, day_ns=day_ns, equity_start_usd=told)


def is_recent(account: Account, at_ns: int, policy: Policy) -> bool:
    """Whether the account was told a short time ago (`policy.risk.account_age_most_s`)."""
    return at_ns - account.told_ns <= account_age_most_ns(policy)


def account_age_most_ns(policy: Policy) -> int:
    """How long an account's word counts."""
    return round(policy.risk.account_age_most_s * NS_PER_S)


def _looked(state: RiskState, context: Context) -> RiskState:
    """Whether this look is one at the ADL levels too; and pairs that hold nothing any more are forgotten."""
    holders = [held.holder for held in state.positions.values() if held.size]
    asked = {pair: each for pair, each in state.asked.items() if pair in holders}
    due = context.at_ns - state.adl_looked_ns >= round(context.policy.adl.watch_s * NS_PER_S)
    looked_ns = context.at_ns if due else state.adl_looked_ns
    return msgspec.structs.replace(state, asked=asked, adl_looked_ns=looked_ns)


def send(state: RiskState, actor: str, order: SubmitOrder, kind: Kind, at_ns: int, grace_ns: int) -> RiskState:
    """Count an order of that kind that is about to leave."""
    entry = InFlight(
        venue=order.venue,
        asset=order.asset,
        signed_size=order.side.sign * order.size,
        limit_price=order.limit_price,
        reduce_only=order.reduce_only,
        opening=kind == "open",
        lapses_ns=order.expires_at_ns + grace_ns,
        sent_ns=at_ns,
        immediate=order.time_in_force is TimeInForce.IOC,
    )
    state = throttle.left(state, order.venue, kind, at_ns)
    key = key_of(order.venue, order.asset)
    held = state.positions.get(key) or Held(venue=order.venue, asset=order.asset)
    if held.holder != actor:
        held = msgspec.structs.replace(held, holder=actor, cash_usd=ZERO)
    return msgspec.structs.replace(
        state,
        in_flight={**state.in_flight, order.order_id: entry},
        positions={**state.positions, key: held},
        passed=state.passed + 1,
    )


def _fill(state: RiskState, message: OrderFilled, context: Context) -> RiskState:
    order = state.in_flight.get(message.order_id)
    if order is None or message.fill_id in order.fills:
        return state
    filled = order.filled + message.size
    if filled > order.filled and filled > abs(order.signed_size):
        filled = abs(order.signed_size)
    state = throttle.filled(state, order, filled, person.effective(state, context.policy), context.at_ns)
    grown = msgspec.structs.replace(order, filled=filled, fills=(*order.fills, message.fill_id))
    state = _move(state, order, filled - order.filled, message.price, message.fee_usd, context)
    if filled >= abs(order.signed_size):
        return _forget(state, message.order_id)
    return msgspec.structs.replace(state, in_flight={**state.in_flight, message.order_id: grown})


def _done(state: RiskState, message: OrderDone, context: Context) -> RiskState:
    order = state.in_flight.get(message.order_id)
    if order is None:
        return state
    untold = max(ZERO, message.filled - order.filled)
    state = throttle.filled(state, order, untold, person.effective(state, context.policy), context.at_ns)
    return _forget(_move(state, order, untold, order.limit_price, ZERO, context), message.order_id)


def _move(
    state: RiskState, order: InFlight, size: Decimal, price: Decimal, fee_usd: Decimal, context: Context
) -> RiskState:
    """Let the position follow a fill of an order of ours."""
    if not size:
        return state
    key = key_of(order.venue, order.asset)
    signed = size if order.signed_size > 0 else -size
    return _traded(state, key, signed, signed * price + fee_usd, context)


def _traded(state: RiskState, key: str, signed: Decimal, paid_usd: Decimal, context: Context) -> RiskState:
    """A position grew by a signed size for so much money; the liquidation price was that of another size, and entry and
    rank are of another position where nothing was held any more."""
    held = state.positions[key]
    if not held.size:
        held = msgspec.structs.replace(held, since_ns=context.at_ns, entry_price=None, adl_rank=None)
    changed = msgspec.structs.replace(
        held, size=held.size + signed, cash_usd=held.cash_usd - paid_usd, liquidation_price=None
    )
    return _with_position(state, key, changed)


def _forget(state: RiskState, order_id: str) -> RiskState:
    if order_id not in state.in_flight:
        return state
    left = {key: order for key, order in state.in_flight.items() if key != order_id}
    return msgspec.structs.replace(state, in_flight=left)


def _forced(state: RiskState, message: ForcedFill, context: Context) -> RiskState:
    key = key_of(message.venue, message.asset)
    held = state.positions.get(key)
    sign = message.side.sign
    if held is None or held.size * sign >= 0:
        return state
    size = min(message.size, abs(held.size))
    return _traded(state, key, sign * size, sign * size * message.price + message.fee_usd, context)


def _funding(state: RiskState, message: FundingPaid) -> RiskState:
    """Each payment record counts once."""
    key = key_of(message.venue, message.asset)
    held = state.positions.get(key)
    if held is None or message.payment_id in held.payments:
        return state
    payments = (*held.payments[1 - PAYMENTS_REMEMBERED :], message.payment_id)
    cash_usd = held.cash_usd + message.amount_usd
    return _with_position(state, key, msgspec.structs.replace(held, cash_usd=cash_usd, payments=payments))


def _position(state: RiskState, message: PositionReported, context: Context) -> tuple[RiskState, str]:
    """The venue's word wins, unless an order is in flight there and the word may be older than a fill.

    A size nobody told the price of counts at the mark.
    """
    key = key_of(message.venue, message.asset)
    held = state.positions.get(key) or Held(venue=message.venue, asset=message.asset)
    busy = any(key_of(order.venue, order.asset) == key for order in state.in_flight.values())
    size = held.size if busy else message.size
    mark = context.board.market(message.venue, message.asset).mark or message.entry_price or ZERO
    told = msgspec.structs.replace(
        held,
        size=size,
        cash_usd=held.cash_usd - (size - held.size) * mark,
        since_ns=held.since_ns if held.size else context.at_ns,
        entry_price=message.entry_price,
        liquidation_price=message.liquidation_price if size == message.size else None,
        adl_rank=message.adl_rank,
    )
    if (not told.size and not held.size) or told == held:
        return state, "PositionNoted"
    return _with_position(state, key, told), "PositionReported"


def _with_position(state: RiskState, key: str, held: Held) -> RiskState:
    return msgspec.structs.replace(state, positions={**state.positions, key: held})
