"""What stands at the ends of the engine: requests out, frames in.

Live, paper and test differ only in which `Transport` is given to the adapters: the network one or the
simulator's in-memory one. Counterpart: `engine.simulators.transport`.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import msgspec


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request; `path` is relative to the venue's base URL, `body` empty for GET."""

    method: Literal["GET", "POST"]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    timeout_s: float = 5.0


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Status, headers (lower-case names) and body as received."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class TransportError(Exception):
    """A request or a stream failed.

    `sent` is False only when it is proven that the venue cannot have seen the request; a request that may
    have arrived is unresolved, not failed.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


class StreamClosed(Exception):
    """The frame stream ended; `reason` names who closed it and why where known."""


class Stream(Protocol):
    """A WebSocket-like stream of text frames."""

    async def send(self, frame: bytes) -> None:
        """Send one frame; raises `StreamClosed`."""

    async def receive(self) -> bytes:
        """Wait for the next frame; raises `StreamClosed`."""


class Transport(Protocol):
    """One venue's two doors: requests and streams."""

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send and wait for the answer; raises `TransportError`."""

    def stream(self, path: str) -> AbstractAsyncContextManager[Stream]:
        """Open a frame stream; raises `TransportError` when it cannot be opened."""
