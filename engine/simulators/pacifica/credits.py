"""The simulated venue's rate limit: credits in a rolling minute, told in headers and in replies on the stream.

Docs "Rate limits", 2026: a request 1, a cancel 0.5, a heavy GET 3 to 12 (1 to 4 with a key); 100 a minute for an
unidentified address, 300 for an API key; figures are told times ten. Which GETs are heavy, and how much each costs, is
not documented: here they are the paged histories, by the rows asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import Decimal

import msgspec

WINDOW_S = 60
NS_PER_S = 1_000_000_000
STANDARD, CANCEL = Decimal(1), Decimal("0.5")
HEAVY = ("/trades/history", "/orders/history", "/funding/history", "/funding_rate/history")
ROWS_OF_ONE_STEP = 100
STEPS_MOST = 4
HEAVY_STEP, HEAVY_STEP_IDENTIFIED = Decimal(3), Decimal(1)
CANCELS = ("cancel_order", "cancel_all_orders")
IP = ""
"""The bucket of everybody without a key."""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is told: `r` left and `q` in all, times ten, and `t` seconds until the oldest come back."""

    r: int
    q: int
    t: int


def cost_of_get(path: str, query: Mapping[str, str], *, identified: bool) -> Decimal:
    """A history costs by its rows."""
    if path not in HEAVY:
        return STANDARD
    asked = query.get("limit", str(ROWS_OF_ONE_STEP))
    rows = int(asked) if asked.isdecimal() else ROWS_OF_ONE_STEP
    steps = min(STEPS_MOST, max(1, -(-rows // ROWS_OF_ONE_STEP)))
    return steps * (HEAVY_STEP_IDENTIFIED if identified else HEAVY_STEP)


def cost_of(operation: str) -> Decimal:
    """A signed operation."""
    return CANCEL if operation in CANCELS else STANDARD


class Credits:
    """Buckets by account of the key, or the one of the address."""

    def __init__(self, unidentified: int, identified: int) -> None:
        self._unidentified, self._identified = Decimal(unidentified), Decimal(identified)
        self._spent: dict[str, deque[tuple[int, Decimal]]] = {}

    def take(self, bucket: str, cost: Decimal, now_ns: int) -> bool:
        """Whether there is room; if so, it is taken."""
        if self._used(bucket, now_ns) + cost > self._quota(bucket):
            return False
        self._spent[bucket].append((now_ns, cost))
        return True

    def left(self, bucket: str, now_ns: int) -> Left:
        """What is left now."""
        used, quota = self._used(bucket, now_ns), self._quota(bucket)
        spent = self._spent[bucket]
        oldest_ns = spent[0][0] + WINDOW_S * NS_PER_S - now_ns if spent else 0
        return Left(r=int((quota - used) * 10), q=int(quota * 10), t=-(-oldest_ns // NS_PER_S))

    def headers(self, bucket: str, now_ns: int) -> tuple[tuple[str, str], ...]:
        """As structured fields, lower-case names."""
        left = self.left(bucket, now_ns)
        return (
            ("ratelimit", f'"credits";r={left.r};t={left.t}'),
            ("ratelimit-policy", f'"credits";q={left.q};w={WINDOW_S}'),
        )

    def _used(self, bucket: str, now_ns: int) -> Decimal:
        spent = self._spent.setdefault(bucket, deque())
        while spent and spent[0][0] + WINDOW_S * NS_PER_S <= now_ns:
            spent.popleft()
        return sum((cost for _, cost in spent), Decimal(0))

    def _quota(self, bucket: str) -> Decimal:
        return self._unidentified if bucket == IP else self._identified
