"""Orders meet the book: taking, resting, being crossed or reached by other people's flow, and ending."""

from dataclasses import replace
from decimal import Decimal

from engine.simulators.exchange import book, margin
from engine.simulators.exchange.events import Event, OrderDone
from engine.simulators.exchange.ledger import LiquidationNote, Party, trade
from engine.simulators.exchange.state import EXTERNAL, ZERO, Account, Listing, Order, Side, State
from engine.simulators.exchange.terms import DoneReason, OrderStatus

FLOW_WINDOW_MAX_NS = 60 * 1_000_000_000
"""Flow of a longer silence counts as this much: the levels in front would have been refilled meanwhile."""


def take(
    state: State,
    listing: Listing,
    taker: Party,
    is_buy: bool,
    limit: Decimal,
    size: Decimal,
    note: LiquidationNote | None = None,
) -> tuple[Decimal, list[Event]]:
    """Trade up to `size` at `limit` or better; returns what was traded and everybody's events."""
    side, left, events = listing.side(not is_buy), size, list[Event]()
    while left > 0 and (found := book.next_slice(side, limit)) is not None:
        price, available, resting = found
        amount = min(left, available)
        if resting is not None:
            amount, ended = _willing(state, taker.account, resting, amount)
            events += ended
        if amount > 0:
            events += _hit(state, listing, side, taker, is_buy, price, amount, resting, note)
            left -= amount
    return size - left, events


def _hit(
    state: State,
    listing: Listing,
    side: Side,
    taker: Party,
    is_buy: bool,
    price: Decimal,
    size: Decimal,
    resting: Order | None,
    note: LiquidationNote | None,
) -> list[Event]:
    """One trade of a taker with the external level (resting None) or a resting order at the front."""
    if resting is None:
        book.eat_external(side, size)
        maker = Party(account=state.accounts[EXTERNAL], is_taker=False)
    else:
        maker = maker_party(state, resting)
    buyer, seller = (taker, maker) if is_buy else (maker, taker)
    events = list[Event](trade(state, listing, price, size, buyer, seller, note))
    return events + after_fill(state, listing, taker.account, None) + after_fill(state, listing, maker.account, resting)


def maker_party(state: State, order: Order) -> Party:
    return Party(account=state.accounts[order.account], order=order, fee=state.fees.maker, is_taker=False)


def _willing(state: State, taker: Account, resting: Order, size: Decimal) -> tuple[Decimal, list[Event]]:
    """How much of `size` the resting order may trade; 0 when it had to be ended instead."""
    if resting.account == taker.name:
        return ZERO, end(state, resting, DoneReason.SELF_TRADE)
    return allowed_fill(state, resting, size)


def allowed_fill(state: State, order: Order, size: Decimal) -> tuple[Decimal, list[Event]]:
    """A resting order's fill cut to its position when reduce-only; ended when its time or margin is gone."""
    account = state.accounts[order.account]
    if order.expires_at_ns is not None and state.now_ns >= order.expires_at_ns:
        return ZERO, end(state, order, DoneReason.EXPIRED)
    held = account.size(order.asset)
    if order.reduce_only:
        closable = max(ZERO, -held if order.is_buy else held)
        ended = [] if closable else end(state, order, DoneReason.REDUCE_ONLY_CANCELED)
        return min(size, closable), ended
    grows = held >= 0 if order.is_buy else held <= 0
    after = held + (size if order.is_buy else -size)
    if grows and margin.positions_required(state, account, order.asset, after) > margin.equity(state, account):
        return ZERO, end(state, order, DoneReason.MARGIN_CANCELED)
    return size, []


def after_fill(state: State, listing: Listing, account: Account, order: Order | None) -> list[Event]:
    """End a resting order that is complete, and reduce-only orders the position no longer covers."""
    done = end(state, order, DoneReason.FILLED) if order is not None and order.remaining == 0 else []
    return done + prune_reduce_only(state, listing, account)


def prune_reduce_only(state: State, listing: Listing, account: Account) -> list[Event]:
    """Cancel the oldest resting reduce-only orders until the rest fits the position.

    Hyperliquid (testnet transcript 2026-09-07): a second one that would exceed the position cancels the
    first. The last one standing may be larger than the position; it is cut when it fills.
    """
    asset, held = listing.spec.asset, account.size(listing.spec.asset)
    orders = [o for o in account.open_orders.values() if o.reduce_only and o.asset == asset]
    against = [o for o in orders if held != 0 and o.is_buy != (held > 0)]
    doomed = [o for o in orders if o not in against]
    while len(against) > 1 and sum(o.remaining for o in against) > abs(held):
        doomed.append(against.pop(0))
    return [event for order in doomed for event in end(state, order, DoneReason.REDUCE_ONLY_CANCELED)]


def end(state: State, order: Order, reason: DoneReason) -> list[Event]:
    """Close an accepted order, resting or not."""
    state.accounts[order.account].open_orders.pop(order.order_id, None)
    book.leave(state.listings[order.asset].side(order.is_buy), order)
    order.status = OrderStatus.FILLED if reason is DoneReason.FILLED else OrderStatus.CANCELED
    order.done_reason, order.updated_at_ns = reason, state.now_ns
    return [
        OrderDone(
            at_ns=state.now_ns,
            account=order.account,
            asset=order.asset,
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            is_buy=order.is_buy,
            price=order.price,
            size=order.size,
            filled=order.filled,
            reduce_only=order.reduce_only,
            reason=reason,
        )
    ]


def rest(state: State, listing: Listing, order: Order) -> list[Event]:
    """Put what is left of an order into the book."""
    account = state.accounts[order.account]
    account.open_orders[order.order_id] = order
    book.join(listing.side(order.is_buy), order)
    return prune_reduce_only(state, listing, account) if order.reduce_only else []


def fill_crossed(state: State, listing: Listing) -> list[Event]:
    """The external book moved into resting orders: they fill at their own price, as far as its size goes."""
    events: list[Event] = []
    for side, other in ((listing.bids, listing.asks), (listing.asks, listing.bids)):
        for order in tuple(side.resting):
            while order.remaining > 0 and order in side.resting and other.external:
                level = other.external[0]
                if not book.reaches(other, level.price, order.limit):
                    break
                filled = _fill_by_outside(state, listing, order, min(order.remaining, level.size))
                if filled[0] > 0:
                    book.eat_external(other, filled[0])
                events += filled[1]
    return events


def fill_by_flow(state: State, listing: Listing, elapsed_ns: int) -> list[Event]:
    """Takers elsewhere traded since the last point: better levels go first, then queues, then our orders."""
    if listing.point is None:
        return []
    window = Decimal(min(elapsed_ns, FLOW_WINDOW_MAX_NS)) / 1_000_000_000
    sold, bought = listing.point.taker_sell_per_s * window, listing.point.taker_buy_per_s * window
    return _flow_into(state, listing, listing.bids, sold) + _flow_into(state, listing, listing.asks, bought)


def _flow_into(state: State, listing: Listing, side: Side, volume: Decimal) -> list[Event]:
    events: list[Event] = []
    used = ZERO
    for order in tuple(side.resting):
        better = book.size_better_than(side, order.limit)
        if better == 0 and not any(level.price == order.limit for level in side.external):
            order.queue_ahead = ZERO
        reach = volume - better - used
        queue = min(order.queue_ahead, max(ZERO, reach))
        book.shorten_queues(side, order.limit, queue)
        size = listing.spec.floor_size(min(order.remaining, max(ZERO, reach - queue)))
        filled = _fill_by_outside(state, listing, order, size) if size > 0 and order in side.resting else (ZERO, [])
        used += queue + filled[0]
        events += filled[1]
    return events


def _fill_by_outside(state: State, listing: Listing, order: Order, size: Decimal) -> tuple[Decimal, list[Event]]:
    """Fill a resting order against the external account at its own price."""
    amount, events = allowed_fill(state, order, size)
    if amount == 0:
        return ZERO, events
    maker, outside = maker_party(state, order), Party(account=state.accounts[EXTERNAL])
    buyer, seller = (maker, outside) if order.is_buy else (outside, maker)
    fills = list[Event](trade(state, listing, order.limit, amount, buyer, seller))
    return amount, events + fills + after_fill(state, listing, maker.account, order)


def taker_party(state: State, order: Order) -> Party:
    return replace(maker_party(state, order), fee=state.fees.taker, is_taker=True)
