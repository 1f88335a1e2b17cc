"""Bounds of the engine's own parts, apart from them: whoever reads a profile need not know the core.

Part of `engine.config`. Bounds that decisions depend on are the policy's (`policy.core`), for a journal records those.
"""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the sequencer."""

    batch_most: int = 256


class EngineLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of what is kept for people and for adapters. No decision depends on them."""

    alarms_kept: int = 200
    """Alarms a run remembers; repeats are counted, and of every code the last one stays."""
    recalled_most: int = 2000
    """Orders an adapter is told of when a run is gone on with, besides those that were not over: late words about
    older ones find their pair alone."""
