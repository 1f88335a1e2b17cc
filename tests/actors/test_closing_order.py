"""The configured order is the prior: a few observations change nothing, noise hardly ever, clear evidence does."""

from __future__ import annotations

import random
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from actors.closing_order import closing_order, score, words
from actors.domain import HOUR_NS, NS_PER_S, Venue
from actors.policy import Policy
from actors.reliability import Measure, Reliability, observe_answer, observe_order, observe_reject
from tests.playbook import START_NS

POLICY = Policy()
SETTINGS = POLICY.reliability
FIRST, SECOND = Venue.PACIFICA, Venue.LIGHTER
HISTORIES = 400
FLIPS_MOST = 0.01


def history(orders: int, *, doubted: int = 0, rejected: int = 0, answer_s: Decimal = Decimal("0.3")) -> Reliability:
    """Orders at once, of which so many ended in doubt (and late), and so many were refused."""
    seen = Reliability()
    for number in range(orders):
        lost = number < doubted
        seen = observe_order(seen, doubted=lost, at_ns=START_NS, settings=SETTINGS)
        if not lost:
            seen = observe_answer(seen, int(answer_s * NS_PER_S), START_NS, SETTINGS)
        if doubted <= number < doubted + rejected:
            seen = observe_reject(seen, START_NS, SETTINGS)
    return seen


def first(one: Reliability | None, other: Reliability | None, at_ns: int = START_NS) -> Venue:
    told = {FIRST: one, SECOND: other}
    measured = {venue.value: seen for venue, seen in told.items() if seen is not None}
    return closing_order(FIRST, SECOND, measured, POLICY, at_ns).first


def test_what_nobody_measured_stays_as_configured_and_needs_no_words() -> None:
    order = closing_order(FIRST, SECOND, {}, POLICY, START_NS)
    assert (order.first, order.words) == (FIRST, "")


@pytest.mark.parametrize("seen", [history(2, doubted=2), history(2, rejected=2), history(3, doubted=1, rejected=1)])
def test_two_bad_orders_change_nothing(seen: Reliability) -> None:
    assert first(None, seen) is FIRST
    assert first(history(2), seen) is FIRST


def test_two_orders_bad_in_every_way_at_once_change_nothing() -> None:
    worst = Measure(Decimal(2), Decimal(2), Decimal(99))
    seen = Reliability(at_ns=START_NS, answers=worst, rejects=worst, finals=worst)
    assert first(None, seen) is FIRST


@pytest.mark.parametrize(
    "seen",
    [history(40, doubted=12), history(40, rejected=12), history(40, answer_s=Decimal(4)), history(20, doubted=10)],
)
def test_clear_evidence_closes_the_worse_venue_first(seen: Reliability) -> None:
    assert first(history(40), seen) is SECOND
    assert first(None, seen) is SECOND


def test_what_speaks_against_both_alike_leaves_the_configured_order() -> None:
    bad = history(60, doubted=20)
    assert first(bad, bad) is FIRST


def test_evidence_against_the_configured_first_leaves_it_first() -> None:
    assert first(history(60, doubted=30), history(60)) is FIRST


def test_the_policy_says_what_is_configured_whoever_is_named_first() -> None:
    measured = {SECOND.value: history(40)}
    assert closing_order(SECOND, FIRST, measured, POLICY, START_NS) == closing_order(
        FIRST, SECOND, measured, POLICY, START_NS
    )


def test_evidence_fades_and_the_configured_order_returns() -> None:
    bad = history(40, doubted=20)
    assert first(history(40), bad) is SECOND
    assert first(history(40), bad, START_NS + 30 * 24 * HOUR_NS) is FIRST


def test_symmetric_noise_turns_the_order_in_at_most_one_history_in_a_hundred() -> None:
    """Both venues refuse 5 % and lose 3 % of up to 80 orders, and answer in half a second to a second and a half."""
    chance = random.Random(11)

    def noisy(orders: int) -> Reliability:
        doubted = sum(chance.random() < 0.03 for _ in range(orders))
        rejected = sum(chance.random() < 0.05 for _ in range(orders))
        rejected = min(rejected, orders - doubted)
        return history(orders, doubted=doubted, rejected=rejected, answer_s=Decimal(chance.randint(50, 150)) / 100)

    turned = 0
    for _ in range(HISTORIES):
        orders = chance.randint(1, 80)
        turned += first(noisy(orders), noisy(orders)) is SECOND
    assert turned <= HISTORIES * FLIPS_MOST


def test_scores_begin_in_the_configured_order() -> None:
    scores = [score(Reliability(), venue, POLICY, START_NS) for venue in POLICY.exit.unreliable_first]
    assert scores == sorted(scores, reverse=True)
    assert len(dict.fromkeys(scores)) == len(scores)


def test_a_venue_without_a_place_is_as_good_as_the_last() -> None:
    policy = replace(POLICY, exit=replace(POLICY.exit, unreliable_first=(FIRST,)))
    assert score(Reliability(), SECOND, policy, START_NS) == 0


counts = st.integers(0, 30)


@given(counts, counts, counts, counts, st.sampled_from(list(permutations(Venue, 2))), st.integers(0, 10**4))
def test_a_decision_is_the_same_each_time_and_its_words_name_both(
    orders: int, doubted: int, rejected: int, others: int, pair: tuple[Venue, Venue], hours: int
) -> None:
    seen = history(orders, doubted=min(orders, doubted), rejected=min(rejected, max(0, orders - doubted)))
    measured = {pair[0].value: seen, pair[1].value: history(others)}
    found = [closing_order(*pair, measured, POLICY, START_NS + hours * HOUR_NS) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].first in pair
    assert all(venue.value in found[0].words for venue in pair)
    assert all(score(seen, venue, POLICY, START_NS).is_finite() for venue in pair)


def test_no_prior_and_nothing_seen_divides_by_nothing() -> None:
    policy = replace(POLICY, reliability=replace(SETTINGS, prior_weight=Decimal(0)))
    assert score(Reliability(), FIRST, policy, START_NS) == 0


def test_the_words_say_which_measures_decided() -> None:
    told = closing_order(FIRST, SECOND, {SECOND.value: history(40, rejected=20)}, POLICY, START_NS).words
    assert told.startswith(
        "lighter before pacifica, measured worse by 0.1 or more: pacifica 0.100 (no orders measured)"
    )
    assert "lighter 0.327 (answers in 300 ms, 50% rejected and 0% in doubt of 40.0 orders)" in told
    kept = closing_order(FIRST, SECOND, {SECOND.value: history(40)}, POLICY, START_NS).words
    assert kept.startswith("pacifica before lighter, as configured, not measured worse by 0.1: ")


def test_the_words_leave_out_what_was_not_seen() -> None:
    assert words(Reliability(), SETTINGS) == "no orders measured"
    assert words(history(1, doubted=1), SETTINGS).startswith("no answer timed, 0% rejected and 100% in doubt")
