"""What the operator decides about the Hyperliquid adapter. Keys are not settings: they are the signer's."""

from __future__ import annotations

from typing import Annotated

import msgspec

from actors.domain import Venue
from engine.venues.hyperliquid.wire import Address
from engine.venues.link import LinkLimits
from engine.venues.lost_answers import LOST_ANSWERS

Leverage = Annotated[int, msgspec.Meta(ge=1, le=3)]
DEAD_MAN_LEAST_S = 15.0
"""The venue wants 5 s ahead (HL docs, "Exchange endpoint"), and the switch is renewed three times in its period."""
ASSETS_MOST = 490
"""Two subscriptions each and some for the account: 1000 an IP (HL docs, "Rate limits", 2025-11)."""


class RateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's limits (HL docs, "Rate limits", 2025-11) and what of them is kept for reducing risk.

    By IP in weights a minute, shared with whatever else asks from here; by account in requests altogether, of which
    it has 10 000 and one more for each USDC traded.
    """

    ip_weight_per_min: int = 1200
    ip_reserve: int = 240
    retry_after_s: float = 10.0
    """After a 429 that names no time, which the venue does not document."""
    question_wait_most_s: float = 10.0
    """A question or a reducing action waits so long for room, and is then not sent."""
    address_reserve: int = 1000
    """With fewer requests left, nothing is opened."""
    address_poll_s: float = 3600.0


class HyperliquidSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`account` is the master address, also when an agent signs: an agent's own address has no state.

    `is_mainnet` must agree with the key's. `first_backfill_s`: how far before its start the adapter looks
    for fills and payments at the first snapshot; later ones begin `backfill_overlap_s` before the last seen.

    `dead_man_s`: after so long without a word from us the venue cancels our orders; 0 switches it off. It costs three
    requests of the account's in that time, and needs a million USD traded before the venue allows it.
    """

    account: Address
    assets: tuple[str, ...]
    is_mainnet: bool = False
    leverage: Leverage = 3
    leverage_verified_s: float = 3600.0
    """A leverage the venue confirmed is believed for so long."""
    order_timeout_s: float = 5.0
    query_timeout_s: float = 5.0
    action_window_s: float = 60.0
    """An action that is no order expires at the venue after so long; an order has its own time."""
    unknown_grace_s: float = LOST_ANSWERS[Venue.HYPERLIQUID].silent_s
    unknown_retry_s: float = 0.5
    """The venue may not know an order shortly after it was sent: it is asked again until the grace has passed."""
    first_backfill_s: int = 0
    backfill_overlap_s: int = 60
    history_pages_most: int = 5
    gap_grace_s: float = 0.5
    gap_pause_s: float = 10.0
    gap_tries_most: int = 12
    """After a frame that could not be read, the account is read again after the grace; and again, so often, each time
    after a pause, while that fails."""
    funding_poll_delay_s: float = 20.0
    funding_polls_most: int = 5
    """So long after a whole hour, and as often, a payment that was due and not told is asked for."""
    lookups_most: int = 50
    ids_remembered_most: int = 20_000
    book_age_most_s: float = 60.0
    """An older book is no quote: what a reconnect brings first may be old."""
    markets_refresh_s: float = 300.0
    """So often the list of markets is read again, for one may be delisted while the link stays up."""
    dead_man_s: float = 0.0
    rates: RateSettings = RateSettings()
    link: LinkLimits = LinkLimits()

    def __post_init__(self) -> None:
        if self.dead_man_s and self.dead_man_s < DEAD_MAN_LEAST_S:
            raise ValueError(f"dead_man_s is {self.dead_man_s:g}; give at least {DEAD_MAN_LEAST_S:g}, or 0 for none")
        if len(self.assets) > ASSETS_MOST:
            raise ValueError(f"{len(self.assets)} assets need more subscriptions than the venue allows")
