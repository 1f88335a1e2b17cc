"""Bounds of the engine's own parts, apart from them: whoever reads a profile need not know the core.

Part of `engine.config`. Bounds that decisions depend on are the policy's (`policy.core`), for a journal records those.
"""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the sequencer."""

    batch_most: int = 256


class EngineLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of what is kept and told beside the decisions, which do not read them."""

    alarms_kept: int = 200
    """Alarms a run remembers; repeats are counted, and of every code the last one stays."""
    recalled_most: int = 2000
    """Orders an adapter is told of when a run is gone on with, besides those that were not over: late words about
    older ones find their pair alone."""
    answer_s: float = 10.0
    """Within it whoever tells the engine something is answered, in real time: with what was decided, or "unknown"."""
    answer_last_s: float = 1.0
    """How long an engine that ends waits for answers on their way, in real time."""
    budget_look_s: float = 10.0
    """How often the deciders are told what is left of a venue's rate limit."""
