"""A loss that holders had to bear is told apart from the funding it is charged as."""

from decimal import Decimal

import pytest

from actors.domain import Venue
from engine.venues.assets import listed
from engine.venues.drift.losses import Losses
from engine.venues.drift.values import Reading
from tests.engine.venues.drift.chain import Chain

D = Decimal
USD_A_BASE = 10**9
NOW_NS = 77
SOL = listed(Venue.DRIFT, "SOL-PERP")


def chain(base=10**9) -> Chain:
    found = Chain(base=base, quote=-base * 150 // 1000, settled_at=5)
    found.perp.amm.last_funding_rate_ts = 3600
    return found


def hours(found: Chain, *rates: tuple[int, int]) -> None:
    """Fundings, an hour apart, each with its rate for longs and for shorts."""
    amm = found.perp.amm
    for rate_long, rate_short in rates:
        amm.cumulative_funding_rate_long += rate_long
        amm.cumulative_funding_rate_short += rate_short
        amm.last_funding_rate_long, amm.last_funding_rate_short = rate_long, rate_short
        amm.last_funding_rate_ts += 3600


def socialise(found: Chain, rate: int) -> None:
    """A bankruptcy is resolved at `rate` per base, against both sides."""
    amm = found.perp.amm
    amm.cumulative_funding_rate_long += rate
    amm.cumulative_funding_rate_short -= rate
    amm.total_social_loss += 1_000_000


def begun(found: Chain) -> Losses:
    losses = Losses(lambda: NOW_NS)
    assert told(losses, found.read()) == []
    return losses


def told(losses: Losses, reading: Reading) -> list[Decimal]:
    return [loss.amount_usd for loss in losses.read(reading, lambda _: SOL)]


@pytest.mark.parametrize("base", [2 * 10**9, -2 * 10**9], ids=["long", "short"])
@pytest.mark.parametrize(
    "rates",
    [(), ((7, -3),), ((7, 7), (-20, -20), (4, 4))],
    ids=["no funding meanwhile", "one, of unequal sides", "three, of equal sides"],
)
def test_both_sides_lose_the_same_whatever_funding_was_paid_meanwhile(
    base: int, rates: tuple[tuple[int, int], ...]
) -> None:
    found = chain(base)
    losses = begun(found)
    socialise(found, 3 * USD_A_BASE)
    hours(found, *((long * 10**7, short * 10**7) for long, short in rates))
    (loss,) = losses.read(found.read(), lambda _: SOL)
    assert (loss.amount_usd, loss.asset, loss.venue) == (6, "SOL", Venue.DRIFT)
    assert (loss.size, loss.venue_at_ns, loss.loss_id) == (D(base) / 10**9, NOW_NS, "0-1000000")
    assert told(losses, found.read()) == []


def test_funding_alone_is_no_loss() -> None:
    found = chain()
    losses = begun(found)
    hours(found, (USD_A_BASE, -USD_A_BASE))
    assert told(losses, found.read()) == []
    assert not losses.borne


def test_what_was_borne_before_the_first_reading_is_old_news() -> None:
    found = chain()
    socialise(found, USD_A_BASE)
    assert not begun(found).borne


def test_two_losses_are_two_messages() -> None:
    found = chain()
    losses = begun(found)
    for _ in range(2):
        socialise(found, USD_A_BASE)
        assert told(losses, found.read()) == [1]


def test_a_market_that_we_hold_nothing_in_is_marked_and_nobody_is_told() -> None:
    found = chain()
    losses = begun(found)
    found.user.perp_positions[0].base_asset_amount = 0
    losses.read(found.read(), lambda _: SOL)
    socialise(found, USD_A_BASE)
    found.user.perp_positions[0].base_asset_amount = 10**9  # opened since: it may have come after the loss
    assert told(losses, found.read()) == []
    assert list(losses.borne) == [0]


@pytest.mark.parametrize(("after", "lost"), [(10**9, 1), (4 * 10**9, 2), (0, 2)], ids=["reduced", "grown", "closed"])
def test_a_position_that_changed_meanwhile_bore_at_most_the_smaller_size(after: int, lost: int) -> None:
    found = chain(2 * 10**9)
    losses = begun(found)
    socialise(found, USD_A_BASE)
    found.user.perp_positions[0].base_asset_amount = after
    assert told(losses, found.read()) == [lost]
