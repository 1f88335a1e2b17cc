"""How each venue resolves an order whose answer was lost: one table, which the adapters act by and the README shows.

An order's end is its `expires_at_ns`. Three things can be learned of it later: the venue knows the order (its client
id, or what stands for one, finds it), it has filled, or it can never be executed any more. Counterparts: the adapters'
lookups, which act by their venue's rule; `actors.pair_position`, which is told the grace with each instrument.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actors.domain import NS_PER_S, Venue


class LostAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's rule. Times in seconds, by our clock.

    `resolved_by`: what is asked, in the README's words. `silent_s`: so long after it was sent the venue may not know an
    order that it has. `lands_most_s`: so long after an order's end its request may still take effect, as far as time
    alone tells. `never_executed`: what proves, whatever the time, that it never will; then it is told as rejected.
    `unknown_is_proven`: the adapter calls an order that the venue never acknowledged unknown only with such a proof.
    """

    resolved_by: str
    silent_s: float
    lands_most_s: float
    never_executed: str
    unknown_is_proven: bool = False

    @property
    def lapse_grace_s(self) -> float:
        """How long after its end an order that the venue does not know is believed to be over."""
        return 0.0 if self.unknown_is_proven else self.lands_most_s

    @property
    def lapse_grace_ns(self) -> int:
        """The same in nanoseconds, as it is told with each instrument."""
        return round(self.lapse_grace_s * NS_PER_S)


CLOCKS_DIFFER_S = 4.0
"""By so much more than was measured may a venue's clock lag ours; what was measured of it is added by the pair."""

LOST_ANSWERS: Mapping[Venue, LostAnswer] = {
    Venue.HYPERLIQUID: LostAnswer(
        resolved_by="client id",
        silent_s=3.0,
        lands_most_s=CLOCKS_DIFFER_S,
        never_executed="nothing but its end: the venue refuses an action after its `expiresAfter`",
    ),
    Venue.PACIFICA: LostAnswer(
        resolved_by="order history",
        silent_s=2.0,
        lands_most_s=CLOCKS_DIFFER_S,
        never_executed="nothing but its end: the venue refuses a signature older than its `expiry_window`",
    ),
    Venue.LIGHTER: LostAnswer(
        resolved_by="stream, hash, nonce",
        silent_s=3.0,
        lands_most_s=660.0,
        never_executed="another transaction with its nonce was executed, or its own has lapsed",
        unknown_is_proven=True,
    ),
    Venue.DRIFT: LostAnswer(
        resolved_by="signature, dead blockhash, `max_ts`",
        silent_s=0.0,
        lands_most_s=10.0,
        never_executed="the finalized chain is past the last block its blockhash allows, and nobody has seen it",
    ),
}
"""Sources, and what they leave open.

Hyperliquid: an `orderStatus` of `unknownOid` shortly after a submit was observed by clients of the venue. The field
`expiresAfter` is documented (docs "Exchange endpoint", 2025-11); by which clock it is held to is not, so one that lags
is allowed for.
Pacifica: no lookup by client id (docs, 2026); `expiry_window` counts from the signed timestamp (docs "Signing", 2026);
how strictly is not verified.
Lighter: each transaction carries exactly one more than the last nonce; a refusal at the API uses none up, and what the
sequencer ran does (docs "API keys" and "Trading", 2026-07). An accepted transaction is only queued, and one that lapses
in the queue uses no nonce, so nothing short of an executed one is proof. A transaction lapses 599 s after signing by
the library's clock, whatever the engine's expiry; a minute is added for that clock.
Drift: the program places nothing after `max_ts` by the chain's clock, which may lag; a transaction without a status
when the finalized height has passed its last one never gets one (Solana docs "Transaction confirmation", 2025). What is
only confirmed might in theory be taken back, and proves nothing here.
"""
