"""Risk measures venues by words about orders, by links and by books, and blames no venue for what is our doing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.board import fold
from actors.domain import HOUR_NS, NS_PER_S, DoneReason, Liquidity, RejectReason, Side, TimeInForce
from actors.messages import (
    AnyMessage,
    LinkLost,
    LinkUp,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
    OrderUnknown,
    OrderUnresolved,
    PositionReported,
)
from actors.reliability import Reliability
from actors.risk import RiskState
from tests.actors.risk.orders import RiskPlay, order, send, watching
from tests.factories import ASSET, TAKER, quote
from tests.playbook import START_NS, Cue, fires

RiskCue = Cue[RiskState]
ACCEPTED = OrderAccepted(venue=TAKER, order_id="order-1", venue_order_id="1")
UNRESOLVED = OrderUnresolved(venue=TAKER, order_id="order-1", detail="timeout")
UNKNOWN = OrderUnknown(venue=TAKER, order_id="order-1")
OVER = OrderDone(venue=TAKER, order_id="order-1", filled=Decimal(10), reason=DoneReason.FILLED)
LOST = LinkLost(venue=TAKER, reason="cut")
UP = LinkUp(venue=TAKER)


def fill(size: str = "10", fill_id: str = "a") -> OrderFilled:
    return OrderFilled(
        venue=TAKER,
        asset=ASSET,
        order_id="order-1",
        fill_id=fill_id,
        side=Side.BUY,
        price=Decimal(100),
        size=Decimal(size),
        fee_usd=Decimal(0),
        liquidity=Liquidity.TAKER,
        venue_at_ns=START_NS,
    )


def rejected(reason: RejectReason) -> OrderRejected:
    return OrderRejected(venue=TAKER, order_id="order-1", reason=reason, detail="")


def tell(play: RiskPlay, *facts: RiskCue) -> RiskPlay:
    """Words about a link are the board's to hear, and not risk's."""
    for fact in facts:
        if isinstance(fact, LinkLost | LinkUp):
            play.at_ns += NS_PER_S
            play.board = fold(play.board, fact, play.at_ns)
        else:
            play.play(fact)
    return play


def after(*facts: AnyMessage, wait_s: float = 2.0, manner: TimeInForce = TimeInForce.IOC) -> RiskPlay:
    play = watching()
    assert send(play, replace(order("10"), time_in_force=manner)) is None
    return tell(play.passes(wait_s), *facts)


def seen_of(play: RiskPlay) -> Reliability:
    return play.state.reliability.get(TAKER.value, Reliability())


@pytest.mark.parametrize("fact", [ACCEPTED, fill("4"), OVER, rejected(RejectReason.TICK)])
def test_the_first_word_is_timed_once_whatever_it_is(fact: AnyMessage) -> None:
    seen = seen_of(after(fact, fact, fill("1", "z")))
    assert [seen.answers.count.quantize(Decimal(1)), seen.doubts.count.quantize(Decimal(1))] == [1, 1]
    mean_s = seen.answers.mean_s
    assert mean_s is not None
    assert 2 <= mean_s < Decimal("2.1")


@pytest.mark.parametrize("reason", list(RejectReason))
def test_only_refusals_by_the_venue_s_fault_count_against_it(reason: RejectReason) -> None:
    blamed = reason.value in ("rate_limited", "nonce", "halted", "other")
    assert seen_of(after(rejected(reason))).rejects.bad == blamed


def test_a_refusal_after_the_first_word_counts_for_the_same_order() -> None:
    seen = seen_of(after(ACCEPTED, rejected(RejectReason.OTHER)))
    assert seen.rejects.share > Decimal("0.99")


@pytest.mark.parametrize(
    "facts",
    [(UNRESOLVED,), (UNKNOWN,), (UNRESOLVED, UNKNOWN, UNRESOLVED, ACCEPTED), (ACCEPTED, UNRESOLVED, UNRESOLVED)],
)
def test_an_order_is_in_doubt_once(facts: tuple[AnyMessage, ...]) -> None:
    seen = seen_of(after(*facts))
    assert seen.doubts.bad.quantize(Decimal(1)) == 1
    assert seen.doubts.count.quantize(Decimal(1)) == 1


def test_an_answer_that_was_asked_for_is_not_timed() -> None:
    assert seen_of(after(UNRESOLVED, ACCEPTED)).answers.count == 0


def test_a_venue_that_does_not_show_what_it_took_before_lost_nothing_of_ours_again() -> None:
    assert seen_of(after(ACCEPTED, UNKNOWN)).doubts.bad == 0


@pytest.mark.parametrize("facts", [(fill(),), (fill("4"), fill("6", "b")), (OVER,), (fill("4"), OVER)])
def test_an_immediate_order_that_filled_is_timed_to_its_end(facts: tuple[AnyMessage, ...]) -> None:
    assert seen_of(after(*facts)).finals.count == 1


@pytest.mark.parametrize("facts", [(fill("4"), fill("4")), (replace(OVER, filled=Decimal(0)),)])
def test_what_is_not_over_or_did_not_fill_has_no_end_to_time(facts: tuple[AnyMessage, ...]) -> None:
    assert seen_of(after(*facts)).finals.count == 0


def test_a_resting_order_may_take_its_time() -> None:
    assert seen_of(after(ACCEPTED, OVER, manner=TimeInForce.POST_ONLY)).finals.count == 0


@pytest.mark.parametrize("facts", [(LOST, UNRESOLVED), (LOST, UP, UNRESOLVED), (LOST, UP, ACCEPTED, OVER)])
def test_an_order_whose_link_broke_is_not_measured(facts: tuple[AnyMessage, ...]) -> None:
    play = after(*facts)
    assert play.state.reliability == {}


def test_words_on_orders_that_nobody_sent_measure_nothing() -> None:
    assert watching().play(UNRESOLVED, ACCEPTED).state.reliability == {}


def held(*facts: RiskCue) -> RiskPlay:
    position = PositionReported(venue=TAKER, asset=ASSET, size=Decimal(5), venue_at_ns=START_NS)
    return tell(watching(), position, fires("watch"), *facts)


def test_losses_of_a_link_count_while_something_is_held() -> None:
    play = held(LOST, UP, fires("watch"))
    assert seen_of(play).links.bad == 1
    assert seen_of(play.play(fires("watch"))).links.bad.quantize(Decimal("0.001")) == 1


def test_a_link_that_we_renew_is_not_lost() -> None:
    assert seen_of(held(replace(LOST, planned=True), UP, fires("watch"))).links.bad == 0


def ladders(size: str) -> AnyMessage:
    figures = tuple(Decimal(size) for _ in range(6))
    return replace(quote(TAKER), bid_depths=figures, ask_depths=tuple(2 * each for each in figures))


def test_the_thinner_side_of_a_held_market_is_looked_at() -> None:
    play = held(ladders("50")).play(fires("watch"))
    assert seen_of(play).depths[ASSET].worst == 50


def test_a_book_without_a_ladder_or_a_link_is_not_judged() -> None:
    assert seen_of(held(fires("watch"))).depths == {}
    assert seen_of(held(ladders("50"), LOST, fires("watch"))).depths == {}


def test_what_is_held_nowhere_is_not_looked_at() -> None:
    play = held(ladders("50"), fires("watch"))
    before = seen_of(play)
    gone = replace(play.state.positions[f"{TAKER}:{ASSET}"], size=Decimal(0))
    play.state = replace(play.state, positions={f"{TAKER}:{ASSET}": gone})
    assert seen_of(play.play(fires("watch"))) == before


def test_an_outage_of_hours_is_one_loss_and_the_time_before_it_watched() -> None:
    play = tell(held().passes(HOUR_NS / NS_PER_S), LOST, LOST, UP, fires("watch"))
    assert seen_of(play).links.bad == 1
    assert Decimal("1.9") < seen_of(play).links.count <= 2
