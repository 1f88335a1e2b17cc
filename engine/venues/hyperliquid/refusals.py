"""Hyperliquid's words for a refused or ended order, and ours. Data only.

Sources: HL docs, "Error responses" and "Query order status", 2025-11; recorded testnet exchange, 2026-09-07.
Live texts end in " asset=N" and vary in their figures, so they are matched by how they begin.
"""

from __future__ import annotations

from collections.abc import Mapping

from actors.domain import DoneReason, RejectReason
from engine.venues.hyperliquid.wire_orders import OrderStatus

REJECT_TEXTS: tuple[tuple[str, RejectReason], ...] = (
    ("Price must be divisible by tick size", RejectReason.TICK),
    ("Order has invalid price", RejectReason.TICK),
    ("Order has invalid size", RejectReason.LOT),
    ("Order has zero size", RejectReason.LOT),
    ("Order must have minimum value", RejectReason.MIN_NOTIONAL),
    ("Insufficient margin", RejectReason.MARGIN),
    ("Insufficient spot balance", RejectReason.MARGIN),
    ("Must deposit before performing actions", RejectReason.MARGIN),
    ("Post only order would have immediately matched", RejectReason.POST_ONLY_WOULD_CROSS),
    ("Order could not immediately match", RejectReason.IOC_UNFILLED),
    ("No liquidity available for market order", RejectReason.IOC_UNFILLED),
    ("Reduce only order would increase position", RejectReason.REDUCE_ONLY),
    ("Price too far from oracle", RejectReason.PRICE_BAND),
    ("Order price cannot be more than 80% away", RejectReason.PRICE_BAND),
    ("Order would increase open interest", RejectReason.OPEN_INTEREST_CAP),
    ("Order rejected due to price more aggressive than oracle", RejectReason.OPEN_INTEREST_CAP),
    ("Duplicate cloid", RejectReason.DUPLICATE_CLIENT_ID),
    ("Trading is halted", RejectReason.HALTED),
    ("Only post-only orders allowed", RejectReason.HALTED),
    ("Invalid TP/SL price", RejectReason.INVALID),
    ("Too many cumulative requests", RejectReason.RATE_LIMITED),
    ("Invalid nonce", RejectReason.NONCE),
    ("Action already expired", RejectReason.EXPIRED),
    ("User or API Wallet", RejectReason.SIGNATURE),
    ("Unable to recover signer", RejectReason.SIGNATURE),
    ("Agent valid_until already expired", RejectReason.SIGNATURE),
)
"""How a refusal begins, and its reason. "Duplicate cloid" and "Trading is halted" are guesses."""

DONE_STATUSES: Mapping[OrderStatus, DoneReason] = {
    OrderStatus.FILLED: DoneReason.FILLED,
    OrderStatus.CANCELED: DoneReason.CANCELED,
    OrderStatus.MARGIN_CANCELED: DoneReason.MARGIN_CANCELED,
    OrderStatus.REDUCE_ONLY_CANCELED: DoneReason.REDUCE_ONLY_CANCELED,
    OrderStatus.SELF_TRADE_CANCELED: DoneReason.SELF_TRADE,
    OrderStatus.LIQUIDATED_CANCELED: DoneReason.LIQUIDATED,
    OrderStatus.VAULT_WITHDRAWAL_CANCELED: DoneReason.VENUE_CANCELED,
    OrderStatus.OPEN_INTEREST_CAP_CANCELED: DoneReason.VENUE_CANCELED,
    OrderStatus.SIBLING_FILLED_CANCELED: DoneReason.VENUE_CANCELED,
    OrderStatus.DELISTED_CANCELED: DoneReason.VENUE_CANCELED,
    OrderStatus.OUTCOME_SETTLED_CANCELED: DoneReason.VENUE_CANCELED,
    OrderStatus.SCHEDULED_CANCEL: DoneReason.VENUE_CANCELED,
    OrderStatus.INTERNAL_CANCEL: DoneReason.VENUE_CANCELED,
}

OPEN_STATUSES: tuple[OrderStatus, ...] = (OrderStatus.OPEN, OrderStatus.TRIGGERED)

REJECTED_STATUSES: Mapping[OrderStatus, RejectReason] = {
    OrderStatus.REJECTED: RejectReason.OTHER,
    OrderStatus.TICK_REJECTED: RejectReason.TICK,
    OrderStatus.MIN_TRADE_NTL_REJECTED: RejectReason.MIN_NOTIONAL,
    OrderStatus.PERP_MARGIN_REJECTED: RejectReason.MARGIN,
    OrderStatus.REDUCE_ONLY_REJECTED: RejectReason.REDUCE_ONLY,
    OrderStatus.BAD_ALO_PX_REJECTED: RejectReason.POST_ONLY_WOULD_CROSS,
    OrderStatus.IOC_CANCEL_REJECTED: RejectReason.IOC_UNFILLED,
    OrderStatus.BAD_TRIGGER_PX_REJECTED: RejectReason.INVALID,
    OrderStatus.MARKET_ORDER_NO_LIQUIDITY_REJECTED: RejectReason.IOC_UNFILLED,
    OrderStatus.POSITION_INCREASE_AT_OPEN_INTEREST_CAP_REJECTED: RejectReason.OPEN_INTEREST_CAP,
    OrderStatus.POSITION_FLIP_AT_OPEN_INTEREST_CAP_REJECTED: RejectReason.OPEN_INTEREST_CAP,
    OrderStatus.TOO_AGGRESSIVE_AT_OPEN_INTEREST_CAP_REJECTED: RejectReason.OPEN_INTEREST_CAP,
    OrderStatus.OPEN_INTEREST_INCREASE_REJECTED: RejectReason.OPEN_INTEREST_CAP,
    OrderStatus.INSUFFICIENT_SPOT_BALANCE_REJECTED: RejectReason.MARGIN,
    OrderStatus.ORACLE_REJECTED: RejectReason.PRICE_BAND,
    OrderStatus.PERP_MAX_POSITION_REJECTED: RejectReason.OTHER,
    OrderStatus.TOO_MANY_OPEN_ORDERS_REJECTED: RejectReason.OTHER,
}


def reject_reason(text: str) -> RejectReason:
    """The reason behind the venue's text; OTHER for one we have not met."""
    return next((reason for start, reason in REJECT_TEXTS if text.startswith(start)), RejectReason.OTHER)


def in_words(text: str) -> str:
    """The venue's text, with what it means where that is not plain: a signature it cannot place."""
    if reject_reason(text) is RejectReason.SIGNATURE:
        return f"{text} (a wrong key, or an agent that is unknown or has ended)"
    return text
