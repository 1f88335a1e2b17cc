"""What runs beside the stream: fills it withheld, each hour's funding, market rules, leverage, the dead man's switch.

Each is a loop for the adapter's nursery. A failed question is asked again later, a bounded number of times.
"""

from __future__ import annotations

import trio

from actors.domain import HOUR_NS, NS_PER_S, Venue
from actors.messages import FrameRefused
from engine.venues.adapter import NowNs, Report
from engine.venues.lighter.client import Client
from engine.venues.lighter.codec import NS_PER_MS
from engine.venues.lighter.dialogue import LighterDialogue
from engine.venues.lighter.ledger import Known, Ledger
from engine.venues.lighter.leverage import hold_leverage
from engine.venues.lighter.refusals import Accepted
from engine.venues.lighter.sending import Sending
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.signing_request import ScheduleCancelAll
from engine.venues.link import FrameError
from engine.venues.transport import TransportError


class Doubt:
    """Fills that must exist and have not come: claimed by an order's row, or announced at a time."""

    def __init__(self) -> None:
        self._event = trio.Event()
        self._announced_ns: int | None = None

    def raise_for(self, at_ns: int | None) -> None:
        """Something claims fills; `at_ns` when it says when they were."""
        if at_ns is not None:
            self._announced_ns = min(at_ns, self._announced_ns or at_ns)
        self._event.set()

    async def wait(self) -> int | None:
        """Until there is doubt; returns the time of the earliest announced fill, if any was."""
        await self._event.wait()
        self._event = trio.Event()
        announced_ns, self._announced_ns = self._announced_ns, None
        return announced_ns


class Upkeep:
    """The loops of one account."""

    def __init__(
        self,
        settings: LighterSettings,
        client: Client,
        ledger: Ledger,
        sending: Sending,
        dialogue: LighterDialogue,
        doubt: Doubt,
        report: Report,
        now_ns: NowNs,
    ) -> None:
        self._settings, self._client, self._ledger, self._sending = settings, client, ledger, sending
        self._dialogue, self._doubt, self._report, self._now_ns = dialogue, doubt, report, now_ns
        self._overlap_ns = int(settings.backfill_overlap_s * NS_PER_S)

    def start(self, nursery: trio.Nursery) -> None:
        """Run every loop."""
        for loop in (self._keep_fills, self._keep_funding, self._keep_markets, self._keep_leverage):
            nursery.start_soon(loop)
        if self._settings.dead_man_s:
            nursery.start_soon(self._keep_dead_man)

    async def _keep_fills(self) -> None:
        """Look for missing fills after a grace, until they have come or the limit is reached."""
        while True:
            announced_ns = await self._doubt.wait()
            for _ in range(self._settings.fill_lookups_most):
                await trio.sleep(self._settings.fill_grace_s)
                short = self._ledger.short()
                since = [known.sent_at_ns for known in short] + ([] if announced_ns is None else [announced_ns])
                if not since:
                    break
                if await self._fetch_fills(max(0, min(since) - self._overlap_ns)):
                    announced_ns = None
            for known in self._ledger.short():
                self._give_up(known)

    async def _keep_funding(self) -> None:
        """Payments are read after each whole hour, a few times, since the venue may book them late."""
        delay_ns = int(self._settings.funding_poll_delay_s * NS_PER_S)
        while True:
            await trio.sleep((HOUR_NS - self._now_ns() % HOUR_NS + delay_ns) / NS_PER_S)
            hour_ns = self._now_ns() // HOUR_NS * HOUR_NS
            for _ in range(self._settings.funding_polls_most):
                if await self._fetch_funding(hour_ns):
                    break
                await trio.sleep(self._settings.funding_poll_delay_s)

    async def _keep_markets(self) -> None:
        """A market may be halted, or only let positions be closed, while the link stays up."""
        while True:
            await trio.sleep(self._settings.markets_refresh_s)
            try:
                rows = await self._client.markets()
            except (TransportError, FrameError) as failed:
                self._refuse("orderBookDetails", str(failed))
                continue
            for message in self._dialogue.listed(rows):
                self._report(message)

    async def _keep_leverage(self) -> None:
        """Try again where the leverage is not what it should be."""
        while True:
            await trio.sleep(self._settings.leverage_retry_s)
            if not self._dialogue.wrong_leverage:
                continue
            traded = self._dialogue.traded()
            try:
                account = await self._client.account()
                wrong = await hold_leverage(self._client, self._sending, self._settings.leverage, traded, account)
            except (TransportError, FrameError) as failed:
                self._refuse("leverage", str(failed))
                continue
            self._dialogue.wrong_leverage = wrong

    async def _keep_dead_man(self) -> None:
        """Push the account's cancel-all ahead of us. It is not called off when listening ends: that is its use."""
        ahead_ms = self._settings.dead_man_s * 1000
        while True:
            outcome = await self._sending.send_anew(
                lambda nonce: ScheduleCancelAll(at_ms=self._now_ns() // NS_PER_MS + ahead_ms, nonce=nonce)
            )
            if not isinstance(outcome, Accepted):
                self._refuse("dead_man", outcome.detail)
            await trio.sleep(self._settings.dead_man_s / 3)

    async def _fetch_fills(self, since_ns: int) -> bool:
        """True when the trades were read."""
        try:
            messages = self._ledger.trades(await self._client.trades(since_ns))
        except (TransportError, FrameError) as failed:
            self._refuse("trades", str(failed))
            return False
        for message in messages:
            self._report(message)
        return True

    async def _fetch_funding(self, hour_ns: int) -> bool:
        """True when the hour's payments have come, or nothing was held that one would be due for."""
        try:
            rows = await self._client.payments(hour_ns - HOUR_NS)
            messages = self._ledger.payments(rows)
        except (TransportError, FrameError) as failed:
            self._refuse("positionFunding", str(failed))
            return False
        for message in messages:
            self._report(message)
        return not self._dialogue.holds_any or any(
            row.timestamp * NS_PER_S >= hour_ns - self._overlap_ns for row in rows
        )

    def _give_up(self, known: Known) -> None:
        self._ledger.give_up(known.order_id)
        missing = known.claimed - known.told
        self._refuse("trades", f"order {known.order_id}: fills of {missing} {known.asset} not found")

    def _refuse(self, channel: str, detail: str) -> None:
        self._report(FrameRefused(venue=Venue.LIGHTER, channel=channel, detail=detail))
