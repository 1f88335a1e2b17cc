"""What the operator decides about the Hyperliquid adapter. Keys are not settings: they are the signer's."""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.venues.hyperliquid.wire import Address
from engine.venues.link import LinkLimits

Leverage = Annotated[int, msgspec.Meta(ge=1, le=3)]


class HyperliquidSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`account` is the master address, also when an agent signs: an agent's own address has no state.

    `is_mainnet` must agree with the signer's. `first_backfill_s`: how far before its start the adapter looks
    for fills and payments at the first snapshot; later ones begin `backfill_overlap_s` before the last seen.
    """

    account: Address
    assets: tuple[str, ...]
    is_mainnet: bool = False
    leverage: Leverage = 3
    order_timeout_s: float = 5.0
    query_timeout_s: float = 5.0
    first_backfill_s: int = 0
    backfill_overlap_s: int = 60
    history_pages_most: int = 5
    ids_remembered_most: int = 20_000
    link: LinkLimits = LinkLimits()
