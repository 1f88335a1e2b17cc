from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.domain import DoneReason, Liquidity, RejectReason, Side, Venue
from actors.messages import (
    AnyMessage,
    KillSwitchPulled,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionReported,
)
from actors.risk.books import DAY_NS, Held, key_of
from tests.actors.risk.orders import RiskPlay, order, send, watching
from tests.factories import ASSET, MAKER, PAIR, TAKER, account, deleveraged, funding, liquidated, sample
from tests.playbook import START_NS

KEY = key_of(TAKER, ASSET)


def fill(size: str, fill_id: str = "a", order_id: str = "order-1") -> OrderFilled:
    return OrderFilled(
        venue=TAKER,
        asset=ASSET,
        order_id=order_id,
        fill_id=fill_id,
        side=Side.BUY,
        price=Decimal(100),
        size=Decimal(size),
        fee_usd=Decimal(0),
        liquidity=Liquidity.TAKER,
        venue_at_ns=START_NS,
    )


def over(told: str, order_id: str = "order-1") -> OrderDone:
    return OrderDone(venue=TAKER, order_id=order_id, filled=Decimal(told), reason=DoneReason.CANCELED)


def position(size: str, venue: Venue = TAKER, entry: str | None = None) -> PositionReported:
    price = None if entry is None else Decimal(entry)
    return PositionReported(venue=venue, asset=ASSET, size=Decimal(size), venue_at_ns=START_NS, entry_price=price)


def sent(size: str = "10", side: Side = Side.BUY) -> RiskPlay:
    play = watching()
    assert send(play, order(size, side)) is None
    return play


def size_of(play: RiskPlay) -> Decimal:
    held = play.state.positions.get(KEY)
    return held.size if held is not None else Decimal(0)


@pytest.mark.parametrize(
    "facts",
    [
        (fill("4", "a"), fill("6", "b")),
        (fill("4", "a"), fill("4", "a"), fill("6", "b")),
        (fill("4", "a"), over("10")),
        (over("10"), fill("4", "a"), fill("6", "b")),
        (fill("10", "a"), over("10"), over("10")),
        (fill("4", "a"), fill("9", "b")),
    ],
)
def test_a_fill_counts_once_and_never_beyond_the_order(facts: tuple[AnyMessage, ...]) -> None:
    play = sent().play(*facts)
    assert size_of(play) == 10
    assert play.state.in_flight == {}


def test_a_sell_counts_down() -> None:
    assert size_of(sent("10", Side.SELL).play(fill("4"))) == -4


def test_what_the_venue_said_of_a_position_that_is_gone_says_nothing_of_the_next_one() -> None:
    """It ranks what is held; of nothing it says nothing, and the next word of a rank may come late."""
    ranked = PositionReported(
        venue=TAKER, asset=ASSET, size=Decimal(10), venue_at_ns=START_NS, entry_price=Decimal(90), adl_rank=Decimal(1)
    )
    play = sent().play(fill("10"), ranked, deleveraged(TAKER, "10", Side.SELL))
    assert send(play, order("5", order_id="next")) is None
    held = play.play(fill("5", "b", "next")).state.positions[KEY]
    assert (held.size, held.entry_price, held.adl_rank) == (Decimal(5), None, None)


def test_an_order_in_flight_is_kept_until_it_is_over() -> None:
    accepted = OrderAccepted(venue=TAKER, order_id="order-1", venue_order_id="1")
    unresolved = OrderUnresolved(venue=TAKER, order_id="order-1", detail="timeout")
    unknown = OrderUnknown(venue=TAKER, order_id="order-1")
    play = sent().play(accepted, unresolved, unknown)
    assert list(play.state.in_flight) == ["order-1"]
    play.passes(26).play(unknown)
    assert play.state.in_flight == {}
    assert size_of(play) == 0


def test_a_rejected_order_is_forgotten_and_its_fills_are_kept() -> None:
    rejected = OrderRejected(venue=TAKER, order_id="order-1", reason=RejectReason.MARGIN, detail="")
    play = sent().play(fill("3"), rejected)
    assert play.state.in_flight == {}
    assert size_of(play) == 3


def test_facts_of_unknown_orders_change_nothing() -> None:
    play = watching()
    before = play.state.positions, play.state.in_flight
    play.play(over("5", "nobody"), OrderUnknown(venue=TAKER, order_id="nobody"), fill("5", order_id="nobody"))
    assert (play.state.positions, play.state.in_flight) == before


def test_the_pair_that_trades_a_market_holds_its_position() -> None:
    assert sent().state.positions[KEY].holder == PAIR


def test_the_venue_s_word_wins_when_no_order_is_in_flight() -> None:
    assert size_of(watching().play(position("-7"))) == -7
    assert size_of(sent().play(over("10"), position("9"))) == 9


def test_the_venue_s_word_may_be_older_than_a_fill_while_an_order_is_in_flight() -> None:
    play = sent().play(fill("4"), position("0", entry="101"))
    assert size_of(play) == 4
    assert play.state.positions[KEY].entry_price == 101


def test_a_flat_report_of_a_flat_market_is_no_news() -> None:
    play = watching().play(position("0"))
    assert play.row.endswith(":PositionNoted")
    assert play.state.positions == {}


@pytest.mark.parametrize(("size", "left"), [("4", "6"), ("10", "0"), ("25", "0")])
def test_a_forced_fill_closes_at_most_the_position(size: str, left: str) -> None:
    for make in (deleveraged, liquidated):
        assert size_of(watching().play(position("10"), make(TAKER, size, Side.SELL))) == Decimal(left)


def test_a_forced_fill_never_opens() -> None:
    play = watching().play(position("10"), deleveraged(TAKER, "4", Side.BUY), deleveraged(MAKER, "4", Side.SELL))
    assert size_of(play) == 10
    assert list(play.state.positions) == [KEY]


def test_only_the_last_minute_s_orders_are_remembered() -> None:
    play = watching()
    for number in range(3):
        assert send(play, order(order_id=str(number))) is None
        play.passes(40)
    assert len(play.state.sent) == 2
    assert play.state.passed == 3


# --- what a holding brought --------------------------------------------------------------------------------


def held(play: RiskPlay) -> Held:
    return play.state.positions[KEY]


def test_money_is_what_fills_funding_and_forced_fills_brought_fees_taken_off() -> None:
    fees = replace(fill("4", "a"), fee_usd=Decimal("0.5"))
    play = sent().play(fees, fill("6", "b"))
    assert held(play).cash_usd == Decimal("-1000.5")
    play.play(funding(TAKER, "3"), funding(TAKER, "3"), funding(TAKER, "-1", "pay-2"))
    assert held(play).cash_usd == Decimal("-998.5"), "each record once"
    play.play(deleveraged(TAKER, "10", Side.SELL, price="101"))
    assert held(play).cash_usd == Decimal("11.4")


def test_what_was_filled_without_a_price_counts_at_the_order_s_limit() -> None:
    play = watching()
    assert send(play, order("10", price="102")) is None
    assert held(play.play(over("10"))).cash_usd == -1020


def test_a_size_that_nobody_ordered_counts_at_the_mark() -> None:
    play = sent().play(fill("10"), over("10"), position("8"))
    assert held(play).cash_usd == -800


def test_another_pair_s_money_begins_anew() -> None:
    play = sent().play(fill("10"))
    assert send(play, order("10", Side.SELL, order_id="out", reduce_only=True), "pair_position/BTC-2") is None
    assert held(play).holder == "pair_position/BTC-2"
    assert held(play).cash_usd == 0


def test_something_is_held_since_its_first_fill_and_after_being_flat_anew() -> None:
    play = sent().play(fill("4"))
    first_ns = play.at_ns
    assert held(play.passes(60).play(fill("6", "b"))).since_ns == first_ns
    play.play(position("0"))
    assert held(play.passes(60).play(position("3"))).since_ns == play.at_ns


def test_a_liquidation_price_is_that_of_the_size_it_was_told_for() -> None:
    told = replace(position("10"), liquidation_price=Decimal(90))
    play = sent("20").play(fill("10"), told)
    assert held(play).liquidation_price == 90
    assert held(play.play(fill("1", "b"))).liquidation_price is None
    assert held(play.play(told)).liquidation_price is None, "older than the fill: that of another size"


# --- once, and since when ----------------------------------------------------------------------------------


def test_a_payment_is_known_again_after_another_one() -> None:
    play = watching()
    assert send(play, order("10")) is None
    cash_usd = play.play(fill("10")).state.positions[KEY].cash_usd
    play.play(*(funding(TAKER, "1", name) for name in ("pay-1", "pay-2", "pay-1")))
    assert play.state.positions[KEY].cash_usd - cash_usd == 2


def test_a_forced_fill_never_enlarges_a_small_position() -> None:
    play = watching()
    assert send(play, order("0.5")) is None
    play.play(fill("0.5"), deleveraged(TAKER, "0.2", Side.BUY))
    assert play.state.positions[KEY].size == Decimal("0.5")


def test_a_position_is_held_since_its_first_fill_whatever_is_reported_later() -> None:
    play = watching()
    assert send(play, order("10")) is None
    since_ns = play.play(fill("10")).at_ns
    assert play.passes(5).play(position("12", TAKER, "99")).state.positions[KEY].since_ns == since_ns


def test_what_all_pairs_are_asked_for_is_no_wish_to_a_pair_of_that_name() -> None:
    play = watching().play(KillSwitchPulled(by="operator", reason="fire"))
    assert play.state.asked == {}


def test_a_word_from_just_before_midnight_is_no_start_of_the_day() -> None:
    play = watching()
    play.at_ns = (play.at_ns // DAY_NS + 1) * DAY_NS - 10**9
    play.play(account(TAKER), account(MAKER), sample(TAKER)).passes(2)
    assert send(play, order("1")) is None
    assert play.play(fill("1")).state.equity_start_usd == {}


def test_an_account_that_stays_silent_does_not_begin_the_day_s_count_anew() -> None:
    play = watching()
    play.at_ns = (play.at_ns // DAY_NS + 1) * DAY_NS - 10**9
    play.play(account(MAKER), sample(TAKER)).passes(2)
    assert send(play, order("2")) is None
    play.play(account(TAKER, "900"), fill("1", "a"))
    assert play.state.equity_start_usd == {TAKER.value: Decimal(900)}
    play.play(account(TAKER, "800"), fill("1", "b"))
    assert play.state.equity_start_usd == {TAKER.value: Decimal(900)}
