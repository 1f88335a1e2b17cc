"""What the operator decides about the Pacifica adapter. Keys are not settings: they are with the signer."""

from __future__ import annotations

from typing import Annotated

import msgspec

from actors.domain import Venue
from engine.venues.link import LinkLimits
from engine.venues.lost_answers import LOST_ANSWERS

Leverage = Annotated[int, msgspec.Meta(ge=1, le=3)]


class PacificaSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`account` is the main account's public key (base58), also when an agent signs.

    `fill_grace_s`: how long an acknowledged order or a claimed fill may stay without its outcome on the
    stream before it is looked up by REST (the venue's FAQ: account streams can be delayed under load; a fill
    missing from `account_trades` was observed in July 2026).

    `identified`: the transport shows an API key of this account (header PF-API-KEY) with every request and handshake.
    It is told by whoever builds the transport, not chosen: the key is a secret, and stands in the file the profile
    names (`access_key_file`). With it come more credits and the channel `account_liquidations`.

    The venue has no dead-man's switch (docs, 2026): an engine that dies leaves its resting orders there.
    """

    account: str
    assets: tuple[str, ...]
    leverage: Leverage = 3
    identified: bool = False
    credits_unidentified: int = 100
    credits_identified: int = 300
    """A minute (docs "Rate limits", 2026); the venue's own figures are followed once it has told them."""
    retry_after_s: float = 10.0
    """After a 429 without a time."""
    order_question_pause_s: float = 4.0
    """Between two of the engine's questions about one order: histories are dear."""
    question_wait_most_s: float = 10.0
    """A question or a reducing operation waits so long for credits, and is then not sent."""
    request_timeout_s: float = 5.0
    expiry_window_default_ms: int = 5_000
    expiry_window_most_ms: int = 30_000
    fill_grace_s: float = LOST_ANSWERS[Venue.PACIFICA].silent_s
    fill_lookups_most: int = 5
    lookups_most: int = 50
    backfill_overlap_s: float = 60.0
    unknown_order_horizon_s: float = 86_400.0
    history_page_rows: int = 100
    history_pages_most: int = 10
    funding_poll_delay_s: float = 20.0
    funding_polls_most: int = 4
    orders_remembered_most: int = 5_000
    ids_remembered_most: int = 50_000
    book_age_most_s: float = 60.0
    """An older quote is none: what a reconnect brings first may be old."""
    markets_refresh_s: float = 300.0
    """So often the list of markets is read again, for one may be delisted while the link stays up."""
    link: LinkLimits = LinkLimits(renew_after_s=82_800.0, renew_most_s=85_500.0)
    """The venue closes a connection of 24 hours (docs "Websocket", 2025-11): it is renewed in the hour before."""
