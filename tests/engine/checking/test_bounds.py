from __future__ import annotations

from actors.policy import Policy
from engine.checking.bounds import BOARDS, GRACE_NS, IDS, LOT, PAIRS, VENUES, Bounds, policy_of


def test_an_order_is_asked_for_before_it_lapses_and_lapses_before_the_questions_are_used_up() -> None:
    for policy in (Policy().order, policy_of(Bounds()).order):
        lapses_s = policy.order_lifetime_s + GRACE_NS / 10**9
        assert policy.order_timeout_s < lapses_s
        assert lapses_s < policy.doubt_retry_s * (policy.doubt_tries_most - 1)
    for venue in VENUES:
        instrument = BOARDS[True, True].market(venue, "BTC").instrument
        assert instrument is not None
        assert instrument.lapse_grace_ns == GRACE_NS > 0


def test_every_limit_of_attempts_is_bounded() -> None:
    policy = policy_of(Bounds(attempts=4, requotes=2))
    limits = (policy.entry.sweeps_most, policy.exit.close_tries_most, policy.exit.emergency_tries_most)
    assert limits == (4, 4, 4)
    assert (policy.verify.verify_tries_most, policy.entry.requotes_most) == (4, 2)


def test_one_lot_is_never_dust_and_half_a_lot_cannot_be_traded() -> None:
    market = BOARDS[True, True].market(VENUES[0], "BTC")
    assert market.instrument is not None
    assert LOT * 100 > market.instrument.min_notional_usd > LOT * 50
    assert policy_of(Bounds()).verify.dust_usd / 100 < LOT


def test_the_links_are_those_of_the_board() -> None:
    board = BOARDS[True, False]
    assert [board.link_up(venue) for venue in VENUES] == [True, False]


def test_either_leg_may_close_first_and_orders_have_names_of_their_own() -> None:
    assert {name: pair.first_to_close for name, pair in PAIRS.items()} == {"taker": "taker", "maker": "maker"}
    assert len(IDS) == len(dict.fromkeys(IDS))
