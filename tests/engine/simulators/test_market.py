import itertools
import random

import msgspec
import pytest

from engine.simulators.exchange import FundingRule
from engine.simulators.exchange.funding import hourly_rate
from engine.simulators.market import Market, MarketPoint, SeededMarket
from engine.simulators.market.path import HOUR_NS, Anchor, Path
from engine.simulators.market.profile import ASSETS, VENUES
from engine.simulators.market.seeded import START_NS
from tests.engine.simulators.exchange_builders import D

NS_PER_S = 1_000_000_000
BASELINE = D("0.0000125")


def sampled(market: SeededMarket, at_ns: int, asset: str = "HYPE", venue: str = "hyperliquid") -> MarketPoint:
    point = market.sample(venue, asset, at_ns)
    assert point is not None
    return point


def instants(count: int, span_ns: int, seed: int = 5) -> list[int]:
    rng = random.Random(seed)
    return sorted(START_NS + rng.randrange(span_ns) for _ in range(count))


def test_a_point_depends_on_nothing_sampled_before() -> None:
    times = instants(200, 40 * HOUR_NS)
    forward = [sampled(SeededMarket(3), at) for at in times]
    market = SeededMarket(3)
    shuffled = {at: sampled(market, at) for at in random.Random(1).sample(times, len(times))}
    assert forward == [shuffled[at] for at in times]


def test_another_seed_is_another_world() -> None:
    at = START_NS + 50 * HOUR_NS
    assert sampled(SeededMarket(3), at).mid != sampled(SeededMarket(4), at).mid


def test_an_added_asset_or_venue_changes_no_other_path() -> None:
    alone = SeededMarket(3, assets=ASSETS[:1], venues=VENUES[:1])
    everybody = SeededMarket(3)
    for at in instants(20, 500 * HOUR_NS):
        sampled(everybody, at, "DOGE", "pacifica")
        assert sampled(alone, at, "BTC") == sampled(everybody, at, "BTC")


def test_venues_share_the_oracle_and_differ_by_their_premium() -> None:
    market = SeededMarket(3)
    at = START_NS + 77 * HOUR_NS + 123
    here, there = sampled(market, at), sampled(market, at, venue="pacifica")
    assert here.oracle == there.oracle
    assert here.mid != there.mid
    for point in (here, there):
        assert abs((point.mid - point.oracle) / point.oracle - point.premium) < D("1e-6")


def test_prices_move_in_small_steps_within_seconds_and_keep_a_realistic_order() -> None:
    market = SeededMarket(11)
    for asset in ASSETS:
        mids = [sampled(market, START_NS + s * NS_PER_S, asset.asset).mid for s in range(1800)]
        jumps = [abs(b / a - 1) for a, b in itertools.pairwise(mids)]
        assert max(jumps) < D("0.01")
        assert len(dict.fromkeys(mids)) > 1000
        assert D(asset.price) / 2 < mids[0] < D(asset.price) * 2


def test_daily_volatility_is_of_the_order_asked_for() -> None:
    market = SeededMarket(2)
    mids = [float(sampled(market, START_NS + d * 24 * HOUR_NS, "BTC").oracle) for d in range(200)]
    moves = [abs(b / a - 1) for a, b in itertools.pairwise(mids)]
    assert 0.01 < sum(moves) / len(moves) < 0.04


def test_jumps_happen_and_volatile_hours_thin_and_widen_the_book() -> None:
    market = SeededMarket(2)
    points = [sampled(market, START_NS + h * HOUR_NS, "DOGE") for h in range(2000)]
    spreads = [p.spread_bps for p in points]
    assert max(spreads) > 2 * min(spreads)
    widest, tightest = spreads.index(max(spreads)), spreads.index(min(spreads))
    assert points[widest].depth[0].size * points[widest].mid < points[tightest].depth[0].size * points[tightest].mid
    path = market._prices["DOGE"]
    assert any(path.anchor(h).jump for h in range(2000))


def hourly_differences(seed: int, asset: str, days: int) -> list[D]:
    """Difference of the two venues' funding rates, hour by hour, by the venues' formula."""
    market, rule = SeededMarket(seed), FundingRule()
    hours = [START_NS + h * HOUR_NS for h in range(days * 24)]
    rates = [
        [hourly_rate(rule, sampled(market, at, asset, v).premium) for at in hours] for v in ("hyperliquid", "pacifica")
    ]
    return [a - b for a, b in zip(*rates, strict=True)]


def stretches(differences: list[D], least: D) -> list[int]:
    """Lengths in hours of the stretches in which the difference keeps its sign and at least this size."""
    signs = [0 if abs(d) < least else 1 if d > 0 else -1 for d in differences]
    return [len(list(group)) for sign, group in itertools.groupby(signs) if sign]


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_funding_differs_for_days_on_some_assets_and_hardly_on_others(seed: int) -> None:
    hype, btc = hourly_differences(seed, "HYPE", 60), hourly_differences(seed, "BTC", 60)
    long_ones = [length for length in stretches(hype, D("0.00002")) if length >= 48]
    assert len(long_ones) >= 3
    assert min(hype) < 0 < max(hype)
    assert max(abs(d) for d in hype) < D("0.0005")
    assert sum(abs(d) for d in btc) / len(btc) < D("0.00001")


def test_calm_hours_pay_the_baseline() -> None:
    market, rule = SeededMarket(7), FundingRule()
    premia = [sampled(market, START_NS + h * HOUR_NS, "BTC").premium for h in range(500)]
    calm = [p for p in premia if hourly_rate(rule, p) == BASELINE]
    assert len(calm) > 300


def test_flow_differs_by_block_and_averages_to_the_volume() -> None:
    market = SeededMarket(7, assets=ASSETS[:1], venues=VENUES[:1])
    points = [sampled(market, START_NS + k * 10 * NS_PER_S, "BTC") for k in range(3000)]
    traded = sum(float(p.taker_buy_per_s + p.taker_sell_per_s) * float(p.mid) for p in points) / len(points)
    assert 0.8 < traded * 86_400 / ASSETS[0].volume_usd_per_day < 1.2
    assert points[0].taker_buy_per_s != points[1].taker_buy_per_s


def test_unknown_venues_assets_and_times_before_the_start_are_refused() -> None:
    market = SeededMarket(1)
    for venue, asset, at in (("nowhere", "BTC", START_NS), ("drift", "XYZ", START_NS), ("drift", "BTC", START_NS - 1)):
        with pytest.raises(ValueError, match="no market"):
            market.sample(venue, asset, at)


def test_the_world_has_no_end_no_gaps_and_says_it_is_made_up() -> None:
    market: Market = SeededMarket(9)
    assert (market.end_ns, market.gaps(), market.start_ns) == (None, (), START_NS)
    assert market.assets == ("BTC", "ETH", "SOL", "HYPE", "DOGE")
    assert [p.venue for p in market.provenance()] == ["hyperliquid", "drift", "pacifica", "lighter"]
    assert all("seed 9" in p.prices and not p.rates_recorded for p in market.provenance())


def test_points_are_plain_data() -> None:
    point = sampled(SeededMarket(1), START_NS)
    assert msgspec.json.decode(msgspec.json.encode(point), type=MarketPoint) == point


def test_a_path_meets_its_anchors_and_steps_at_its_jumps() -> None:
    anchors = iter([Anchor(1.0, 0.1, 2.0, HOUR_NS // 3), Anchor(3.5, 0.1), Anchor(4.0, 0.1), Anchor(5.0, 0.1)])
    path = Path(42, lambda: next(anchors), depth=8)
    assert path.value(0) == 1.0
    assert path.value(HOUR_NS) == 3.5
    assert abs(path.value(HOUR_NS - 1) - 3.5) < 1e-6
    before, after = path.value(HOUR_NS // 3 - 1), path.value(HOUR_NS // 3)
    assert abs(after - before - 2.0) < 1e-6
