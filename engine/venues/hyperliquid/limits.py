"""Hyperliquid's rate limits, kept on our side: nothing leaves that the venue would refuse for its number.

HL docs, "Rate limits", 2025-11; weights as seen in the REST profile, 2026-09-24. Questions wait for room, a while;
what opens is refused at once, provably not sent; what reduces uses the reserve, and waits until it would expire.
"""

from __future__ import annotations

from collections.abc import Mapping

import trio

from actors.domain import NS_PER_S, RejectReason
from engine.venues.adapter import NowNs
from engine.venues.budget import Budget, named_wait_s
from engine.venues.hyperliquid.codec import NS_PER_MS
from engine.venues.hyperliquid.settings import RateSettings
from engine.venues.hyperliquid.signing_request import HyperliquidSignRequest
from engine.venues.hyperliquid.wire import UserRateLimit
from engine.venues.transport import HttpResponse, TransportError

WINDOW_S = 60.0
LIGHT, HEAVY, OTHER = 2.0, 60.0, 20.0
WEIGHTS: Mapping[str, float] = {
    "l2Book": LIGHT,
    "allMids": LIGHT,
    "clearinghouseState": LIGHT,
    "orderStatus": LIGHT,
    "spotClearinghouseState": LIGHT,
    "exchangeStatus": LIGHT,
    "userRole": HEAVY,
}
"""Of /info; every other question weighs 20."""
ROWS_OF_ONE = 20
BATCH_OF_ONE = 40
OUTCOME_TEXT = "Too many cumulative requests"


class ActionRefused(Exception):
    """An action that was not performed, proven: the venue's HTTP layer refused it, or it never left."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Limits:
    """One IP and one account. `left` is how many requests the account still has, None before it was told."""

    def __init__(self, settings: RateSettings, now_ns: NowNs) -> None:
        self._settings, self._now_ns = settings, now_ns
        self._ip = Budget(limit=settings.ip_weight_per_min, window_s=WINDOW_S, reserve=settings.ip_reserve)
        self.left: int | None = None

    def left_fraction(self) -> float:
        """Of the address' weights of a minute. The account's requests are not in it: their cap grows with the volume
        traded, so what is left of it is no share that means anything; `address_reserve` keeps some for closing."""
        return self._ip.left_fraction(self._now_ns())

    async def question(self, kind: str) -> None:
        """Wait for room. Raises TransportError when there is none in time: never sent."""
        weight = WEIGHTS.get(kind, OTHER)
        if not await self._room(weight, self._settings.question_wait_most_s, urgent=False):
            raise TransportError(f"info/{kind}: our rate limit leaves no room", sent=False)

    def answered(self, rows: int) -> None:
        """A history weighs one more for every 20 rows."""
        extra = rows // ROWS_OF_ONE
        if extra:
            self._ip.spend(float(extra), self._now_ns(), urgent=True)

    async def action(self, request: HyperliquidSignRequest) -> None:
        """Make room for an action. Raises ActionRefused: never sent."""
        opens, parts = request.purpose.opens_usd > 0, parts_of(request)
        if opens and self.left is not None and self.left - parts < self._settings.address_reserve:
            raise _never_sent(f"the account has {self.left} requests left; they are kept for closing")
        wait_s = 0.0 if opens else self._patience_s(request)
        if not await self._room(1.0 + parts // BATCH_OF_ONE, wait_s, urgent=not opens):
            raise _never_sent("the weights of this minute are used up")
        if self.left is not None:
            self.left -= parts

    def refused(self, response: HttpResponse) -> None:
        """The venue answered 429: nothing leaves until it may again."""
        self._ip.refused(self._now_ns(), named_wait_s(response.headers, self._settings.retry_after_s))

    def told(self, limit: UserRateLimit) -> None:
        """The account's own count, from the venue."""
        self.left = limit.nRequestsCap - limit.nRequestsUsed

    def exhausted(self, text: str) -> None:
        """An action was refused with these words: when they are about the account's requests, it has none left."""
        if text.startswith(OUTCOME_TEXT):
            self.left = 0

    async def _room(self, weight: float, patience_s: float, *, urgent: bool) -> bool:
        """Take the weight, waiting if need be; False when that would take longer."""
        until_ns = self._now_ns() + int(patience_s * NS_PER_S)
        while not self._ip.spend(weight, self._now_ns(), urgent=urgent):
            wait_s = self._ip.wait_s(weight, self._now_ns(), urgent=urgent)
            if self._now_ns() + int(wait_s * NS_PER_S) > until_ns:
                return False
            await trio.sleep(wait_s)
        return True

    def _patience_s(self, request: HyperliquidSignRequest) -> float:
        most_s = self._settings.question_wait_most_s
        if request.expires_after_ms is None:
            return most_s
        return max(0.0, min(most_s, (request.expires_after_ms * NS_PER_MS - self._now_ns()) / NS_PER_S))


def parts_of(request: HyperliquidSignRequest) -> int:
    """An action counts once for each order or cancel in it."""
    return max(1, *(len(request.action.get(name, ())) for name in ("orders", "cancels")))


def _never_sent(why: str) -> ActionRefused:
    return ActionRefused(RejectReason.RATE_LIMITED, f"never sent: {why}")
