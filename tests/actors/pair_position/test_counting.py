"""What counts towards what: attempts towards their episode, answers towards their question, money towards its leg."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.actor import Context
from actors.commands import AdoptPosition, AnyCommand, CancelAll, QueryOrder, QueryPosition, RaiseAlarm, Tell
from actors.domain import DoneReason, Liquidity, RejectReason, Side
from actors.messages import ActorFaulted, AnyMessage, DrainAsked, EngineResumed, OrderFilled, PairClosed
from actors.pair_position.guards import GUARDS
from actors.pair_position.state import with_leg
from actors.policy import Policy
from tests.actors.pair_position.scenes import Cues
from tests.actors.pair_position.scenes_holding import HALF_A_PAIR, MAKER_GONE, SAME_SIDE, TAKER_GONE
from tests.factories import (
    ASSET,
    MAKER,
    TAKER,
    PairCue,
    PairPlay,
    adl,
    both_confirm,
    cancel_rejected,
    deleveraged,
    denied,
    done,
    entry,
    filled,
    funding,
    idle_pair,
    lapsed,
    pair_at,
    quote,
    rejected,
    reported,
    sample,
    socialised,
    twice,
)
from tests.playbook import START_NS, fires
from tests.stories import BOTH_REFUSED, CLOSE

RESUMED = EngineResumed(silent_since_ns=1)
CLAIMED = done("10", DoneReason.FILLED)


def said(play: PairPlay) -> tuple[AnyCommand, ...]:
    assert play.step is not None
    return play.step.commands


def alarm_text(play: PairPlay) -> str:
    return next(command.text for command in said(play) if isinstance(command, RaiseAlarm))


# --- attempts ----------------------------------------------------------------------------------------------


def reduced_again(*again: PairCue) -> PairPlay:
    """Hedged, reduced with a failed trim in between, hedged again, and reduced once more."""
    play = pair_at("HEDGED.earning").play(adl(4), filled(), done(), filled(), *both_confirm()).at("HEDGED.earning")
    return play.play(adl(4), filled(), *again)


def test_a_trim_s_cap_is_widened_by_the_failures_of_its_own_episode_alone() -> None:
    first = pair_at("HEDGED.earning").play(adl(4), filled())
    caps = [first.last_order.limit_price, first.play(done()).last_order.limit_price]
    again = reduced_again()
    assert [again.last_order.limit_price, again.play(done()).last_order.limit_price] == caps
    assert caps[0] != caps[1]


def test_trims_are_bounded_within_their_own_episode_reductions_included() -> None:
    play = reduced_again(done(), done()).at("REDUCING.trimming")
    play.play(done()).took("R5", "EMERGENCY.closing")


def test_an_emergency_s_cap_is_widened_for_each_leg_by_its_own_attempts() -> None:
    """The maker leg is sold from a bid of 99.95: twice as far below it the second time, whatever the other leg took."""
    play = pair_at("EMERGENCY.closing")
    first = next(order for order in play.orders if order.purpose == "emergency" and order.venue is MAKER)
    play.play(*BOTH_REFUSED)
    second = next(order for order in play.orders[-2:] if order.venue is MAKER)
    distances = [Decimal("99.95") - order.limit_price for order in (first, second)]
    assert 1.9 < distances[1] / distances[0] < 2.1


@pytest.mark.parametrize("most", [1, 3])
def test_each_attempt_that_is_to_be_enough_widens_an_emergency_s_cap_and_none_beyond(most: int) -> None:
    policy = Policy()
    exits = msgspec.structs.replace(policy.exit, emergency_tries_most=most)
    play = pair_at("EMERGENCY.closing", msgspec.structs.replace(policy, exit=exits)).play(*BOTH_REFUSED * most)
    play.at("EMERGENCY.stranded").play(fires("recheck"), *both_confirm()).at("EMERGENCY.closing")
    sold = [order for order in play.orders if order.purpose == "emergency" and order.venue is MAKER]
    distances = [Decimal("99.95") - order.limit_price for order in sold]
    assert [round(each / distances[0]) for each in distances] == [*range(1, most + 1), most]


def test_a_stranded_leg_is_offered_no_cheaper_than_at_the_last_of_the_attempts_that_were_to_be_enough() -> None:
    """A market that is halted for half an hour opens again: the cap is 600 bps from the touch, not 6600."""
    play = pair_at("EMERGENCY.stranded")
    last = next(order for order in reversed(play.orders) if order.venue is MAKER).limit_price
    for _ in range(60):
        play.play(fires("recheck"), *both_confirm()).at("EMERGENCY.closing").play(*BOTH_REFUSED)
        assert next(order for order in reversed(play.orders) if order.venue is MAKER).limit_price == last
    assert last >= Decimal("99.95") * (1 - Decimal("0.06")) - 1


def test_a_venue_that_refuses_to_reduce_what_it_says_we_hold_is_not_sent_orders_without_a_pause() -> None:
    nothing_there = (rejected(RejectReason.REDUCE_ONLY, number=-2), rejected(RejectReason.REDUCE_ONLY, number=-1))
    play = pair_at("EMERGENCY.closing")
    for _ in range(2):
        play.play(*nothing_there).at("EMERGENCY.verifying").play(*both_confirm()).at("EMERGENCY.closing")
    play.play(*nothing_there).took("P9", "EMERGENCY.stranded")
    play.play(fires("recheck"), reported(TAKER, "0"), reported(MAKER, "0")).at("EMERGENCY.verifying")


def test_a_close_that_was_given_up_takes_no_attempt_from_the_next_one() -> None:
    """Halted before anything was closed, three times; the fourth close has its attempts and its narrow cap."""
    halted = rejected(RejectReason.HALTED)
    play = pair_at("HEDGED.earning").play(CLOSE)
    narrow = play.last_order.limit_price
    for _ in range(3):
        play.play(halted, *both_confirm()).at("HEDGED.earning").play(CLOSE).at("CLOSING.first_leg")
    assert play.last_order.limit_price == narrow
    play.play(done()).took("X8", "CLOSING.first_leg")


def test_a_close_begins_with_the_other_leg_where_the_first_is_flat() -> None:
    play = pair_at("HEDGED.earning").play(*HALF_A_PAIR, CLOSE)
    assert (play.row, play.last_order.purpose, play.last_order.venue) == ("X3", "close", TAKER)


def test_a_new_emergency_has_all_its_attempts_and_its_narrow_cap() -> None:
    """The first one flattened in its second round; a late fill after the end is an emergency of its own."""
    play = pair_at("EMERGENCY.closing").play(*BOTH_REFUSED, filled(number=-2), filled(number=-1), *both_confirm())
    play.at("CLOSED.flat").play(filled("3", number=0)).at("EMERGENCY.closing")
    first = pair_at("EMERGENCY.closing").orders[-1]
    assert (play.last_order.venue, play.last_order.limit_price) == (TAKER, first.limit_price)
    play.play(rejected()).play(rejected()).at("EMERGENCY.closing")
    play.play(rejected()).at("EMERGENCY.stranded")


# --- answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["MAKER_PENDING.verifying", "HEDGED.rechecking", "REDUCING.verifying"])
def test_an_answer_from_before_the_engine_was_away_confirms_nothing(place: str) -> None:
    pair_at(place).play(reported(TAKER), RESUMED, reported(MAKER)).took("V4", place)


def test_an_answer_from_before_the_engine_was_away_is_not_adopted() -> None:
    play = pair_at("HEDGED.rechecking").play(reported(TAKER, "-8"), reported(MAKER, "8"), RESUMED)
    play.play(*(fires("verify_retry"),) * 4)
    assert play.at("HEDGED.rechecking").row == "V6"


def test_a_forced_fill_takes_the_confirmation_back() -> None:
    """Confirmed at 10, then 4 were taken on each leg: neither is confirmed at 6."""
    play = pair_at("HEDGED.rechecking").play(reported(TAKER))
    play.play(deleveraged(TAKER, "0.1", Side.BUY), reported(MAKER)).took("V4", "HEDGED.rechecking")


SIX_OF_TEN: Cues = (*twice(reported(TAKER), reported(MAKER, "6")), *(fires("verify_retry"),) * 4)


def test_one_answer_and_silence_after_it_are_not_followed() -> None:
    """A venue that is about to fail says that nothing is held, and then nothing any more: the pair stays hedged."""
    play = pair_at("HEDGED.rechecking").play(reported(TAKER), reported(MAKER, "0"), *(fires("verify_retry"),) * 9)
    assert (play.row, play.state.maker.position) == ("V6", Decimal(10))
    assert [order.purpose for order in play.orders] == ["taker", "maker"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ((), "no answer from hyperliquid and pacifica"),
        ((reported(TAKER), reported(MAKER, "0")), "no two equal answers from pacifica"),
        ((reported(MAKER, "0"),), "no answer from hyperliquid, no two equal answers from pacifica"),
    ],
)
def test_who_did_not_answer_is_told_apart_from_who_did_not_answer_twice_the_same(answers: Cues, words: str) -> None:
    play = pair_at("HEDGED.rechecking").play(*answers, *(fires("verify_retry"),) * 4).took("V6")
    assert f"cannot be verified, {words}; by our books" in alarm_text(play)


def test_an_old_answer_that_comes_late_is_not_followed_against_a_newer_one() -> None:
    play = pair_at("HEDGED.rechecking").play(*twice(reported(TAKER, "0"), reported(MAKER)), reported(MAKER, "0"))
    play.play(*(fires("verify_retry"),) * 4).took("V6", "HEDGED.rechecking")
    play.play(reported(MAKER), fires("verify_retry")).took("V16", "REDUCING.trimming")
    assert (play.last_order.purpose, play.last_order.venue) == ("trim", MAKER)


def test_what_the_books_follow_is_the_venue_s_own_word_and_concerns_that_leg_alone() -> None:
    """The maker leg is 6, not 10; the taker leg was right."""
    play = pair_at("HEDGED.rechecking").play(
        *twice(reported(TAKER), reported(MAKER, "6")), *(fires("verify_retry"),) * 4
    )
    state = play.took("V10").state
    assert (state.taker.position, state.maker.position) == (Decimal(-10), Decimal(6))
    assert (state.taker.adopted_venue_ns, state.taker.adopted_price) == (0, Decimal(0))
    assert state.maker.adopted_venue_ns == state.maker.reported_venue_ns > 0
    assert state.maker.adopted_price == 100
    assert [order.leg for order in state.orders if order.adopted_since] == ["maker"]
    assert state.maker.confirmed_ns == play.at_ns


def test_a_forced_fill_that_an_adopted_size_holds_already_brings_its_fee_once() -> None:
    play = pair_at("HEDGED.rechecking").play(
        *twice(reported(TAKER), reported(MAKER, "6")), *(fires("verify_retry"),) * 4
    )
    fees, cash = play.state.maker.fees_usd, play.state.maker.cash_usd
    first, second = (deleveraged(MAKER, size, Side.SELL, name) for size, name in (("3", "adl-1"), ("1", "adl-2")))
    play.play(first, second, first)
    assert play.state.maker.position == 6
    assert (play.state.maker.fees_usd - fees, play.state.maker.cash_usd - cash) == (Decimal("0.2"), Decimal(400))


def test_a_pushed_size_that_is_what_the_books_say_is_no_news() -> None:
    play = pair_at("HEDGED.earning").play(reported(TAKER, queried=False))
    play.took("ignore:HEDGED.earning:PositionNoted", "HEDGED.earning")


# --- told twice --------------------------------------------------------------------------------------------


def test_a_forced_fill_is_known_again_after_another_one() -> None:
    first, second = (deleveraged(TAKER, "1", Side.BUY, name) for name in ("adl-1", "adl-2"))
    assert pair_at("HEDGED.earning").play(first, second, first).state.taker.position == -8


def test_a_payment_and_a_loss_are_known_again_after_another_one() -> None:
    paid = [funding(TAKER, "1", name) for name in ("pay-1", "pay-2", "pay-1")]
    assert pair_at("HEDGED.earning").play(*paid).state.taker.funding_received_usd == 2
    lost = [socialised(TAKER, "1", name) for name in ("loss-1", "loss-2", "loss-1")]
    assert pair_at("HEDGED.earning").play(*lost).state.taker.haircut_usd == 2


def test_a_forced_fill_never_enlarges_a_small_leg() -> None:
    play = idle_pair().play(entry("0.5"), filled()).at("TAKER_FILLED.maker_in_flight")
    assert play.play(deleveraged(TAKER, "0.2", Side.SELL)).state.taker.position == Decimal("-0.5")


# --- orders ------------------------------------------------------------------------------------------------


def test_a_denial_is_counted_once_and_names_its_rule() -> None:
    play = pair_at("IDLE.taker_in_flight").play(denied())
    assert (play.state.orders_rejected, play.state.orders_denied) == (0, 1)
    assert play.play(denied(number=0)).state.orders_denied == 1
    assert play.state.orders[0].reason == "leverage_most"


def test_a_rejection_is_counted_when_it_comes_and_not_again() -> None:
    play = pair_at("IDLE.taker_in_flight").play(rejected())
    assert play.state.orders_rejected == 1
    assert play.play(rejected(number=0)).state.orders_rejected == 1


def test_a_late_word_does_not_change_why_an_order_ended() -> None:
    play = pair_at("IDLE.taker_in_flight").play(CLAIMED, rejected(number=0))
    assert play.state.orders[0].reason == DoneReason.FILLED.value


def test_a_fill_of_an_order_the_pair_never_sent_is_foreign() -> None:
    strange = OrderFilled(
        venue=TAKER,
        asset=ASSET,
        order_id="nobody's",
        fill_id="strange",
        side=Side.BUY,
        price=Decimal(100),
        size=Decimal(1),
        fee_usd=Decimal(0),
        liquidity=Liquidity.TAKER,
        venue_at_ns=START_NS,
    )
    before = pair_at("HEDGED.earning")
    play = pair_at("HEDGED.earning").play(strange).at("HEDGED.rechecking")
    assert play.state.legs == before.state.legs


def test_other_news_of_an_order_the_pair_never_sent_changes_nothing() -> None:
    def strange(play: PairPlay) -> AnyMessage:
        message = rejected(number=0)(play)
        return type(message)(
            **{**{name: getattr(message, name) for name in message.__struct_fields__}, "order_id": "?"}
        )

    play = pair_at("HEDGED.earning")
    before = play.state
    assert play.play(strange).row == "ignore:HEDGED.earning:OrderRepeated"
    assert play.state.legs == before.legs


def test_a_refused_cancel_of_an_order_that_is_over_is_no_news() -> None:
    play = pair_at("MAKER_PENDING.sweeping").play(cancel_rejected(number=1))
    assert play.row == "ignore:MAKER_PENDING.sweeping:OrderRepeated"


@pytest.mark.parametrize("cue", [fires("reverify"), RESUMED], ids=["reverify", "resumed"])
def test_fills_that_were_claimed_and_never_told_are_asked_for_while_the_pair_is_held(
    cue: AnyMessage | PairCue,
) -> None:
    play = pair_at("IDLE.taker_in_flight").play(CLAIMED, filled(), *both_confirm()).at("HEDGED.earning")
    asked = [(type(command), command.venue) for command in said(play.play(cue)) if hasattr(command, "venue")]
    assert asked == [(QueryPosition, TAKER), (QueryPosition, MAKER), (QueryOrder, TAKER)]


HEDGED_BY_A_SWEEP: Cues = (lapsed(), *both_confirm(), filled(), *both_confirm())
FLAT_IN_VERIFICATION: Cues = (*SAME_SIDE, MAKER_GONE, TAKER_GONE, fires("order_timeout"))
BOTH_SAY_FLAT: Cues = (*twice(reported(TAKER, "0"), reported(MAKER, "0")), *(fires("verify_retry"),) * 4)


@pytest.mark.parametrize(
    ("row", "cues"),
    [("V1", (*HEDGED_BY_A_SWEEP, *FLAT_IN_VERIFICATION, *both_confirm())), ("V15", (lapsed(), *BOTH_SAY_FLAT))],
    ids=["V1", "V15"],
)
def test_an_order_that_counts_as_never_placed_is_cancelled_before_the_pair_says_it_is_closed(
    row: str, cues: Cues
) -> None:
    """The order that counts as never placed is the maker order of the entry."""
    play = pair_at("MAKER_PENDING.in_doubt").play(*cues).took(row, "CLOSED.flat")
    mine = [command for command in said(play) if isinstance(command, AdoptPosition | CancelAll | Tell)]
    kinds = [type(command) for command in mine if not isinstance(getattr(command, "message", None), DrainAsked)]
    first = kinds.index(CancelAll)
    assert all(kind is AdoptPosition for kind in kinds[:first])
    assert all(kind is Tell for kind in kinds[first + 1 :])
    told = [command.message for command in said(play) if isinstance(command, Tell)]
    assert {message.reason for message in told if isinstance(message, PairClosed)} == {"flat"}


# --- money and what was asked ------------------------------------------------------------------------------


def test_a_claimed_fill_is_valued_at_the_mid_of_its_decision_until_it_is_told() -> None:
    play = pair_at("IDLE.taker_in_flight").play(CLAIMED)
    assert (play.state.taker.estimated_usd, play.state.taker.cash_usd) == (Decimal(1000), Decimal(0))
    play.play(filled("10", 0, "99.9"))
    assert (play.state.taker.estimated_usd, play.state.taker.cash_usd) == (Decimal(0), Decimal(999))


def test_dust_is_a_lot_of_both_venues_at_least() -> None:
    policy = msgspec.structs.replace(Policy(), verify=msgspec.structs.replace(Policy().verify, dust_usd=Decimal(1)))
    assert idle_pair(policy).play(entry()).state.dust == Decimal("0.1")


def test_half_a_unit_is_hedged() -> None:
    idle_pair().play(entry("0.5"), filled()).took("E6", "TAKER_FILLED.maker_in_flight")


def test_legs_of_less_than_a_unit_on_one_side_are_no_hedge() -> None:
    play = pair_at("HEDGED.rechecking")
    half = Decimal("0.5")
    state = with_leg(with_leg(play.state, "taker", position=half), "maker", position=half)
    state = with_leg(with_leg(state, "taker", reported=half), "maker", reported=half)
    context = Context(RESUMED, play.at_ns, play.board, play.policy)
    assert not GUARDS["legs_opposed"](state, context)
    assert not GUARDS["reported_reducible"](state, context)


@pytest.mark.parametrize("heard", [quote(MAKER), sample(MAKER)], ids=["quote", "mark"])
def test_a_maker_venue_that_says_anything_is_not_silent(heard: AnyMessage) -> None:
    def silent(play: PairPlay) -> bool:
        return GUARDS["maker_unreachable"](play.state, Context(RESUMED, play.at_ns, play.board, play.policy))

    play = pair_at("MAKER_PENDING.in_doubt").passes(1)
    assert silent(play)
    assert not silent(play.play(heard))


def test_a_forced_fill_brings_its_cash_and_its_fee() -> None:
    play = pair_at("HEDGED.earning")
    cash, fees = play.state.taker.cash_usd, play.state.taker.fees_usd
    play.play(deleveraged(TAKER, "4", Side.BUY, price="90"))
    assert (play.state.taker.cash_usd - cash, play.state.taker.fees_usd - fees) == (Decimal(-360), Decimal("0.1"))


def test_the_entry_keeps_what_it_was_asked_for_and_when_it_began() -> None:
    play = idle_pair().play(entry())
    began_ns = play.at_ns
    play.play(filled())
    assert (play.state.expected_net_usd, play.state.entry_reason) == (Decimal(5), "test")
    assert play.state.entered_ns == began_ns


# --- what people are told ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["MAKER_PENDING.in_doubt", "REDUCING.in_doubt"])
def test_an_alarm_names_the_orders_whose_outcome_is_unknown(place: str) -> None:
    play = pair_at(place)
    order_id = play.last_order.order_id
    while play.state.place == place:
        play.play(fires("doubt_retry"))
    assert order_id in alarm_text(play)


def test_a_stranded_leg_s_alarm_names_orders_in_doubt_and_none_where_there_is_none() -> None:
    late = fires("order_timeout")
    play = pair_at("EMERGENCY.closing").play(late, late, late).at("EMERGENCY.stranded")
    assert f"{play.last_order.order_id} on {TAKER.value}" in alarm_text(play)
    refused = pair_at("EMERGENCY.closing").play(*BOTH_REFUSED, *BOTH_REFUSED, *BOTH_REFUSED)
    assert "is unknown" not in alarm_text(refused)


def test_an_adl_alarm_says_whether_legs_are_reduced_or_closed() -> None:
    level = Policy().adl.exit_level
    assert "both legs are closed" in alarm_text(pair_at("HEDGED.earning").play(adl(level)))
    assert "both legs are reduced by" in alarm_text(pair_at("HEDGED.earning").play(adl(level - 1)))


def test_a_fault_s_alarm_names_the_error() -> None:
    assert "KeyError" in alarm_text(pair_at("HEDGED.earning").play(ActorFaulted(error="KeyError")))
