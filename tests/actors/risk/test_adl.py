"""The ADL level: rank over estimate, queue times stress, and words for everything that went into it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from actors.board import Board, fold
from actors.domain import NS_PER_S, Venue
from actors.messages import InstrumentListed
from actors.policy import AdlPolicy, Policy
from actors.risk.adl import LEVELS, WITHOUT_ADL, estimate, level_of, stands_in_no_queue
from actors.risk.books import Held
from tests.factories import ASSET, TAKER, account, board_of, instrument, sample
from tests.playbook import START_NS

POLICY = Policy()  # scores 1, 2, 4 and 8 begin levels 2, 3, 4 and 5
AT_NS = START_NS + 600 * NS_PER_S
SIZES = st.decimals(min_value="0.1", max_value=50, places=1)
PRICES = st.decimals(min_value=50, max_value=200, places=1)


def held(size: str, entry: str | None = "100", rank: str | None = None, venue: Venue = TAKER) -> Held:
    return Held(
        venue=venue,
        asset=ASSET,
        size=Decimal(size),
        entry_price=None if entry is None else Decimal(entry),
        adl_rank=None if rank is None else Decimal(rank),
    )


def moved(before: str, now: str, equity: str = "1000", interest: tuple[str, str] = ("100", "100")) -> Board:
    """A market with a maintenance fraction of 1.25 % that went from one price to another in ten minutes."""
    board = board_of(
        InstrumentListed(instrument=instrument(TAKER)),
        account(TAKER, equity),
        sample(TAKER, before, interest=interest[0]),
    )
    return fold(board, sample(TAKER, now, interest=interest[1]), AT_NS)


def level(leg: Held, board: Board, policy: Policy = POLICY, deleveraged_ns: int = 0) -> int:
    told = estimate(leg, board, policy, AT_NS, deleveraged_ns).level
    assert told == level_of(leg, board, policy, AT_NS, deleveraged_ns)
    return told


@pytest.mark.parametrize(
    ("size", "before", "now", "equity", "number", "words"),
    [
        # a short of 10 from 100, now 96: gain 1.0417, leverage 960 / 1000; 4 % in ten minutes are 3.33 fractions
        ("-10", "100", "96", "1000", 3, "estimate 3.33 = queue 1.00 (gain 1.0417, leverage 0.96) x stress 3.33"),
        # the same with 3 times the leverage
        ("-30", "100", "96", "1000", 5, "estimate 10.00 = queue 3.00 (gain 1.0417, leverage 2.88) x stress 3.33"),
        # a long of 20 from 100, now 104: gain 1.04, leverage 2.08; 4 % are 3.2 fractions
        ("20", "100", "104", "1000", 4, "estimate 6.92 = queue 2.16 (gain 1.0400, leverage 2.08) x stress 3.20"),
        # calm: whatever was gained, nobody is deleveraged
        ("-30", "50", "50", "1000", 1, "estimate 0.00 = queue 3.00 (gain 2.0000, leverage 1.50) x stress 0.00"),
        # a loss is in no queue, whatever the stress
        ("10", "120", "96", "10", 1, "estimate 0.00 = queue 0.00 (gain 0.9600, not in profit) x stress 0.00"),
    ],
)
def test_the_level_is_queue_times_stress(
    size: str, before: str, now: str, equity: str, number: int, words: str
) -> None:
    told = estimate(held(size), moved(before, now, equity), POLICY, AT_NS)
    assert (told.venue, told.asset, told.level, told.estimated) == (TAKER, ASSET, number, True)
    assert told.inputs.startswith(words)
    assert "maintenance fractions" in told.inputs
    assert "open interest" in told.inputs


@pytest.mark.parametrize(
    ("rank", "number"), [("0", 1), ("0.19", 1), ("0.2", 2), ("0.59", 3), ("0.79", 4), ("0.8", 5), ("1", 5)]
)
def test_a_rank_the_venue_publishes_wins_over_every_input(rank: str, number: int) -> None:
    for board in (moved("200", "50", "1"), moved("100", "100"), Board()):
        told = estimate(held("-10", rank=rank), board, POLICY, AT_NS, AT_NS)
        assert (told.level, told.estimated, told.inputs) == (number, False, f"venue rank {rank}")


def test_a_leg_that_is_not_held_is_at_level_one_whatever_else_is_known() -> None:
    told = estimate(held("0", rank="1"), moved("200", "50", "1"), POLICY, AT_NS, AT_NS)
    assert (told.level, told.estimated, told.inputs) == (1, True, "no position")


def test_a_venue_without_adl_is_at_level_one_and_says_so() -> None:
    assert WITHOUT_ADL == (Venue.DRIFT,)
    told = estimate(held("-10", entry=None, venue=Venue.DRIFT), Board(), POLICY, AT_NS, AT_NS)
    assert (told.level, told.inputs) == (1, "drift has no ADL")


def test_an_adl_of_another_leg_on_the_venue_raises_the_level_of_this_one() -> None:
    calm = moved("99", "99")
    assert level(held("-20"), calm) == 1
    assert level(held("-20"), calm, deleveraged_ns=AT_NS - NS_PER_S) == 5
    assert level(held("-10"), calm, deleveraged_ns=AT_NS - NS_PER_S) == 4
    assert level(held("-2"), calm, deleveraged_ns=AT_NS - NS_PER_S) == 2


@pytest.mark.parametrize(
    ("entry", "equity", "words"),
    [
        (None, "1000", "entry not known, taken as in profit, leverage 0.96"),
        ("100", "0", "gain 1.0417, equity not known, leverage taken as 3"),
        (None, "0", "entry not known, taken as in profit, equity not known, leverage taken as 3"),
    ],
)
def test_an_input_that_is_missing_is_taken_at_its_worst_and_said(entry: str | None, equity: str, words: str) -> None:
    known = estimate(held("-10"), moved("100", "96"), POLICY, AT_NS)
    told = estimate(held("-10", entry), moved("100", "96", equity), POLICY, AT_NS)
    assert f"({words})" in told.inputs
    assert told.level >= known.level
    assert level(held("-10", entry), moved("96", "96", equity)) == 1  # calm all the same


def test_without_any_price_nothing_is_alarming_but_everything_is_said() -> None:
    told = estimate(held("-10"), Board(), POLICY, AT_NS)
    assert told.level == 1
    assert "mark not known, taken as in profit" in told.inputs
    assert "market not told within 3600 s" in told.inputs


@given(size=SIZES, entry=PRICES, first=PRICES, second=PRICES, is_long=st.booleans())
def test_the_level_never_falls_when_the_price_moves_the_leg_s_way(
    size: Decimal, entry: Decimal, first: Decimal, second: Decimal, is_long: bool
) -> None:
    """At equal leverage, which is what the queue multiplies the gain with."""
    worse, better = sorted((first, second), reverse=not is_long)
    leg = held(str(size if is_long else -size), str(entry))
    levels = [level(leg, moved("100", str(now), str(size * now / 2))) for now in (worse, better)]
    assert levels == sorted(levels)


@given(size=SIZES, more=SIZES, now=PRICES, is_long=st.booleans())
def test_the_level_never_falls_with_leverage(size: Decimal, more: Decimal, now: Decimal, is_long: bool) -> None:
    sign = 1 if is_long else -1
    levels = [level(held(str(sign * each)), moved("100", str(now))) for each in (size, size + more)]
    assert levels == sorted(levels)


@given(size=SIZES, now=PRICES, drops=st.tuples(st.integers(1, 100), st.integers(1, 100)), is_long=st.booleans())
def test_the_level_never_falls_with_stress(size: Decimal, now: Decimal, drops: tuple[int, int], is_long: bool) -> None:
    leg = held(str(size if is_long else -size))
    less, more = sorted(drops, reverse=True)
    levels = [level(leg, moved("100", str(now), interest=("100", str(left)))) for left in (less, more)]
    levels.append(level(leg, moved("100", str(now), interest=("100", str(more))), deleveraged_ns=AT_NS))
    assert levels == sorted(levels)
    assert levels[-1] <= LEVELS


@given(SIZES, PRICES, st.booleans(), st.sampled_from([None, "0.9"]), st.sampled_from([TAKER, *WITHOUT_ADL]))
def test_what_stands_in_no_queue_is_at_level_one_whatever_the_stress(
    size: Decimal, now: Decimal, is_long: bool, rank: str | None, venue: Venue
) -> None:
    leg = held(str(size if is_long else -size), rank=rank, venue=venue)
    board = moved("100", str(now), equity="1")
    mark = board.market(leg.venue, leg.asset).mark
    if stands_in_no_queue(leg, mark):
        assert level(leg, board, deleveraged_ns=AT_NS) == 1


def test_a_leg_that_loses_or_cannot_be_deleveraged_stands_in_no_queue() -> None:
    mark = Decimal(99)
    assert stands_in_no_queue(held("10"), mark)
    assert not stands_in_no_queue(held("-10"), mark)
    assert not stands_in_no_queue(held("10", entry=None), mark), "what is not known is taken at its worst"
    assert not stands_in_no_queue(held("10", rank="0.9"), mark), "the venue's own rank wins"
    assert stands_in_no_queue(held("-10", venue=WITHOUT_ADL[0]), mark)


def test_the_thresholds_are_the_policy_s() -> None:
    scores = (Decimal("0.1"), Decimal("0.2"), Decimal("0.3"), Decimal(4))
    policy = replace(POLICY, adl=AdlPolicy(level_scores=scores))
    assert level(held("-10"), moved("100", "96"), policy) == 4
    assert level(held("-20"), moved("100", "96"), policy) == 5
