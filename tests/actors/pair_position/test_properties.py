"""Whatever comes, in whatever order, told twice or late: the step never raises and never does harm."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
from hypothesis import HealthCheck, given, settings, strategies as st

from actors.commands import AdoptPosition, SubmitOrder
from actors.domain import ZERO, DoneReason, RejectReason, Side, Venue
from actors.messages import (
    ActorFaulted,
    AnyMessage,
    CloseAsked,
    EmergencyAsked,
    LinkLost,
    LinkUp,
    OrderDone,
    OrderFilled,
    PositionDeleveraged,
    QueryFailed,
    ReduceAsked,
)
from actors.pair_position.state import REDUCING_PURPOSES, LegName, leg_on
from statecharts.pair_position import CHART
from tests.factories import (
    ASSET,
    MAKER,
    TAKER,
    PairCue,
    PairPlay,
    accepted,
    adl,
    cancel_rejected,
    deleveraged,
    denied,
    done,
    entry,
    filled,
    foreign,
    funding,
    idle_pair,
    lapsed,
    pair_at,
    quote,
    rejected,
    reported,
    unknown,
    unresolved,
)
from tests.playbook import fires
from tests.stories import STORIES

LOT = Decimal("0.1")
TENTHS = st.integers(0, 10)
Move = tuple[str, int, int]
LEGS: tuple[LegName, LegName] = ("taker", "maker")


class Life:
    """A pair, what it was told, and a second count of what its orders have filled."""

    def __init__(self, play: PairPlay) -> None:
        self.play = play
        self.told: list[AnyMessage] = []
        self.fills: dict[str, dict[str, Decimal]] = {}
        self.done: dict[str, Decimal] = {}
        self.forced: list[str] = []
        self.adopted: dict[str, None] = {}
        """Orders since whose sending a size of their leg was adopted."""
        for order, sent in zip(play.state.orders, play.orders, strict=True):
            assert order.id == sent.order_id
            self.fills[order.id] = {"before": order.filled_seen}
            self.done[order.id] = order.filled_told

    def live(self, move: Move) -> None:
        """One move, if it can be made here, and all that must be true after it."""
        kind, which, tenths = move
        cue = getattr(self, f"_{kind}")(which, tenths)
        if cue is None:
            return
        play = self.play
        before, positions = len(play.orders), self._positions()
        counted = {order.order_id: self._filled(order.order_id) for order in play.orders}
        play.play(self._noting(cue))
        self._check_orders(play.orders[before:])
        self._check_places()
        self._check_positions(positions, counted)
        self._note_adoptions(positions)

    # --- moves ---------------------------------------------------------------------------------------------

    def _order(self, which: int, tenths: int) -> PairCue | None:
        """Any fact about any order."""
        orders = self.play.orders
        if not orders:
            return None
        number = which % len(orders) - len(orders)
        reasons, refusals = list(DoneReason), list(RejectReason)
        facts: list[PairCue] = [
            accepted(number),
            rejected(refusals[which % len(refusals)], number),
            unresolved(number),
            unknown(number),
            lapsed(number),
            denied(number),
            cancel_rejected(number),
            done(str(self._filled(orders[number].order_id)), reasons[which % len(reasons)], number),
            done(str(orders[number].size), DoneReason.FILLED, number),
        ]
        return facts[tenths % len(facts)]

    def _fill(self, which: int, tenths: int) -> PairCue | None:
        """A part of what is left of an order, under an id of its own."""
        orders = self.play.orders
        if not orders:
            return None
        number = which % len(orders) - len(orders)
        order = orders[number]
        left = order.size - sum(self.fills.get(order.order_id, {}).values(), ZERO)
        size = min(left, max(LOT, (order.size * tenths / 10) // LOT * LOT))
        return filled(str(size), number) if size > 0 else None

    def _late(self, which: int, tenths: int) -> PairCue | None:
        """As `_fill`, but the fill is from before anything else that was told."""
        cue = self._fill(which, tenths)
        return None if cue is None else lambda play: msgspec.structs.replace(cue(play), venue_at_ns=1)

    def _again(self, which: int, _: int) -> PairCue | None:
        """Something told before, once more."""
        told = self.told
        return (lambda __: told[which % len(told)]) if told else None

    def _timer(self, which: int, _: int) -> Callable[[PairPlay], AnyMessage] | None:
        running = self.play.timers
        return fires(running[which % len(running)]) if running else None

    def _asked(self, which: int, tenths: int) -> PairCue:
        asks: list[AnyMessage] = [
            entry(str(1 + tenths), Side.SELL if which % 2 else Side.BUY),
            CloseAsked(reason="asked"),
            ReduceAsked(fraction=Decimal(tenths) / 10, reason="asked"),
            adl(1 + tenths % 5),
            LinkLost(venue=self._venue(which), reason="cut"),
            LinkUp(venue=self._venue(which)),
            QueryFailed(venue=self._venue(which), asset=ASSET, query="position", detail="500"),
            funding(self._venue(which), str(tenths), f"pay-{tenths}"),
            foreign(self._venue(which)),
            quote(self._venue(which), bid=str(90 + tenths), ask=str(91 + tenths)),
            EmergencyAsked(reason="asked"),
            ActorFaulted(error="asked"),
        ]
        return lambda _: asks[which % len(asks)]

    def _report(self, which: int, tenths: int) -> PairCue:
        """What our books say, or nothing, or something else."""
        leg = self.play.state.leg(LEGS[which % 2])
        sizes = [None, None, None, "0", str(leg.position * tenths / 10), str(tenths - 5)]
        return reported(leg.venue, sizes[which % len(sizes)], queried=bool(tenths % 3))

    def _taken(self, which: int, tenths: int) -> PairCue | None:
        """ADL takes some of a leg, or more than all of it."""
        leg = self.play.state.leg(LEGS[which % 2])
        if not leg.position:
            return None
        side = Side.BUY if leg.position < 0 else Side.SELL
        return lambda play: deleveraged(leg.venue, str(LOT * (1 + tenths * which)), side, f"adl-{play.seq}")

    def _venue(self, which: int) -> Venue:
        return (TAKER, MAKER)[which // 2 % 2]

    # --- what must be true ---------------------------------------------------------------------------------

    def _noting(self, cue: PairCue) -> PairCue:
        def noted(play: PairPlay) -> AnyMessage:
            message = cue(play)
            self.told.append(message)
            if isinstance(message, OrderFilled):
                self.fills.setdefault(message.order_id, {})[message.fill_id] = message.size
            if isinstance(message, OrderDone):
                self.done[message.order_id] = max(self.done.get(message.order_id, ZERO), message.filled)
            return message

        return noted

    def _filled(self, order_id: str) -> Decimal:
        """Cumulative size by fill records or by the venue's own sum, whichever is larger."""
        return max(sum(self.fills.get(order_id, {}).values(), ZERO), self.done.get(order_id, ZERO))

    def _positions(self) -> dict[LegName, Decimal]:
        return {name: self.play.state.leg(name).position for name in LEGS}

    def _check_orders(self, sent: list[SubmitOrder]) -> None:
        play = self.play
        for order in sent:
            name = leg_on(play.state, order.venue)
            assert name is not None, play.dialogue()
            assert order.size > 0, play.dialogue()
            assert order.limit_price > 0
            reducing = order.purpose in REDUCING_PURPOSES
            assert order.reduce_only is reducing, play.dialogue()
            if reducing:
                position = play.state.leg(name).position
                assert order.size <= abs(position), play.dialogue()
                assert order.side.sign * position < 0, play.dialogue()
        if play.state.place.startswith("EMERGENCY"):
            assert all(order.reduce_only for order in sent), play.dialogue()
        ids = [order.order_id for order in play.orders]
        assert sorted(ids) == sorted(dict.fromkeys(ids))

    def _check_places(self) -> None:
        place = CHART.state(self.play.state.place)
        assert self.play.timers == list(place.timers), self.play.dialogue()
        assert self.play.timers or not place.may_hold_leg

    def _check_positions(self, before: dict[LegName, Decimal], counted: dict[str, Decimal]) -> None:
        """Each position moved by what its orders newly filled, by ADL at most to zero, or by adoption; else not.

        What filled before a size that the books have followed is in that size already; a claim says no time.
        """
        step, expected, message = self.play.step, dict(before), self.told[-1]
        for order in self.play.orders:
            grown = self._filled(order.order_id) - counted.get(order.order_id, ZERO)
            if order.order_id in self.adopted:
                grown = self._newly_filled(order, message)
            expected[self._leg(order.venue)] += order.side.sign * grown
        if isinstance(message, PositionDeleveraged) and message.fill_id not in self.forced:
            name, sign = self._leg(message.venue), message.side.sign
            adopted_already = message.venue_at_ns <= self.play.state.leg(name).adopted_venue_ns
            if adopted_already:
                self.forced.append(message.fill_id)
            elif before[name] * sign < 0:
                self.forced.append(message.fill_id)
                expected[name] += sign * min(message.size, abs(before[name]))
        for command in step.commands if step is not None else ():
            if isinstance(command, AdoptPosition):
                expected[self._leg(command.venue)] = command.size
        assert self._positions() == expected, self.play.dialogue()

    def _newly_filled(self, order: SubmitOrder, message: AnyMessage) -> Decimal:
        """What a message newly fills of an order that is older than an adopted size of its leg."""
        if not isinstance(message, OrderFilled) or message.order_id != order.order_id:
            return ZERO
        told_before = sum(1 for told in self.told if told == message) > 1
        adopted_ns = self.play.state.leg(self._leg(order.venue)).adopted_venue_ns
        return ZERO if told_before or message.venue_at_ns <= adopted_ns else message.size

    def _note_adoptions(self, before: dict[LegName, Decimal]) -> None:
        step = self.play.step
        for command in step.commands if step is not None else ():
            if isinstance(command, AdoptPosition) and command.size != before[self._leg(command.venue)]:
                self.adopted |= {o.order_id: None for o in self.play.orders if o.venue is command.venue}

    def _leg(self, venue: Venue) -> LegName:
        name = leg_on(self.play.state, venue)
        assert name is not None
        return name


KINDS = (
    "order",
    "order",
    "fill",
    "fill",
    "fill",
    "late",
    "again",
    "timer",
    "timer",
    "asked",
    "report",
    "report",
    "taken",
)
MOVES: st.SearchStrategy[list[Move]] = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 40), TENTHS), min_size=5, max_size=40
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moves=MOVES)
def test_no_story_from_the_beginning_raises_or_does_harm(moves: list[Move]) -> None:
    life = Life(idle_pair().play(entry()))
    for move in moves:
        life.live(move)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(place=st.sampled_from(list(STORIES)), moves=MOVES)
def test_no_story_from_any_place_raises_or_does_harm(place: str, moves: list[Move]) -> None:
    life = Life(pair_at(place))
    life.forced += [fill_id for leg in life.play.state.legs for fill_id in leg.forced]
    for move in moves:
        life.live(move)
