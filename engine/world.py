"""The simulated world of a run: one market, and for each venue an exchange, a face, a link to the engine, an account.

Keys are made from the seed: they sign for money that does not exist. Counterpart for real venues: key sources
named in the configuration.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import msgspec

from actors.domain import Venue
from engine.config import Config, VenueSection
from engine.simulators.exchange import CrowdSpec, Exchange
from engine.simulators.face import Face
from engine.simulators.fault_file import read_fault_plan
from engine.simulators.faults import FaultPlan
from engine.simulators.market import Market, MarketFileError, RecordedMarket, SeededMarket, open_market, recorded_venues
from engine.simulators.transport import SimulatedVenue
from engine.venues.assets import listing_of
from engine.venues.registry import SIMULATED_API_KEY, SIMULATED_SECOND_API_KEY, make_signer


def secret_for(venue: Venue, seed: int) -> bytes:
    """32 bytes from the seed; never a real key."""
    return hashlib.sha256(f"simulated|{venue.value}|{seed}".encode()).digest()


def second_secret_for(venue: Venue, seed: int) -> bytes:
    """32 bytes from the seed for another key of the same account, such as `perp2perp flatten` has; never a real key."""
    return hashlib.sha256(f"simulated second|{venue.value}|{seed}".encode()).digest()


def _agent_for(venue: Venue, seed: int) -> str:
    """The public half of an account's second key, where keys have addresses."""
    return make_signer(venue, second_secret_for(venue, seed))[1]


def access_key_for(venue: Venue, seed: int) -> str:
    """What our account on a simulated venue may show to be known by, from the seed; never a real key."""
    return hashlib.sha256(f"simulated access|{venue.value}|{seed}".encode()).hexdigest()[:32]


def build_market(config: Config) -> Market:
    """The market the configuration names; raises MarketFileError."""
    if config.market.kind == "seeded":
        return SeededMarket(config.run.seed)
    venues = tuple(venue.value for venue in config.policy.scanner.venues)
    return open_market(Path(config.market.file), venues=venues, seed=config.run.seed)


def narrowed_to_recording(config: Config) -> tuple[Config, list[str]]:
    """Only the venues a recording has rows for, when two or more of those wanted are left; notes name the others."""
    recorded = recorded_venues(Path(config.market.file)) if config.market.kind == "recorded" else None
    wanted = config.policy.scanner.venues
    left = wanted if recorded is None else tuple(venue for venue in wanted if venue.value in recorded)
    if len(left) < 2 or left == wanted:
        return config, []
    replace = msgspec.structs.replace
    policy = replace(config.policy, scanner=replace(config.policy.scanner, venues=left))
    missing = ", ".join(venue.value for venue in wanted if venue not in left)
    return replace(config, policy=policy), [f"the recording has no {missing}: left out"]


def build_faults(config: Config) -> FaultPlan:
    """The fault plan the configuration names, or one without faults; raises OSError or UserError."""
    if not config.faults:
        return FaultPlan()
    return read_fault_plan(Path(config.faults), (venue.value for venue in FACES))


def build_venue(
    venue: Venue, account: str, config: Config, market: Market, faults: FaultPlan, now_ns: Callable[[], int]
) -> SimulatedVenue:
    """One simulated venue with our account on it, its deposit made."""
    section = config.venues[venue]
    face = FACES[venue](account, section, config.run.seed, market)
    rng = random.Random(f"{config.run.seed}|latency|{venue.value}")
    return SimulatedVenue(face, now_ns, section.pace, rng, faults, config.run.seed)


def _assets(section: VenueSection, market: Market) -> tuple[str, ...]:
    return tuple(asset for asset in section.instruments if asset in market.assets)


def _crowd(section: VenueSection) -> CrowdSpec:
    return CrowdSpec(accounts_per_asset=section.crowd_accounts_per_asset)


def _hyperliquid(account: str, section: VenueSection, seed: int, market: Market) -> Face:
    from engine.simulators.hyperliquid import (
        HYPERLIQUID_FEES,
        HYPERLIQUID_RULES,
        HyperliquidFace,
        hyperliquid_instrument,
    )

    listed = []
    for asset in _assets(section, market):
        terms = section.instruments[asset]
        assert terms.size_decimals is not None, f"venues.hyperliquid.instruments.{asset} needs size_decimals"
        listed.append(hyperliquid_instrument(asset, size_decimals=terms.size_decimals, max_leverage=terms.max_leverage))
    exchange = Exchange(
        rules=HYPERLIQUID_RULES,
        instruments=tuple(listed),
        fees=HYPERLIQUID_FEES,
        seed=seed,
        crowd=_crowd(section),
    )
    exchange.open_account(account, section.deposit_usd)
    agents = {account: account, _agent_for(Venue.HYPERLIQUID, seed): account}
    return HyperliquidFace(exchange, market, agents=agents)


def _pacifica(account: str, section: VenueSection, seed: int, market: Market) -> Face:
    from engine.simulators.pacifica import PACIFICA_FEES, PACIFICA_RULES, PacificaFace, pacifica_instrument

    listed = []
    for asset in _assets(section, market):
        terms = section.instruments[asset]
        listed.append(
            pacifica_instrument(asset, tick=str(terms.tick), lot=str(terms.lot), max_leverage=terms.max_leverage)
        )
    exchange = Exchange(
        rules=PACIFICA_RULES,
        instruments=tuple(listed),
        fees=PACIFICA_FEES,
        seed=seed,
        crowd=_crowd(section),
    )
    keys = {access_key_for(Venue.PACIFICA, seed): account}
    agents = {account: (_agent_for(Venue.PACIFICA, seed),)}
    return PacificaFace(exchange, market, {account: section.deposit_usd}, agents=agents, seed=seed, api_keys=keys)


def _lighter(account: str, section: VenueSection, seed: int, market: Market) -> Face:
    from engine.simulators.lighter import (
        LIGHTER_FEES,
        LIGHTER_RULES,
        LighterAccount,
        LighterFace,
        lighter_instrument,
    )
    from engine.venues.lighter.wire import CHAIN_ID_TESTNET

    listed = []
    for asset in _assets(section, market):
        terms = section.instruments[asset]
        listed.append(
            lighter_instrument(asset, tick=str(terms.tick), lot=str(terms.lot), max_leverage=terms.max_leverage)
        )
    exchange = Exchange(
        rules=LIGHTER_RULES,
        instruments=tuple(listed),
        fees=LIGHTER_FEES,
        seed=seed,
        crowd=_crowd(section),
    )
    keys = {SIMULATED_API_KEY: "", SIMULATED_SECOND_API_KEY: ""}
    ours = LighterAccount(keys=keys, deposit_usd=section.deposit_usd)
    return LighterFace(exchange, market, {int(account): ours}, chain_id=CHAIN_ID_TESTNET)


def _drift(account: str, section: VenueSection, seed: int, market: Market) -> Face:
    from engine.simulators.drift import DRIFT_FEES, DRIFT_RULES, DriftFace, drift_instrument

    listed = []
    for asset in _assets(section, market):
        terms, symbol = section.instruments[asset], listing_of(Venue.DRIFT, asset).symbol
        listed.append(
            drift_instrument(symbol, tick=str(terms.tick), lot=str(terms.lot), max_leverage=terms.max_leverage)
        )
    exchange = Exchange(
        rules=DRIFT_RULES,
        instruments=tuple(listed),
        fees=DRIFT_FEES,
        seed=seed,
        crowd=_crowd(section),
    )
    return DriftFace(exchange, market, {account: section.deposit_usd}, seed=seed)


FACES = {
    Venue.HYPERLIQUID: _hyperliquid,
    Venue.PACIFICA: _pacifica,
    Venue.LIGHTER: _lighter,
    Venue.DRIFT: _drift,
}

__all__ = [
    "MarketFileError",
    "RecordedMarket",
    "build_faults",
    "build_market",
    "build_venue",
    "second_secret_for",
    "secret_for",
]
