from __future__ import annotations

from decimal import Decimal

import pytest

from actors.domain import Venue
from actors.policy import AdlPolicy
from actors.risk.adl import estimate, own_return
from actors.risk.books import Held
from tests.factories import ASSET, TAKER, account, board_of, sample

POLICY = AdlPolicy()  # scores 0.5, 1, 2 and 4 begin levels 2, 3, 4 and 5


def held(size: str, entry: str | None = "100", rank: str | None = None, venue: Venue = TAKER) -> Held:
    return Held(
        venue=venue,
        asset=ASSET,
        size=Decimal(size),
        entry_price=None if entry is None else Decimal(entry),
        adl_rank=None if rank is None else Decimal(rank),
    )


@pytest.mark.parametrize(
    ("size", "mark", "equity", "level", "words"),
    [
        # long 10 from 100 to 110 on 1,000 equity: 10 % x 1.1 = 0.11
        ("10", "110", "1000", 1, "return 0.1000 x leverage 1.10 = 0.1100"),
        # short 10 from 100 to 80 on 200: 20 % x 4 = 0.8
        ("-10", "80", "200", 2, "return 0.2000 x leverage 4.00 = 0.8000"),
        # long 10 from 100 to 150 on 500: 50 % x 3 = 1.5
        ("10", "150", "500", 3, "return 0.5000 x leverage 3.00 = 1.5000"),
        # long 10 from 100 to 200 on 1,000: 100 % x 2 = 2, exactly the threshold
        ("10", "200", "1000", 4, "return 1.0000 x leverage 2.00 = 2.0000"),
        # short 10 from 100 to 50 on 50: 50 % x 10 = 5
        ("-10", "50", "50", 5, "return 0.5000 x leverage 10.00 = 5.0000"),
        # a loss is never in the queue, whatever the leverage
        ("10", "50", "1", 1, "return -0.5000 x leverage 500.00 = 0.0000"),
        ("-10", "200", "1", 1, "return -1.0000 x leverage 2000.00 = 0.0000"),
    ],
)
def test_the_level_is_own_return_times_effective_leverage(
    size: str, mark: str, equity: str, level: int, words: str
) -> None:
    told = estimate(held(size), board_of(sample(TAKER, mark), account(TAKER, equity)), POLICY)
    assert (told.level, told.estimated, told.inputs) == (level, True, words)
    assert (told.venue, told.asset) == (TAKER, ASSET)


@pytest.mark.parametrize(
    ("rank", "level"), [("0", 1), ("0.19", 1), ("0.2", 2), ("0.59", 3), ("0.79", 4), ("0.8", 5), ("1", 5)]
)
def test_a_rank_the_venue_publishes_wins(rank: str, level: int) -> None:
    told = estimate(held("-10", rank=rank), board_of(sample(TAKER, "50"), account(TAKER, "50")), POLICY)
    assert (told.level, told.estimated, told.inputs) == (level, False, f"venue rank {rank}")


@pytest.mark.parametrize(
    ("entry", "facts"),
    [
        (None, (sample(TAKER, "200"), account(TAKER, "1"))),
        ("100", (account(TAKER, "1"),)),
        ("100", (sample(TAKER, "200"),)),
        ("100", (sample(TAKER, "200"), account(TAKER, "0"))),
    ],
    ids=["entry", "mark", "account", "equity"],
)
def test_what_is_not_known_is_said_and_raises_no_alarm(entry: str | None, facts: tuple) -> None:  # type: ignore[type-arg]
    told = estimate(held("10", entry), board_of(*facts), POLICY)
    assert (told.level, told.inputs) == (1, "entry, mark or equity not known")


def test_own_return_is_signed_by_the_side_held() -> None:
    assert own_return(held("1"), Decimal(110)) == Decimal("0.1")
    assert own_return(held("-1"), Decimal(110)) == Decimal("-0.1")
    assert own_return(held("1", entry=None), Decimal(110)) == 0
