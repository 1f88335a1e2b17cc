from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.actor import Context
from actors.messages import EntryRefused, Envelope, InstrumentListed, LinkLost, LinkUp
from actors.pair_position import ROLE
from actors.pair_position.guards import GUARDS, INVARIANTS, tradable, within_dust
from actors.pair_position.state import with_leg
from statecharts.pair_position import CHART
from tests.factories import (
    MAKER,
    TAKER,
    PairPlay,
    adl,
    board_of,
    entry,
    filled,
    funding,
    idle_pair,
    instrument,
    market_facts,
    pair_at,
)
from tests.playbook import fires, later
from tests.stories import CLOSE, STORIES

FUNDED = funding(TAKER, "1")


# --- guards ------------------------------------------------------------------------------------------------


def refusal(play: PairPlay) -> str:
    """Why the entry is refused; the pair stays idle."""
    play.play(entry()).took("E2", "IDLE.ready")
    assert play.step is not None
    message = play.step.commands[0].message  # type: ignore[union-attr]
    assert isinstance(message, EntryRefused)
    return message.reason


def test_no_entry_while_a_link_is_down() -> None:
    play = idle_pair().play(LinkLost(venue=MAKER, reason="cut"))
    assert refusal(play) == "the link to pacifica is down"
    play.play(LinkUp(venue=MAKER), entry()).at("IDLE.taker_in_flight")


def test_no_entry_before_both_markets_are_told() -> None:
    assert refusal(idle_pair(board=board_of(*market_facts(TAKER), LinkUp(venue=MAKER)))) == (
        "pacifica has told no instrument or quote for BTC"
    )


def test_no_entry_on_an_old_quote() -> None:
    assert refusal(idle_pair().passes(1000)) == "the quote of hyperliquid is 1000 s old"
    idle_pair().passes(899).play(entry()).at("IDLE.taker_in_flight")


def test_no_entry_below_the_second_venue_s_minimum_notional() -> None:
    picky = InstrumentListed(instrument=instrument(MAKER, min_notional_usd=Decimal(1001)))
    assert refusal(idle_pair().play(picky)) == "size 10 is below the lot or minimum of pacifica"


@pytest.mark.parametrize(
    ("size", "price", "holds"),
    [("0.1", "100", True), ("0.09", "1000", False), ("0.1", "99", False), ("0.19", "99", False), ("0", "100", False)],
)
def test_a_size_is_tradable_when_it_survives_rounding_and_meets_the_minimum(size: str, price: str, holds: bool) -> None:
    assert tradable(instrument(MAKER), Decimal(size), Decimal(price)) is holds


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ("1", "-1", True),
        ("1", "-0.9", True),
        ("1", "-0.8", False),
        ("0", "0", False),
        ("0.05", "0", False),
        ("1", "1", False),
    ],
)
def test_only_opposite_open_legs_count_as_equal(first: str, second: str, equal: bool) -> None:
    assert within_dust(Decimal(first), Decimal(second), Decimal("0.1")) is equal


def test_a_hedge_too_small_for_the_maker_venue_is_not_tried() -> None:
    play = pair_at("MAKER_PENDING.canceling")
    picky = InstrumentListed(instrument=instrument(MAKER, min_notional_usd=Decimal(700)))
    play.play(picky, filled("4"), later(6, fires("order_timeout")), filled("6", 0)).at("MAKER_PENDING.in_doubt")
    assert GUARDS["hedge_viable"](play.state, context(play)) is True
    assert GUARDS["hedge_viable"](with_leg(play.state, "maker", position=Decimal(10)), context(play)) is False


def test_a_reduction_must_leave_something_and_take_something() -> None:
    play = pair_at("HEDGED.earning").play(InstrumentListed(instrument=instrument(MAKER, min_notional_usd=Decimal(501))))
    play.play(adl(4)).took("H3", "HEDGED.earning")
    play.play(adl(5))
    assert play.row == "H1"


def context(play: PairPlay) -> Context:
    envelope = Envelope(seq=0, at_ns=play.at_ns, to=play.state.actor, cause=0, message=CLOSE)
    return Context(envelope.message, envelope.at_ns, play.board, play.policy)


@pytest.mark.parametrize("place", list(STORIES))
def test_a_guard_only_looks(place: str) -> None:
    play = pair_at(place)
    before = msgspec.msgpack.encode((play.state, play.board))
    for name in sorted(GUARDS):
        if play.state.orders:
            assert GUARDS[name](play.state, context(play)) in (True, False)
    assert msgspec.msgpack.encode((play.state, play.board)) == before


# --- invariants --------------------------------------------------------------------------------------------


def break_it(name: str, play: PairPlay) -> None:
    """Change the state so that the invariant no longer holds; no message could."""
    orders = play.state.orders
    odd = {
        "books_flat": lambda: with_leg(play.state, "taker", position=Decimal(1)),
        "legs_within_dust": lambda: with_leg(play.state, "taker", position=Decimal(1)),
        "no_open_order": lambda: msgspec.structs.replace(
            play.state, orders=(*orders, msgspec.structs.replace(pair_at("IDLE.taker_in_flight").state.orders[0]))
        ),
        "reducing_orders_only": lambda: msgspec.structs.replace(
            play.state, orders=(*orders, pair_at("IDLE.taker_in_flight").state.orders[0])
        ),
        "emergency_reduces_only": lambda: msgspec.structs.replace(
            play.state,
            orders=tuple(
                msgspec.structs.replace(order, reduce_only=False) if order.purpose == "emergency" else order
                for order in orders
            ),
        ),
    }
    play.state = odd[name]()


HOLDING = [(state.name, name) for state in CHART.states for name in state.holds if name != "naked_is_watched"]


@pytest.mark.parametrize(("place", "invariant"), HOLDING)
def test_a_violated_invariant_stops_the_step(place: str, invariant: str) -> None:
    play = pair_at(place).play(FUNDED)
    break_it(invariant, play)
    with pytest.raises(AssertionError, match=f"does not hold {invariant}"):
        play.play(FUNDED)


@pytest.mark.parametrize("place", [state.name for state in CHART.states if state.timers])
def test_a_place_without_its_timer_stops_the_step(place: str) -> None:
    play = pair_at(place)
    play.state = msgspec.structs.replace(play.state, timers=())
    with pytest.raises(AssertionError, match=r"has no timer .* running"):
        play.play(FUNDED)


def test_a_naked_leg_needs_a_timer_or_an_order() -> None:
    holds = INVARIANTS["naked_is_watched"]
    naked = pair_at("REDUCING.trimming").play(filled("1")).state
    assert holds(naked)
    assert holds(msgspec.structs.replace(naked, timers=()))
    assert holds(msgspec.structs.replace(naked, orders=()))
    assert not holds(msgspec.structs.replace(naked, timers=(), orders=()))


def test_every_invariant_is_held_somewhere_and_broken_in_a_test() -> None:
    broken = {name for _, name in HOLDING} | {"naked_is_watched"}
    assert broken == {*INVARIANTS} == {*ROLE.invariants}
