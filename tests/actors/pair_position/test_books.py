from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from actors.board import fold, hour_after
from actors.domain import DoneReason, Side, Venue, round_price
from actors.messages import AdlLevelEstimated, AnyMessage, EmergencyAsked, FundingPaid, ReduceAsked
from actors.pair_position.books import REMEMBERED, price_with_cap
from actors.policy import OrderPolicy, Policy
from actors.reliability import Measure, Reliability
from tests.factories import (
    ASSET,
    MAKER,
    TAKER,
    PairCue,
    PairPlay,
    accepted,
    deleveraged,
    done,
    entry,
    filled,
    foreign,
    funding,
    idle_pair,
    instrument,
    liquidated,
    pair_at,
    quote,
    rejected,
    reported,
    sample,
    socialised,
    twice,
    unresolved,
)
from tests.playbook import START_NS, fires, later
from tests.stories import CLOSE

IOC_OVER = DoneReason.IOC_REMAINDER


def same_fill(size: str = "4", price: str = "99.9", number: int = 0) -> PairCue:
    return filled(size, number, price, fill_id="twice")


# --- fills -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        (accepted(), filled("4"), done("4", IOC_OVER)),
        (filled("4"), accepted(), done("4", IOC_OVER)),
        (filled("4"), done("4", IOC_OVER), accepted(0)),
        (done("4", IOC_OVER),),
        (done("4", IOC_OVER), accepted(0), filled("4", 0)),
        (same_fill(), same_fill(), done("4", IOC_OVER, 0)),
        (same_fill(), done("4", IOC_OVER, 0), same_fill()),
        (filled("3"), done("4", IOC_OVER), filled("1", 0)),
        (filled("1"), filled("3"), done("0", IOC_OVER)),
        (unresolved(), filled("4"), done("4", IOC_OVER)),
        (done("4", IOC_OVER), done("4", IOC_OVER, 0)),
    ],
    ids=lambda facts: str(len(facts)),
)
def test_a_fill_counts_once_in_whatever_order_it_is_told(facts: tuple[PairCue, ...]) -> None:
    play = pair_at("IDLE.taker_in_flight").play(*facts)
    assert play.state.taker.position == -4
    maker = play.orders[1]
    assert (maker.purpose, maker.size) == ("maker", Decimal(4))


def test_a_late_fill_moves_the_leg_and_asks_for_a_correction() -> None:
    play = pair_at("HEDGED.earning").play(filled("1", number=0))
    assert play.state.taker.position == -11
    assert play.row == "H17"


def test_a_late_fill_the_venue_had_counted_already_brings_only_its_money() -> None:
    play = pair_at("IDLE.taker_in_flight").play(done("10", IOC_OVER))
    assert (play.state.taker.position, play.state.taker.cash_usd) == (Decimal(-10), Decimal(0))
    assert play.state.orders[0].untold == 10
    play.play(filled("10", 0, "99.9"))
    assert (play.state.taker.position, play.state.taker.cash_usd) == (Decimal(-10), Decimal(999))
    assert play.state.taker.fees_usd == Decimal("0.1")
    assert not play.state.orders[0].untold


def test_slippage_is_measured_against_the_mid_of_the_decision() -> None:
    play = pair_at("IDLE.taker_in_flight").play(filled("10", 0, "99.9"))
    assert play.orders[0].decision_mid == 100
    assert play.state.taker.slippage_usd == Decimal(1)
    assert play.state.taker.traded_usd == 999


def test_a_fill_of_nobody_s_order_moves_no_leg() -> None:
    play = pair_at("HEDGED.rechecking")
    before = play.state.legs
    play.play(foreign(TAKER))
    assert play.state.legs == before


def test_a_rejection_and_a_denial_are_counted_once() -> None:
    play = pair_at("IDLE.taker_in_flight").play(rejected(), rejected(number=0))
    assert (play.state.orders_rejected, play.state.orders_denied) == (1, 0)


def test_settled_orders_are_forgotten_beyond_the_limit_and_open_ones_never() -> None:
    policy = Policy(order=OrderPolicy(orders_remembered=3))
    play = pair_at("CLOSING.first_leg", policy).play(done(), done())
    assert [order.place for order in play.state.orders] == ["CANCELED", "CANCELED", "SENT"]
    assert play.state.orders_sent == len(play.orders) == 5


# --- forced fills ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forced", [deleveraged, liquidated])
@pytest.mark.parametrize(("size", "left"), [("4", "-6"), ("10", "0"), ("25", "0")])
def test_a_forced_fill_closes_at_most_the_leg(forced: object, size: str, left: str) -> None:
    make = deleveraged if forced is deleveraged else liquidated
    play = pair_at("HEDGED.earning").play(make(TAKER, size, Side.BUY))
    assert play.state.taker.position == Decimal(left)


def test_a_forced_fill_that_would_open_or_grow_a_leg_is_not_booked() -> None:
    play = pair_at("HEDGED.earning")
    before = play.state.legs
    play.play(deleveraged(TAKER, "4", Side.SELL), deleveraged(Venue.DRIFT, "4", Side.BUY))
    assert play.state.legs == before
    assert idle_pair().play(deleveraged(TAKER, "4", Side.BUY)).state.taker.position == 0


def test_a_forced_fill_told_twice_counts_once() -> None:
    once = deleveraged(TAKER, "4", Side.BUY)
    play = pair_at("HEDGED.earning").play(once, once)
    assert play.state.taker.position == -6
    assert play.state.taker.fees_usd == Decimal("0.2")


def test_the_trim_after_adl_takes_the_same_quantity_from_the_other_leg() -> None:
    play = pair_at("HEDGED.earning").play(deleveraged(MAKER, "2.5", Side.SELL))
    assert (play.last_order.venue, play.last_order.size, play.last_order.side) == (TAKER, Decimal("2.5"), Side.BUY)


# --- funding -----------------------------------------------------------------------------------------------


def test_funding_is_booked_by_sign_and_once_for_each_payment() -> None:
    play = pair_at("HEDGED.earning")
    place = play.state.place
    play.play(funding(TAKER, "3"), funding(TAKER, "3"), funding(TAKER, "-1", "pay-2"), funding(MAKER, "-0.5"))
    assert (play.state.taker.funding_received_usd, play.state.taker.funding_paid_usd) == (Decimal(3), Decimal(1))
    assert play.state.maker.funding_paid_usd == Decimal("0.5")
    assert play.state.funding_usd == Decimal("1.5")
    assert play.state.place == place


def announced(rate: str, paid: FundingPaid) -> PairPlay:
    """A hedged pair on a venue that announced a rate until the hour, told of a payment some seconds after it."""
    play = pair_at("HEDGED.earning")
    hour_ns = hour_after(play.at_ns)
    play.board = fold(play.board, sample(TAKER, "102", rate=rate), hour_ns - 10**9)
    play.board = fold(play.board, sample(TAKER, "102", rate="0.5"), hour_ns + 10**9)
    play.at_ns = hour_ns + 2 * 10**9
    return play.play(replace(paid, venue_at_ns=hour_ns + 5 * 10**6))


def test_what_was_paid_beyond_the_announced_rate_is_the_forecast_s_error() -> None:
    """Ten short at 102 and 1 bps an hour: 0.102 USD announced, 0.11 USD paid; the record is what counts."""
    paid = replace(funding(TAKER, "0.11"), size=Decimal(-10))
    leg = announced("0.0001", paid).state.taker
    assert (leg.funding_forecast_usd, leg.funding_error_usd) == (Decimal("0.1020"), Decimal("0.0080"))
    assert leg.funding_told == 1
    assert leg.funding_received_usd == Decimal("0.11")


def test_a_payment_told_twice_is_no_second_settlement() -> None:
    paid = replace(funding(TAKER, "0.11"), size=Decimal(-10))
    play = announced("0.0001", paid)
    before = play.state.taker
    assert play.play(paid).state.taker == before


def test_a_payment_of_an_hour_nobody_announced_is_booked_without_a_forecast() -> None:
    play = pair_at("HEDGED.earning").play(funding(TAKER, "3"))
    leg = play.state.taker
    assert leg.funding_forecast_usd == leg.funding_error_usd == 0
    assert leg.funding_told == 1
    assert leg.funding_received_usd == 3


def test_a_payment_told_late_is_held_against_its_own_hour() -> None:
    """Told when the hour after has ended too: that hour's announcement is not this payment's."""
    play = pair_at("HEDGED.earning")
    hour_ns = hour_after(play.at_ns)
    for second, rate in ((-1, "0.0001"), (3599, "0.0007"), (3601, "0.0009")):
        play.board = fold(play.board, sample(TAKER, "100", rate=rate), hour_ns + second * 10**9)
    play.at_ns = hour_ns + 3602 * 10**9
    leg = play.play(replace(funding(TAKER, "0.11"), venue_at_ns=hour_ns)).state.taker
    assert (leg.funding_told, leg.funding_received_usd) == (1, Decimal("0.11"))
    assert leg.funding_forecast_usd == 0


def test_funding_of_another_venue_is_not_ours() -> None:
    play = pair_at("HEDGED.earning").play(funding(Venue.DRIFT, "3"))
    assert play.state.funding_usd == 0


def test_payment_ids_kept_are_bounded() -> None:
    payments = [funding(TAKER, "1", f"pay-{number}") for number in range(REMEMBERED * 2)]
    play = pair_at("HEDGED.earning").play(*payments)
    assert play.state.taker.funding_received_usd == REMEMBERED * 2
    assert len(play.state.taker.payments) <= REMEMBERED + 1


def test_a_socialised_loss_is_moved_out_of_the_funding_it_was_charged_as_once_for_each() -> None:
    play = pair_at("HEDGED.earning").play(funding(MAKER, "-12"))
    before = play.state.net_usd
    play.play(socialised(MAKER, "10"), socialised(MAKER, "10"))
    assert (play.state.maker.funding_paid_usd, play.state.maker.haircut_usd) == (Decimal(2), Decimal(10))
    assert (play.state.funding_usd, play.state.haircut_usd, play.state.net_usd) == (-2, 10, before)
    assert play.state.close_reason == "pacifica let its holders bear a loss"
    play.play(socialised(MAKER, "1", "loss-2"), socialised(Venue.DRIFT, "5"))
    assert (play.state.haircut_usd, play.state.net_usd) == (11, before)


# --- naked time --------------------------------------------------------------------------------------------


def test_naked_time_and_notional_are_measured_from_the_fill_to_the_hedge() -> None:
    play = pair_at("IDLE.taker_in_flight").play(filled(), later(2.999, accepted()), later(0.999, filled()))
    assert play.state.naked_ns == 4_000_000_000
    assert play.state.naked_notional_usd_s == 10 * 100 * 4


def test_equal_legs_are_not_naked() -> None:
    play = pair_at("HEDGED.earning")
    before = play.state.naked_ns
    play.play(fires("reverify"), fires("reverify"))
    assert play.state.naked_ns == before


def test_dust_is_not_naked() -> None:
    play = pair_at("HEDGED.earning").play(deleveraged(TAKER, "0.1", Side.BUY))
    before = play.state.naked_ns
    play.play(later(60, reported(TAKER, queried=False)))
    assert play.state.naked_ns == before


# --- positions ---------------------------------------------------------------------------------------------


def test_only_an_answer_confirms_a_push_does_not() -> None:
    play = pair_at("MAKER_PENDING.verifying").play(reported(TAKER, queried=False), reported(MAKER, queried=False))
    assert play.state.place == "MAKER_PENDING.verifying"
    assert play.state.taker.confirmed_ns == play.state.maker.confirmed_ns == 0


def test_a_fill_after_the_confirmation_takes_it_back() -> None:
    play = pair_at("MAKER_PENDING.verifying").play(reported(TAKER))
    assert play.state.taker.confirmed_ns == play.at_ns
    play.play(filled("0.1", number=0))
    assert play.state.taker.confirmed_ns == 0


def test_a_differing_answer_takes_the_confirmation_back() -> None:
    play = pair_at("MAKER_PENDING.verifying").play(reported(TAKER), reported(TAKER, "-3"), reported(MAKER))
    assert play.row == "V4"
    assert (play.state.taker.confirmed_ns, play.state.taker.reported) == (0, Decimal(-3))


def test_a_position_is_not_compared_while_an_order_on_that_leg_is_out() -> None:
    play = pair_at("MAKER_PENDING.resting").play(reported(MAKER, "3"))
    assert play.row.endswith(":PositionNoted")
    assert play.state.maker.reported is None


def test_a_position_of_another_venue_is_not_ours() -> None:
    play = pair_at("HEDGED.earning").play(reported(Venue.DRIFT, "3"))
    assert play.row.endswith(":PositionNoted")


def test_an_adopted_position_is_valued_at_the_price_of_the_moment() -> None:
    play = pair_at("HEDGED.rechecking").play(
        *twice(reported(TAKER, "-8"), reported(MAKER, "8")), *[fires("verify_retry")] * 4
    )
    assert play.row == "V9"
    assert (play.state.taker.position, play.state.maker.position) == (Decimal(-8), Decimal(8))
    assert play.state.taker.estimated_usd == -2 * 100
    assert play.state.maker.estimated_usd == 2 * 100


def test_a_forced_fill_told_after_its_size_was_adopted_moves_the_money_and_not_the_position() -> None:
    play = pair_at("HEDGED.rechecking").play(
        *twice(reported(TAKER, "-6"), reported(MAKER, "10")), *[fires("verify_retry")] * 4
    )
    assert play.row == "V10"
    told_before = msgspec.structs.replace(deleveraged(TAKER, "4", Side.BUY, price="101"), venue_at_ns=START_NS)
    cash, estimated = play.state.taker.cash_usd, play.state.taker.estimated_usd
    play.play(told_before)
    assert play.state.taker.position == -6
    assert play.state.taker.cash_usd == cash - 4 * 101
    assert play.state.taker.estimated_usd == estimated + 4 * 100
    assert play.play(told_before).state.taker.cash_usd == cash - 4 * 101, "told twice, counted once"


# --- entry and prices --------------------------------------------------------------------------------------


def test_dust_is_the_shared_lot_or_the_configured_notional_whichever_is_more() -> None:
    assert pair_at("IDLE.taker_in_flight").state.dust == Decimal("0.1")
    cheap: list[AnyMessage] = [quote(venue, bid="9.99", ask="10.01") for venue in (TAKER, MAKER)]
    assert idle_pair().play(*cheap, entry()).state.dust == 1


def test_a_pair_that_trades_keeps_what_it_was_asked_first() -> None:
    play = pair_at("HEDGED.earning").play(entry("3", Side.BUY))
    assert (play.state.size, play.state.taker_side) == (Decimal(10), Side.SELL)


def test_a_cap_stands_against_us_on_either_side() -> None:
    assert price_with_cap(Decimal(100), Side.BUY, Decimal(20)) == Decimal("100.2")
    assert price_with_cap(Decimal(100), Side.SELL, Decimal(20)) == Decimal("99.8")


# --- prices that may be used -------------------------------------------------------------------------------


def test_a_book_that_stands_still_prices_nothing_once_the_mark_is_newer() -> None:
    play = pair_at("HEDGED.earning")
    stale_ns = play.at_ns + 901 * 10**9
    aged: PairCue = later(901, CLOSE)
    assert play.play(aged).last_order.limit_price == round_cap("99.95"), "old, but nothing newer is known"
    play = pair_at("HEDGED.earning")
    play.board = fold(play.board, sample(MAKER, "90"), stale_ns)
    assert play.play(aged).last_order.limit_price == round_cap("90")
    play = pair_at("HEDGED.earning")
    play.board = fold(fold(play.board, quote(MAKER, "94.95", "95.05"), stale_ns - 10**9), sample(MAKER, "90"), stale_ns)
    assert play.play(aged).last_order.limit_price == round_cap("94.95"), "a fresh quote is the better price"


def round_cap(touch: str) -> Decimal:
    """Sold 20 bps below at worst, on the maker venue's ticks."""
    return round_price(instrument(MAKER), Decimal(touch) * Decimal("0.998"), up=True)


# --- which leg closes first --------------------------------------------------------------------------------

BAD = Measure(Decimal(40), Decimal(40), Decimal(400))
UNRELIABLE = Reliability(at_ns=START_NS, answers=BAD, rejects=BAD, doubts=BAD)
ADL = AdlLevelEstimated(venue=TAKER, asset=ASSET, level=5, estimated=True, inputs="measured")
SMALLER = ReduceAsked(fraction=Decimal("0.5"), reason="smaller")


def measured(place: str, *venues: Venue) -> PairPlay:
    """A pair in that place, and venues that have refused every order."""
    play = pair_at(place)
    play.board = replace(play.board, reliability={venue.value: UNRELIABLE for venue in venues})
    return play


@pytest.mark.parametrize("asked", [CLOSE, EmergencyAsked(reason="now"), SMALLER, ADL])
def test_the_leg_that_has_proved_worse_goes_first_from_when_less_is_asked_of_a_held_pair(asked: AnyMessage) -> None:
    play = measured("HEDGED.earning", TAKER)
    sent = len(play.orders)
    assert [play.state.first_to_close, play.play(asked).state.first_to_close] == ["maker", "taker"]
    assert play.state.close_order.startswith("hyperliquid before pacifica, measured worse by 0.1 or more: ")
    assert play.orders[sent].venue is TAKER


def test_what_was_measured_of_both_alike_leaves_the_configured_leg_first() -> None:
    play = measured("HEDGED.earning", TAKER, MAKER).play(CLOSE)
    assert play.state.first_to_close == "maker"
    assert play.state.close_order.startswith("pacifica before hyperliquid, as configured")


def test_a_close_that_has_begun_keeps_its_order_whatever_is_measured_meanwhile() -> None:
    play = pair_at("CLOSING.first_leg")
    play.board = replace(play.board, reliability={TAKER.value: UNRELIABLE})
    play.play(EmergencyAsked(reason="now"))
    assert (play.state.first_to_close, play.state.close_order) == ("maker", "")


def test_nothing_measured_and_nothing_asked_fix_no_order() -> None:
    assert measured("HEDGED.earning").play(CLOSE).state.close_order == ""
    held = measured("HEDGED.earning", TAKER).play(reported(TAKER, "-10"))
    assert (held.state.first_to_close, held.state.close_order) == ("maker", "")
