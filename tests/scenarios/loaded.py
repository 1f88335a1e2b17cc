"""Loads, on import, what an engine on Hyperliquid and Pacifica needs: for the process that engines are forked from.

Only what begins no threads, which a fork would not copy; Lighter's and Drift's libraries are loaded by each engine.
"""

from __future__ import annotations

from engine.venues.registry import load, make_signer
from engine.world import secret_for
from tests.scenarios import killed

for _venue in (killed.HYPERLIQUID, killed.PACIFICA):
    load(_venue)
    make_signer(_venue, secret_for(_venue, 0))
