"""The simulated accounts as the venue's SDK reads them: the exchange's own numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.simulators.drift import DRIFT_FEES, DRIFT_RULES, DriftFace, drift_instrument
from engine.simulators.exchange import Exchange
from engine.venues.drift.wire import PROGRAM_ID, USDC_MINT
from tests.engine.simulators.drift_world import D, Desk, StillMarket, code, read_account


def collateral(desk: Desk) -> Decimal:
    """Deposit, profit at the mark and funding not yet settled, from the accounts alone."""
    user = desk.user()
    total = Decimal(user.spot_positions[0].scaled_balance) / 10**9
    for held in user.perp_positions:
        view = desk.exchange.market(("SOL-PERP", "BTC-PERP")[held.market_index])
        assert view is not None
        amm = desk.perp_market(held.market_index).amm
        base = Decimal(held.base_asset_amount) / 10**9
        cumulative = amm.cumulative_funding_rate_long if base > 0 else amm.cumulative_funding_rate_short
        owed = -(cumulative - held.last_cumulative_funding_rate) * base / 10**9
        total += base * view.mark + Decimal(held.quote_asset_amount) / 10**6 + owed
    return total


def test_the_accounts_add_up_to_the_exchange_s_equity_through_trades_funding_and_settling() -> None:
    desk = Desk()
    desk.take(price="151", size="2")
    desk.take(price="59000", size="0.1", buy=False, market=1)
    desk.take(price="140", size="3.5", buy=False)
    desk.market.mids |= {"SOL-PERP": D("153.37"), "BTC-PERP": D("59123.4")}
    for rate in ("0.000013", "-0.00021"):
        desk.exchange.force_funding_rate("SOL-PERP", D(rate))
        desk.exchange.force_funding_rate("BTC-PERP", D(rate))
        desk.wait(3600)
    desk.settle()
    desk.take(price="160", size="0.7")
    desk.place(price="150", post_only="MustPostOnly")
    desk.market.mids["SOL-PERP"] = D("149.1")
    desk.wait(1)
    view = desk.exchange.account_view(desk.account)
    assert view is not None
    assert collateral(desk) == pytest.approx(view.equity_usd, abs=D("0.00001"))


def test_positions_hold_the_exchange_s_size_entry_and_what_it_takes_to_break_even() -> None:
    desk = Desk()
    desk.take(price="151", size="3")
    desk.take(price="149", size="1", buy=False)
    held, view = desk.position(), desk.exchange.position(desk.account, "SOL-PERP")
    assert view is not None
    assert held.base_asset_amount == view.size * 10**9
    assert -held.quote_entry_amount == view.size * view.entry_price * 10**6
    fees = [fill.fee_usd for fill in desk.exchange.fills_since(desk.account, 0)]
    opening = fees[0] * 10**6
    assert held.quote_entry_amount - held.quote_break_even_amount == pytest.approx(
        opening * 2 / 3 + fees[1] * 10**6, abs=2
    )


def test_a_position_turned_around_starts_anew() -> None:
    desk = Desk()
    desk.take(price="151", size="2")
    desk.take(price="149", size="5", buy=False)
    held, view = desk.position(), desk.exchange.position(desk.account, "SOL-PERP")
    assert view is not None
    assert (held.base_asset_amount, held.quote_entry_amount) == (-3 * 10**9, 3 * int(view.entry_price * 10**6))
    assert held.last_cumulative_funding_rate == desk.perp_market().amm.cumulative_funding_rate_short


def test_what_orders_reserve_stands_in_the_position_and_goes_with_them() -> None:
    desk = Desk()
    desk.place(price="149", size="2")
    desk.place(price="152", size="3", buy=False)
    held = desk.user().perp_positions[0]
    assert (held.open_orders, held.open_bids, held.open_asks) == (2, 2 * 10**9, -3 * 10**9)
    user = desk.user()
    assert (user.open_orders, user.has_open_order) == (2, True)
    desk.cancel()
    assert (desk.user().open_orders, desk.user().perp_positions[0].open_orders) == (0, 0)


def test_a_market_tells_its_terms_prices_and_interest() -> None:
    desk = Desk()
    market, view = desk.perp_market(1), desk.exchange.market("BTC-PERP")
    assert view is not None
    assert bytes(market.name).decode().strip() == "BTC-PERP"
    assert (market.margin_ratio_initial, market.margin_ratio_maintenance) == (500, 300)
    amm = market.amm
    assert (amm.order_step_size, amm.order_tick_size) == (100_000, 100_000)
    assert amm.base_asset_amount_long == -amm.base_asset_amount_short == view.open_interest * 10**9
    assert amm.historical_oracle_data.last_oracle_price_twap == view.oracle * 10**6
    assert type(market.status).__name__ == "Active"


@pytest.mark.parametrize("rate", ["0.0003", "-0.0007"])
def test_the_averages_give_the_exchange_s_forming_rate_by_the_program_s_formula(rate: str) -> None:
    desk = Desk()
    desk.exchange.force_funding_rate("SOL-PERP", D(rate))
    amm = desk.perp_market().amm
    oracle = amm.historical_oracle_data.last_oracle_price_twap
    spread = amm.last_mark_price_twap - oracle + oracle / 5000
    assert spread / 24 / oracle == pytest.approx(float(rate), rel=1e-6)


def test_state_and_quote_market_tell_fees_counts_and_a_token_worth_one() -> None:
    desk = Desk()
    state, quote = desk.read(desk.face.addresses.state), desk.read(desk.face.addresses.spot_market)
    tier = state.perp_fee_structure.fee_tiers[0]
    assert Decimal(tier.fee_numerator) / tier.fee_denominator == DRIFT_FEES.taker
    assert Decimal(tier.maker_rebate_numerator) / tier.maker_rebate_denominator == -DRIFT_FEES.maker
    assert (state.number_of_markets, state.number_of_spot_markets, state.exchange_status) == (2, 1, 0)
    assert str(quote.mint) == USDC_MINT
    assert quote.decimals == 6


def test_statistics_count_fees_and_volume_of_both_kinds() -> None:
    desk = Desk()
    desk.take(price="151", size="2")
    desk.place(price="149", post_only="MustPostOnly")
    desk.market.mids["SOL-PERP"] = D("148.5")
    desk.wait(1)
    stats = desk.read(desk.face.books.users[desk.account].wallet.stats)
    assert (stats.taker_volume30d, stats.maker_volume30d) == (300_060_000, 149_000_000)
    assert (stats.fees.total_fee_paid, stats.fees.total_fee_rebate) == (105_021, 3725)


def test_addresses_are_those_the_sdk_derives() -> None:
    from driftpy import addresses
    from solders.pubkey import Pubkey

    desk, program = Desk(), Pubkey.from_string(PROGRAM_ID)
    ours, authority = desk.face.addresses, desk.keys.pubkey()
    assert ours.state == str(addresses.get_state_public_key(program))
    assert ours.markets[1] == str(addresses.get_perp_market_public_key(program, 1))
    assert ours.spot_market == str(addresses.get_spot_market_public_key(program, 0))
    assert ours.spot_vault == str(addresses.get_spot_market_vault_public_key(program, 0))
    wallet = desk.face.books.users[desk.account].wallet
    assert wallet.user == str(addresses.get_user_account_public_key(program, authority, 0))
    assert wallet.stats == str(addresses.get_user_stats_account_public_key(program, authority))


def test_a_market_of_a_million_tokens_has_the_oracle_of_one() -> None:
    from driftpy.accounts.oracle import decode_pyth_lazer_price_info

    market: Any = StillMarket()
    market.assets, market.mids = ("1MBONK-PERP",), {"1MBONK-PERP": D("13.37")}
    exchange = Exchange(
        rules=DRIFT_RULES,
        instruments=(drift_instrument("1MBONK-PERP", tick="0.0001", lot="1", max_leverage=10),),
        fees=DRIFT_FEES,
    )
    face = DriftFace(exchange, market, {Desk().account: D(1000)})
    desk = Desk()
    desk.face, desk.exchange = face, exchange
    face.advance(desk.now_ns)
    raw = desk.raw(face.addresses.oracles[4])
    assert decode_pyth_lazer_price_info(raw, multiple=1_000_000).price == 13_370_000
    assert type(read_account(desk.raw(face.addresses.markets[4])).amm.oracle_source).__name__ == "PythLazer1M"


def test_a_loss_that_was_settled_leaves_the_smaller_deposit() -> None:
    desk = Desk(deposit="100")
    desk.take(price="151", size="5")
    desk.market.mids["SOL-PERP"] = D(140)
    desk.wait(1)
    assert code(desk.settle()) is None
    row = desk.user().spot_positions[0]
    assert row.scaled_balance == 1000 * (100_000_000 + 5 * 140_000_000 - 750_150_000 - 262_552)
