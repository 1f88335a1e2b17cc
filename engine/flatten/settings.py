"""What the operator decides about `perp2perp flatten`: its patience and its prices. Part of `engine.config`."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class FlattenSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds for one venue; no venue waits for another.

    `patience_s` and `look_s` are in real time, everything else is in the venue's. `slippages_bps`: how far beyond the
    touch an order may fill, one step an attempt.
    """

    patience_s: float = 120.0
    """From the first word to the last; what is not flat then is for a person."""
    look_s: float = 30.0
    """The same for whoever only looks."""
    order_lifetime_s: float = 15.0
    """After which the venue must refuse an order."""
    answer_s: float = 25.0
    """Until an order's outcome, or a cancel's answer, counts as unknown; longer than an order lives."""
    question_s: float = 3.0
    """Without a word of an order for so long, the venue is asked for it."""
    fills_s: float = 3.0
    """Until the fills of an order that is over are no longer waited for."""
    quote_s: float = 5.0
    """Until a market without a quote is priced by its mark, and an older quote by a newer mark."""
    verify_retry_s: float = 1.0
    verify_tries_most: int = 5
    cancel_tries_most: int = 3
    rounds_most: int = 3
    """How often all markets are looked at again: an order that rested may have filled meanwhile."""
    slippages_bps: tuple[Decimal, ...] = (
        *(Decimal(20), Decimal(50), Decimal(100)),
        *(Decimal(200), Decimal(400), Decimal(800)),
    )

    def __post_init__(self) -> None:
        """Raises ValueError for bounds that would close nothing, or close it twice."""
        if not self.slippages_bps or any(not each.is_finite() or not 0 < each < 5_000 for each in self.slippages_bps):
            raise ValueError("slippages_bps has to be one or more numbers above 0 and below 5000")
        if self.answer_s <= self.order_lifetime_s:
            raise ValueError("answer_s must be longer than order_lifetime_s")
        if not (self.verify_tries_most and self.cancel_tries_most and self.rounds_most):
            raise ValueError("verify_tries_most, cancel_tries_most and rounds_most are at least 1")
