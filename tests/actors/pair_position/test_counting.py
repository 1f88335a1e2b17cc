"""What counts towards what: attempts towards their episode, answers towards their question, money towards its leg."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actors.commands import AnyCommand, QueryOrder, QueryPosition, RaiseAlarm
from actors.domain import DoneReason, Liquidity, Side
from actors.messages import ActorFaulted, AnyMessage, EngineResumed, OrderFilled
from actors.policy import Policy
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
    idle_pair,
    pair_at,
    rejected,
    reported,
)
from tests.playbook import START_NS, fires
from tests.stories import BOTH_REFUSED

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
    play = pair_at("EMERGENCY.closing").play(rejected(number=-2), filled(number=-1))
    assert play.last_order.venue is MAKER
    both = pair_at("EMERGENCY.closing").play(*BOTH_REFUSED)
    caps = {order.venue: order.limit_price for order in both.orders[-2:]}
    assert play.last_order.limit_price == caps[MAKER]


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


# --- orders ------------------------------------------------------------------------------------------------


def test_a_denial_is_counted_once_and_names_its_rule() -> None:
    play = pair_at("IDLE.taker_in_flight").play(denied(), denied(number=0))
    assert (play.state.orders_rejected, play.state.orders_denied) == (0, 1)
    assert play.state.orders[0].reason == "leverage_most"


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


# --- money and what was asked ------------------------------------------------------------------------------


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


def test_an_alarm_names_the_orders_whose_outcome_is_unknown() -> None:
    play = pair_at("MAKER_PENDING.in_doubt")
    order_id = play.last_order.order_id
    while play.state.place == "MAKER_PENDING.in_doubt":
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
