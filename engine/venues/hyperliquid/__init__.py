"""Hyperliquid: wire (what the venue says), codec (what it means), signing, adapter.

Counterpart: `engine.simulators.hyperliquid`. Venue facts are cited as HL docs (hyperliquid.gitbook.io, copy
of 2025-11), REST profile and WS profile (recorded 2026-09-24), recorded testnet exchange (2026-09-07), or SDK
(hyperliquid-python-sdk 0.24.0).
"""
