"""Slippage from a touch and a ladder, held to an exact walk over whole books."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from actors.depth import DEPTH_BPS, depths_within, size_within, slippage_bps
from actors.domain import Quote, Side

D = Decimal
Level = tuple[Decimal, Decimal]
MID = D(100)
WHOLE = D(10_000)
ULP = D("1e-18")
"""What divisions may round away; far below any figure that is decided by."""

sizes = st.decimals(min_value=D("0.001"), max_value=D(1000), places=3)
sides = st.sampled_from([Side.BUY, Side.SELL])


def mirrored(away_bps: list[Decimal], amounts: list[Decimal]) -> Quote:
    """A book with the same levels on both sides of MID, the nearest first."""
    asks = [(MID * (1 + away / WHOLE), size) for away, size in zip(away_bps, amounts, strict=True)]
    bids = [(2 * MID - price, size) for price, size in asks]
    return Quote(
        bid=bids[0][0],
        bid_size=bids[0][1],
        ask=asks[0][0],
        ask_size=asks[0][1],
        at_ns=0,
        bid_depths=depths_within(bids, MID),
        ask_depths=depths_within(asks, MID),
    )


def exact_bps(away_bps: list[Decimal], amounts: list[Decimal], size: Decimal) -> Decimal:
    """The walk over the levels themselves."""
    left, cost = size, D(0)
    for away, there in zip(away_bps, amounts, strict=True):
        taken = min(left, there)
        left -= taken
        cost += taken * away
    assert not left
    return cost / size


@st.composite
def any_book(draw: st.DrawFn) -> tuple[list[Decimal], list[Decimal]]:
    """Levels anywhere within a hundred and twenty bps, and their sizes."""
    places = draw(st.lists(st.integers(1, 1200), min_size=1, max_size=12, unique=True))
    return [D(place) / 10 for place in sorted(places)], [draw(sizes) for _ in places]


@st.composite
def book_on_edges(draw: st.DrawFn) -> tuple[list[Decimal], list[Decimal]]:
    """A touch anywhere before the last edge, and levels on edges beyond it."""
    touch = D(draw(st.integers(1, 999))) / 10
    edges = [edge for edge in DEPTH_BPS if edge > touch and draw(st.booleans())]
    return [touch, *edges], [draw(sizes) for _ in range(len(edges) + 1)]


def within_reach(book: tuple[list[Decimal], list[Decimal]]) -> Decimal:
    """What is told of a book: the touch, and what lies within the last edge."""
    return sum((size for i, (away, size) in enumerate(zip(*book, strict=True)) if not i or away <= 100), D(0))


@given(book_on_edges(), sides, st.integers(1, 1000))
def test_a_book_whose_levels_stand_on_the_edges_is_priced_exactly(
    book: tuple[list[Decimal], list[Decimal]], side: Side, permille: int
) -> None:
    size = sum(book[1], D(0)) * permille / 1000
    told = slippage_bps(mirrored(*book), side, size)
    assert told is not None
    assert abs(told - exact_bps(*book, size)) <= ULP


@given(any_book(), sides, st.integers(1, 1000))
def test_no_book_is_dearer_than_what_is_told_of_it(
    book: tuple[list[Decimal], list[Decimal]], side: Side, permille: int
) -> None:
    size = within_reach(book) * permille / 1000
    told = slippage_bps(mirrored(*book), side, size)
    assert told is not None
    assert told >= exact_bps(*book, size) - ULP


@given(any_book(), sides, st.integers(0, 1000), st.integers(0, 1000))
def test_a_larger_order_never_costs_less_and_none_less_than_half_the_spread(
    book: tuple[list[Decimal], list[Decimal]], side: Side, one: int, other: int
) -> None:
    quote, whole = mirrored(*book), within_reach(book)
    less, more = (slippage_bps(quote, side, whole * part / 1000) for part in sorted((one, other)))
    assert less is not None
    assert more is not None
    assert book[0][0] - ULP <= less <= more


@given(any_book(), sides)
def test_what_was_not_told_has_no_price(book: tuple[list[Decimal], list[Decimal]], side: Side) -> None:
    quote, whole = mirrored(*book), within_reach(book)
    assert slippage_bps(quote, side, whole) is not None
    assert slippage_bps(quote, side, whole + D("0.001")) is None


@settings(max_examples=200)
@given(any_book(), sides, st.integers(0, 1100))
def test_the_size_within_a_budget_is_the_largest_that_keeps_it(
    book: tuple[list[Decimal], list[Decimal]], side: Side, tenths: int
) -> None:
    quote, budget = mirrored(*book), D(tenths) / 10
    most = size_within(quote, side, budget)
    assert 0 <= most <= within_reach(book)
    if budget < book[0][0]:
        assert most == 0
        return
    kept = slippage_bps(quote, side, most)
    assert most > 0
    assert kept is not None
    assert kept <= budget + ULP
    beyond = slippage_bps(quote, side, most * (1 + D("1e-9")))
    assert beyond is None or beyond > budget


def test_each_side_has_a_price_of_its_own() -> None:
    quote = Quote(
        bid=D(99),
        bid_size=D(1),
        ask=D(101),
        ask_size=D(2),
        at_ns=0,
        bid_depths=(*(D(0),) * 5, D(4)),
        ask_depths=(*(D(0),) * 5, D(2)),
    )
    assert slippage_bps(quote, Side.SELL, D(4)) == 100
    assert slippage_bps(quote, Side.BUY, D(2)) == 100
    assert slippage_bps(quote, Side.BUY, D(3)) is None
    assert size_within(quote, Side.SELL, D(100)) == 4
    assert size_within(quote, Side.BUY, D(100)) == 2


def test_without_a_ladder_the_touch_costs_half_the_spread_and_more_has_no_price() -> None:
    quote = Quote(bid=D(9_999), bid_size=D(1), ask=D(10_001), ask_size=D(3), at_ns=0)
    assert [slippage_bps(quote, Side.BUY, D(size)) for size in (0, 1, 3, 4)] == [1, 1, 1, None]
    assert slippage_bps(quote, Side.SELL, D(2)) is None
    assert [size_within(quote, Side.BUY, D(budget)) for budget in ("0.99", "1", "50")] == [0, 3, 3]


def test_a_ladder_that_tells_less_than_the_touch_takes_nothing_from_it() -> None:
    """Figures may be rounded down on the way; the touch is told by itself."""
    quote = Quote(bid=D(9_999), bid_size=D(5), ask=D(10_001), ask_size=D(5), at_ns=0, ask_depths=(D(4),) * 5 + (D(6),))
    assert slippage_bps(quote, Side.BUY, D(5)) == 1
    assert slippage_bps(quote, Side.BUY, D(6)) == D(105) / 6


@pytest.mark.parametrize("length", [1, 5, 7])
def test_a_ladder_of_another_length_is_no_ladder_of_ours(length: int) -> None:
    quote = Quote(bid=D(9), bid_size=D(1), ask=D(11), ask_size=D(1), at_ns=0, ask_depths=(D(9),) * length)
    with pytest.raises(ValueError, match="zip"):
        slippage_bps(quote, Side.BUY, D(100))


def test_an_edge_belongs_to_its_bucket_and_order_does_not_matter() -> None:
    levels: list[Level] = [(D("100.02"), D(1)), (D("100.0200001"), D(2)), (D(101), D(4)), (D("101.1"), D(8))]
    expected = (D(1), D(3), D(3), D(3), D(3), D(7))
    assert depths_within(levels, MID) == depths_within(levels[::-1], MID) == expected
    below: list[Level] = [(2 * MID - price, size) for price, size in levels]
    assert depths_within(below, MID) == expected
    assert depths_within([], MID) == (0,) * len(DEPTH_BPS)


def test_a_quote_without_ladders_is_written_as_before_there_were_any() -> None:
    """Records of earlier runs keep their digests, and are read."""
    plain = Quote(bid=D(9), bid_size=D(1), ask=D(11), ask_size=D(1), at_ns=7)
    written = b'{"bid":"9","bid_size":"1","ask":"11","ask_size":"1","at_ns":7}'
    assert msgspec.json.encode(plain) == written
    assert msgspec.json.decode(written, type=Quote) == plain
