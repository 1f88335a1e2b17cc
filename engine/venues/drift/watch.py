"""The accounts' half of the link: read them again and again, and cut the stream when they cannot be read.

Books come by the stream, everything of ours by reading. A link whose accounts are not read is no link, so a run of
failed readings ends the stream: `venues.link` then reports LinkLost once, and LinkUp after a whole snapshot.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from actors.domain import Venue
from actors.messages import FrameRefused, VenueMessage
from engine.clock import whole_step_s
from engine.venues.adapter import NowNs, Report
from engine.venues.drift.ledger import Ledger
from engine.venues.drift.reader import Reader
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.telling import Telling
from engine.venues.drift.values import Reading
from engine.venues.link import FrameError
from engine.venues.transport import HttpRequest, HttpResponse, Stream, StreamClosed, Transport, TransportError


class WatchedTransport(Transport):
    """A transport whose stream can be cut from our side."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._current: WatchedStream | None = None

    async def request(self, request: HttpRequest) -> HttpResponse:
        """As the inner transport."""
        return await self._inner.request(request)

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        """As the inner transport."""
        async with self._inner.stream(path) as stream:
            self._current = WatchedStream(stream)
            try:
                yield self._current
            finally:
                self._current = None

    def cut(self, reason: str) -> None:
        """End the open stream, if there is one, for this reason."""
        if self._current is not None:
            self._current.cut(reason)


class WatchedStream(Stream):
    """A stream that ends when it is cut."""

    def __init__(self, inner: Stream) -> None:
        self._inner = inner
        self._reason = ""
        self._waiting = trio.CancelScope()

    async def send(self, frame: bytes) -> None:
        """As the inner stream."""
        await self._inner.send(frame)

    async def receive(self) -> bytes:
        """As the inner stream, until it is cut."""
        if not self._reason:
            with trio.CancelScope() as self._waiting:
                return await self._inner.receive()
        raise StreamClosed(self._reason)

    def cut(self, reason: str) -> None:
        """End it: whoever receives finds it closed."""
        self._reason = reason
        self._waiting.cancel()


class Watch:
    """Reads while the link is up."""

    def __init__(
        self,
        settings: DriftSettings,
        reader: Reader,
        ledger: Ledger,
        telling: Telling,
        transport: WatchedTransport,
        report: Report,
        now_ns: NowNs,
    ) -> None:
        self._now_ns = now_ns
        self._settings, self._reader, self._ledger = settings, reader, ledger
        self._telling, self._transport, self._report = telling, transport, report
        self._read_at_s = 0.0
        self._up = False
        self._news = trio.Event()

    def snapshot_read(self) -> None:
        """The link's own snapshot has read the accounts."""
        self._read_at_s = trio.current_time()
        self._up = True

    def wake(self) -> None:
        """Something of ours has landed: read at once."""
        self._news.set()

    async def keep(self) -> None:
        """Read for ever: often while an order may be open, else seldom."""
        while True:
            busy = bool(self._ledger.living()) or self._reader.changed()
            with trio.move_on_after(self._settings.poll_busy_s if busy else self._quiet_s()):
                await self._news.wait()
            self._news = trio.Event()  # before the reading: what lands during it is read after it
            if self._up:
                await self._once()

    def _quiet_s(self) -> float:
        """Until the next quiet poll."""
        step_s = self._settings.poll_quiet_s
        if not self._settings.polls_on_the_clock:
            return step_s
        return whole_step_s(self._now_ns(), step_s, self._settings.polls_after_s)

    async def _once(self) -> None:
        try:
            await self.read()
        except FrameError as refused:
            self._report(FrameRefused(venue=Venue.DRIFT, channel=refused.channel, detail=refused.detail))
            self._failed(str(refused))
        except TransportError as failed:
            self._failed(failed.reason)
        else:
            self._read_at_s = trio.current_time()

    async def read(self) -> None:
        """Read the accounts, then what changed them, and tell. Raises as `Reader` does."""
        reading = await self.accrue()
        if self._reader.changed():
            await self.catch_up()
        self._tell(self._telling.news(self._reader.reading or reading))  # somebody may have read on meanwhile

    async def accrue(self) -> Reading:
        """Read the accounts and tell the funding that has accrued, before a later settlement of it can be folded."""
        reading = await self._reader.read()
        self._tell(self._ledger.read(reading))
        return reading

    async def catch_up(self) -> None:
        """Tell what the transactions since the last time did."""
        await self._reader.catch_up(self._report)

    def _tell(self, messages: tuple[VenueMessage, ...]) -> None:
        for message in messages:
            self._report(message)

    def _failed(self, reason: str) -> None:
        quiet_s = trio.current_time() - self._read_at_s
        if quiet_s > self._settings.poll_lost_s:
            self._up = False
            self._transport.cut(f"the accounts have not been read for {quiet_s:.0f} s: {reason}")
