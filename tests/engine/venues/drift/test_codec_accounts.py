from decimal import Decimal

import pytest

from actors.domain import MarketStatus, Venue
from engine.venues.assets import listed
from engine.venues.drift import codec_accounts as codec
from tests.engine.venues.drift.chain import Chain

D = Decimal
SOL = listed(Venue.DRIFT, "SOL-PERP")


def instrument(reading, listing=SOL, halted=""):
    return codec.instrument(reading, listing, 0, settle_token="USDC", halted=halted)


def status(reading, halted=""):
    return codec.status_of(reading, reading.markets[0], halted)


def test_a_market_s_rules_are_read_from_its_account():
    found = instrument(Chain().read())
    assert (found.symbol, found.lot, found.tick, found.price_decimals) == ("SOL-PERP", D("0.01"), D("0.0001"), 4)
    assert (found.max_leverage, found.maintenance_fraction) == (20, D("0.03"))
    assert (found.taker_fee, found.maker_fee) == (D("0.00035"), D("-0.000025"))
    assert found.min_notional_usd == D("1.5")
    assert (found.status, found.settle_token) == (MarketStatus.OPEN, "USDC")


def test_a_market_of_many_tokens_is_counted_per_token():
    found = instrument(Chain().read(), listed(Venue.DRIFT, "1MBONK-PERP"))
    assert (found.asset, found.multiplier) == ("BONK", 1_000_000)
    assert (found.lot, found.tick) == (10_000, D("1E-10"))


def test_a_market_s_own_fee_adjustment_counts():
    chain = Chain()
    chain.perp.fee_adjustment = -50
    found = instrument(chain.read())
    assert (found.taker_fee, found.maker_fee) == (D("0.000175"), D("-0.0000125"))


# --- status


def test_a_paused_program_halts_every_market_and_says_since_when():
    chain = Chain()
    chain.state.exchange_status = 255
    found, reason = status(chain.read())
    assert found is MarketStatus.HALTED
    assert "2026-04-01" in reason


def test_the_operator_s_word_comes_first():
    assert status(Chain().read(), "not before the audit") == (MarketStatus.HALTED, "not before the audit")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Active", MarketStatus.OPEN),
        ("Initialized", MarketStatus.HALTED),
        ("FillPaused", MarketStatus.HALTED),
        ("Settlement", MarketStatus.HALTED),
        ("Delisted", MarketStatus.HALTED),
        ("FundingPaused", MarketStatus.REDUCE_ONLY),
        ("ReduceOnly", MarketStatus.REDUCE_ONLY),
    ],
)
def test_every_word_of_the_market_has_its_meaning(word, found):
    from driftpy.types import MarketStatus as Words

    chain = Chain()
    chain.perp.status = getattr(Words, word)()
    assert status(chain.read())[0] is found


@pytest.mark.parametrize(
    ("exchange", "market", "user", "found"),
    [
        (8, 0, 0, MarketStatus.HALTED),
        (0, 4, 0, MarketStatus.HALTED),
        (0, 0, 2, MarketStatus.HALTED),
        (32, 0, 0, MarketStatus.REDUCE_ONLY),
        (0, 1, 0, MarketStatus.REDUCE_ONLY),
        (0, 0, 1, MarketStatus.REDUCE_ONLY),
        (0, 0, 4, MarketStatus.REDUCE_ONLY),
        (1, 2, 8, MarketStatus.OPEN),
    ],
)
def test_paused_parts_of_the_program_of_a_market_or_of_our_account_count(exchange, market, user, found):
    chain = Chain()
    chain.state.exchange_status, chain.perp.paused_operations, chain.user.status = exchange, market, user
    assert status(chain.read())[0] is found


# --- figures


def test_mark_is_the_vamm_s_price_and_oracle_the_oracle_s_own():
    chain = Chain()
    chain.perp.amm.peg_multiplier = 151_000_000
    chain.perp.amm.base_asset_amount_long, chain.perp.amm.base_asset_amount_short = 5 * 10**9, -7 * 10**9
    found = codec.sampled(chain.read(), SOL, 0, 5)
    assert (found.mark, found.oracle, found.open_interest) == (151, 150, 7)


def test_funding_is_the_last_hour_s_rate_over_the_average_it_was_taken_from():
    chain = Chain()
    assert codec.sampled(chain.read(), SOL, 0, 5).funding_last_paid is None, "there has been no funding yet"
    chain.perp.amm.last_funding_rate_ts, chain.perp.amm.last_funding_rate = 1_790_000_000, 15_000_000
    assert codec.sampled(chain.read(), SOL, 0, 5).funding_last_paid == D("0.015") / 150


@pytest.mark.parametrize("sign", [1, -1])
def test_a_position_s_payment_follows_the_cumulative_rate(sign):
    """A rate of 1 USD a base (1e9) for 1 base is 1 USD, paid by the long."""
    assert codec.funding_payment(sign * 10**9, 5, 5 + 10**9) == -sign


@pytest.mark.parametrize("base", [2 * 10**9, -2 * 10**9])
def test_equity_and_margins_are_the_sdk_s_own_numbers(base):
    from driftpy.accounts.types import DataAndSlot
    from driftpy.math.margin import MarginCategory

    from engine.venues.drift.sdk_instructions import Instructions
    from tests.engine.venues.drift.chain import SIGNER

    chain = Chain(base=base, quote=-base * 149_000 // 1_000_000, settled_at=10**9)
    chain.perp.amm.cumulative_funding_rate_long = chain.perp.amm.cumulative_funding_rate_short = 4 * 10**9
    reading = chain.read()
    client = Instructions(chain.accounts, SIGNER.account)._client
    prices = {"perp": oracle_data(150_000_000), "spot": oracle_data(1_000_000)}
    subscriber = client.account_subscriber
    subscriber.get_oracle_price_data_and_slot_for_perp_market = lambda _: DataAndSlot(1, prices["perp"])
    subscriber.get_oracle_price_data_and_slot_for_spot_market = lambda _: DataAndSlot(1, prices["spot"])
    user = client.get_user(0)
    told = codec.account_message(reading, 5)
    assert (
        told.equity_usd
        == D(user.get_spot_market_asset_value()) / 10**6 + D(user.get_unrealized_pnl(with_funding=True)) / 10**6
    )
    assert told.maintenance_usd == D(user.get_margin_requirement(MarginCategory.MAINTENANCE)) / 10**6
    assert told.equity_usd - told.available_usd == D(user.get_margin_requirement(MarginCategory.INITIAL)) / 10**6


def oracle_data(price):
    from driftpy.types import OraclePriceData

    return OraclePriceData(price, 1, 1, price, 1, True)


def test_a_position_is_told_with_its_entry_and_where_it_would_be_liquidated():
    found = codec.position_message(Chain(base=-100 * 10**9, quote=14_900_000_000).read(), SOL, 0, 5, queried=True)
    assert (found.size, found.entry_price, found.queried) == (-100, 149, True)
    assert found.unrealized_usd == -100
    assert found.margin_used_usd == 750
    price = found.liquidation_price
    assert price is not None
    assert abs(10_000 + 14_900 - 100 * price - 3 * price) < D("1e-20"), "equity equals maintenance there"


def test_no_position_is_zero():
    found = codec.position_message(Chain().read(), SOL, 0, 5)
    assert (found.size, found.entry_price) == (0, None)


def test_a_position_no_price_can_liquidate_has_no_liquidation_price():
    assert codec.position_message(Chain(base=10**9, quote=-150_000_000).read(), SOL, 0, 5).liquidation_price is None


def test_what_a_closed_position_left_is_unsettled_and_what_a_held_one_would_bring_too():
    left = codec.position_message(Chain(quote=12_340_000).read(), SOL, 0, 0)
    assert (left.size, left.unsettled_usd) == (0, D("12.34"))
    held = Chain(base=2_000_000_000, quote=-290_000_000, settled_at=5)
    held.perp.amm.cumulative_funding_rate_long = 1_000_000_005
    told = codec.position_message(held.read(), SOL, 0, 0)
    assert told.unsettled_usd == told.unrealized_usd == D(300) - D(290) - D(2), "with the funding that is owed"
    assert codec.position_message(Chain().read(), SOL, 0, 0).unsettled_usd == 0


def test_settling_changes_no_equity():
    before, after = Chain(quote=12_340_000), Chain()
    after.user.spot_positions[0].scaled_balance += 12_340_000 * 10**3
    assert codec.equity_usd(before.read()) == codec.equity_usd(after.read())
