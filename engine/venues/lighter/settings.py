"""What the operator decides about the Lighter adapter. Keys are not settings: they are with the signer."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated

import msgspec

from actors.domain import Venue
from engine.venues.lighter.wire import (
    API_KEY_INDEX_ALL,
    API_KEY_INDEX_LEAST,
    AUTH_TOKEN_MOST_S,
    CHAIN_ID_MAINNET,
    SCHEDULED_CANCEL_LEAST_S,
)
from engine.venues.link import LinkLimits
from engine.venues.lost_answers import LOST_ANSWERS

Leverage = Annotated[int, msgspec.Meta(ge=1, le=3)]
ApiKeyIndex = Annotated[int, msgspec.Meta(ge=API_KEY_INDEX_LEAST, lt=API_KEY_INDEX_ALL)]


class LighterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`account` is the account's index as text; `api_key_index` the key the signer holds, used by nobody else.

    Limits are those of the standard tier: 60 questions and 60 transactions a rolling minute, questions not weighted
    (docs "Rate limits", 2026-07); the latter keep a reserve for cancels and reduce-only orders, the former for nonces
    and positions. `rate_pause_s`: silence after a 429 that names no other. `taker_fee` and `maker_fee` (fractions)
    replace the listed ones, for a tier that pays other fees.

    `outcome_grace_s`: how long the stream may take to tell what became of a queued transaction before it is asked
    for. `unknown_repeat_s`: for how long an order that can never be executed is called so without being looked for
    again. `order_question_pause_s`: between two of the engine's questions about one order. `dead_man_s`: every order of
    the account is cancelled when this engine has been silent for so long; 0 is off, else at least the venue's 300 s.
    """

    account: str
    assets: tuple[str, ...]
    api_key_index: ApiKeyIndex = API_KEY_INDEX_LEAST
    chain_id: int = CHAIN_ID_MAINNET
    leverage: Leverage = 3
    taker_fee: Decimal | None = None
    maker_fee: Decimal | None = None
    request_timeout_s: float = 5.0
    turn_most_s: float = 15.0
    rest_per_minute: int = 60
    rest_reserve: int = 15
    tx_per_minute: int = 60
    tx_reserve: int = 20
    rate_pause_s: float = 10.0
    outcome_grace_s: float = LOST_ANSWERS[Venue.LIGHTER].silent_s
    unknown_repeat_s: float = 12.0
    order_question_pause_s: float = 4.0
    order_expiry_s: int = 600
    auth_token_s: int = AUTH_TOKEN_MOST_S
    auth_renew_s: int = 1800
    quote_repeat_s: float = 1.0
    books_at_once: int = 30
    fill_grace_s: float = 2.0
    fill_lookups_most: int = 5
    lookups_most: int = 20
    backfill_overlap_s: float = 60.0
    history_page_rows: int = 100
    history_pages_most: int = 3
    funding_poll_delay_s: float = 20.0
    funding_polls_most: int = 4
    markets_refresh_s: float = 300.0
    leverage_retry_s: float = 65.0
    dead_man_s: int = 0
    orders_remembered_most: int = 5_000
    ids_remembered_most: int = 50_000
    link: LinkLimits = LinkLimits(frames_per_min_most=150)

    def __post_init__(self) -> None:
        if self.dead_man_s and self.dead_man_s < SCHEDULED_CANCEL_LEAST_S:
            raise ValueError(f"dead_man_s is 0 or at least {SCHEDULED_CANCEL_LEAST_S}, not {self.dead_man_s}")
        if not self.account.isdigit():
            raise ValueError(f"account is an account index, not {self.account!r}")

    @property
    def limits(self) -> LinkLimits:
        """The link's bounds. Whether a channel outlives the token it was opened with is not verified, so a connection
        ends before its token does (and before the venue ends it, after a day)."""
        most_s = min(self.link.renew_most_s or math.inf, self.auth_token_s - self.auth_renew_s)
        after_s = min(self.link.renew_after_s or math.inf, most_s * 0.8)
        return msgspec.structs.replace(self.link, renew_after_s=after_s, renew_most_s=most_s)

    @property
    def account_index(self) -> int:
        """The account as the venue counts it."""
        return int(self.account)
