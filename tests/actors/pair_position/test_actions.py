from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.board import VenueClock
from actors.commands import QueryOrder, RaiseAlarm, SubmitOrder, Tell
from actors.domain import (
    NS_PER_S,
    DoneReason,
    RejectReason,
    Side,
    TimeInForce,
    client_order_id,
    round_price,
    round_size,
)
from actors.messages import AnyMessage, EntryRefused, PairHedged, ReduceAsked
from actors.pair_position.state import REDUCING_PURPOSES
from actors.policy import EntryPolicy, ExitPolicy, Policy, ReconcilePolicy
from tests.actors.pair_position.scenes import Scene
from tests.actors.pair_position.scenes_closing import LEFTOVER
from tests.actors.pair_position.scenes_verifying import ASKED_OUT
from tests.actors.pair_position.test_rows import SCENES
from tests.factories import (
    ASSET,
    MAKER,
    PAIR,
    TAKER,
    PairPlay,
    accepted,
    both_confirm,
    closed,
    deleveraged,
    done,
    entry,
    filled,
    idle_pair,
    instrument,
    pair_at,
    quote,
    rejected,
    reported,
)
from tests.playbook import fires, later
from tests.stories import BOTH_REFUSED, CLOSE, EMERGENCY, STORIES

CROSSED = RejectReason.POST_ONLY_WOULD_CROSS


def sent_in_all_scenes() -> list[SubmitOrder]:
    """Every order of every scene."""
    return [order for scene in SCENES for order in pair_at(scene.start).play(*scene.cues).orders]


# --- orders ------------------------------------------------------------------------------------------------


def test_every_order_is_on_the_venue_s_lattice() -> None:
    sent = sent_in_all_scenes()
    assert len(sent) > 200
    for order in sent:
        rules = instrument(order.venue)
        assert order.size == round_size(order.size, rules.lot) > 0
        assert order.limit_price == round_price(rules, order.limit_price, up=True)


def test_every_reducing_purpose_is_reduce_only_and_no_other() -> None:
    purposes = {order.purpose: order.reduce_only for order in sent_in_all_scenes()}
    assert {name for name, only in purposes.items() if only} == {*REDUCING_PURPOSES}
    assert {name for name, only in purposes.items() if not only} == {"taker", "maker", "sweep"}


@pytest.mark.parametrize("side", [Side.SELL, Side.BUY])
def test_a_cap_is_never_exceeded_by_rounding(side: Side) -> None:
    odd: list[AnyMessage] = [quote(venue, bid="99.933", ask="100.077") for venue in (TAKER, MAKER)]
    play = idle_pair().play(*odd, entry(side=side), filled(), fires("maker_timeout"), done(), filled(), *both_confirm())
    play.play(CLOSE, done(), filled())
    touches = {Side.BUY: Decimal("100.077"), Side.SELL: Decimal("99.933")}
    bps = {"taker": 8, "sweep": 12, "close": 60}
    for order in play.orders:
        if order.purpose in bps:
            cap = touches[order.side] * (1 + order.side.sign * Decimal(bps[order.purpose]) / 10_000)
            assert (cap - order.limit_price) * order.side.sign >= 0, order


@pytest.mark.parametrize(("side", "price"), [(Side.SELL, "99.95"), (Side.BUY, "100.1")])
def test_a_post_only_quote_stands_at_the_touch_and_never_crosses(side: Side, price: str) -> None:
    """The maker leg buys when the taker leg sold: at the bid, rounded down; it sells at the ask, rounded up."""
    play = idle_pair().play(quote(MAKER, bid="99.97", ask="100.07"), entry(side=side), filled())
    maker = play.last_order
    assert (maker.time_in_force, maker.limit_price) == (TimeInForce.POST_ONLY, Decimal(price))
    assert maker.side is side.opposite


def test_only_the_maker_order_is_post_only_all_others_are_ioc() -> None:
    for order in sent_in_all_scenes():
        assert (order.time_in_force is TimeInForce.POST_ONLY) == (order.purpose == "maker")
        assert order.time_in_force is not TimeInForce.GTC


def test_an_order_lives_no_longer_than_its_policy_says() -> None:
    play = idle_pair().play(entry())
    assert play.last_order.expires_at_ns == play.at_ns + 20 * NS_PER_S


def caps_bps(play: PairPlay, purpose: str, touch: Decimal) -> list[int]:
    return [round(abs(order.limit_price / touch - 1) * 10_000) for order in play.orders if order.purpose == purpose]


@pytest.mark.parametrize(("ahead_s", "more_s"), [(7, 7), (-7, 0), (0, 0), (100, 20)])
def test_an_order_lives_as_long_by_a_clock_that_is_ahead_at_most_twice_its_lifetime(ahead_s: int, more_s: int) -> None:
    """A venue seven seconds ahead would refuse it seven seconds too soon, also one that closes."""
    play = pair_at("HEDGED.earning")
    clock = VenueClock(window=0, ahead_ns=ahead_s * NS_PER_S)
    play.board = msgspec.structs.replace(play.board, clocks={MAKER.value: clock})
    play.play(CLOSE)
    assert play.last_order.expires_at_ns - play.at_ns == (20 + more_s) * NS_PER_S


def test_an_order_is_given_up_later_where_the_venue_s_clock_is_behind() -> None:
    """By its own clock it may still take the order: nothing is concluded from its silence before."""
    lapses = []
    for behind_s in (0, 7):
        play = pair_at("HEDGED.earning")
        clock = VenueClock(window=0, ahead_ns=-behind_s * NS_PER_S)
        play.board = msgspec.structs.replace(play.board, clocks={MAKER.value: clock})
        lapses.append(play.play(CLOSE).state.orders[-1].lapses_ns)
    assert lapses[1] - lapses[0] == 7 * NS_PER_S


def test_each_sweep_widens_its_cap() -> None:
    in_vain = (done(), *both_confirm())
    play = pair_at("MAKER_PENDING.sweeping").play(*in_vain, *in_vain)
    assert [order.purpose for order in play.orders[2:]] == ["sweep"] * 3
    assert caps_bps(play, "sweep", Decimal("100.05")) == [10, 20, 35]  # 12, 24, 36 less rounding to the tick
    assert play.play(done()).last_order.purpose == "trim"


def test_each_close_of_a_leg_widens_its_cap_and_the_other_leg_begins_anew() -> None:
    play = pair_at("CLOSING.first_leg").play(done(), done(), filled())
    assert caps_bps(play, "close", Decimal("99.95"))[:3] == [15, 35, 55]  # 20, 40, 60 less rounding to the tick
    assert play.last_order.venue is TAKER
    assert play.last_order.limit_price == Decimal("100.25")  # 20 bps of the ask


def test_a_leg_is_closed_in_at_most_so_many_attempts() -> None:
    play = pair_at("CLOSING.first_leg", Policy(exit=ExitPolicy(close_tries_most=2))).play(done(), done())
    assert [order.purpose for order in play.orders[2:]] == ["close", "close", "emergency", "emergency"]


def test_each_emergency_attempt_on_a_leg_widens_its_cap() -> None:
    play = pair_at("EMERGENCY.closing").play(*BOTH_REFUSED)
    caps = [order.limit_price for order in play.orders if order.purpose == "emergency" and order.venue is MAKER]
    assert len(caps) == 2
    assert caps[1] < caps[0] < Decimal("99.95")


def test_an_emergency_tries_each_leg_so_often_and_no_more() -> None:
    play = pair_at("EMERGENCY.closing", Policy(exit=ExitPolicy(emergency_tries_most=2)))
    play.play(*BOTH_REFUSED, *BOTH_REFUSED).at("EMERGENCY.stranded")
    assert [order.purpose for order in play.orders[2:]] == ["emergency"] * 4


def test_quotes_are_replaced_inside_the_one_maker_timer() -> None:
    play = pair_at("TAKER_FILLED.maker_in_flight")
    due_ns = play.due_ns("maker_timeout")
    play.play(later(2, rejected(CROSSED)), accepted(), later(2, done(reason=DoneReason.POST_ONLY_REJECTED)))
    assert [order.purpose for order in play.orders] == ["taker", "maker", "maker", "maker"]
    assert play.due_ns("maker_timeout") == due_ns


@pytest.mark.parametrize("most", [0, 2])
def test_a_crossing_quote_is_replaced_so_often_and_then_taken_at_market(most: int) -> None:
    play = pair_at("TAKER_FILLED.maker_in_flight", Policy(entry=EntryPolicy(requotes_most=most)))
    for _ in range(most):
        play.play(rejected(CROSSED)).at("TAKER_FILLED.maker_in_flight")
    play.play(rejected(CROSSED)).at("MAKER_PENDING.sweeping")
    assert [order.purpose for order in play.orders] == ["taker", *["maker"] * (1 + most), "sweep"]


def test_the_shortest_way_to_close_is_the_less_reliable_leg_first() -> None:
    play = pair_at("CLOSING.verifying")
    assert [order.venue for order in play.orders if order.purpose == "close"] == [MAKER, TAKER]


@pytest.mark.parametrize(("fraction", "size"), [("0.5", "5"), ("0.25", "2.5"), ("0.33", "3.3")])
def test_both_legs_are_reduced_by_the_fraction_asked(fraction: str, size: str) -> None:
    play = pair_at("HEDGED.earning").play(ReduceAsked(fraction=Decimal(fraction), reason="asked"), filled(), filled())
    assert [(order.purpose, order.size) for order in play.orders[2:]] == [
        ("reduce", Decimal(size)),
        ("trim", Decimal(size)),
    ]
    assert play.state.place == "REDUCING.verifying"
    assert play.state.net == 0


# --- ids ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", list(STORIES))
def test_order_ids_are_distinct_and_follow_from_the_pair_and_the_number(place: str) -> None:
    play = pair_at(place).play(EMERGENCY)
    expected = [client_order_id("paper", PAIR, number) for number in range(len(play.orders))]
    assert [order.order_id for order in play.orders] == expected
    assert play.state.orders_sent == len(play.orders)


def test_two_orders_of_one_action_have_two_ids() -> None:
    play = pair_at("EMERGENCY.closing")
    first, second = play.orders[-2:]
    assert first.order_id != second.order_id
    assert (first.venue, second.venue) == (MAKER, TAKER)


def test_another_run_has_other_ids() -> None:
    live = idle_pair(Policy(order_namespace="live")).play(entry())
    assert live.last_order.order_id == client_order_id("live", PAIR, 0) != client_order_id("paper", PAIR, 0)


# --- telling -----------------------------------------------------------------------------------------------


def told(play: PairPlay) -> list[AnyMessage]:
    assert play.step is not None
    return [command.message for command in play.step.commands if isinstance(command, Tell)]


def test_a_refusal_says_why() -> None:
    message = told(pair_at("IDLE.taker_in_flight").play(rejected(RejectReason.MARGIN)))[0]
    assert isinstance(message, EntryRefused)
    assert message.reason == "the taker order did not fill (margin)"


def test_the_hedge_is_announced_with_its_size_and_the_end_with_its_result() -> None:
    assert told(pair_at("HEDGED.earning")) == [PairHedged(pair=PAIR, size=Decimal(10))] * 2
    play = pair_at("CLOSED.flat")
    over = msgspec.structs.replace(closed(), reason="enough", net_usd=play.state.net_usd)
    assert told(play) == [over] * 5
    # sold 10 at 99.871, bought back at 100.25; bought 10 at 99.95, sold at 99.80; four fees
    taker, maker = Decimal("998.71") - Decimal("1002.5"), Decimal(998) - Decimal("999.5")
    assert play.state.net_usd == taker + maker - Decimal("0.4")


@pytest.mark.parametrize("scene", [scene for scene in SCENES if scene.row in ("P9", "P13", "X10", "R5", "D1", "V6")])
def test_an_alarm_names_what_is_left_its_size_and_its_venue(scene: Scene) -> None:
    play = pair_at(scene.start).play(*scene.cues)
    assert play.step is not None
    alarms = [command for command in play.step.commands if isinstance(command, RaiseAlarm)]
    assert len(alarms) == 1
    for leg in play.state.legs:
        assert f"{leg.position} BTC on {leg.venue.value}" in alarms[0].text


def test_an_alarm_names_the_silent_venue_and_repeats_no_answer_from_before_the_close() -> None:
    play = pair_at("CLOSING.verifying").play(reported(MAKER, "0"), *ASKED_OUT)
    assert play.state.taker.reported == Decimal(-10), "what the venue said when the pair was hedged"
    text = alarmed(play)
    assert f"no answer from {TAKER.value};" in text
    assert "the venue said" not in text


def test_an_alarm_tells_what_a_venue_says_otherwise_now() -> None:
    text = alarmed(pair_at("CLOSING.verifying").play(reported(MAKER, "3"), *ASKED_OUT))
    assert f"no answer from {TAKER.value}, no two equal answers from {MAKER.value};" in text
    assert f"0 BTC on {MAKER.value} (the venue said 3)" in text
    assert text.count("the venue said") == 1


def alarmed(play: PairPlay) -> str:
    """The text of the one alarm of the last step."""
    assert play.step is not None
    (alarm,) = [command for command in play.step.commands if isinstance(command, RaiseAlarm)]
    return alarm.text


def test_of_a_leftover_s_leg_the_latest_orders_are_asked_for_and_no_more() -> None:
    few = Policy(reconcile=ReconcilePolicy(orders_most=1))
    play = pair_at("CLOSED.flat", policy=few).play(LEFTOVER)
    assert play.step is not None
    last = [order for order in play.state.orders if order.leg == "taker"][-1]
    assert play.step.commands == (QueryOrder(venue=TAKER, asset=ASSET, order_id=last.id),)


def test_nothing_is_sent_for_a_leg_that_is_flat() -> None:
    play = pair_at("REDUCING.trimming").play(deleveraged(MAKER, "10", Side.SELL, "adl-2"), EMERGENCY)
    assert [(order.venue, order.size) for order in play.orders if order.purpose == "emergency"] == [(TAKER, Decimal(6))]
