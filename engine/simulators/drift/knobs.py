"""What a scenario may turn about the simulated chain and program."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.venues.drift.wire import PROGRAM_ID, USDC_MINT
from engine.venues.drift.wire_markets import PERP_MARKET_INDEXES

LOOKUP_TABLES = ("Fpys8GRa5RBWfyeN7AaDUwFGD1zkDCA4z3t4CJLV8dfL", "EiWSskK5HXnBTptiS5DH6gpAJRVNQ3cAhTKBGaiaysAb")
"""The tables the venue's SDK asks for on mainnet (driftpy 0.8.89, constants.config); it takes no others."""


class DriftKnobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Slots are of 400 ms; confirmations count from the slot a transaction landed in."""

    program_id: str = PROGRAM_ID
    quote_mint: str = USDC_MINT
    landing_slots: int = 1
    confirmed_slots: int = 2
    finalized_slots: int = 32
    pnl_pool_usd: Decimal = Decimal(1_000_000_000)
    """What positive profits can be settled from, per market."""
    keeper_settles_funding: bool = False
    """Whether somebody settles every user's funding each hour; the program does it when a position is next touched."""
    heartbeat_s: int = 5
    book_levels: int = 20
    lookup_tables: tuple[str, ...] = LOOKUP_TABLES
    market_indexes: Mapping[str, int] = msgspec.field(default_factory=lambda: dict(PERP_MARKET_INDEXES))
    """The program's number of each market by its name; a market that is not here cannot be listed."""
