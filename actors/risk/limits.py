"""The screen every order passes before it leaves: limits with every order in flight counted as filled.

Orders that only reduce always pass, also after the kill switch. What adds exposure is held to all limits, what hedges a
leg that stands naked (`throttle.hedges`, by risk's own count) to all but those marked *. Limits are the policy's
(`policy.risk`), or lower ones that a person set (`person`). All prices are marks, else mids.

| limit | default | bounds | source |
|---|---|---|---|
| openings_stopped | | anything, once the run ends or is killed; * while a person holds openings | 15(3) |
| daily_loss_most_usd * | off | equity lost since midnight UTC (`policy.auto_close`) | ours |
| repeated_executions_most * | 12 | openings of a market's one side an hour; then a person re-arms it | 15(3) |
| orders_per_minute_most * | 120 | orders to all venues | 15(1)(d) |
| messages_per_minute_most * | 240 | orders and cancels to all venues | 15(1)(d) |
| messages_per_second_most * | 20 | the same | 15(1)(d) |
| venue_messages_per_minute_most * | 120 | orders and cancels to one venue | 15(1)(d) |
| venue_messages_per_second_most * | 10 | the same | 15(1)(d) |
| hedges_per_minute_most | 60 | orders that hedge, to all venues | ours |
| price_collar_bps | 300 | distance of a limit price from the mark | 15(1)(a) |
| path_samples_least * | 1 | marks that are known of the last `path_window_s` | 15(1)(a) |
| path_collar_bps * | 300 | distance of a limit price from their median, which no spike moves | 15(1)(a) |
| order_notional_most_usd | 50000 | one order, at the mark | 15(1)(b) |
| order_base_most | none | one order, in base units, by asset | 15(1)(c) |
| pair_long_most_usd | 60000 | long legs of one pair | ours |
| pair_short_most_usd | 60000 | its short legs | ours |
| pair_gross_most_usd | 100000 | all its legs | ours |
| venue_long_most_usd | 150000 | long positions at one venue | ours |
| venue_short_most_usd | 150000 | short ones | ours |
| venue_gross_most_usd | 200000 | both | ours |
| asset_gross_most_usd | 100000 | one asset at all venues | ours |
| total_long_most_usd | 240000 | long positions of the whole engine | ours |
| total_short_most_usd | 240000 | short ones | ours |
| total_gross_most_usd | 400000 | both | ours |
| total_net_most_usd | 60000 | long less short | ours |
| leverage_most | 3 | gross at a venue over its equity | ours |

15 is article 15 of Commission Delegated Regulation (EU) 2017/589 (RTS 6), which asks firms for price collars, maximum
order values and volumes, maximum messages limits, and a throttle on repeated automated execution that only a designated
person lifts; its paragraph 2 has every order counted at once, as here. It asks for collars on an order alone and over a
period of time: `price_collar_bps` is the former, `path_collar_bps` the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from actors.board import Board
from actors.commands import CancelAll, CancelOrder, SubmitOrder
from actors.domain import BPS, LAPSE_GRACE_NS, ONE
from actors.mark_path import mark_path
from actors.messages import OrderDenied
from actors.policy import Policy, RiskPolicy
from actors.risk import throttle
from actors.risk.auto_close import Case, engine_loss
from actors.risk.books import send
from actors.risk.exposure import exposures, exposures_with, price_of
from actors.risk.person import effective
from actors.risk.state import Kind, RiskState
from actors.risk.throttle import HEDGING, Refusal

__all__ = ["HEDGING", "canceled", "exposures_with", "screen"]

OPEN_IN = ("WATCHING",)
HEDGE_IN = ("WATCHING", "PAUSED")
"""Groups of places in which what opens, and what hedges, may pass."""


def screen(
    state: RiskState, actor: str, order: SubmitOrder, board: Board, policy: Policy, at_ns: int
) -> tuple[RiskState, OrderDenied | None]:
    """Pass (and count) the order, or deny it with the rule, what was measured and the limit."""
    kind = _kind(state, actor, order)
    refusal = None if kind == "reduce" else _refusal(state, actor, order, kind, board, policy, at_ns)
    if refusal is None:
        return send(state, actor, order, kind, at_ns, _grace_ns(board, order)), None
    rule, measured, limit = refusal
    denied = OrderDenied(venue=order.venue, order_id=order.order_id, rule=rule, measured=measured, limit=limit)
    return msgspec.structs.replace(state, denied=state.denied + 1), denied


def canceled(state: RiskState, command: CancelOrder | CancelAll, at_ns: int) -> RiskState:
    """Count a cancel, which always passes."""
    return throttle.left(state, command.venue, "cancel", at_ns)


def _kind(state: RiskState, actor: str, order: SubmitOrder) -> Kind:
    if order.reduce_only:
        return "reduce"
    return "hedge" if throttle.hedges(state, actor, order) else "open"


def _grace_ns(board: Board, order: SubmitOrder) -> int:
    """How long after its lifetime an order that its venue does not know still counts."""
    instrument = board.market(order.venue, order.asset).instrument
    return LAPSE_GRACE_NS if instrument is None else instrument.lapse_grace_ns


def _refusal(
    state: RiskState, actor: str, order: SubmitOrder, kind: Kind, board: Board, policy: Policy, at_ns: int
) -> Refusal | None:
    """The first limit the order would break."""
    if state.place.partition(".")[0] not in (HEDGE_IN if kind == "hedge" else OPEN_IN):
        return ("openings_stopped", state.place, "WATCHING")
    limits = effective(state, policy)
    opening = _opening_refusal(state, order, board, policy, limits, at_ns) if kind == "open" else None
    return (
        opening
        or throttle.too_many(state, order.venue, kind, limits, at_ns)
        or _order_refusal(order, board, limits)
        or (_path_refusal(order, board, limits, at_ns) if kind == "open" else None)
        or _exposure_refusal(state, actor, order, board, limits)
    )


def _opening_refusal(
    state: RiskState, order: SubmitOrder, board: Board, policy: Policy, limits: RiskPolicy, at_ns: int
) -> Refusal | None:
    loss = engine_loss(Case((), state, board, policy, at_ns))
    if loss is not None:
        return ("daily_loss_most_usd", f"{loss.measured.value:.2f}", str(loss.limit))
    return throttle.repeated(state, order, limits, at_ns)


def _order_refusal(order: SubmitOrder, board: Board, limits: RiskPolicy) -> Refusal | None:
    """What is wrong with the order taken alone."""
    price = price_of(board, order.venue, order.asset, order.limit_price)
    if price <= 0:
        return ("reference_price", str(price), "> 0")
    distance_bps = abs(order.limit_price / price - ONE) / BPS
    if distance_bps > limits.price_collar_bps:
        return ("price_collar_bps", f"{distance_bps:.1f}", str(limits.price_collar_bps))
    notional = order.size * price
    if notional > limits.order_notional_most_usd:
        return ("order_notional_most_usd", f"{notional:.2f}", str(limits.order_notional_most_usd))
    most = limits.order_base_most.get(order.asset)
    if most is not None and order.size > most:
        return ("order_base_most", f"{order.size} {order.asset}", str(most))
    return None


def _path_refusal(order: SubmitOrder, board: Board, limits: RiskPolicy, at_ns: int) -> Refusal | None:
    """An opening at a price that its market has not been near lately; or nobody knows where its mark has been.

    A market that tells no marks has no path: its mid is its price, and the scanner asks for nothing there.
    """
    if board.market(order.venue, order.asset).mark is None:
        return None
    path = mark_path(board, order.venue, order.asset, at_ns, limits)
    if path is None:
        return ("path_samples_least", "fewer marks told lately", str(limits.path_samples_least))
    away_bps = path.away_bps(order.limit_price)
    if away_bps > limits.path_collar_bps:
        return ("path_collar_bps", f"{away_bps:.1f}", str(limits.path_collar_bps))
    return None


def _exposure_refusal(
    state: RiskState, actor: str, order: SubmitOrder, board: Board, limits: RiskPolicy
) -> Refusal | None:
    account = board.accounts.get(order.venue.value)
    if account is None or account.equity_usd <= 0:
        return ("leverage_most", "no equity known", str(limits.leverage_most))
    measures = _measures(state, actor, order, board, account.equity_usd)
    for rule, measured in measures:
        limit: Decimal = getattr(limits, rule)
        if measured > limit:
            return (rule, f"{measured:.2f}", str(limit))
    return None


def _measures(
    state: RiskState, actor: str, order: SubmitOrder, board: Board, equity_usd: Decimal
) -> Iterator[tuple[str, Decimal]]:
    """Each limit on exposure by its name, and what the order would make of it; the nearest to the order first."""
    exposed = exposures(state, actor, order, board)
    yield "venue_gross_most_usd", exposed.venue.gross_usd
    yield "asset_gross_most_usd", exposed.asset.gross_usd
    yield "total_gross_most_usd", exposed.total.gross_usd
    yield "total_net_most_usd", abs(exposed.net_usd)
    yield "leverage_most", exposed.venue.gross_usd / equity_usd
    yield "pair_long_most_usd", exposed.pair.long_usd
    yield "pair_short_most_usd", exposed.pair.short_usd
    yield "pair_gross_most_usd", exposed.pair.gross_usd
    yield "venue_long_most_usd", exposed.venue.long_usd
    yield "venue_short_most_usd", exposed.venue.short_usd
    yield "total_long_most_usd", exposed.total.long_usd
    yield "total_short_most_usd", exposed.total.short_usd
