"""A made-up world from one seed: shared fair prices, and premia that make venues' funding differ for days.

Fair price: hourly log steps with slowly changing volatility and rare jumps, a bridge inside the hour.
Premium: reverts to a level that changes every few days (calm, hot, cold), each venue on its own. Mid = fair x
(1 + premium), oracle = fair. Every stream is named by seed, asset and venue: an added asset or venue changes
no other's path.
"""

import math
import random
from collections.abc import Callable
from decimal import Decimal

from engine.simulators.market import liquidity, profile
from engine.simulators.market.noise import key_of, uniform
from engine.simulators.market.path import HOUR_NS, Anchor, Path
from engine.simulators.market.point import DepthLevel, Gap, MarketPoint, Provenance
from engine.simulators.market.profile import AssetProfile, VenueProfile

START_NS = 1_767_225_600 * 1_000_000_000
"""2026-01-01T00:00:00Z."""
PRICE_DEPTH, PREMIUM_DEPTH = 10, 6
"""Halvings of an hour: straight below 3.5 s and 56 s."""
PREMIUM_HALF_LIFE_H, PREMIUM_NOISE_BPS = 5.0, 0.5
DWELL_MIN_H = 12
BPS = 1e-4


def price_anchors(seed: int, asset: AssetProfile) -> Callable[[], Anchor]:
    """Log price, hour by hour; volatility is log-AR(1) with a half-life of about a day, jumps are rare."""
    rng = random.Random(f"{seed}/{asset.asset}/price")
    level, heat = math.log(asset.price), 0.0

    def grow() -> Anchor:
        nonlocal level, heat
        heat = 0.97 * heat + 0.1 * rng.gauss(0.0, 1.0)
        sigma = asset.volatility * math.exp(heat)
        drift, chance, depth, up, when = rng.gauss(0.0, 1.0), *(rng.random() for _ in range(4))
        size = max(0.015, sigma * (2 + 3 * depth)) * (1 if up < 0.5 else -1)
        jump = size if chance < asset.jump_probability else 0.0
        anchor = Anchor(level, sigma, jump, int(when * HOUR_NS))
        level += sigma * drift + jump
        return anchor

    return grow


def premium_anchors(seed: int, asset: AssetProfile, venue: str) -> Callable[[], Anchor]:
    """Premium in bps, hour by hour: a pull towards the level of the regime in force, and noise."""
    rng = random.Random(f"{seed}/{asset.asset}/{venue}/premium")
    pull = 1 - 0.5 ** (1 / PREMIUM_HALF_LIFE_H)
    level = _regime_level(rng, asset)
    value, left = level, rng.uniform(0.0, asset.dwell_hours)

    def grow() -> Anchor:
        nonlocal value, level, left
        anchor = Anchor(value, PREMIUM_NOISE_BPS)
        left -= 1
        if left <= 0:
            level, left = _regime_level(rng, asset), max(DWELL_MIN_H, rng.expovariate(1 / asset.dwell_hours))
        value += pull * (level - value) + PREMIUM_NOISE_BPS * rng.gauss(0.0, 1.0)
        return anchor

    return grow


def _regime_level(rng: random.Random, asset: AssetProfile) -> float:
    kind, where = rng.random(), rng.random()
    hot = asset.calm_share + (1 - asset.calm_share) * 0.65
    low, high = (-1.5, 3.5) if kind < asset.calm_share else asset.hot_bps if kind < hot else asset.cold_bps
    return low + (high - low) * where


class _Book:
    """One venue's view of one asset: the premium path, and a depth that is kept for an hour."""

    def __init__(self, seed: int, asset: AssetProfile, venue: VenueProfile) -> None:
        names = (asset.asset, venue.venue)
        self.premium = Path(key_of(seed, *names, "premium"), premium_anchors(seed, asset, venue.venue), PREMIUM_DEPTH)
        self.flow_key = key_of(seed, *names, "flow")
        self.interest_key = key_of(seed, *names, "open interest")
        self.asset, self.venue = asset, venue
        self._hour, self._depth = -1, tuple[DepthLevel, ...]()
        self.spread_bps = self.open_interest = Decimal(0)

    def depth(self, hour: int, anchor: Anchor) -> tuple[DepthLevel, ...]:
        """The book of the hour; thin and wide in volatile hours. Sets spread and open interest too."""
        if hour != self._hour:
            heat, price = anchor.volatility / self.asset.volatility, math.exp(anchor.value)
            touch = self.asset.touch_usd * self.venue.liquidity / min(max(heat, 0.7), 4.0)
            self._hour, self._depth = hour, liquidity.depth(price, touch)
            spread = self.asset.spread_bps * self.venue.spread * min(max(heat, 0.7), 4.0)
            self.spread_bps = liquidity.decimal(spread, 4)
            share = self.venue.liquidity * (0.9 + 0.2 * uniform(self.interest_key, hour))
            self.open_interest = liquidity.decimal(self.asset.open_interest_usd * share / price, 6)
        return self._depth


class SeededMarket:
    """A `Market` without end. Two with the same arguments agree in every digit."""

    def __init__(
        self,
        seed: int,
        *,
        assets: tuple[AssetProfile, ...] = profile.ASSETS,
        venues: tuple[VenueProfile, ...] = profile.VENUES,
        start_ns: int = START_NS,
    ) -> None:
        self.seed = seed
        self._start_ns = start_ns
        self._prices = {
            a.asset: Path(key_of(seed, a.asset, "price"), price_anchors(seed, a), PRICE_DEPTH) for a in assets
        }
        self._books = {(v.venue, a.asset): _Book(seed, a, v) for v in venues for a in assets}
        self._venues = tuple(v.venue for v in venues)

    @property
    def assets(self) -> tuple[str, ...]:
        return tuple(self._prices)

    @property
    def start_ns(self) -> int:
        return self._start_ns

    @property
    def end_ns(self) -> int | None:
        return None

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint | None:
        """Never None. Raises ValueError for an unknown venue or asset, or an instant before the start."""
        book = self._books.get((venue, asset))
        since_ns = at_ns - self._start_ns
        if book is None or since_ns < 0:
            raise ValueError(f"no market for {asset!r} on {venue!r} at {at_ns}")
        path = self._prices[asset]
        fair, premium = math.exp(path.value(since_ns)), book.premium.value(since_ns) * BPS
        hour = since_ns // HOUR_NS
        levels = book.depth(hour, path.anchor(hour))
        volume = book.asset.volume_usd_per_day * book.venue.liquidity
        bought, sold = liquidity.taker_flow(book.flow_key, at_ns, volume, fair)
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=liquidity.decimal(fair * (1 + premium)),
            oracle=liquidity.decimal(fair),
            spread_bps=book.spread_bps,
            depth=levels,
            premium=liquidity.decimal(premium, 6),
            open_interest=book.open_interest,
            taker_buy_per_s=bought,
            taker_sell_per_s=sold,
        )

    def gaps(self) -> tuple[Gap, ...]:
        return ()

    def provenance(self) -> tuple[Provenance, ...]:
        made_up = f"made up from seed {self.seed}"
        return tuple(
            Provenance(venue=v, prices=made_up, rates="computed by the exchange", book=made_up, rates_recorded=False)
            for v in self._venues
        )
