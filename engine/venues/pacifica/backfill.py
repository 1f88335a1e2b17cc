"""What the account streams withhold, fetched by REST beside them: missing fills, and each hour's funding."""

from __future__ import annotations

import trio

from actors.domain import HOUR_NS, NS_PER_S, Venue
from actors.messages import FrameRefused
from engine.venues.adapter import NowNs, Report
from engine.venues.link import FrameError
from engine.venues.pacifica.codec import ns
from engine.venues.pacifica.ledger import Known, Ledger
from engine.venues.pacifica.rest import Rest
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.transport import TransportError


class Backfill:
    """Two loops for the adapter's nursery. A failed question is asked again, a bounded number of times."""

    def __init__(self, settings: PacificaSettings, rest: Rest, ledger: Ledger, report: Report, now_ns: NowNs) -> None:
        self._settings, self._rest, self._ledger = settings, rest, ledger
        self._report, self._now_ns = report, now_ns
        self._overlap_ns = int(settings.backfill_overlap_s * NS_PER_S)
        self._doubt = trio.Event()
        self._urge = trio.Event()

    def doubt(self) -> None:
        """The venue claims fills that no trade has brought yet, or a position has moved without one."""
        self._doubt.set()

    def urge(self) -> None:
        """A forced close was told of: its trades are wanted at once."""
        self._urge.set()
        self._doubt.set()

    async def keep_fills(self) -> None:
        """Look for claimed fills, and for those behind a moved position, after a grace, until they have come or the
        limit is reached. Endless. A forced close that is told of meanwhile ends the grace.

        A position that shrinks without an order of ours is how a forced close shows where its frame is lost; its trade
        then says which (cause `settlement`: ADL).
        """
        while True:
            await self._doubt.wait()
            self._doubt = trio.Event()
            began_ns = self._now_ns()
            for _ in range(self._settings.fill_lookups_most):
                urged = await self._grace()
                short, moved = self._ledger.short(), self._ledger.unexplained()
                if not (short or moved or urged):
                    break
                since_ns = min((began_ns, *(known.sent_at_ns for known in short)))
                await self._fetch_fills(since_ns - self._overlap_ns)
            for known in self._ledger.short():
                self._give_up(known)
            for asset, size in self._ledger.unexplained().items():
                self._ledger.explain(asset)
                self._refuse("account_positions", f"the position of {asset} moved by {size} without a fill")

    async def keep_funding(self) -> None:
        """Payments have no channel: read them after each whole hour, until they have come. Never returns."""
        delay_ns = int(self._settings.funding_poll_delay_s * NS_PER_S)
        while True:
            await trio.sleep((HOUR_NS - self._now_ns() % HOUR_NS + delay_ns) / NS_PER_S)
            hour_ns = self._now_ns() // HOUR_NS * HOUR_NS
            for _ in range(self._settings.funding_polls_most):
                if await self._fetch_funding(hour_ns):
                    break
                await trio.sleep(self._settings.funding_poll_delay_s)

    async def _grace(self) -> bool:
        """Leave the stream its time, or until a forced close is told of; True if one was."""
        with trio.move_on_after(self._settings.fill_grace_s):
            await self._urge.wait()
        urged, self._urge = self._urge.is_set(), trio.Event()
        return urged

    async def _fetch_fills(self, since_ns: int) -> None:
        try:
            trades = await self._rest.trades_since(since_ns)
        except TransportError:
            return
        except FrameError as refused:
            self._refuse(refused.channel, refused.detail)
            return
        for message in self._ledger.fills(trades):
            self._report(message)

    async def _fetch_funding(self, hour_ns: int) -> bool:
        """True when the hour's payments were read, or none are due since no position is held."""
        try:
            rows = await self._rest.funding_since(hour_ns - HOUR_NS)
            held = await self._rest.positions()
        except TransportError:
            return False
        except FrameError as refused:
            self._refuse(refused.channel, refused.detail)
            return False
        for message in self._ledger.payments(rows):
            self._report(message)
        paid = [row.symbol for row in rows if ns(row.created_at) >= hour_ns - self._overlap_ns]
        due = [position.symbol for position in held if ns(position.created_at) < hour_ns]
        return all(symbol in paid for symbol in due)

    def _give_up(self, known: Known) -> None:
        self._ledger.give_up(known.order_id)
        missing = known.claimed - known.told
        self._refuse("account_trades", f"order {known.order_id}: fills of {missing} {known.asset} not found")

    def _refuse(self, channel: str, detail: str) -> None:
        self._report(FrameRefused(venue=Venue.PACIFICA, channel=channel, detail=detail))
