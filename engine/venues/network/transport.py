"""One venue over the network: the same two doors as in memory, with sockets behind them.

Implements `engine.venues.transport.Transport`. No answer sends a request or a handshake elsewhere: what points to
another address is an answer like any other.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import trio
from websockets.uri import parse_uri

from engine.venues.network.access import Access, DiscreetStream
from engine.venues.network.connection import connect
from engine.venues.network.http import HttpDoor
from engine.venues.network.limits import NetworkLimits
from engine.venues.network.routes import Routes
from engine.venues.network.websocket import SocketStream
from engine.venues.transport import HttpRequest, HttpResponse, Stream


class NetworkTransport:
    """Requests and streams along `routes`; certificates are verified against the system's authorities.

    Used as a context manager: leaving it closes all connections within `limits.close_s`.
    """

    def __init__(
        self,
        routes: Routes,
        limits: NetworkLimits | None = None,
        context: ssl.SSLContext | None = None,
        access: Access | None = None,
    ) -> None:
        """`context` replaces the system's authorities (for tests with an authority of their own).

        `access` is shown with every request and handshake at its own hosts, and with none elsewhere.
        """
        self._routes, self._access = routes, access
        self._limits = limits or NetworkLimits()
        self._context = context or ssl.create_default_context()
        self._http = HttpDoor(self._limits, self._context)

    async def __aenter__(self) -> Self:
        """Nothing is connected before it is used."""
        await trio.lowlevel.checkpoint()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close what is open, in bounded time, also when cancelled."""
        with trio.move_on_after(self._limits.close_s, shield=True):
            await self._http.aclose()

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send once and wait for the answer; raises TransportError, RouteRefused for a path nobody serves."""
        url = self._routes.request_url(request.path, request.query)
        if self._access is None:
            return await self._http.request(url, request)
        with self._access.discreet():
            return self._access.hidden_answer(await self._http.request(url, request, self._access.headers_at(url)))

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        """Open a frame stream; raises TransportError when it cannot be opened, RouteRefused as above."""
        url = self._routes.stream_url(path)
        uri = parse_uri(url)
        stream = SocketStream(await connect(uri, self._limits, self._context), uri, self._limits)
        try:
            yield await self._opened(stream, url)
        finally:
            with trio.move_on_after(self._limits.close_s, shield=True):
                await stream.aclose()

    async def _opened(self, stream: SocketStream, url: str) -> Stream:
        if self._access is None:
            await stream.open()
            return stream
        with self._access.discreet():
            await stream.open(self._access.headers_at(url))
        return DiscreetStream(stream, self._access)
