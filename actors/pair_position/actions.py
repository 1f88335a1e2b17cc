"""Actions of the pair position: each returns commands and changes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from actors.actor import Context
from actors.commands import (
    AdoptPosition,
    AnyCommand,
    CancelAll,
    CancelOrder,
    QueryOrder,
    QueryPosition,
    RaiseAlarm,
    SubmitOrder,
    Tell,
)
from actors.domain import NS_PER_S, ZERO, Side, TimeInForce, client_order_id, round_price, round_size
from actors.messages import (
    ActorFaulted,
    AdlLevelEstimated,
    DrainAsked,
    EntryRefused,
    LeftoverFound,
    LossSocialised,
    PairClosed,
    PairHedged,
    PairReopened,
)
from actors.notice import changed
from actors.pair_position.books import price_with_cap, reference_price, usable_quote
from actors.pair_position.guards import (
    entry_obstacle,
    leg_reported,
    market_of,
    quiet_legs,
    reduce_fraction,
    remainder,
    reported_here,
)
from actors.pair_position.state import LegName, PairPosition, Purpose, leg_on

Commands = tuple[AnyCommand, ...]


# --- building orders ---------------------------------------------------------------------------------------


def _order(
    state: PairPosition,
    context: Context,
    name: LegName,
    side: Side,
    size: Decimal,
    price: Decimal,
    purpose: Purpose,
    *,
    post_only: bool = False,
    number: int = 0,
) -> SubmitOrder:
    """An order on a leg, on the venue's lattice; opening purposes are the only ones not reduce-only.

    Prices round away from the market (a buy down, a sell up): a cap is never exceeded, a post-only never crosses.
    `number` counts further orders of the same action.
    """
    instrument = market_of(state, context, name).instrument
    assert instrument is not None, f"{state.actor} has no instrument for its {name} leg"
    lifetime_ns = round(context.policy.order.order_lifetime_s * NS_PER_S)
    return SubmitOrder(
        order_id=client_order_id(context.policy.order_namespace, state.actor, state.orders_sent + number),
        venue=state.leg(name).venue,
        asset=state.asset,
        side=side,
        size=round_size(size, instrument.lot),
        limit_price=round_price(instrument, price, up=side is Side.SELL),
        time_in_force=TimeInForce.POST_ONLY if post_only else TimeInForce.IOC,
        reduce_only=purpose not in ("taker", "maker", "sweep"),
        purpose=purpose,
        expires_at_ns=context.at_ns + lifetime_ns + _ahead_ns(state, context, name, lifetime_ns),
        decision_mid=reference_price(state, context, name),
    )


def _ahead_ns(state: PairPosition, context: Context, name: LegName, most_ns: int) -> int:
    """By how much the venue's clock is ahead: it would let an order lapse that much too soon, a closing one too."""
    return min(most_ns, max(0, context.board.skew_ns(state.leg(name).venue) or 0))


def _touch(state: PairPosition, context: Context, name: LegName, side: Side) -> Decimal:
    """The price a market order of `side` meets first: the ask for a buy, the bid for a sell."""
    quote = usable_quote(market_of(state, context, name), context)
    if quote is None:
        return reference_price(state, context, name)
    return quote.ask if side is Side.BUY else quote.bid


def _market_order(
    state: PairPosition,
    context: Context,
    name: LegName,
    side: Side,
    size: Decimal,
    slippage_bps: Decimal,
    purpose: Purpose,
    number: int = 0,
) -> SubmitOrder:
    cap = price_with_cap(_touch(state, context, name, side), side, slippage_bps)
    return _order(state, context, name, side, size, cap, purpose, number=number)


def _reducing(
    state: PairPosition,
    context: Context,
    name: LegName,
    size: Decimal,
    purpose: Purpose,
    slippage_bps: Decimal,
    number: int = 0,
) -> Commands:
    """A reduce-only IOC on a leg for at most what is open there; nothing when it is flat."""
    position = state.leg(name).position
    size = min(size, abs(position))
    if size <= 0:
        return ()
    side = Side.SELL if position > 0 else Side.BUY
    return (_market_order(state, context, name, side, size, slippage_bps, purpose, number),)


def _widened(base_bps: Decimal, tries: int) -> Decimal:
    """The price cap grows by its base with every try."""
    return base_bps * (tries + 1)


# --- entry -------------------------------------------------------------------------------------------------


def send_taker(state: PairPosition, context: Context) -> Commands:
    """The IOC on the taker venue."""
    slippage = context.policy.entry.taker_slippage_bps
    return (_market_order(state, context, "taker", state.taker_side, state.size, slippage, "taker"),)


def send_maker(state: PairPosition, context: Context) -> Commands:
    """The post-only order on the maker venue, at the touch, for exactly what is missing."""
    side = state.taker_side.opposite
    touch = _touch(state, context, "maker", side.opposite)
    return (_order(state, context, "maker", side, remainder(state), touch, "maker", post_only=True),)


def send_sweep(state: PairPosition, context: Context) -> Commands:
    """The confirmed remainder at market, the cap one step wider than last time."""
    slippage = _widened(context.policy.entry.sweep_slippage_bps, state.sent("sweep"))
    side = state.taker_side.opposite
    return (_market_order(state, context, "maker", side, remainder(state), slippage, "sweep"),)


def refuse_entry(state: PairPosition, context: Context) -> Commands:
    """Tell the scanner why there was no entry."""
    last = state.orders[-1].reason if state.orders else ""
    reason = entry_obstacle(state, context) or f"the taker order did not fill ({last or 'no fill'})"
    return (Tell(to="funding_scanner", message=EntryRefused(pair=state.actor, reason=reason)),)


# --- reducing and closing ----------------------------------------------------------------------------------


def trim_larger_leg(state: PairPosition, context: Context) -> Commands:
    """Reduce the larger leg to the size of the smaller one."""
    excess = remainder(state)
    name: LegName = "taker" if excess > 0 else "maker"
    tries = state.sent("trim", episode=state.episode)
    slippage = _widened(context.policy.exit.close_slippage_bps, tries)
    return _reducing(state, context, name, abs(excess), "trim", slippage)


def send_reduce_first(state: PairPosition, context: Context) -> Commands:
    """Reduce the less reliable leg by the fraction asked or configured; the other is trimmed to match."""
    size = abs(state.leg(state.first_to_close).position) * reduce_fraction(context)
    slippage = context.policy.exit.close_slippage_bps
    return _reducing(state, context, state.first_to_close, size, "reduce", slippage)


def send_close_first(state: PairPosition, context: Context) -> Commands:
    """Close what is open on the less reliable leg (on the other when that one is flat)."""
    name = state.first_to_close if state.leg(state.first_to_close).position else state.second_to_close
    return _close(state, context, name)


def send_close_second(state: PairPosition, context: Context) -> Commands:
    """Close what is open on the other leg."""
    return _close(state, context, state.second_to_close)


def _close(state: PairPosition, context: Context, name: LegName) -> Commands:
    tries = state.sent("close", leg=name, episode=state.episode)
    slippage = _widened(context.policy.exit.close_slippage_bps, tries)
    return _reducing(state, context, name, abs(state.leg(name).position), "close", slippage)


def close_both_legs(state: PairPosition, context: Context) -> Commands:
    """Emergency: both legs, the first one first, the second without waiting; reduce-only, a wide cap."""
    return _emergency(state, context, (state.first_to_close, state.second_to_close))


def close_quiet_legs(state: PairPosition, context: Context) -> Commands:
    """Emergency: what is open where no order of ours may still fill; the other leg's order is waited for."""
    return _emergency(state, context, quiet_legs(state))


def _emergency(state: PairPosition, context: Context, names: tuple[LegName, ...]) -> Commands:
    """The cap is widened by each of the attempts that were to be enough, and by none beyond: a stranded leg is tried
    for hours, and would be sold at any price when its market opens again."""
    exits = context.policy.exit
    commands: Commands = ()
    for name in names:
        size = abs(state.leg(name).position)
        tries = state.sent("emergency", leg=name, episode=state.episode)
        cap = _widened(exits.emergency_slippage_bps, min(tries, max(1, exits.emergency_tries_most) - 1))
        commands += _reducing(state, context, name, size, "emergency", cap, len(commands))
    return commands


# --- cancelling and asking ---------------------------------------------------------------------------------


def cancel_open_orders(state: PairPosition, _: Context) -> Commands:
    """Cancel each order that may still fill."""
    return tuple(
        CancelOrder(venue=state.leg(order.leg).venue, asset=state.asset, order_id=order.id)
        for order in state.open_orders
    )


def cancel_all_orders(state: PairPosition, _: Context) -> Commands:
    """Cancel everything of ours on both markets, known to us or not."""
    return tuple(CancelAll(venue=leg.venue, asset=state.asset) for leg in state.legs)


def cancel_lapsed_orders(state: PairPosition, _: Context) -> Commands:
    """Cancel everything of ours on a market where an order counts as never placed: should it live, it ends now."""
    lapsed = {order.leg: None for order in state.orders if order.place == "LAPSED"}
    return tuple(CancelAll(venue=state.leg(name).venue, asset=state.asset) for name in lapsed)


def query_open_orders(state: PairPosition, _: Context) -> Commands:
    """Ask what became of each order that is not over."""
    return tuple(
        QueryOrder(venue=state.leg(order.leg).venue, asset=state.asset, order_id=order.id)
        for order in state.open_orders
    )


def query_untold_fills(state: PairPosition, _: Context) -> Commands:
    """Ask for the orders whose fills were claimed and not told: the answer brings prices and fees."""
    return tuple(
        QueryOrder(venue=state.leg(order.leg).venue, asset=state.asset, order_id=order.id)
        for order in state.orders
        if order.untold
    )


def query_last_orders(state: PairPosition, context: Context) -> Commands:
    """Ask what became of the latest orders where something is left over: a fill nobody told is told then."""
    told = context.message
    assert isinstance(told, LeftoverFound)
    name = leg_on(state, told.venue)
    orders = [order for order in state.orders if order.leg == name][-context.policy.reconcile.orders_most :]
    return tuple(QueryOrder(venue=told.venue, asset=state.asset, order_id=order.id) for order in orders)


def query_positions(state: PairPosition, _: Context) -> Commands:
    """Ask both venues for our positions."""
    return tuple(QueryPosition(venue=leg.venue, asset=state.asset) for leg in state.legs)


def adopt_reported(state: PairPosition, _: Context) -> Commands:
    """Let the books follow what both venues reported."""
    return tuple(AdoptPosition(venue=leg.venue, asset=state.asset, size=leg.reported or ZERO) for leg in state.legs)


# --- telling -----------------------------------------------------------------------------------------------


def announce_hedged(state: PairPosition, _: Context) -> Commands:
    """Tell the scanner and the lifecycle that both legs are verified."""
    message = PairHedged(pair=state.actor, size=abs(state.taker.position))
    return (Tell(to="funding_scanner", message=message), Tell(to="engine_lifecycle", message=message))


def announce_closed(state: PairPosition, _: Context) -> Commands:
    """Tell everybody that the pair is flat for good, and holds its markets no longer."""
    return changed(
        PairClosed(
            pair=state.actor,
            asset=state.asset,
            taker_venue=state.taker.venue,
            maker_venue=state.maker.venue,
            reason=state.close_reason or "flat",
            net_usd=state.net_usd,
        )
    )


def announce_reopened(state: PairPosition, _: Context) -> Commands:
    """Tell everybody that the pair is open after all, and holds its markets until it is closed once more."""
    venues = (state.taker.venue, state.maker.venue)
    return changed(PairReopened(pair=state.actor, asset=state.asset, taker_venue=venues[0], maker_venue=venues[1]))


def _left(state: PairPosition) -> str:
    """What is open, for a person: sizes and venues of both legs, and what a venue says where it differs.

    An answer from before the pair came to where it is was about what was held then: it would frighten for nothing.
    """
    return ", ".join(
        f"{leg.position} {state.asset} on {leg.venue.value}"
        + (f" (the venue said {leg.reported})" if reported_here(state, leg) and leg.reported != leg.position else "")
        for leg in state.legs
    )


def alarm_doubt(state: PairPosition, _: Context) -> Commands:
    """An order's outcome stayed unknown."""
    orders = ", ".join(order.id for order in state.open_orders)
    text = f"{state.actor}: the outcome of {orders} stayed unknown; closing what our books hold: {_left(state)}"
    return (RaiseAlarm(severity="critical", code="order_in_doubt", text=text),)


def alarm_maker_down(state: PairPosition, _: Context) -> Commands:
    """The maker venue cannot be reached, and has an order in doubt; the taker leg is closed without it."""
    orders = ", ".join(order.id for order in state.open_orders)
    text = (
        f"{state.actor}: {state.maker.venue.value} cannot be reached, and what became of {orders} there is unknown; "
        f"closing what our books hold: {_left(state)}. What turns out to have filled is closed when it is back."
    )
    return (RaiseAlarm(severity="critical", code="order_in_doubt", text=text),)


def alarm_vanished(state: PairPosition, _: Context) -> Commands:
    """A venue took an order and shows it nowhere: people can ask the venue, nothing has to be done."""
    order = state.orders[-1]
    text = (
        f"{state.actor}: {state.leg(order.leg).venue.value} took order {order.id} and shows it nowhere after its "
        f"lifetime; it counts as over, {order.filled} of {order.size} seen to fill, and the positions are verified"
    )
    return (RaiseAlarm(severity="info", code="order_vanished", text=text),)


def alarm_unverified(state: PairPosition, _: Context) -> Commands:
    """A venue does not answer position queries, or not twice the same: it is named."""
    silent = tuple(leg.venue.value for leg in state.legs if not reported_here(state, leg))
    unsure = tuple(leg.venue.value for leg in state.legs if reported_here(state, leg) and not leg_reported(state, leg))
    words = [f"no answer from {' and '.join(silent)}"] if silent else []
    words += [f"no two equal answers from {' and '.join(unsure)}"] if unsure else []
    text = (
        f"{state.actor}: positions cannot be verified, {', '.join(words)}; "
        f"by our books {_left(state)}. Look at both venues."
    )
    return (RaiseAlarm(severity="warning", code="positions_unverified", text=text),)


def alarm_surprise(state: PairPosition, _: Context) -> Commands:
    """The venues hold something our books do not explain."""
    text = f"{state.actor}: the venues hold what our books do not explain ({_left(state)}); flattening"
    return (RaiseAlarm(severity="critical", code="position_surprise", text=text),)


def alarm_taken(state: PairPosition, _: Context) -> Commands:
    """Somebody closed a leg: name it, what follows, and how trading begins again."""
    gone = " and ".join(
        f"{leg.position} {state.asset} on {leg.venue.value}" for leg in state.legs if leg.position and not leg.reported
    )
    text = (
        f"{state.actor}: {gone} is gone, and no order of ours, ADL or liquidation was told that explains it: closed by "
        "hand or by `perp2perp flatten`; nothing more is opened, every pair is closed and the run ends; to trade on, "
        "see that both venues hold what you want and begin anew with `perp2perp run`"
    )
    return (RaiseAlarm(severity="critical", code="leg_taken", text=text),)


def stop_opening(state: PairPosition, _: Context) -> Commands:
    """Ask for the run's end in order: it stops openings everywhere before anything else is decided."""
    reason = f"a leg of {state.actor} was closed by somebody else"
    return (Tell(to="engine_lifecycle", message=DrainAsked(reason=reason)),)


def alarm_adl(state: PairPosition, context: Context) -> Commands:
    """Say which level was reached, by which account of it, and what is done."""
    told = context.message
    assert isinstance(told, AdlLevelEstimated)
    exits = told.level >= context.policy.adl.exit_level
    what = "both legs are closed" if exits else f"both legs are reduced by {context.policy.adl.reduce_fraction}"
    text = f"{state.actor}: ADL level {told.level} of 5 on {told.venue.value} ({told.inputs}); {what}"
    return (RaiseAlarm(severity="warning", code="adl_level", text=text),)


def alarm_socialised(state: PairPosition, context: Context) -> Commands:
    """Name what the venue took, and what is held there."""
    told = context.message
    assert isinstance(told, LossSocialised)
    text = (
        f"{state.actor}: {told.venue.value} let the holders of {state.asset} bear a loss, {told.amount_usd:.2f} USD of "
        f"it ours (its insurance is used up); the pair is to be closed; open: {_left(state)}"
    )
    return (RaiseAlarm(severity="critical", code="loss_socialised", text=text),)


def alarm_attempts(state: PairPosition, _: Context) -> Commands:
    """Bounded attempts failed."""
    text = f"{state.actor}: attempts used up, emergency close begins; open: {_left(state)}"
    return (RaiseAlarm(severity="critical", code="attempts_failed", text=text),)


def alarm_stranded(state: PairPosition, _: Context) -> Commands:
    """Name what is left open and what to do."""
    doubted = ", ".join(f"{order.id} on {state.leg(order.leg).venue.value}" for order in state.open_orders)
    unknown = f"; what became of {doubted} is unknown" if doubted else ""
    text = f"{state.actor}: could not be flattened; left open: {_left(state)}{unknown}. Close by hand, or ask again."
    return (RaiseAlarm(severity="critical", code="leg_stranded", text=text),)


def alarm_fault(state: PairPosition, context: Context) -> Commands:
    """Our own step raised."""
    error = context.message.error if isinstance(context.message, ActorFaulted) else "unknown"
    text = f"{state.actor}: a step failed ({error}); emergency close; open: {_left(state)}"
    return (RaiseAlarm(severity="critical", code="actor_fault", text=text),)


ACTIONS: Mapping[str, Callable[[PairPosition, Context], Commands]] = {
    action.__name__: action
    for action in (
        send_taker,
        send_maker,
        send_sweep,
        refuse_entry,
        trim_larger_leg,
        send_reduce_first,
        send_close_first,
        send_close_second,
        close_both_legs,
        close_quiet_legs,
        cancel_open_orders,
        cancel_all_orders,
        cancel_lapsed_orders,
        query_open_orders,
        query_untold_fills,
        query_last_orders,
        query_positions,
        adopt_reported,
        announce_hedged,
        announce_closed,
        announce_reopened,
        alarm_doubt,
        alarm_maker_down,
        alarm_vanished,
        alarm_unverified,
        alarm_surprise,
        alarm_taken,
        stop_opening,
        alarm_adl,
        alarm_socialised,
        alarm_attempts,
        alarm_stranded,
        alarm_fault,
    )
}
