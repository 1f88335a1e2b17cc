from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.domain import Side, Venue
from actors.pair_position import PairPosition
from actors.pair_position.state import REDUCING_PURPOSES, leg_on, with_leg
from tests.factories import MAKER, TAKER, deleveraged, done, filled, funding, pair_at
from tests.stories import STORIES


@pytest.mark.parametrize("place", list(STORIES))
def test_a_state_survives_the_record(place: str) -> None:
    state = pair_at(place).state
    assert msgspec.json.decode(msgspec.json.encode(state), type=PairPosition) == state
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=PairPosition) == state


def test_legs_are_found_by_venue() -> None:
    state = pair_at("HEDGED.earning").state
    assert (leg_on(state, TAKER), leg_on(state, MAKER), leg_on(state, Venue.DRIFT)) == ("taker", "maker", None)


def test_changing_one_leg_leaves_the_other() -> None:
    state = pair_at("HEDGED.earning").state
    changed = with_leg(state, "maker", position=Decimal(3))
    assert (changed.maker.position, changed.taker) == (Decimal(3), state.taker)


def test_the_second_leg_to_close_is_the_other_one() -> None:
    state = pair_at("HEDGED.earning").state
    assert (state.first_to_close, state.second_to_close) == ("maker", "taker")
    assert msgspec.structs.replace(state, first_to_close="taker").second_to_close == "maker"


def test_naked_is_beyond_dust() -> None:
    state = pair_at("HEDGED.earning").state
    assert (state.net, state.naked) == (Decimal(0), False)
    assert not with_leg(state, "maker", position=Decimal("10.1")).naked
    assert with_leg(state, "maker", position=Decimal("10.2")).naked


def test_filled_is_the_larger_of_what_was_seen_and_what_was_told() -> None:
    order = pair_at("IDLE.taker_in_flight").play(filled("4")).state.orders[0]
    assert (order.filled, order.untold, order.over) == (Decimal(4), Decimal(0), False)
    order = pair_at("IDLE.taker_in_flight").play(filled("4"), done("6")).state.orders[0]
    assert (order.filled, order.untold, order.over) == (Decimal(6), Decimal(2), True)


def test_net_is_price_and_funding_less_fees() -> None:
    state = pair_at("CLOSED.flat").play(funding(TAKER, "3"), funding(MAKER, "-1")).state
    assert state.funding_usd == 2
    assert state.fees_usd == Decimal("0.4")
    assert state.net_usd == state.price_pnl_usd + 2 - Decimal("0.4")


def test_orders_are_counted_by_purpose_leg_and_episode() -> None:
    state = pair_at("CLOSING.first_leg").play(done(), filled()).state
    assert state.sent("close") == 3
    assert state.sent("close", leg="maker") == 2
    assert state.sent("close", "taker", "maker") == 5
    assert state.sent("close", episode=state.episode) == 3
    assert state.sent("maker", episode=state.episode) == 0


def test_the_order_that_leads_into_an_episode_belongs_to_it() -> None:
    play = pair_at("HEDGED.earning")
    for again in range(2):
        play.play(deleveraged(TAKER, "2", Side.BUY, f"adl-{again}"))
        assert play.state.sent("trim", episode=play.state.episode) == 1
        play.play(filled(), *STORIES["HEDGED.earning"][-2:]).at("HEDGED.earning")


def test_reducing_purposes_are_all_but_the_entry_s_own() -> None:
    assert REDUCING_PURPOSES == ("trim", "reduce", "close", "emergency")
