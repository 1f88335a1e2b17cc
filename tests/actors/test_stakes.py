from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from actors.board import Board
from actors.messages import AccountReported, InstrumentListed
from actors.stakes import (
    gross_usd,
    maintenance_told_usd,
    maintenance_usd,
    price_of,
    signed_usd,
)
from tests.actors.known import stake
from tests.factories import ASSET, MAKER, TAKER, board_of, instrument, market_facts, quote, sample, two_venues
from tests.playbook import START_NS

D = Decimal
OTHER = "ETH"
BOARD = board_of(*market_facts(TAKER), *market_facts(MAKER), *market_facts(TAKER, OTHER), *market_facts(MAKER, OTHER))


def test_a_stake_is_short_here_and_long_there() -> None:
    held = stake("10")
    assert [held.sign(venue) for venue in (TAKER, MAKER)] == [-1, 1]
    assert signed_usd(held, TAKER, BOARD) == -1000
    assert signed_usd(held, MAKER, BOARD) == 1000
    assert stake("10", MAKER, MAKER).sign(TAKER) == 0


def test_a_price_is_the_mark_else_the_middle_of_the_book_else_nothing() -> None:
    assert price_of(two_venues(), TAKER, ASSET) == 100
    assert price_of(board_of(quote(TAKER, bid="49", ask="51")), TAKER, ASSET) == 50
    assert price_of(Board(), TAKER, ASSET) == 0


def test_gross_counts_every_leg_whatever_its_side() -> None:
    stakes = (stake("10"), stake("4", MAKER, TAKER, asset=OTHER), stake("1", MAKER, TAKER, asset=OTHER))
    assert gross_usd(stakes, TAKER, BOARD) == 1500
    assert gross_usd(stakes, TAKER, BOARD, OTHER) == 500


@pytest.mark.parametrize(("settled", "needed"), [(True, "30"), (False, "42.5")])
def test_what_the_account_has_not_told_yet_is_added_to_its_margin(settled: bool, needed: str) -> None:
    """1000 USD at 1.25 %; the account told 30, and what is known alone would be less."""
    told = AccountReported(
        venue=TAKER, equity_usd=D(1), available_usd=D(1), maintenance_usd=D(30), venue_at_ns=START_NS
    )
    board = board_of(*market_facts(TAKER), told)
    held = replace(stake("10"), settled=settled)
    assert maintenance_usd((held,), TAKER, board) == D("12.5")
    assert maintenance_told_usd((held,), TAKER, board) == D(needed)


def test_a_margin_that_was_told_too_early_is_not_below_that_of_what_is_held() -> None:
    board = board_of(sample(TAKER), InstrumentListed(instrument=instrument(TAKER)))
    assert maintenance_told_usd((stake("10"),), TAKER, board) == D("12.5")
    assert maintenance_told_usd((stake("10"),), MAKER, Board()) == 0
