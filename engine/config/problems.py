"""What is impossible in a profile: every such limit as a sentence naming field, value and remedy.

Counterparts: `sections`, the form; `policy_problems`, which does the same for the policy; `reading`, which asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from actors.domain import Venue
from engine.config.policy_problems import LEVERAGE_MOST, live_problems, policy_problems
from engine.config.sections import Config, NetworkSection, SignMarketSection, VenueSection
from engine.signing.settings import SigningSettings
from engine.venues.network.limits import NetworkLimits

NEVER_ZERO = (
    *("scan_s", "watch_s", "ask_again_s", "recheck_s", "reverify_s", "verify_retry_s", "doubt_retry_s", "outage_s"),
    *("reconcile.every_s", "reconcile.look_s", "reconcile.unsettled_every_s", "reconcile.repair_s", "retry_pause_s"),
    *("reconcile.looks_most", "reconcile.answers_least", "reconcile.orders_most"),
    *("settlement.answer_s", "settlement.reread_s", "settlement.backoff_s", "settlement.retry_s"),
    *("engine.alarms_kept", "risk.account_age_most_s", "markets_refresh_s"),
    *("core.cascade_most", "core.owners_most", "core.forced_most"),
    *("network.handshake_s", "network.write_s", "signing.start_timeout_s", "signing.waiting_most"),
    *("connections_most", "body_bytes_most", "frame_bytes_most", "request_bytes_most", "head_bytes_most"),
    *("server.idle_s", "server.answer_most_s", "server.write_s"),
    *(
        "quiet_step_s",
        "busy_step_s",
        "batch_most",
        "venue_restarts.pause_first_s",
        "venue_restarts.failures_within_s",
        "venue_restarts.pause_spent_s",
    ),
)
"""Ends of the names of numbers that something waits for, or takes, over and over."""


def problems_of(config: Config) -> Iterator[str]:
    """Every impossible limit, as a sentence naming field, value and remedy."""
    for path, value in _numbers(config, "config"):
        name = path.removeprefix("config.")
        if not math.isfinite(value):
            yield f"{name} is {value}; give a finite number"
            return
        if value < 0 and name != "run.seed":
            yield f"{name} is {value}; a limit cannot be negative"
        if not value and name.endswith(NEVER_ZERO):
            yield f"{name} is 0, and the engine would never come past it; give a positive number"
    if config.run.state_directory and not Path(config.run.state_directory).expanduser().is_absolute():
        yield f"run.state_directory is {config.run.state_directory}; engines must meet there: give a whole path"
    if config.market.kind == "recorded" and not config.market.file:
        yield "market.kind is recorded, but market.file is empty; name a recording or say seeded"
    if config.run.mode == "live":
        yield from live_problems(config.policy)
    yield from policy_problems(config.policy)
    yield from _bound_problems(config)
    yield from _venue_problems(config)


def _bound_problems(config: Config) -> Iterator[str]:
    """What is a venue's own, said for all of them, would be told and not used."""
    if config.network.connect_s != NetworkLimits().connect_s:
        yield "network.connect_s is each venue's own; set venues.*.network.connect_timeout_s instead"
    if config.signing.timeout_s != SigningSettings().timeout_s:
        yield "signing.timeout_s is each venue's own; set venues.*.network.sign_timeout_s instead"


def _venue_problems(config: Config) -> Iterator[str]:
    if len(dict.fromkeys(config.policy.scanner.venues)) < 2:
        yield "policy.scanner.venues names fewer than two venues; a pair needs two"
    for venue in config.policy.scanner.venues:
        if venue not in config.venues:
            yield f"policy.scanner.venues names {venue.value}, but there is no [venues.{venue.value}]; add it"
    for venue, section in config.venues.items():
        if not 1 <= section.leverage <= LEVERAGE_MOST:
            yield f"venues.{venue.value}.leverage is {section.leverage}; between 1 and {LEVERAGE_MOST}"
        if section.deposit_usd <= 0:
            yield f"venues.{venue.value}.deposit_usd is {section.deposit_usd}; give a positive amount"
        if section.pace.latency_least_s > section.pace.latency_most_s:
            yield f"venues.{venue.value}.pace.latency_least_s is above latency_most_s; swap them"
        yield from _instrument_problems(venue, section)
        yield from _adapter_problems(venue, section)
        yield from _network_problems(venue, section, config)
        for asset in config.policy.scanner.assets:
            if asset not in section.instruments and venue in config.policy.scanner.venues:
                yield f"policy.scanner.assets names {asset}, not in venues.{venue.value}.instruments; add or drop it"


def _instrument_problems(venue: Venue, section: VenueSection) -> Iterator[str]:
    needed = ("size_decimals",) if venue is Venue.HYPERLIQUID else ("tick", "lot")
    for asset, instrument in section.instruments.items():
        for field in needed:
            if getattr(instrument, field) is None:
                yield f"venues.{venue.value}.instruments.{asset} has no {field}; add it"
        for field in ("tick", "lot", "max_leverage"):
            if getattr(instrument, field) == 0:
                yield f"venues.{venue.value}.instruments.{asset}.{field} is 0; give a positive number"


def _adapter_problems(venue: Venue, section: VenueSection) -> Iterator[str]:
    from engine.venues.registry import problem_with

    problem = problem_with(venue, min(section.leverage, LEVERAGE_MOST), section.adapter)
    if problem:
        where = f"engine/venues/{venue.value}/settings.py"
        yield f"venues.{venue.value}.adapter: {problem}; the fields are those of {where}"
    if "identified" in section.adapter:
        yield f"venues.{venue.value}.adapter.identified follows from network.access_key_file; leave it out"


def _network_problems(venue: Venue, section: VenueSection, config: Config) -> Iterator[str]:
    from engine.venues.loopback import is_loopback
    from engine.venues.registry import access_header

    if config.run.mode == "paper" or venue not in config.policy.scanner.venues:
        return
    network = section.network
    if network is None:
        yield f"there is no [venues.{venue.value}.network], which run.mode {config.run.mode!r} needs; add it"
        return
    if network.access_key_file and not access_header(venue):
        yield f"venues.{venue.value}.network.access_key_file: {venue.value} knows no access keys; leave it out"
    for name, url in (("url", network.url), ("stream_url", network.stream_url), *network.routes.items()):
        if config.run.mode == "sandbox" and not is_loopback(urlsplit(url).hostname or ""):
            yield f"venues.{venue.value}.network.{name} is {url}; a sandbox is on this machine: use 127.0.0.1"
    yield from _sign_market_problems(venue, network, config)
    yield from _flatten_problems(venue, section, network)


def _flatten_problems(venue: Venue, section: VenueSection, network: NetworkSection) -> Iterator[str]:
    """A key whose number the adapter does not know would be refused when it is needed most."""
    from engine.venues.registry import problem_with

    where = f"venues.{venue.value}.network.flatten_adapter"
    chosen = {**section.adapter, **network.flatten_adapter}
    problem = problem_with(venue, min(section.leverage, LEVERAGE_MOST), chosen)
    if problem:
        yield f"{where}: {problem}"
    own = network.flatten_adapter.get("api_key_index")
    if venue is Venue.LIGHTER and network.flatten_key_file and own in (None, section.adapter.get("api_key_index")):
        yield f"{where} has no api_key_index of its own; name the number of the API key in flatten_key_file"


def _sign_market_problems(venue: Venue, network: NetworkSection, config: Config) -> Iterator[str]:
    """A size that only one venue of a pair signs for would leave the other venue's leg alone."""
    from engine.signing.markets import market_cap

    where = f"venues.{venue.value}.network.sign_"
    for asset, terms in network.sign_markets.items():
        try:
            market_cap(venue, asset, terms.size_most, terms.market, terms.size_decimals)
        except ValueError as error:
            yield f"{where}markets.{asset}: {error}"
        least = min(_sizes_most(asset, config), default=terms.size_most)
        if terms.size_most > least:
            yield f"{where}markets.{asset}.size_most is {terms.size_most}, elsewhere {least}; both legs are of one size"
    if network.sign_any_market and config.run.mode != "sandbox":
        yield f"{where}any_market is true; where there is money every market has a cap of its own: say false"
    for asset in () if network.sign_any_market else _assets_signed_for(config):
        if asset not in network.sign_markets:
            yield f"{where}markets has no {asset}, which is traded or signed for elsewhere; add it or drop that"


def _markets_signed_for(config: Config) -> Iterator[dict[str, SignMarketSection]]:
    for venue in config.policy.scanner.venues:
        network = config.venues[venue].network if venue in config.venues else None
        if network is not None:
            yield network.sign_markets


def _assets_signed_for(config: Config) -> tuple[str, ...]:
    capped = (asset for markets in _markets_signed_for(config) for asset in markets)
    return tuple(dict.fromkeys((*config.policy.scanner.assets, *capped)))


def _sizes_most(asset: str, config: Config) -> Iterator[Decimal]:
    return (markets[asset].size_most for markets in _markets_signed_for(config) if asset in markets)


def _numbers(part: Any, path: str) -> Iterator[tuple[str, Decimal | float | int]]:
    """Every number below a part of the configuration, with its path."""
    if isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from _numbers(getattr(part, name), f"{path}.{name}")
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _numbers(value, f"{path}.{key}")
    elif isinstance(part, Decimal | float | int) and not isinstance(part, bool):
        yield path, part
