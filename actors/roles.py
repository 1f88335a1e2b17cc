"""All roles by name, their state types, and the states a run starts from."""

from __future__ import annotations

from typing import Any

from actors import engine_lifecycle, funding_scanner, pair_position, pnl_settlement, reconciler, risk, venue_link
from actors.actor import ActorState, Role
from actors.board import reconciler_of
from actors.commands import SpawnPair
from actors.domain import SETTLED_ON_REQUEST, Venue
from actors.engine_lifecycle import EngineLifecycle
from actors.funding_scanner import FundingScanner
from actors.pair_position.state import Leg, PairPosition
from actors.pnl_settlement import PnlSettlement
from actors.policy import Policy
from actors.reconciler import Reconciler
from actors.risk.books import RiskState
from actors.venue_link import VenueLink

ROLES: dict[str, Role[Any]] = {
    "pair_position": pair_position.ROLE,
    "risk": risk.ROLE,
    "funding_scanner": funding_scanner.ROLE,
    "engine_lifecycle": engine_lifecycle.ROLE,
    "venue_link": venue_link.ROLE,
    "pnl_settlement": pnl_settlement.ROLE,
    "reconciler": reconciler.ROLE,
}

STATE_TYPES: dict[str, type[ActorState]] = {
    "pair_position": PairPosition,
    "risk": RiskState,
    "funding_scanner": FundingScanner,
    "engine_lifecycle": EngineLifecycle,
    "venue_link": VenueLink,
    "pnl_settlement": PnlSettlement,
    "reconciler": Reconciler,
}


def role_name(actor: str) -> str:
    """The role of an actor: the part of its name before the slash."""
    return actor.partition("/")[0]


def initial_states(policy: Policy) -> tuple[ActorState, ...]:
    """The actors every run starts with; pair positions are spawned later."""
    links = tuple(
        VenueLink(actor=f"venue_link/{venue.value}", place=venue_link.ROLE.chart.initial, venue=venue)
        for venue in policy.scanner.venues
    )
    return (
        EngineLifecycle(actor="engine_lifecycle", place=engine_lifecycle.ROLE.chart.initial),
        RiskState(actor="risk", place=risk.ROLE.chart.initial),
        FundingScanner(actor="funding_scanner", place=funding_scanner.ROLE.chart.initial),
        *links,
        *(
            _settlement(venue, asset)
            for venue in policy.scanner.venues
            if venue in SETTLED_ON_REQUEST
            for asset in policy.scanner.assets
        ),
        *(_reconciler(venue, asset) for venue in policy.scanner.venues for asset in policy.scanner.assets),
    )


def _settlement(venue: Venue, asset: str) -> PnlSettlement:
    place = pnl_settlement.ROLE.chart.initial
    return PnlSettlement(actor=f"pnl_settlement/{venue.value}/{asset}", place=place, venue=venue, asset=asset)


def _reconciler(venue: Venue, asset: str) -> Reconciler:
    place = reconciler.ROLE.chart.initial
    return Reconciler(actor=reconciler_of(venue, asset), place=place, venue=venue, asset=asset)


def spawn_pair(command: SpawnPair) -> PairPosition:
    """An idle pair position as the command describes it."""
    return PairPosition(
        actor=command.actor,
        place=pair_position.ROLE.chart.initial,
        asset=command.asset,
        taker=Leg(venue=command.taker_venue),
        maker=Leg(venue=command.maker_venue),
        first_to_close="taker" if command.first_to_close is command.taker_venue else "maker",
    )
