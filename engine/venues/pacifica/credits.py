"""Pacifica's rate limit, kept on our side and put right by what the venue tells in its headers.

Docs "Rate limits", 2026: credits in a rolling minute; a request 1, a cancel 0.5, a heavy GET 3 to 12 (1 to 4 with an
API key); 100 a minute for an unidentified address, 300 and more for a key. Figures are told times ten. Which GETs are
heavy is not said: the paged histories are taken for it, and the venue's own count corrects us.
"""

from __future__ import annotations

import re

import trio

from actors.domain import NS_PER_S
from engine.venues.adapter import NowNs
from engine.venues.budget import Budget, named_wait_s
from engine.venues.pacifica.codec import CANCEL_ALL, CANCEL_ORDER, NS_PER_MS
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.pacifica.signing_request import PacificaSignRequest
from engine.venues.transport import HttpResponse, TransportError

WINDOW_S = 60.0
STANDARD, CANCEL = 1.0, 0.5
HEAVY, HEAVY_IDENTIFIED = 3.0, 1.0
HEAVY_PATHS = ("/trades/history", "/orders/history", "/funding/history")
RESERVED = 0.2
"""Part of the credits that only cancels and reducing orders may use."""
TOLD_TIMES = 10
TOO_MANY = 429

_LEFT = re.compile(r'"credits";\s*r=(?P<left>\d+)(;\s*t=(?P<wait_s>\d+))?')
_QUOTA = re.compile(r'"credits";\s*q=(?P<quota>\d+)')


class NoCredits(Exception):
    """There was no room for an operation in time: it was neither signed nor sent."""


class Credits:
    """One bucket: of our address, or of the account whose API key the transport shows."""

    def __init__(self, settings: PacificaSettings, now_ns: NowNs) -> None:
        self._settings, self._now_ns = settings, now_ns
        self._heavy = HEAVY_IDENTIFIED if settings.identified else HEAVY
        self._quota = float(settings.credits_identified if settings.identified else settings.credits_unidentified)
        self._budget = _bucket(self._quota)

    def left_fraction(self) -> float:
        """Of the credits of a minute, put right by what the venue told last."""
        return self._budget.left_fraction(self._now_ns())

    async def question(self, path: str) -> None:
        """Wait for room. Raises TransportError when there is none in time: never sent."""
        cost = self._heavy if path in HEAVY_PATHS else STANDARD
        if not await self._room(cost, self._settings.question_wait_most_s, urgent=False):
            raise TransportError(f"{path}: our rate limit leaves no room", sent=False)

    async def operation(self, request: PacificaSignRequest) -> None:
        """Make room; what opens does not wait, what reduces waits within its window. Raises NoCredits."""
        cost = CANCEL if request.operation in (CANCEL_ORDER, CANCEL_ALL) else STANDARD
        opens = request.purpose.opens_usd > 0
        patience_s = 0.0 if opens else self._patience_s(request)
        if not await self._room(cost, patience_s, urgent=not opens):
            raise NoCredits("never sent: the credits of this minute are used up")

    def heard(self, response: HttpResponse) -> None:
        """Follow the venue's own count: its quota, what is left of it, and for how long nothing is."""
        told = dict(response.headers)
        quota, left = _QUOTA.search(told.get("ratelimit-policy", "")), _LEFT.search(told.get("ratelimit", ""))
        now_ns = self._now_ns()
        given = float(quota["quota"]) / TOLD_TIMES if quota is not None else self._quota
        if given not in (0.0, self._quota):
            self._quota, self._budget = given, _bucket(given)
        if left is not None:
            self._budget.told(now_ns, float(left["left"]) / TOLD_TIMES)
        if response.status == TOO_MANY:
            named = left["wait_s"] if left is not None and left["wait_s"] else None
            pause_s = named_wait_s(response.headers, self._settings.retry_after_s) if named is None else float(named)
            self._budget.refused(now_ns, pause_s)

    async def _room(self, cost: float, patience_s: float, *, urgent: bool) -> bool:
        """Take the cost, waiting if need be; False when that would take longer."""
        until_ns = self._now_ns() + int(patience_s * NS_PER_S)
        while not self._budget.spend(cost, self._now_ns(), urgent=urgent):
            wait_s = self._budget.wait_s(cost, self._now_ns(), urgent=urgent)
            if self._now_ns() + int(wait_s * NS_PER_S) > until_ns:
                return False
            await trio.sleep(wait_s)
        return True

    def _patience_s(self, request: PacificaSignRequest) -> float:
        ends_ns = (request.timestamp_ms + request.expiry_window_ms) * NS_PER_MS
        return max(0.0, min(self._settings.question_wait_most_s, (ends_ns - self._now_ns()) / NS_PER_S))


def _bucket(quota: float) -> Budget:
    return Budget(limit=quota, window_s=WINDOW_S, reserve=quota * RESERVED)
