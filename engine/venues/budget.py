"""A venue's rate limit, kept on our side: weights in a rolling window, a part of it reserved for what reduces risk.

Pure: time comes with every call. An opening order that finds the budget spent is refused before it leaves; a
reducing one may use the reserve; questions wait.
"""

from __future__ import annotations

from collections import deque
from typing import overload

NS_PER_S = 1_000_000_000


class Budget:
    """At most `limit` weight in any `window_s`; the last `reserve` of it only for urgent requests."""

    def __init__(self, *, limit: float, window_s: float, reserve: float) -> None:
        assert 0 <= reserve < limit
        self._limit, self._reserve = limit, reserve
        self._window_ns = int(window_s * NS_PER_S)
        self._spent: deque[tuple[int, float]] = deque()
        self._used = 0.0
        self._blocked_until_ns = 0

    def spend(self, weight: float, now_ns: int, *, urgent: bool) -> bool:
        """Take `weight` if there is room for it; False (and nothing taken) if not."""
        if self.wait_s(weight, now_ns, urgent=urgent) > 0:
            return False
        self._spent.append((now_ns, weight))
        self._used += weight
        return True

    def wait_s(self, weight: float, now_ns: int, *, urgent: bool) -> float:
        """Seconds until there is room for `weight`; 0 when there is now."""
        self._forget(now_ns)
        blocked_s = max(0, self._blocked_until_ns - now_ns) / NS_PER_S
        room = self._limit - (0.0 if urgent else self._reserve)
        excess = self._used + weight - room
        if excess <= 0:
            return blocked_s
        for at_ns, spent in self._spent:
            excess -= spent
            if excess <= 0:
                return max(blocked_s, (at_ns + self._window_ns - now_ns) / NS_PER_S)
        return max(blocked_s, self._window_ns / NS_PER_S)

    def left_fraction(self, now_ns: int) -> float:
        """What is left of the limit now, the reserve included (0..1); nothing while the venue itself refuses."""
        self._forget(now_ns)
        if self._blocked_until_ns > now_ns:
            return 0.0
        return max(0.0, 1 - self._used / self._limit)

    def refused(self, now_ns: int, retry_after_s: float) -> None:
        """The venue itself said that the limit is reached: nothing leaves before `retry_after_s` have passed."""
        self._blocked_until_ns = max(self._blocked_until_ns, now_ns + int(retry_after_s * NS_PER_S))

    def told(self, now_ns: int, remaining: float) -> None:
        """The venue says how much is left; whatever it counts beyond our own books is taken as just spent."""
        self._forget(now_ns)
        unknown = self._limit - remaining - self._used
        if unknown > 0:
            self._spent.append((now_ns, unknown))
            self._used += unknown

    def _forget(self, now_ns: int) -> None:
        while self._spent and self._spent[0][0] + self._window_ns <= now_ns:
            self._used -= self._spent.popleft()[1]
        if not self._spent:
            self._used = 0.0


@overload
def named_wait_s(headers: tuple[tuple[str, str], ...], otherwise_s: float) -> float: ...
@overload
def named_wait_s(headers: tuple[tuple[str, str], ...], otherwise_s: None = None) -> float | None: ...
def named_wait_s(headers: tuple[tuple[str, str], ...], otherwise_s: float | None = None) -> float | None:
    """The seconds that `retry-after` names (RFC 9110, 10.2.3); `otherwise_s` where it names none, or a date."""
    named = dict(headers).get("retry-after", "").strip()
    return float(named) if named.isdecimal() else otherwise_s
