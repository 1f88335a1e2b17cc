"""What risk knows: its own count of positions and orders in flight, kept apart from the strategy's books on purpose.

Data alone. Counterparts: `books`, which counts facts into it, `throttle`, which counts what leaves, `person`, which
takes what a person asked into it, and `limits`, which screens by it.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Literal

import msgspec

from actors.actor import ActorState
from actors.domain import ZERO, Noun, Side, Venue
from actors.reliability import Reliability

Kind = Literal["open", "hedge", "reduce", "cancel"]
"""What a message to a venue does: adds exposure, hedges a leg that stands naked, only reduces, or cancels."""
REVIEWED = "hold_reviewed"
"""The code of the alarm by which a review that lets a pair stay is told and remembered; its text begins with the pair's
name."""


class InFlight(Noun, frozen=True, kw_only=True):
    """An order that left and is not over: signed size still open, counted as filled by the limits.

    `opening` is set for what neither reduces nor hedges: its first fill is an execution. `immediate` is an IOC,
    `sent_ns` when it was decided; `heard` says that its venue has spoken of it or its outcome was unknown, `doubted`
    that it was (`observing`).
    """

    venue: Venue
    asset: str
    signed_size: Decimal
    limit_price: Decimal
    reduce_only: bool
    opening: bool = False
    filled: Decimal = ZERO
    fills: tuple[str, ...] = ()
    lapses_ns: int
    sent_ns: int = 0
    immediate: bool = False
    heard: bool = False
    doubted: bool = False


class Held(Noun, frozen=True, kw_only=True):
    """A position: signed base size, what the venue told of it, and the pair that trades it.

    `liquidation_price` is the venue's for this very size, None once the size has changed. `since_ns` is since when
    something is held, `reviewed_ns` when a review let it stay last. `cash_usd` is what its holder's fills and funding
    brought, fees taken off; a fill whose price was not told counts at its order's limit, the worst it can have been.
    `payments` are the funding records counted.
    """

    venue: Venue
    asset: str
    size: Decimal = ZERO
    entry_price: Decimal | None = None
    adl_rank: Decimal | None = None
    liquidation_price: Decimal | None = None
    since_ns: int = 0
    reviewed_ns: int = 0
    cash_usd: Decimal = ZERO
    payments: tuple[str, ...] = ()
    holder: str = ""


class Asked(Noun, frozen=True, kw_only=True):
    """What a pair was asked last without anybody asking for it: by which rule, when, and whether at once."""

    rule: str
    at_ns: int
    urgent: bool


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """An order or a cancel that left."""

    at_ns: int
    venue: Venue
    kind: Kind


class Execution(msgspec.Struct, frozen=True, array_like=True):
    """An opening order that filled, in whole or in part, by the key of its market."""

    at_ns: int
    market: str
    side: Side


class Disarmed(Noun, frozen=True, kw_only=True):
    """A market in which nothing is opened until a person re-arms it, and whether people were told."""

    at_ns: int
    side: Side
    executions: int
    told: bool = False


class RiskState(ActorState, frozen=True, kw_only=True):
    """Positions and orders in flight by key, what left lately, and when each venue last deleveraged us.

    `asked` is by pair. `day_ns` is the midnight (UTC) after which `equity_start_usd`, by venue, was told, all at about
    one time. `loss_seen_ns` is when the day's loss was first seen too large, at this look and all since; 0 when not.
    `adl_looked_ns` is when the levels of all positions were looked at. `sent` are the messages of the last minute,
    `executions` those within the policy's window, `disarmed` is by market. `lowered` are limits that a person set below
    the policy's; `heard` are the ids of what people asked last. `reliability` is what was measured, by venue.
    """

    positions: dict[str, Held] = msgspec.field(default_factory=dict)
    in_flight: dict[str, InFlight] = msgspec.field(default_factory=dict)
    sent: tuple[Sent, ...] = ()
    executions: tuple[Execution, ...] = ()
    disarmed: dict[str, Disarmed] = msgspec.field(default_factory=dict)
    lowered: dict[str, Decimal] = msgspec.field(default_factory=dict)
    heard: tuple[str, ...] = ()
    deleveraged_ns: dict[str, int] = msgspec.field(default_factory=dict)
    asked: dict[str, Asked] = msgspec.field(default_factory=dict)
    day_ns: int = 0
    equity_start_usd: dict[str, Decimal] = msgspec.field(default_factory=dict)
    loss_seen_ns: int = 0
    adl_looked_ns: int = 0
    reliability: dict[str, Reliability] = msgspec.field(default_factory=dict)
    passed: int = 0
    denied: int = 0


def key_of(venue: Venue, asset: str) -> str:
    """The key of a position and its market."""
    return venue + ":" + asset


@lru_cache(maxsize=4096)
def split_key(key: str) -> tuple[Venue, str]:
    """Venue and asset of a key; an asset's own colon stays in it."""
    venue, _, asset = key.partition(":")
    return Venue(venue), asset
