"""The dead-man's switch: unless we go on speaking, the venue cancels our resting orders at a set time.

HL docs, "Exchange endpoint" (scheduleCancel), 2025-11: allowed only to accounts that have traded a million USD, and
for ten triggers a day (UTC). An account that has not is told so, once, and asked again no sooner than a day later.
Positions stay as they are: this is no substitute for a watch over the engine.
"""

from __future__ import annotations

import trio

from actors.domain import NS_PER_S, Venue
from actors.messages import FrameRefused
from engine.venues.adapter import NowNs, Report
from engine.venues.hyperliquid.codec import NS_PER_MS
from engine.venues.hyperliquid.codec_orders import encode_schedule_cancel
from engine.venues.hyperliquid.limits import ActionRefused
from engine.venues.hyperliquid.notary import Notary
from engine.venues.hyperliquid.performer import Performer
from engine.venues.link import FrameError
from engine.venues.signing import SigningRefused
from engine.venues.transport import TransportError

CHANNEL = "scheduleCancel"
RENEWALS = 3
"""How often the switch is set again within its period."""
TRIGGERS_MOST = 10
DAY_S = 86_400.0
DAY_NS = 86_400 * NS_PER_S


class DeadMan:
    """Endless task. `period_s` is how long we may be silent; 0 means that there is no switch."""

    def __init__(self, period_s: float, performer: Performer, notary: Notary, report: Report, now_ns: NowNs) -> None:
        self._period_ns = int(period_s * NS_PER_S)
        self._performer, self._notary, self._report, self._now_ns = performer, notary, report, now_ns
        self._armed_until_ns = 0
        self._day, self._triggers = 0, 0
        self._told = ""

    async def keep(self) -> None:
        """Set the switch, again and again."""
        if not self._period_ns:
            return
        while True:
            wait_s = await self._turn()
            await trio.sleep(wait_s)

    async def _turn(self) -> float:
        """Set it once; returns the seconds until the next time."""
        now_ns = self._now_ns()
        self._count(now_ns)
        if self._triggers >= TRIGGERS_MOST:
            self._tell(f"{TRIGGERS_MOST} triggers today: it is not set again before tomorrow")
            return (DAY_NS - now_ns % DAY_NS) / NS_PER_S
        refusal = await self._set(now_ns)
        if refusal is not None:
            self._tell(f"the dead-man's switch is unavailable: {refusal}")
            return DAY_S
        return self._period_ns / NS_PER_S / RENEWALS

    async def _set(self, now_ns: int) -> str | None:
        """The venue's refusal; None when it took it, or when nothing is known: then the next turn tries again."""
        due_ns = now_ns + self._period_ns
        request = self._notary.request(encode_schedule_cancel(due_ns // NS_PER_MS), due_ns // NS_PER_MS)
        try:
            reply = await self._performer.perform(request)
        except SigningRefused as refused:
            return str(refused)
        except (ActionRefused, TransportError, FrameError):
            return None
        if isinstance(reply.response, str):
            return reply.response
        self._armed_until_ns, self._told = due_ns, ""
        return None

    def _count(self, now_ns: int) -> None:
        """A set time that has passed has triggered."""
        if now_ns // DAY_NS != self._day:
            self._day, self._triggers = now_ns // DAY_NS, 0
        if 0 < self._armed_until_ns <= now_ns:
            self._triggers, self._armed_until_ns = self._triggers + 1, 0

    def _tell(self, detail: str) -> None:
        """Once: the same refusal the next day is no news."""
        if detail != self._told:
            self._told = detail
            self._report(FrameRefused(venue=Venue.HYPERLIQUID, channel=CHANNEL, detail=detail))
