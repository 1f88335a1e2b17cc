"""What a scenario may turn at the simulated Lighter, and its two account tiers."""

from __future__ import annotations

from collections import deque

import msgspec

from engine.simulators.lighter.refusals import Refused
from engine.simulators.lighter.words import NS_PER_S

MINUTE_NS = 60 * NS_PER_S


class FaceKnobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Delays, limits and paces; the defaults are a standard account's (apidocs "Account types", 2026-07-19).

    A limit of None is switched off. `weighted`: REST requests count by their endpoint's weight, as a premium account's.
    """

    taker_delay_ms: int = 300
    maker_delay_ms: int = 200
    """Post-only orders, cancels and whatever takes nothing from the book."""
    requests_per_minute: int | None = 60
    weighted: bool = False
    transactions_per_minute: int | None = 60
    messages_per_minute: int | None = 200
    idle_most_s: int = 120
    age_most_s: int = 86_400
    ping_every_s: int = 60
    """The venue's own figure is not verified."""
    stats_every_s: int = 5
    """How often accounts with positions are told what the mark did to them; not verified."""
    book_levels: int = 10
    reduce_only_vanishes: bool = False
    """A reduce-only order that the sequencer refuses leaves no order report, only its failed transaction."""
    tier: str = "standard"


PREMIUM = FaceKnobs(
    taker_delay_ms=200,
    maker_delay_ms=0,
    requests_per_minute=24_000,
    weighted=True,
    transactions_per_minute=4_000,
    tier="premium",
)
"""A premium account without staked LIT; its volume quota is not simulated."""
UNLIMITED = FaceKnobs(requests_per_minute=None, transactions_per_minute=None, messages_per_minute=None)
"""A standard account without rate limits."""

WEIGHTS = {
    "nextNonce": 6,
    "accountInactiveOrders": 100,
    "apikeys": 150,
    "trades": 600,
    "recentTrades": 600,
}
OTHER_WEIGHT = 300
"""Of a weighted request (apidocs "Rate limits", 2026-07-19)."""


class Quota:
    """At most `limit` in any minute; None for no limit."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._spent: deque[tuple[int, int]] = deque()
        self._used = 0

    def spend(self, now_ns: int, weight: int = 1, code: int = 23000) -> None:
        """Raises `Refused` when the minute is spent; nothing is counted then."""
        if self._limit is None:
            return
        while self._spent and self._spent[0][0] + MINUTE_NS <= now_ns:
            self._used -= self._spent.popleft()[1]
        if self._used + weight > self._limit:
            raise Refused(code)
        self._spent.append((now_ns, weight))
        self._used += weight
