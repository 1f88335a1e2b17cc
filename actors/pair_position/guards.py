"""Guards of the pair position: they read after "if", look, and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from actors.actor import Context
from actors.board import Market
from actors.domain import NS_PER_S, ZERO, DoneReason, Instrument, MarketStatus, RejectReason, round_size
from actors.messages import AdlLevelEstimated, ReduceAsked
from actors.pair_position.books import reference_price
from actors.pair_position.state import LEGS, Leg, LegName, PairPosition
from statecharts.order import BY_TIME

CROSSED = (RejectReason.POST_ONLY_WOULD_CROSS.value, DoneReason.POST_ONLY_REJECTED.value)
SENT_TOO_SOON = (RejectReason.RATE_LIMITED.value, RejectReason.OTHER.value)
NOTHING_TO_REDUCE = (RejectReason.REDUCE_ONLY.value, DoneReason.REDUCE_ONLY_CANCELED.value)


def market_of(state: PairPosition, context: Context, name: LegName) -> Market:
    """The board's market of a leg."""
    return context.board.market(state.leg(name).venue, state.asset)


def flat(state: PairPosition, _: Context) -> bool:
    """Both legs are zero by our books."""
    return not state.taker.position and not state.maker.position


def within_dust(first: Decimal, second: Decimal, dust: Decimal) -> bool:
    """Two opposite positions, both open, equal within dust."""
    return first * second < 0 and abs(first + second) <= dust


def legs_within_dust(state: PairPosition, _: Context) -> bool:
    """The legs are opposite and equal within dust."""
    return within_dust(state.taker.position, state.maker.position, state.dust)


def legs_opposed(state: PairPosition, _: Context) -> bool:
    """The legs are opposite, or one is flat: reducing the larger one makes them equal."""
    return state.taker.position * state.maker.position <= 0


def orders_out(state: PairPosition, _: Context) -> bool:
    """An order may still fill."""
    return bool(state.open_orders)


def opening_order_out(state: PairPosition, _: Context) -> bool:
    """An order that is not reduce-only may still fill."""
    return any(not order.reduce_only for order in state.open_orders)


def known_alive(state: PairPosition, _: Context) -> bool:
    """An order may still fill of which the venue said that it has it."""
    return any(order.place == "OPEN" for order in state.open_orders)


def lifetimes_over(state: PairPosition, context: Context) -> bool:
    """Every order that is not over has outlived its lifetime and the venue's grace: what never arrived never will."""
    return all(order.lapses_ns < context.at_ns for order in state.open_orders)


def entry_obstacle(state: PairPosition, context: Context) -> str:
    """Why the pair cannot be entered now, or nothing."""
    now = context.at_ns
    age_most_ns = context.policy.scanner.quote_age_most_s * NS_PER_S
    for leg in state.legs:
        market = context.board.market(leg.venue, state.asset)
        if not context.board.link_up(leg.venue):
            return f"the link to {leg.venue.value} is down"
        if market.instrument is None or market.quote is None:
            return f"{leg.venue.value} has told no instrument or quote for {state.asset}"
        if now - market.quoted_ns > age_most_ns:
            return f"the quote of {leg.venue.value} is {(now - market.quoted_ns) // NS_PER_S} s old"
        if not tradable(market.instrument, state.size, market.quote.mid):
            return f"size {state.size} is below the lot or minimum of {leg.venue.value}"
    return ""


def tradable(instrument: Instrument, size: Decimal, price: Decimal) -> bool:
    """`size` survives rounding to the lot and meets the venue's minimum notional."""
    rounded = round_size(size, instrument.lot)
    return rounded > 0 and rounded * price >= instrument.min_notional_usd


def entry_viable(state: PairPosition, context: Context) -> bool:
    """Links up, quotes fresh, size above both venues' minimum; and orders never sent before from here."""
    return not entry_obstacle(state, context)


def remainder(state: PairPosition) -> Decimal:
    """What the maker leg still lacks of the taker leg's size; negative when it has more."""
    return abs(state.taker.position) - abs(state.maker.position)


def hedge_viable(state: PairPosition, context: Context) -> bool:
    """What the maker leg lacks can be traded on its venue, and the link there is up."""
    market = market_of(state, context, "maker")
    missing = remainder(state)
    if missing <= 0 or market.instrument is None or not context.board.link_up(state.maker.venue):
        return False
    return tradable(market.instrument, missing, reference_price(state, context, "maker"))


def maker_crossed(state: PairPosition, _: Context) -> bool:
    """The last order was post-only and would have crossed."""
    last = state.orders[-1]
    return last.purpose == "maker" and last.reason in CROSSED


def requotes_left(state: PairPosition, context: Context) -> bool:
    """Another post-only quote is allowed."""
    return state.sent("maker") <= context.policy.entry.requotes_most


def sweeps_left(state: PairPosition, context: Context) -> bool:
    """Another sweep is allowed."""
    return state.sent("sweep") < context.policy.entry.sweeps_most


def trims_left(state: PairPosition, context: Context) -> bool:
    """Another trim is allowed in this episode."""
    return state.sent("trim", "reduce", episode=state.episode) < context.policy.exit.close_tries_most + 1


def doubt_tries_left(state: PairPosition, context: Context) -> bool:
    """Another question about the order in doubt is allowed."""
    return state.tries < context.policy.order.doubt_tries_most


def unreachable_tries_left(state: PairPosition, context: Context) -> bool:
    """Another question to a venue that cannot be reached is allowed."""
    return state.tries < context.policy.order.unreachable_tries_most


def maker_unreachable(state: PairPosition, context: Context) -> bool:
    """The link to the maker venue is down, or it has said nothing since we came here, asked or by itself.

    A connection can be dead for a long time before it is known to be.
    """
    market = market_of(state, context, "maker")
    heard_ns = max(market.quoted_ns, market.sampled_ns, state.maker.heard_ns)
    return not context.board.link_up(state.maker.venue) or heard_ns < state.arrived_ns


def verify_tries_left(state: PairPosition, context: Context) -> bool:
    """Another question about the positions is allowed before the books follow."""
    return state.tries < context.policy.verify.verify_tries_most


def fills_told(state: PairPosition, _: Context) -> bool:
    """Every fill that the venues claim has been told with its price and fee."""
    return not any(order.untold for order in state.orders)


def both_legs_confirmed(state: PairPosition, _: Context) -> bool:
    """Both venues, asked since we came here, said what our books say."""
    return all(leg.confirmed_ns and leg.confirmed_ns >= state.arrived_ns for leg in state.legs)


def both_legs_reported(state: PairPosition, _: Context) -> bool:
    """Both venues have answered since we came here: as our books say, or otherwise twice in a row.

    One answer may be old, late, or of a venue that is about to fail; silence after it does not make it true.
    """
    return all(leg_reported(state, leg) for leg in state.legs)


def leg_reported(state: PairPosition, leg: Leg) -> bool:
    """What the leg's venue says it holds is known well enough to be followed."""
    return reported_here(state, leg) and (leg.reported == leg.position or leg.reported_again)


def reported_here(state: PairPosition, leg: Leg) -> bool:
    """The leg's venue has answered since we came here."""
    return leg.reported is not None and leg.reported_ns >= state.arrived_ns


def _reported(state: PairPosition) -> tuple[Decimal, Decimal]:
    return (state.taker.reported or ZERO, state.maker.reported or ZERO)


def reported_flat(state: PairPosition, _: Context) -> bool:
    """Both venues reported zero."""
    return _reported(state) == (ZERO, ZERO)


def leg_gone(state: PairPosition, _: Context) -> bool:
    """A venue reported that a leg of ours is flat, which no order of ours and no forced fill has told."""
    return any(leg.position and leg.reported == ZERO for leg in state.legs)


def reported_within_dust(state: PairPosition, _: Context) -> bool:
    """The reported legs are opposite and equal within dust."""
    return within_dust(*_reported(state), state.dust)


def reported_reducible(state: PairPosition, _: Context) -> bool:
    """The reported legs are opposite, or one is zero: reducing the larger repairs it."""
    first, second = _reported(state)
    return first * second <= 0


def adl_exits(_: PairPosition, context: Context) -> bool:
    """The estimated ADL level says leave."""
    message = context.message
    return isinstance(message, AdlLevelEstimated) and message.level >= context.policy.adl.exit_level


def adl_reduces(_: PairPosition, context: Context) -> bool:
    """The estimated ADL level says reduce."""
    message = context.message
    return isinstance(message, AdlLevelEstimated) and message.level >= context.policy.adl.reduce_level


def reduce_fraction(context: Context) -> Decimal:
    """How much of both legs is to leave: what was asked, else what is configured for ADL."""
    message = context.message
    return message.fraction if isinstance(message, ReduceAsked) else context.policy.adl.reduce_fraction


def reduction_viable(state: PairPosition, context: Context) -> bool:
    """On both venues something can leave and something is left to hold, above their minimum."""
    size = abs(state.taker.position)
    leaving = size * reduce_fraction(context)
    instruments = [market_of(state, context, name).instrument for name in ("taker", "maker")]
    price = reference_price(state, context, "taker")
    return all(
        instrument is not None and tradable(instrument, part, price)
        for instrument in instruments
        for part in (leaving, size - leaving)
    )


def quiet_leg_open(state: PairPosition, _: Context) -> bool:
    """A leg is open on which no order of ours may still fill."""
    return bool(quiet_legs(state))


def quiet_legs(state: PairPosition) -> tuple[LegName, ...]:
    """Open legs without an order that may still fill, in the order in which they close."""
    busy = [order.leg for order in state.open_orders]
    names = (state.first_to_close, state.second_to_close)
    return tuple(name for name in names if state.leg(name).position and name not in busy)


def first_leg_open(state: PairPosition, _: Context) -> bool:
    """The leg that closes first is not zero."""
    return bool(state.leg(state.first_to_close).position)


def close_tries_left(state: PairPosition, context: Context) -> bool:
    """Another attempt is allowed for the leg that is to close next."""
    name = state.first_to_close if first_leg_open(state, context) else state.second_to_close
    return state.sent("close", leg=name, episode=state.episode) < context.policy.exit.close_tries_most


def first_leg_refused(state: PairPosition, _: Context) -> bool:
    """The last order was for the leg that closes first, and the other one is open."""
    return state.orders[-1].leg == state.first_to_close and bool(state.leg(state.second_to_close).position)


def both_can_trade(state: PairPosition, context: Context) -> bool:
    """Both venues can be reached, and neither has halted its market."""
    return all(context.board.link_up(leg.venue) for leg in state.legs) and not _halted(state, context)


def _halted(state: PairPosition, context: Context) -> bool:
    instruments = (market_of(state, context, name).instrument for name in LEGS)
    return any(each is not None and each.status is MarketStatus.HALTED for each in instruments)


def refused_as_halted(state: PairPosition, _: Context) -> bool:
    """The last order was refused because its market is halted."""
    last = state.orders[-1]
    return last.place == "REJECTED" and last.reason == RejectReason.HALTED.value


def haircut_taken(state: PairPosition, _: Context) -> bool:
    """A venue made this pair bear somebody's loss."""
    return state.haircut_usd > 0


def _last_place(state: PairPosition) -> str:
    """Where the `order` chart has the last order; empty where none was sent yet."""
    return state.orders[-1].place if state.orders else ""


def last_order_lapsed(state: PairPosition, _: Context) -> bool:
    """The last order counts as never placed."""
    return _last_place(state) == "LAPSED"


def last_order_vanished(state: PairPosition, _: Context) -> bool:
    """The last order was taken by its venue, which after its lifetime showed it nowhere."""
    return _last_place(state) == "VANISHED"


def last_order_over_by_time(state: PairPosition, _: Context) -> bool:
    """The last order is over because its time has passed, and for no better reason."""
    return _last_place(state) in BY_TIME


def never_executed(state: PairPosition, _: Context) -> bool:
    """The last order was refused or denied: proven that nothing of it filled, where any other end is one word alone."""
    return _last_place(state) in ("REJECTED", "DENIED")


def met_nothing(state: PairPosition, _: Context) -> bool:
    """The last order was an IOC that nobody met: refused by the market, not by the venue; a wider cap may be met."""
    return state.orders[-1].reason == RejectReason.IOC_UNFILLED.value


def refused_at_once(state: PairPosition, _: Context) -> bool:
    """The last order never left, or was refused by a rate limit: sending again at once would fail again."""
    last = state.orders[-1]
    return last.place == "REJECTED" and last.reason in SENT_TOO_SOON


def refused_as_flat(state: PairPosition, _: Context) -> bool:
    """The venue refused the last order because there is nothing to reduce."""
    last = state.orders[-1]
    return last.reduce_only and last.reason in NOTHING_TO_REDUCE


def emergency_attempts(state: PairPosition) -> int:
    """Emergency orders sent in this episode, on the leg that took more of them."""
    return max(state.sent("emergency", leg=name, episode=state.episode) for name in LEGS)


def emergency_tries_left(state: PairPosition, context: Context) -> bool:
    """No leg has used up its emergency attempts."""
    return emergency_attempts(state) < context.policy.exit.emergency_tries_most


GUARDS: Mapping[str, Callable[[PairPosition, Context], bool]] = {
    guard.__name__: guard
    for guard in (
        flat,
        legs_within_dust,
        legs_opposed,
        orders_out,
        opening_order_out,
        known_alive,
        lifetimes_over,
        entry_viable,
        hedge_viable,
        maker_crossed,
        requotes_left,
        sweeps_left,
        trims_left,
        doubt_tries_left,
        unreachable_tries_left,
        maker_unreachable,
        verify_tries_left,
        fills_told,
        both_legs_confirmed,
        both_legs_reported,
        reported_flat,
        leg_gone,
        reported_within_dust,
        reported_reducible,
        adl_exits,
        adl_reduces,
        reduction_viable,
        quiet_leg_open,
        first_leg_open,
        close_tries_left,
        first_leg_refused,
        refused_as_flat,
        never_executed,
        met_nothing,
        refused_at_once,
        both_can_trade,
        refused_as_halted,
        haircut_taken,
        last_order_lapsed,
        last_order_vanished,
        last_order_over_by_time,
        emergency_tries_left,
    )
}

INVARIANTS: Mapping[str, Callable[[PairPosition], bool]] = {
    "books_flat": lambda state: not state.taker.position and not state.maker.position,
    "no_open_order": lambda state: not state.open_orders,
    "legs_within_dust": lambda state: within_dust(state.taker.position, state.maker.position, state.dust),
    "naked_is_watched": lambda state: not state.naked or bool(state.timers) or bool(state.open_orders),
    "reducing_orders_only": lambda state: all(order.reduce_only for order in state.open_orders),
    "emergency_reduces_only": lambda state: all(
        order.reduce_only for order in state.orders if order.purpose == "emergency"
    ),
}
