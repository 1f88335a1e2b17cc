"""What is kept of a venue: small sums, decayed, of facts that are never counted twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from actors.domain import HOUR_NS, NS_PER_S
from actors.policy import ReliabilityPolicy
from actors.reliability import (
    Depth,
    Reliability,
    depth_measure,
    faded,
    observe_answer,
    observe_depth,
    observe_doubt,
    observe_final,
    observe_link,
    observe_order,
    observe_reject,
    worst_share,
)
from tests.playbook import START_NS

SETTINGS = ReliabilityPolicy()


def ordered(times: int, at_ns: int = START_NS, *, doubted: bool = False) -> Reliability:
    seen = Reliability()
    for _ in range(times):
        seen = observe_order(seen, doubted=doubted, at_ns=at_ns, settings=SETTINGS)
    return seen


def test_what_was_seen_fades_by_half_in_a_half_life() -> None:
    later = faded(ordered(8, doubted=True), START_NS + 72 * HOUR_NS, SETTINGS)
    assert [later.doubts.count, later.doubts.bad, later.rejects.count] == [4, 4, 4]
    assert later.doubts.share == 1


def test_fading_in_steps_comes_to_the_same_as_fading_at_once() -> None:
    seen = ordered(100)
    for hour in range(1, 49):
        seen = faded(seen, START_NS + hour * HOUR_NS, SETTINGS)
    at_once = faded(ordered(100), START_NS + 48 * HOUR_NS, SETTINGS)
    assert abs(seen.doubts.count - at_once.doubts.count) < Decimal("0.00001")


def test_nothing_fades_without_a_half_life_and_no_time_goes_back() -> None:
    seen = ordered(3)
    for_ever = ReliabilityPolicy(half_life_h=Decimal(0))
    assert faded(seen, START_NS + 10**6 * HOUR_NS, for_ever).doubts.count == 3
    assert faded(seen, START_NS - HOUR_NS, SETTINGS) == seen


def test_a_distant_past_is_gone_and_never_an_error() -> None:
    assert faded(ordered(3), START_NS + 10**9 * HOUR_NS, SETTINGS).doubts.count == 0


@pytest.mark.parametrize(("took_s", "bad"), [(0, "0"), (1, "0"), (3, "0.5"), (5, "1"), (500, "1")])
def test_an_answer_is_bad_by_how_much_later_it_comes_than_usual(took_s: int, bad: str) -> None:
    seen = observe_answer(Reliability(), took_s * NS_PER_S, START_NS, SETTINGS)
    assert [seen.answers.count, seen.answers.bad, seen.answers.mean_s] == [1, Decimal(bad), took_s]


def test_a_clock_that_goes_back_makes_an_answer_quick_not_negative() -> None:
    assert observe_answer(Reliability(), -1, START_NS, SETTINGS).answers.seconds == 0


def test_an_end_that_takes_long_is_bad_by_its_own_scale() -> None:
    seen = observe_final(Reliability(), 20 * NS_PER_S, START_NS, SETTINGS)
    assert [seen.finals.bad, seen.answers.count] == [1, 0]


def test_a_refusal_and_a_doubt_belong_to_an_order_that_was_counted() -> None:
    seen = observe_doubt(observe_reject(ordered(4), START_NS, SETTINGS), START_NS, SETTINGS)
    assert (seen.rejects.share, seen.doubts.share) == (Decimal("0.25"), Decimal("0.25"))


def test_a_link_is_judged_by_losses_in_the_hours_that_were_watched() -> None:
    seen = observe_link(Reliability(), 5, START_NS, SETTINGS)
    assert seen.links.count == 0
    seen = observe_link(seen, 7, START_NS + HOUR_NS // 2, SETTINGS)
    assert seen.links.bad == 2
    assert seen.links.count == Decimal("2.5")


def test_a_long_time_without_a_look_counts_as_an_hour() -> None:
    for_ever = ReliabilityPolicy(half_life_h=Decimal(0))
    seen = observe_link(Reliability(), 0, START_NS, for_ever)
    assert observe_link(seen, 0, START_NS + 50 * HOUR_NS, for_ever).links.count == 1


def test_a_second_look_at_a_link_at_the_same_moment_adds_nothing_but_a_loss() -> None:
    at_ns = START_NS + HOUR_NS // 2
    seen = observe_link(observe_link(ordered(1), 5, START_NS, SETTINGS), 5, at_ns, SETTINGS)
    assert observe_link(seen, 5, at_ns, SETTINGS) is seen
    assert observe_link(seen, 6, at_ns, SETTINGS).links.bad == seen.links.bad + 1


def looked(*sizes: str, step_ns: int = HOUR_NS) -> Reliability:
    seen = Reliability()
    for number, size in enumerate(sizes):
        seen = observe_depth(seen, "BTC", Decimal(size), START_NS + number * step_ns, SETTINGS)
    return seen


def test_a_book_is_compared_with_its_own_hours_before() -> None:
    seen = looked("10", "10", "10", "1")
    assert worst_share(seen.depths["BTC"]).quantize(Decimal("0.001")) == Decimal("0.1")
    measure = depth_measure(seen, SETTINGS)
    assert measure.share.quantize(Decimal("0.01")) == Decimal("0.67")
    assert Decimal("2.9") < measure.count < 3


def test_a_book_that_keeps_its_usual_share_is_not_thin() -> None:
    assert depth_measure(looked("10", "10", "4"), SETTINGS).bad == 0


def test_the_first_hour_says_nothing_and_an_old_worst_is_forgotten() -> None:
    assert depth_measure(looked("10", "0", step_ns=NS_PER_S), SETTINGS).count == 0
    assert depth_measure(looked("10", "0", "10", "10"), SETTINGS).bad == 0
    assert worst_share(looked("0", "0").depths["BTC"]) == 1
    later = faded(looked("10", "10", "0"), START_NS + 9 * HOUR_NS, SETTINGS)
    assert depth_measure(later, SETTINGS).count == 0


def test_looks_of_an_hour_are_summed_and_the_worst_is_kept() -> None:
    assert looked("10", "4", "7", step_ns=NS_PER_S).depths["BTC"] == Depth(
        START_NS // HOUR_NS, Decimal(4), None, Decimal(21), 3
    )


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**6)), max_size=40))
def test_shares_stay_shares_whatever_is_seen(events: list[tuple[int, int]]) -> None:
    seen, at_ns = Reliability(), START_NS
    for kind, amount in events:
        at_ns += amount * NS_PER_S
        seen = (
            observe_order(seen, doubted=bool(amount % 2), at_ns=at_ns, settings=SETTINGS),
            observe_answer(seen, amount * NS_PER_S, at_ns, SETTINGS),
            observe_final(seen, amount * NS_PER_S, at_ns, SETTINGS),
            observe_link(seen, amount, at_ns, SETTINGS),
            observe_depth(seen, "BTC", Decimal(amount), at_ns, SETTINGS),
            observe_doubt(seen, at_ns, SETTINGS),
        )[kind]
    measures = (seen.answers, seen.rejects, seen.doubts, seen.finals, seen.links, depth_measure(seen, SETTINGS))
    assert all(0 <= measure.share <= 1 and measure.count >= 0 for measure in measures)
