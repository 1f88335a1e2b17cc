"""A market's account as values: the SDK's own numbers, an oracle the SDK can read, or a refusal by name."""

from __future__ import annotations

import pytest

from engine.venues.drift.sdk_coder import coder_of, word_of
from engine.venues.drift.sdk_markets import MarketFields, oracle_source
from engine.venues.link import FrameError
from tests.engine.venues.drift.test_sdk_fields import noise


@pytest.mark.parametrize("seed", range(5))
def test_a_market_is_read_to_the_sdk_s_own_numbers(seed: int) -> None:
    raw = noise(seed)
    (market, source), whole = MarketFields("").read(raw), coder_of("").accounts.decode(raw)
    amm = whole.amm
    assert (source, market.oracle) == (word_of(amm.oracle_source), str(amm.oracle))
    assert (market.index, market.status) == (whole.market_index, word_of(whole.status))
    assert market.name == bytes(whole.name).decode(errors="replace").strip()
    assert (market.paused_operations, market.fee_adjustment) == (whole.paused_operations, whole.fee_adjustment)
    assert (market.ratio_initial, market.ratio_maintenance) == (
        whole.margin_ratio_initial,
        whole.margin_ratio_maintenance,
    )
    assert (market.step, market.tick, market.order_least) == (
        amm.order_step_size,
        amm.order_tick_size,
        amm.min_order_size,
    )
    assert (market.base_reserve, market.quote_reserve, market.peg) == (
        amm.base_asset_reserve,
        amm.quote_asset_reserve,
        amm.peg_multiplier,
    )
    assert (market.base_long, market.base_short) == (amm.base_asset_amount_long, amm.base_asset_amount_short)
    assert (market.rate, market.rate_long, market.rate_short, market.rate_ts) == (
        amm.last_funding_rate,
        amm.last_funding_rate_long,
        amm.last_funding_rate_short,
        amm.last_funding_rate_ts,
    )
    assert (market.cumulative_long, market.cumulative_short) == (
        amm.cumulative_funding_rate_long,
        amm.cumulative_funding_rate_short,
    )
    assert market.oracle_price == amm.historical_oracle_data.last_oracle_price
    assert market.funding_twap == amm.last_funding_oracle_twap
    assert market.social_loss == amm.total_social_loss


def test_a_short_market_is_refused_by_name() -> None:
    with pytest.raises(FrameError, match="account/PerpMarket: cannot be read: "):
        MarketFields("").read(noise(1)[:-1])


def test_an_oracle_the_sdk_cannot_read_is_refused_by_name() -> None:
    assert word_of(oracle_source("PythLazer1K")) == "PythLazer1K"
    with pytest.raises(FrameError, match="its oracle is a Crystal"):
        oracle_source("Crystal")
