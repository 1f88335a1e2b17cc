from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from actors.board import Board
from actors.buffer import UNBOUNDED, buffer_of
from actors.messages import AnyMessage, InstrumentListed
from actors.policy import GatesPolicy, Policy, RiskPolicy, SizingPolicy
from actors.sizing import (
    Sized,
    Wish,
    capital_usd,
    largest,
    leverage_of,
    lot_of,
    needed_buffer,
    sized,
)
from actors.stakes import gross_usd
from tests.actors.known import stake
from tests.factories import ASSET, MAKER, TAKER, account, board_of, instrument, market_facts, quote, sample

D = Decimal
HUGE = D(10**9)
WIDE = RiskPolicy(
    order_notional_most_usd=HUGE,
    venue_gross_most_usd=HUGE,
    asset_gross_most_usd=HUGE,
    total_gross_most_usd=HUGE,
    total_net_most_usd=HUGE,
    pair_long_most_usd=HUGE,
    pair_short_most_usd=HUGE,
    pair_gross_most_usd=HUGE,
    venue_long_most_usd=HUGE,
    venue_short_most_usd=HUGE,
    total_long_most_usd=HUGE,
    total_short_most_usd=HUGE,
)
ALL = Policy(risk=WIDE, sizing=SizingPolicy(caps_share_most=D(1), margin_share_most=D(1)))
WISH = Wish(asset=ASSET, short_venue=TAKER, long_venue=MAKER, target=D(400), buffer=D("0.15"))


def board(*facts: AnyMessage) -> Board:
    """Asks at 100: a unit costs a hundred dollars; books of 1000, interest of a million, accounts of 100,000."""
    flat = [quote(venue, bid="99.9", ask="100") for venue in (TAKER, MAKER)]
    return board_of(*market_facts(TAKER), *market_facts(MAKER), *flat, *facts)


def size_of(policy: Policy = ALL, wish: Wish = WISH, on: Board | None = None, stakes: str = "") -> Sized:
    held = (stake(stakes),) if stakes else ()
    return sized(wish, held, on or board(), policy)


def limited(**changes: Decimal) -> Policy:
    return replace(ALL, risk=replace(WIDE, **changes))


def test_with_room_everywhere_the_target_binds() -> None:
    found = size_of()
    assert (found.size, found.bound) == (D(400), "target")
    assert [each.size for each in found.bounds] == sorted(each.size for each in found.bounds)


@pytest.mark.parametrize(
    ("limit", "most", "size", "bound"),
    [
        ("order_notional_most_usd", 30_000, 300, "order_cap"),
        ("total_net_most_usd", 30_000, 300, "net_cap"),
        ("pair_long_most_usd", 30_000, 300, "pair_cap"),
        ("pair_short_most_usd", 30_000, 300, "pair_cap"),
        ("pair_gross_most_usd", 60_000, 300, "pair_cap"),
        ("asset_gross_most_usd", 60_000, 200, "asset_cap"),
        ("total_gross_most_usd", 60_000, 200, "total_cap"),
        ("total_long_most_usd", 30_000, 200, "total_side_cap"),
        ("total_short_most_usd", 30_000, 200, "total_side_cap"),
        ("venue_gross_most_usd", 30_000, 200, "venue_cap:hyperliquid"),
        ("venue_short_most_usd", 30_000, 200, "venue_side_cap:hyperliquid"),
        ("venue_long_most_usd", 30_000, 200, "venue_side_cap:pacifica"),
    ],
)
def test_each_cap_of_the_risk_limits_binds_less_what_is_held(limit: str, most: int, size: int, bound: str) -> None:
    """100 units, 10,000 USD, are held on each side already."""
    found = size_of(limited(**{limit: D(most)}), stakes="100")
    assert (found.size, found.bound) == (D(size), bound)


def test_a_cap_in_tokens_binds() -> None:
    found = size_of(replace(ALL, risk=replace(WIDE, order_base_most={ASSET: D("7.77")})))
    assert (found.size, found.bound) == (D("7.7"), "order_base_cap")


@pytest.mark.parametrize(
    ("facts", "size", "bound"),
    [
        ((quote(MAKER, bid="99.9", ask="100", size="50"),), "50", "depth:pacifica"),
        ((quote(TAKER, bid="99.7", ask="100.3"),), "0", "depth:hyperliquid"),
        ((sample(MAKER, interest="1000"),), "10", "open_interest:pacifica"),
        ((account(TAKER, "9000"),), "270", "leverage:hyperliquid"),
        ((account(TAKER, "-1"),), "0", "leverage:hyperliquid"),
    ],
)
def test_books_interest_and_accounts_bind(facts: tuple[AnyMessage, ...], size: str, bound: str) -> None:
    found = size_of(on=board(*facts))
    assert (found.size, found.bound) == (D(size), bound)


def test_the_way_to_liquidation_binds_before_the_leverage_where_much_is_asked_for() -> None:
    """9000 USD bear 9000 / (0.5 + 1.5 x 0.0125) = 17,349 USD short at half a price of distance: the margin grows.

    Of a long leg they bear 9000 / (0.5 + 0.5 x 0.0125) = 17,777 USD.
    """
    found = size_of(wish=replace(WISH, buffer=D("0.5")), on=board(account(TAKER, "9000")))
    assert (found.size, found.bound) == (D("173.4"), "buffer:hyperliquid")
    after = (stake(str(found.size), settled=False),)
    assert D("0.5") <= buffer_of(TAKER, after, board(account(TAKER, "9000"))) < D("0.501")
    long = size_of(wish=replace(WISH, buffer=D("0.5")), on=board(account(MAKER, "9000")))
    assert (long.size, long.bound) == (D("177.7"), "buffer:pacifica")


def test_margin_in_use_elsewhere_binds() -> None:
    told = replace(account(TAKER, "100000"), available_usd=D(1000))
    found = size_of(on=board(told))
    assert (found.size, found.bound) == (D(30), "margin:hyperliquid")


def test_a_venue_whose_account_is_not_known_gets_nothing() -> None:
    known = [fact for venue in (TAKER, MAKER) for fact in market_facts(venue)]
    found = size_of(on=board_of(*known[:4], *known[6:]))
    assert (found.size, found.bound) == (D(0), "account:hyperliquid")
    assert buffer_of(TAKER, (stake("1"),), Board()) == 0
    assert buffer_of(TAKER, (), board()) == UNBOUNDED


def test_a_part_of_caps_and_margins_is_left_for_prices_that_move() -> None:
    share = replace(limited(order_notional_most_usd=D(30_000)), sizing=SizingPolicy(caps_share_most=D("0.5")))
    assert size_of(share).size == 150
    half = replace(ALL, sizing=SizingPolicy(margin_share_most=D("0.5")))
    assert size_of(half, on=board(account(TAKER, "9000"))).size == 135


def test_leverage_is_the_market_s_and_never_more_than_ours() -> None:
    low = board(InstrumentListed(instrument=instrument(TAKER, max_leverage=2)))
    assert leverage_of(low.market(TAKER, ASSET), ALL) == 2
    assert leverage_of(low.market(MAKER, ASSET), ALL) == 3
    assert capital_usd(WISH, D(6), low, ALL) == 300 + 200
    assert lot_of(low.market(TAKER, ASSET), low.market(MAKER, ASSET)) == D("0.1")


@pytest.mark.parametrize(("month", "needed"), [("0.05", "0.15"), ("0.2", "0.4"), ("0.6", "1.2")])
def test_the_needed_way_is_a_fixed_one_or_two_months_deviations(month: str, needed: str) -> None:
    """Beyond a whole price too: a short leg's price may more than double."""
    policy = Policy(gates=GatesPolicy(buffer_least_fraction=D("0.15"), buffer_volatilities=D(2)))
    assert needed_buffer(D(month), policy) == D(needed)


MONEY = st.integers(min_value=0, max_value=200_000)


@given(equity=MONEY, held=st.integers(min_value=0, max_value=500), caps=st.tuples(MONEY, MONEY, MONEY))
def test_whatever_is_held_and_allowed_the_size_keeps_every_limit(
    equity: int, held: int, caps: tuple[int, int, int]
) -> None:
    asset, venue, total = map(D, caps)
    policy = limited(asset_gross_most_usd=asset, venue_gross_most_usd=venue, total_gross_most_usd=total)
    on = board(account(TAKER, str(equity)))
    before = (stake(str(held)),) if held else ()
    found = sized(WISH, before, on, policy)
    assert found.size >= 0
    assert found.size % D("0.1") == 0
    if not found.size:
        return
    after = (*before, stake(str(found.size), settled=False, pair="new"))
    gross = gross_usd(after, TAKER, on)
    assert gross <= venue
    assert 2 * gross <= min(asset, total)
    assert gross <= 3 * D(equity)
    assert buffer_of(TAKER, after, on) >= WISH.buffer


@given(size=st.integers(1, 500), most=st.integers(-1, 600))
def test_the_largest_size_that_is_borne_is_found_in_whole_lots(size: int, most: int) -> None:
    lot, asked = Decimal("0.5"), []

    def is_borne(less: Decimal) -> bool:
        asked.append(less)
        return less <= most * lot

    assert largest(size * lot, lot, is_borne) == max(0, min(most, size - 1)) * lot
    assert len(asked) <= 10
