"""What the stream did not tell, or told in a frame that could not be read, asked for by REST beside it.

A frame nobody can read leaves a gap of unknown kind: fills, payments, open orders and positions are read again from
before it. So it is when an hour's payment has not come, or a position has become smaller: by which fill decides
whether a pair takes it for ADL, or for somebody who closes by hand. Counterparts: `dialogue`, which raises the doubt
and closes every gap at a reconnect; `memory`, which tells each fact once.
"""

from __future__ import annotations

import trio

from actors.domain import HOUR_NS, NS_PER_S, Venue
from actors.messages import FrameRefused
from engine.venues.adapter import NowNs, Report
from engine.venues.hyperliquid.client import Client
from engine.venues.hyperliquid.codec import NS_PER_MS, funding_row
from engine.venues.hyperliquid.deliveries import Deliveries, Messages
from engine.venues.hyperliquid.memory import Memory
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.link import FrameError
from engine.venues.transport import TransportError


class Backfill:
    """Two loops for the adapter's nursery. A failed question is asked again, a bounded number of times."""

    def __init__(
        self,
        settings: HyperliquidSettings,
        client: Client,
        deliveries: Deliveries,
        memory: Memory,
        report: Report,
        now_ns: NowNs,
    ) -> None:
        self._settings, self._client, self._deliveries = settings, client, deliveries
        self._memory, self._report, self._now_ns = memory, report, now_ns
        self._doubted = trio.Event()

    def doubt(self) -> None:
        """Something about our account may have been missed, now or since the newest fill and payment that were told."""
        self._memory.doubt()
        self._doubted.set()

    async def keep_whole(self) -> None:
        """Close each gap soon after it is noticed; frames that follow one another are one gap. Never returns.

        Where that fails too often, the gap is named and waits for the next frame that cannot be read, or for the next
        snapshot: both read from before it.
        """
        while True:
            await self._doubted.wait()
            for _ in range(self._settings.gap_tries_most):
                await trio.sleep(self._settings.gap_grace_s)
                self._doubted = trio.Event()
                if await self._close():
                    break
                await trio.sleep(self._settings.gap_pause_s)
            else:
                self._refuse("account", "what a frame said that could not be read was not found out")
            await trio.sleep(self._settings.gap_pause_s)

    async def keep_paid(self) -> None:
        """After each whole hour ask for payments that are due and were not told. Never returns."""
        while True:
            await trio.sleep((HOUR_NS - self._now_ns() % HOUR_NS) / NS_PER_S)
            hour_ms, held = self._now_ns() // HOUR_NS * HOUR_NS // NS_PER_MS, self._memory.held
            for _ in range(self._settings.funding_polls_most):
                await trio.sleep(self._settings.funding_poll_delay_s)
                if all(self._memory.paid(hour_ms, asset) for asset in held):
                    break
                self.doubt()

    async def _close(self) -> bool:
        """True when all was read and told, and no further frame was refused meanwhile."""
        if self._memory.trusted:  # a snapshot was read since
            return True
        try:
            messages = await self._read()
        except TransportError:
            return False
        except FrameError as refused:
            self._refuse(refused.channel, refused.detail)
            return False
        for message in messages:
            self._report(message)
        if self._doubted.is_set():
            return False
        self._memory.trust()
        return True

    async def _read(self) -> Messages:
        """Everything is read first and folded last: what the memory has returned counts as told."""
        fills = await self._client.fills_since(self._memory.fills_from_ms())
        payments = await self._client.funding_since(self._memory.payments_from_ms())
        orders = await self._deliveries.recovered()
        state = await self._client.ask_account("clearinghouseState", dex="")
        return (
            *self._memory.fills(fills),
            *self._memory.note(orders),
            *self._memory.payments(funding_row(row) for row in payments),
            *self._memory.account_state(state, also=self._settings.assets),
        )

    def _refuse(self, channel: str, detail: str) -> None:
        self._report(FrameRefused(venue=Venue.HYPERLIQUID, channel=channel, detail=detail))
