"""Loads, on import, what an engine on Hyperliquid and Pacifica needs: for the process that engines are forked from.

Only what begins no threads, which a fork would not copy; Lighter's and Drift's libraries are loaded by each engine.
"""

from __future__ import annotations

from actors.domain import Venue
from engine.venues.registry import load, make_signer
from engine.world import secret_for
from tests.scenarios import killed as killed  # noqa: PLC0414 - loaded for those who are forked

for _venue in (Venue.HYPERLIQUID, Venue.PACIFICA):
    load(_venue)
    make_signer(_venue, secret_for(_venue, 0))
