"""How often the simulated Hyperliquid may be asked: by IP in weights a minute, by account in requests altogether.

HL docs, "Rate limits", 2025-11; weights as seen in the REST profile, 2026-09-24. What a 429 says is not documented.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.simulators.hyperliquid.knobs import FaceKnobs

MINUTE_NS = 60_000_000_000
TRICKLE_NS = 10_000_000_000
"""An exhausted account may still send one request in 10 s."""
CANCEL_EXTRA = 100_000
EXPIRED_COSTS = 5
BATCH_OF_ONE_WEIGHT = 40
ROWS_OF_ONE_WEIGHT = 20

WEIGHTS: Mapping[str, int] = {
    **dict.fromkeys(("l2Book", "allMids", "clearinghouseState", "orderStatus"), 2),
    **dict.fromkeys(("spotClearinghouseState", "exchangeStatus"), 2),
    "userRole": 60,
}
OTHER_WEIGHT = 20
ROWED = ("historicalOrders", "userFills", "userFillsByTime", "fundingHistory", "userFunding")
"""Questions that cost one more for every 20 rows of the answer."""
PARTS = ("orders", "cancels", "modifies")


def info_weight(body: Any) -> int:
    """What a question costs before its answer is known."""
    kind = body.get("type") if isinstance(body, dict) else None
    return WEIGHTS.get(str(kind), OTHER_WEIGHT)


def row_weight(body: Any, answer: Any) -> int:
    """What the length of an answer costs on top."""
    rowed = isinstance(body, dict) and body.get("type") in ROWED and isinstance(answer, list | tuple)
    return len(answer) // ROWS_OF_ONE_WEIGHT if rowed else 0


def parts_of(action: Mapping[str, Any]) -> int:
    """How many requests an action counts as: one an order."""
    lists = [action[name] for name in PARTS if isinstance(action.get(name), list)]
    return max(1, len(lists[0])) if lists else 1


def action_weight(body: Any) -> int:
    """1 + floor(n / 40)."""
    action = body.get("action") if isinstance(body, dict) else None
    return 1 + parts_of(action) // BATCH_OF_ONE_WEIGHT if isinstance(action, dict) else 1


class IpLimit:
    """Weights of the last minute; everybody in a simulation comes from one address."""

    def __init__(self, knobs: FaceKnobs) -> None:
        self._most = knobs.ip_weight_per_min
        self._spent: deque[tuple[int, int]] = deque()
        self._used = 0

    def admits(self, now_ns: int, weight: int) -> bool:
        """Whether there is room; if so, it is taken."""
        while self._spent and self._spent[0][0] + MINUTE_NS <= now_ns:
            self._used -= self._spent.popleft()[1]
        if self._used + weight > self._most:
            return False
        self.charge(now_ns, weight)
        return True

    def charge(self, now_ns: int, weight: int) -> None:
        """Take weight, room or not."""
        if weight:
            self._spent.append((now_ns, weight))
            self._used += weight


class AddressLimit:
    """Requests and volume of every account since it began."""

    def __init__(self, knobs: FaceKnobs) -> None:
        self._buffer = knobs.address_buffer
        self._used: dict[str, int] = {}
        self._reserved: dict[str, int] = {}
        self._volume: dict[str, Decimal] = {}
        self._trickled_ns: dict[str, int] = {}

    def traded(self, account: str, usd: Decimal) -> None:
        """Volume gives requests."""
        self._volume[account] = self.volume(account) + usd

    def volume(self, account: str) -> Decimal:
        return self._volume.get(account, Decimal(0))

    def used(self, account: str) -> int:
        return self._used.get(account, 0)

    def most(self, account: str) -> int:
        """What the account may use altogether."""
        return self._buffer + int(self.volume(account)) + self._reserved.get(account, 0)

    def reserve(self, account: str, requests: int) -> None:
        """Bought requests; the fee for them is not simulated."""
        self._reserved[account] = self._reserved.get(account, 0) + requests

    def admits(self, now_ns: int, account: str, requests: int, *, cancels: bool) -> bool:
        """Whether so many more are allowed now; if so, they are counted."""
        most = self.most(account)
        ceiling = min(most + CANCEL_EXTRA, 2 * most) if cancels else most
        if self.used(account) + requests > ceiling:
            if now_ns < self._trickled_ns.get(account, 0) + TRICKLE_NS:
                return False
            self._trickled_ns[account] = now_ns
        self.charge(account, requests)
        return True

    def charge(self, account: str, requests: int) -> None:
        self._used[account] = self.used(account) + requests
