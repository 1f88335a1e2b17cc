"""The screen every order passes before it leaves: limits with every order in flight counted as filled.

Orders that open are held to all limits; orders that only reduce always pass, also after the kill switch.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.board import Board
from actors.commands import SubmitOrder
from actors.domain import BPS, LAPSE_GRACE_NS, ONE, ZERO, Venue
from actors.messages import OrderDenied
from actors.policy import Policy
from actors.risk.auto_close import Case, engine_loss
from actors.risk.books import MINUTE_NS, InFlight, RiskState, key_of, send

HEDGING = ("maker", "sweep")
"""Orders for the second leg of an entry: a loss ends what begins, it leaves no leg naked."""


def screen(
    state: RiskState, actor: str, order: SubmitOrder, board: Board, policy: Policy, at_ns: int
) -> tuple[RiskState, OrderDenied | None]:
    """Pass (and count) the order, or deny it with the rule, what was measured and the limit."""
    refusal = None if order.reduce_only else _refusal(state, order, board, policy, at_ns)
    if refusal is None:
        return send(state, actor, order, at_ns, _grace_ns(board, order)), None
    rule, measured, limit = refusal
    denied = OrderDenied(venue=order.venue, order_id=order.order_id, rule=rule, measured=measured, limit=limit)
    return msgspec.structs.replace(state, denied=state.denied + 1), denied


def _grace_ns(board: Board, order: SubmitOrder) -> int:
    """How long after its lifetime an order that its venue does not know still counts."""
    instrument = board.market(order.venue, order.asset).instrument
    return LAPSE_GRACE_NS if instrument is None else instrument.lapse_grace_ns


def _refusal(
    state: RiskState, order: SubmitOrder, board: Board, policy: Policy, at_ns: int
) -> tuple[str, str, str] | None:
    """The first limit the order would break."""
    if not state.place.startswith("WATCHING"):
        return ("openings_stopped", state.place, "WATCHING")
    loss = None if order.purpose in HEDGING else engine_loss(Case((), state, board, policy, at_ns))
    if loss is not None:
        return ("daily_loss_most_usd", f"{loss.measured.value:.2f}", str(loss.limit))
    limits = policy.risk
    recent = sum(1 for sent in state.recent_ns if at_ns - sent < MINUTE_NS)
    if recent >= limits.orders_per_minute_most:
        return ("orders_per_minute_most", str(recent), str(limits.orders_per_minute_most))
    price = _price(board, order.venue, order.asset, order.limit_price)
    if price <= 0:
        return ("reference_price", str(price), "> 0")
    distance_bps = abs(order.limit_price / price - ONE) / BPS
    if distance_bps > limits.price_collar_bps:
        return ("price_collar_bps", f"{distance_bps:.1f}", str(limits.price_collar_bps))
    notional = order.size * price
    if notional > limits.order_notional_most_usd:
        return ("order_notional_most_usd", f"{notional:.2f}", str(limits.order_notional_most_usd))
    return _exposure_refusal(state, order, board, policy)


def _exposure_refusal(
    state: RiskState, order: SubmitOrder, board: Board, policy: Policy
) -> tuple[str, str, str] | None:
    limits = policy.risk
    venue_gross = asset_gross = total_gross = net = ZERO
    for key, signed, size in exposures_with(state, order):
        venue, asset = _split(key)
        price = _price(board, venue, asset, order.limit_price)
        gross = size * price
        total_gross += gross
        venue_gross += gross if venue is order.venue else ZERO
        asset_gross += gross if asset == order.asset else ZERO
        net += signed * price
    account = board.accounts.get(order.venue.value)
    if account is None or account.equity_usd <= 0:
        return ("leverage_most", "no equity known", str(limits.leverage_most))
    for rule, measured, limit in (
        ("venue_gross_most_usd", venue_gross, limits.venue_gross_most_usd),
        ("asset_gross_most_usd", asset_gross, limits.asset_gross_most_usd),
        ("total_gross_most_usd", total_gross, limits.total_gross_most_usd),
        ("total_net_most_usd", abs(net), limits.total_net_most_usd),
        ("leverage_most", venue_gross / account.equity_usd, limits.leverage_most),
    ):
        if measured > limit:
            return (rule, f"{measured:.2f}", str(limit))
    return None


def exposures_with(state: RiskState, order: SubmitOrder | None) -> list[tuple[str, Decimal, Decimal]]:
    """(market key, signed size, worst-case size) of each market, orders in flight (and `order`) counted as filled.

    The signed size counts all of them; the worst case of a market is the larger of "all buys fill" and "all sells
    fill".
    """
    signed: dict[str, Decimal] = {key: held.size for key, held in state.positions.items()}
    buys: dict[str, Decimal] = dict.fromkeys(signed, ZERO)
    sells: dict[str, Decimal] = dict.fromkeys(signed, ZERO)
    flying = [(key_of(o.venue, o.asset), _open_size(o)) for o in state.in_flight.values() if not o.reduce_only]
    if order is not None:
        flying.append((key_of(order.venue, order.asset), order.side.sign * order.size))
    for key, size in flying:
        signed.setdefault(key, ZERO)
        into = buys if size > 0 else sells
        into[key] = into.get(key, ZERO) + size
    result = []
    for key in sorted(signed):
        up, down = signed[key] + buys.get(key, ZERO), signed[key] + sells.get(key, ZERO)
        worst = up if abs(up) >= abs(down) else down
        result.append((key, signed[key] + buys.get(key, ZERO) + sells.get(key, ZERO), abs(worst)))
    return result


def _open_size(order: InFlight) -> Decimal:
    left = abs(order.signed_size) - order.filled
    return left if order.signed_size > 0 else -left


def _split(key: str) -> tuple[Venue, str]:
    venue, _, asset = key.partition(":")
    return Venue(venue), asset


def _price(board: Board, venue: Venue, asset: str, fallback: Decimal) -> Decimal:
    """Mark, else mid, else the order's own limit."""
    market = board.market(venue, asset)
    if market.mark is not None:
        return market.mark
    return market.quote.mid if market.quote is not None else fallback
