"""How often: messages, and executions of one opening; hedging has a bound of its own, reducing none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.commands import CancelAll, CancelOrder, SubmitOrder
from actors.domain import RejectReason, Side, Venue
from actors.messages import OrderRejected, RearmAsked
from actors.risk.limits import canceled
from actors.risk.state import key_of
from actors.risk.throttle import SENT_REMEMBERED, hedges
from tests.actors.risk.orders import RiskPlay, limited, order, send, watching
from tests.actors.risk.test_books import fill, over
from tests.factories import ASSET, MAKER, PAIR, TAKER, sample

KEY = key_of(TAKER, ASSET)
REARM = RearmAsked(command_id="1", by="Ann", reason="looked at", market=KEY)


def rule(play: RiskPlay, wish: SubmitOrder, actor: str = PAIR) -> str:
    denied = send(play, wish, actor)
    return "" if denied is None else denied.rule


def cancel(play: RiskPlay, venue: Venue = TAKER) -> None:
    play.state = canceled(play.state, CancelOrder(venue=venue, asset=ASSET, order_id="x"), play.at_ns)


def hedge(order_id: str = "hedge", size: str = "10", side: Side = Side.SELL, venue: Venue = MAKER) -> SubmitOrder:
    return replace(order(size, side, venue, order_id=order_id), purpose="maker")


def naked(**limits: object) -> RiskPlay:
    """The taker leg of 10 is filled, the other leg is missing."""
    play = watching(limited(**limits))
    assert send(play, order("10")) is None
    return play.play(fill("10"))


@pytest.mark.parametrize(
    ("name", "venue", "seconds"),
    [
        ("messages_per_minute_most", MAKER, 60),
        ("messages_per_second_most", MAKER, 1),
        ("venue_messages_per_minute_most", TAKER, 60),
        ("venue_messages_per_second_most", TAKER, 1),
    ],
)
def test_orders_and_cancels_are_counted_and_openings_wait_until_the_time_is_over(
    name: str, venue: Venue, seconds: int
) -> None:
    play = watching(limited(**{name: 2}))
    assert rule(play, order(order_id="a")) == ""
    cancel(play)
    assert rule(play, order(order_id="b", venue=venue)) == name
    assert rule(play, order("1000", order_id="out", reduce_only=True)) == ""
    assert rule(play.passes(seconds), order(order_id="c", venue=venue)) == ""


@pytest.mark.parametrize(
    "name",
    [
        "orders_per_minute_most",
        "messages_per_minute_most",
        "messages_per_second_most",
        "venue_messages_per_minute_most",
        "venue_messages_per_second_most",
    ],
)
def test_each_message_counts_once_and_the_denial_says_how_many_there_were(name: str) -> None:
    play = watching(limited(**{name: 2}))
    assert [rule(play, order(order_id=order_id)) for order_id in ("a", "b")] == ["", ""]
    denied = send(play, order(order_id="c"))
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == (name, "2", "2")


def test_a_cancel_is_no_order() -> None:
    play = watching(limited(orders_per_minute_most=1))
    cancel(play)
    assert rule(play, order()) == ""


@pytest.mark.parametrize("name", ["venue_messages_per_minute_most", "venue_messages_per_second_most"])
def test_what_goes_to_another_venue_is_not_counted_for_this_one(name: str) -> None:
    play = watching(limited(**{name: 1}))
    cancel(play, MAKER)
    assert rule(play, order()) == ""


def test_a_cancel_of_a_whole_market_is_one_message() -> None:
    play = watching()
    state = canceled(play.state, CancelAll(venue=TAKER, asset=ASSET), play.at_ns)
    assert [sent.kind for sent in state.sent] == ["cancel"]


def test_what_is_remembered_is_bounded() -> None:
    play = watching()
    for _ in range(SENT_REMEMBERED + 5):
        cancel(play)
    assert len(play.state.sent) == SENT_REMEMBERED


NOTHING_OPENS = {
    "orders_per_minute_most": 1,
    "messages_per_minute_most": 1,
    "messages_per_second_most": 1,
    "venue_messages_per_minute_most": 1,
    "venue_messages_per_second_most": 1,
    "repeated_executions_most": 1,
}


def test_a_naked_leg_is_hedged_whatever_was_sent_before_it() -> None:
    play = naked(**NOTHING_OPENS)
    assert rule(play, order(order_id="more", side=Side.SELL, venue=MAKER)) == "orders_per_minute_most"
    assert rule(play, hedge()) == ""


@pytest.mark.parametrize(
    ("wish", "actor"),
    [
        (hedge(size="10.1"), PAIR),
        (hedge(side=Side.BUY), PAIR),
        (hedge(), "pair_position/BTC-2"),
        (replace(hedge(), asset="ETH"), PAIR),
        (replace(hedge(), purpose="taker"), PAIR),
    ],
    ids=["larger than the leg", "to the same side", "of another pair", "of another asset", "the first leg"],
)
def test_an_order_does_not_hedge_because_it_says_so(wish: SubmitOrder, actor: str) -> None:
    play = naked()
    assert hedges(play.state, PAIR, hedge())
    assert not hedges(play.state, actor, wish)


def test_closing_another_pair_s_leg_is_no_hedge() -> None:
    play = naked()
    assert not hedges(play.state, "pair_position/BTC-2", hedge(venue=TAKER))
    assert hedges(play.state, PAIR, hedge(venue=TAKER))


def test_what_hedges_already_counts_as_filled() -> None:
    play = naked()
    assert rule(play, hedge("a", "6")) == ""
    assert not hedges(play.state, PAIR, hedge("b", "5"))
    assert hedges(play.state, PAIR, hedge("b", "4"))


def test_a_bought_hedge_smaller_than_one_unit_counts_as_filled_too() -> None:
    play = watching()
    assert rule(play, order("0.8", Side.SELL)) == ""
    play.play(replace(fill("0.8"), side=Side.SELL))
    assert rule(play, hedge("a", "0.5", Side.BUY)) == ""
    assert not hedges(play.state, PAIR, hedge("b", "0.5", Side.BUY))
    assert hedges(play.state, PAIR, hedge("b", "0.3", Side.BUY))


def test_what_enlarges_a_small_leg_hedges_nothing() -> None:
    play = watching()
    assert rule(play, order("0.5")) == ""
    play.play(fill("0.5"))
    assert not hedges(play.state, PAIR, hedge("more", "0.4", Side.BUY))
    assert hedges(play.state, PAIR, hedge("less", "0.4"))


def test_a_position_nobody_trades_is_a_leg_only_in_the_order_s_own_market() -> None:
    play = naked()
    nobody = replace(play.state.positions[KEY], holder="")
    state = replace(play.state, positions={KEY: nobody})
    assert hedges(state, PAIR, hedge(venue=TAKER))
    assert not hedges(state, PAIR, hedge(venue=MAKER))


def test_hedging_has_a_bound_of_its_own() -> None:
    """A decider that calls everything a hedge, and whose orders are all refused, is stopped all the same."""
    play = naked(hedges_per_minute_most=2)
    for number in range(3):
        name = f"hedge-{number}"
        assert rule(play, hedge(name)) == ("hedges_per_minute_most" if number == 2 else "")
        refused = OrderRejected(venue=MAKER, order_id=name, reason=RejectReason.OTHER, detail="")
        play.play(refused)
    assert rule(play.passes(60), hedge("later")) == ""


# --- repeated executions -----------------------------------------------------------------------------------


def executed(play: RiskPlay, name: str, side: Side = Side.BUY) -> str:
    denied = rule(play, order("1", side, order_id=name))
    if not denied:
        told = replace(fill("1", name, name), side=side)
        play.play(told)
    return denied


def often(play: RiskPlay, times: int) -> list[str]:
    return [executed(play.passes(90), str(number)) for number in range(times)]


def test_after_so_many_executions_nothing_is_opened_there_until_a_person_arms_it_again() -> None:
    play = watching(limited(repeated_executions_most=3))
    assert often(play, 4) == ["", "", "", "repeated_executions_most"]
    play.passes(100 * 3600).play(sample(TAKER), sample(MAKER))
    assert rule(play, order(order_id="next day")) == "repeated_executions_most"
    assert rule(play, order("1", Side.SELL, order_id="other side")) == "repeated_executions_most"
    assert rule(play, order(venue=MAKER, order_id="other market")) == ""
    assert rule(play, order("3", Side.SELL, order_id="out", reduce_only=True)) == ""
    play.play(REARM)
    assert rule(play, order(order_id="armed")) == ""


def test_executions_further_apart_than_the_window_are_no_repetition() -> None:
    play = watching(limited(repeated_executions_most=2, repeated_executions_window_s=60.0))
    assert often(play, 5) == [""] * 5


def test_each_side_is_counted_apart() -> None:
    play = watching(limited(repeated_executions_most=2))
    assert [executed(play, "a"), executed(play, "b", Side.SELL), executed(play, "c")] == [""] * 3
    assert executed(play, "d", Side.SELL) == "repeated_executions_most"


def test_what_is_in_flight_counts_as_executed_and_what_filled_nothing_does_not() -> None:
    play = watching(limited(repeated_executions_most=1))
    assert rule(play, order()) == ""
    assert rule(play, order(order_id="b")) == "repeated_executions_most"
    assert play.state.disarmed == {}
    play.play(over("0"))
    assert rule(play, order(order_id="c")) == ""


def test_only_openings_of_the_same_side_of_the_market_in_flight_count_and_each_once() -> None:
    play = watching(limited(repeated_executions_most=2))
    assert [rule(play, order(order_id=name, venue=venue)) for name, venue in (("a", TAKER), ("b", MAKER))] == ["", ""]
    assert rule(play, order(order_id="c", side=Side.SELL)) == ""
    assert rule(play, order(order_id="d")) == ""
    denied = send(play, order(order_id="e"))
    assert denied is not None
    assert (denied.rule, denied.measured, denied.limit) == ("repeated_executions_most", "2", "2")


def test_an_order_that_goes_on_filling_counts_once() -> None:
    play = watching(limited(repeated_executions_most=2))
    assert rule(play, order("10")) == ""
    play.play(fill("1"))
    assert rule(play, order(order_id="b")) == ""


def test_a_hedge_in_flight_is_no_repetition() -> None:
    play = naked(repeated_executions_most=1)
    assert rule(play, hedge()) == ""
    assert rule(play, order("1", Side.SELL, MAKER, order_id="opens")) == ""


def test_a_disarmed_market_says_how_often_it_may_be_opened() -> None:
    play = watching(limited(repeated_executions_most=3))
    assert often(play, 3) == [""] * 3
    denied = send(play, order(order_id="next"))
    assert denied is not None
    assert (denied.measured.partition(";")[0], denied.limit) == ("3 times buy", "3")


def test_one_order_is_one_execution_however_many_fills_it_has() -> None:
    play = watching(limited(repeated_executions_most=2))
    assert rule(play, order("10")) == ""
    play.play(fill("1", "a"), fill("2", "b"), over("10"))
    assert (len(play.state.executions), play.state.disarmed) == (1, {})


def test_a_fill_that_only_the_order_s_end_tells_is_an_execution_too() -> None:
    play = watching(limited(repeated_executions_most=1))
    assert rule(play, order("10")) == ""
    assert play.play(over("4")).state.disarmed[KEY].executions == 1


def test_people_are_told_of_a_disarmed_market_once() -> None:
    play = watching(limited(repeated_executions_most=1))
    assert rule(play, order("10")) == ""
    play.play(fill("1", "a"))
    assert play.state.disarmed[KEY].told
    (play >> fill("1", "b")).took("K2")
    assert play.state.positions[KEY].size == Decimal(2)
