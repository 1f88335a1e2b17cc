from __future__ import annotations

from decimal import Decimal

import pytest

from actors.board import Board, fold
from actors.domain import NS_PER_S
from actors.messages import AccountReported
from actors.policy import Policy
from actors.risk.books import Held
from actors.risk.liquidation import Nearness, estimated_price, mark_at, nearness, seconds_left
from tests.factories import ASSET, MAKER, TAKER, account, board_of, listed, sample, two_venues
from tests.playbook import START_NS

WINDOW_S = 300.0


def leg(size: str = "10", price: str | None = None) -> Held:
    told = None if price is None else Decimal(price)
    return Held(venue=TAKER, asset=ASSET, size=Decimal(size), liquidation_price=told)


def near(held: Held, board: Board | None = None, later_s: int = 0) -> Nearness | None:
    return nearness(held, board or two_venues(), Policy(), START_NS + later_s * NS_PER_S)


def marks(*told: tuple[int, str]) -> Board:
    """Marks at seconds after the start."""
    board = board_of(listed(TAKER), account(TAKER))
    for second, mark in told:
        board = fold(board, sample(TAKER, mark), START_NS + second * NS_PER_S)
    return board


def owes(equity: str, maintenance: str) -> AccountReported:
    usd = Decimal(equity)
    return AccountReported(
        venue=TAKER, equity_usd=usd, available_usd=usd, maintenance_usd=Decimal(maintenance), venue_at_ns=0
    )


@pytest.mark.parametrize(
    ("size", "price", "fraction"), [("10", "96", "0.04"), ("-10", "107", "0.07"), ("5", "101", "-0.01")]
)
def test_the_venue_s_own_price_is_taken_where_it_tells_one(size: str, price: str, fraction: str) -> None:
    found = near(leg(size, price))
    assert found is not None
    assert (found.fraction, found.estimated) == (Decimal(fraction), False)
    assert found.words() == f"{size} BTC on hyperliquid, mark 100, liquidated at {price} by the venue"


@pytest.mark.parametrize(("size", "side"), [("10", 1), ("-10", -1)])
def test_without_it_the_price_is_where_equity_meets_maintenance(size: str, side: int) -> None:
    """As Hyperliquid's docs have it: mark - side x (equity - maintenance) / size / (1 - fraction x side)."""
    board = fold(two_venues(), owes("300", "42.5"), START_NS)
    fraction, mark = Decimal("0.0125"), Decimal(100)
    price = estimated_price(leg(size), board)
    assert price is not None
    assert abs(price - (mark - side * (300 - Decimal("42.5")) / 10 / (1 - fraction * side))) < Decimal("1e-20")
    equity = 300 + Decimal(size) * (price - mark)
    needed = (Decimal("42.5") - 10 * mark * fraction) + 10 * price * fraction
    assert abs(equity - needed) < Decimal("1e-20"), "there, equity is what all positions need"
    found = near(leg(size), board)
    assert found is not None
    assert found.estimated


def test_a_long_that_no_price_can_liquidate_has_none_and_a_short_always_has_one() -> None:
    assert near(leg("10")) is None
    assert near(leg("-10")) is not None


def test_what_the_leg_lost_since_its_account_was_told_is_taken_off_and_a_gain_is_not_added() -> None:
    def price(now: str) -> Decimal:
        board = fold(marks((0, "100")), owes("300", "12.5"), START_NS + NS_PER_S)
        found = estimated_price(leg("10"), fold(board, sample(TAKER, now), START_NS + 70 * NS_PER_S))
        assert found is not None
        return found

    assert price("90") == price("100") == (1000 - 300) / (10 - Decimal("0.125")), "equity fell by as much as the mark"
    assert price("110") > price("100"), "a gain nobody has told yet: the estimate errs to the near side"


@pytest.mark.parametrize("missing", ["mark", "account", "size", "stale"])
def test_what_is_not_known_is_not_guessed(missing: str) -> None:
    boards = {
        "mark": board_of(listed(TAKER), account(TAKER)),
        "account": board_of(listed(TAKER), sample(TAKER)),
    }
    held = leg("0", "96") if missing == "size" else leg("-10", "96" if missing == "stale" else None)
    assert near(held, boards.get(missing), 901 if missing == "stale" else 0) is None


def test_the_mark_of_a_time_is_the_last_one_remembered_before_it() -> None:
    pasts = marks((0, "100"), (60, "101"), (120, "102")).past(TAKER, ASSET)
    times = [START_NS + second * NS_PER_S for second in (-1, 0, 119, 500)]
    assert [mark_at(pasts, at_ns, Decimal(7)) for at_ns in times] == [7, 100, 101, 102]


@pytest.mark.parametrize(
    ("held", "told", "seconds"),
    [
        (leg("10", "90"), ((0, "100"), (120, "97")), "280"),  # 7 left at 3 in 120 s
        (leg("-10", "110"), ((0, "100"), (120, "103")), "280"),
        (leg("10", "90"), ((0, "100"), (1, "97")), "140"),  # one tick counts as over a minute
        (leg("10", "90"), ((0, "100"), (60, "103"), (120, "97")), "70"),  # the fastest: 6 in the last minute
    ],
)
def test_the_time_left_is_the_distance_at_the_fastest_adverse_speed(
    held: Held, told: tuple[tuple[int, str], ...], seconds: str
) -> None:
    board, at_ns = marks(*told), START_NS + told[-1][0] * NS_PER_S
    found = nearness(held, board, Policy(), at_ns)
    assert found is not None
    left = seconds_left(found, board, WINDOW_S, at_ns)
    assert left is not None
    assert abs(left - Decimal(seconds)) < Decimal("1e-20")


@pytest.mark.parametrize(
    "told",
    [
        ((0, "100"), (120, "100")),
        ((0, "97"), (120, "100")),
        ((0, "100"), (301, "97"), (602, "97")),
    ],
    ids=["it stands", "it goes the leg's way", "it went against it before the window"],
)
def test_without_a_recent_move_against_the_leg_no_time_is_left_to_count(told: tuple[tuple[int, str], ...]) -> None:
    board, at_ns = marks(*told), START_NS + told[-1][0] * NS_PER_S
    found = nearness(leg("10", "90"), board, Policy(), at_ns)
    assert found is not None
    assert seconds_left(found, board, WINDOW_S, at_ns) is None


def test_each_venue_s_leg_is_measured_by_its_own_market() -> None:
    board = fold(two_venues(), sample(MAKER, "50"), START_NS)
    other = Held(venue=MAKER, asset=ASSET, size=Decimal(10), liquidation_price=Decimal(48))
    found = near(other, board)
    assert found is not None
    assert (found.mark, found.fraction) == (Decimal(50), Decimal("0.04"))
