"""What a simulated venue lists beyond its configuration: instruments for assets a recording has and a profile lacks.

A recording tells prices and rates, not lattices; so lots, ticks and leverage are made up from the price, and said so.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import Venue
from engine.config import Config, ConfigError, InstrumentSection, VenueSection
from engine.simulators.market import Market
from engine.venues.assets import in_bundles

ALL = ("all",)
MAX_LEVERAGE = 10
LOT_DECIMALS_MOST = 5
SEARCH_STEP_NS = 900 * 1_000_000_000


def with_made_up_instruments(config: Config, market: Market) -> tuple[Config, list[str]]:
    """`all` assets spelt out, and an instrument for each traded asset on each venue; notes name the made-up ones."""
    scanner = config.policy.scanner
    notes: list[str] = []
    assets = scanner.assets
    if assets == ALL:
        assets = together_from_the_start(market, tuple(venue.value for venue in scanner.venues))
        left_out = [asset for asset in market.assets if asset not in assets]
        notes += (
            [f"begin later, or counted per thousand on a venue, and left out: {', '.join(left_out)}"]
            if left_out
            else []
        )
    made_up: dict[str, None] = {}
    venues = dict(config.venues)
    for venue in scanner.venues:
        missing = [asset for asset in assets if asset in market.assets and asset not in venues[venue].instruments]
        made_up.update(dict.fromkeys(missing))
        venues[venue] = _listed(venue, venues[venue], missing, market)
    replace = msgspec.structs.replace
    policy = replace(config.policy, scanner=replace(scanner, assets=assets))
    notes += [f"lots and ticks made up from the price: {', '.join(made_up)}"] if made_up else []
    return replace(config, policy=policy, venues=venues), notes


def with_listed_assets(config: Config) -> tuple[Config, list[str]]:
    """Only the assets that every traded venue of the profile lists, `all` spelt out; a note names the others.

    For venues that are simulated elsewhere: there nothing can be made up. Raises ConfigError when none is left.
    """
    scanner = config.policy.scanner
    sections = [config.venues[venue] for venue in scanner.venues]
    listed = tuple(asset for asset in sections[0].instruments if all(asset in each.instruments for each in sections))
    wanted = listed if scanner.assets == ALL else scanner.assets
    assets = tuple(asset for asset in wanted if asset in listed)
    missing = ", ".join(asset for asset in wanted if asset not in listed)
    if not assets:
        raise ConfigError(f"--assets {missing}: the profile's venues list none of these; they list {', '.join(listed)}")
    replace = msgspec.structs.replace
    policy = replace(config.policy, scanner=replace(scanner, assets=assets))
    notes = [f"the profile's venues do not all list {missing}: left out"] if missing else []
    return replace(config, policy=policy), notes


def together_from_the_start(market: Market, venues: tuple[str, ...]) -> tuple[str, ...]:
    """Assets priced on all these venues at the first moment any asset is.

    Those that one of the venues counts by the thousand are left out: lots are made up for single tokens.
    """
    counted_in_bundles = in_bundles(Venue(venue) for venue in venues)
    plain = [asset for asset in market.assets if asset not in counted_in_bundles]
    for at_ns in range(market.start_ns, market.end_ns or market.start_ns + SEARCH_STEP_NS, SEARCH_STEP_NS):
        found = [a for a in plain if all(market.sample(venue, a, at_ns) is not None for venue in venues)]
        if found:
            return tuple(found)
    return tuple(plain)


def _listed(venue: Venue, section: VenueSection, assets: list[str], market: Market) -> VenueSection:
    added = {asset: _instrument(venue, price_of(market, asset)) for asset in assets}
    return msgspec.structs.replace(section, instruments={**section.instruments, **added})


def price_of(market: Market, asset: str) -> Decimal:
    """The first price the market has for an asset on any venue."""
    for at_ns in range(market.start_ns, market.end_ns or market.start_ns + SEARCH_STEP_NS, SEARCH_STEP_NS):
        for origin in market.provenance():
            point = market.sample(origin.venue, asset, at_ns)
            if point is not None:
                return point.mid
    return Decimal(1)


def _instrument(venue: Venue, price: Decimal) -> InstrumentSection:
    """A lot worth at most about one dollar, a tick of five significant figures."""
    decimals = min(LOT_DECIMALS_MOST, max(0, price.adjusted() + 1))
    if venue is Venue.HYPERLIQUID:
        return InstrumentSection(max_leverage=MAX_LEVERAGE, size_decimals=decimals)
    lot = Decimal(1).scaleb(-decimals)
    return InstrumentSection(max_leverage=MAX_LEVERAGE, lot=lot, tick=Decimal(1).scaleb(price.adjusted() - 4))
