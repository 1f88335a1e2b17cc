"""What a scenario may turn at the simulated Hyperliquid. Data only; units are in the names."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class FaceKnobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's limits as documented, and its habits.

    Limits: HL docs, "Rate limits", 2025-11; dead-man's switch: HL docs, "Exchange endpoint" (scheduleCancel).
    """

    ip_weight_per_min: int = 1200
    address_buffer: int = 10_000
    """Requests an account has before it has traded anything; each USDC traded gives one more."""
    retry_after_s: int = 0
    """Header of a 429; 0 for none, since the venue's is not documented."""
    unknown_oid_lag_ms: int = 0
    """For so long after it was placed, an order is unknown to `orderStatus`."""
    dead_man_volume_usd: Decimal = Decimal(1_000_000)
    dead_man_triggers_most: int = 10
    """A day, UTC."""
    delists_halted: bool = False
    """A halted market stands as delisted in the list of markets, too; the real list shows no mere halt."""
    unified: bool = False
    """Accounts are in unified mode: USDC is told in the spot state, and the perpetual state's sums are zero."""
    leverage_sticks: bool = False
    """An accepted change of leverage is not carried out."""
