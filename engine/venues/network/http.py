"""Requests over httpx on trio: one try, no redirects, no proxies, everything bounded.

What is known of a failure is whether any byte of the request can have left; httpcore's trace says when it begins to.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx
import trio

from engine.venues.network.access import Headers
from engine.venues.network.limits import NetworkLimits
from engine.venues.transport import HttpRequest, HttpResponse, TransportError

WRITING = ".send_request_headers.started"
"""The end of httpcore's name for the moment before the first byte of a request."""
HEADERS = {"user-agent": "perp2perp", "accept": "*/*", "accept-encoding": "identity"}

for _name in ("httpx", "httpcore"):
    # Both name URLs and headers, which may hold access keys, to whoever turns logging up.
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Progress:
    """Whether bytes of the request may have left."""

    def __init__(self) -> None:
        self.sent = False

    async def trace(self, event: str, _: dict[str, Any]) -> None:
        """Called by httpcore as the request goes along."""
        self.sent = self.sent or event.endswith(WRITING)


class _Body(httpx.AsyncByteStream):
    """A request's body in one piece. httpx's own is a generator, which a request given up on leaves half read."""

    def __init__(self, body: bytes) -> None:
        self._pieces = [body] if body else []

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            raise StopAsyncIteration
        return self._pieces.pop()


class HttpDoor:
    """One venue's requests, over a pool of connections."""

    def __init__(self, limits: NetworkLimits, context: ssl.SSLContext) -> None:
        self._limits = limits
        pool = httpx.Limits(
            max_connections=limits.connections_most,
            max_keepalive_connections=limits.connections_most,
            keepalive_expiry=limits.keepalive_s,
        )
        # Reading, and waiting for a connection of the pool, are bounded by the request's own time.
        timeout = httpx.Timeout(connect=limits.connect_s, write=limits.write_s, read=None, pool=None)
        self._client = httpx.AsyncClient(
            verify=context, trust_env=False, follow_redirects=False, headers=HEADERS, limits=pool, timeout=timeout
        )

    async def request(self, url: str, request: HttpRequest, shown: Headers = ()) -> HttpResponse:
        """Send once, with further headers, and read the whole answer within `timeout_s`; raises TransportError."""
        assert request.method != "GET" or not request.body, "a GET carries no body"
        if self._client.is_closed:
            raise TransportError("the transport has been closed", sent=False)
        progress = _Progress()
        try:
            with trio.move_on_after(request.timeout_s):
                return await self._ask(url, request, shown, progress)
        except httpx.InvalidURL:
            raise TransportError("the request's path cannot be written as an address", sent=False) from None
        except (httpx.HTTPError, httpx.StreamError) as failed:
            raise TransportError(_reason(failed), sent=progress.sent) from failed
        said = "no answer" if progress.sent else "no connection"
        raise TransportError(f"{said} within {request.timeout_s:g} s", sent=progress.sent)

    async def _ask(self, url: str, request: HttpRequest, shown: Headers, progress: _Progress) -> HttpResponse:
        asking = self._client.build_request(
            request.method,
            url,
            headers=[*request.headers, *shown],
            content=request.body if request.method == "POST" else None,
            extensions={"trace": progress.trace},
        )
        asking.stream = _Body(request.body)
        async with aclosing(await self._client.send(asking, stream=True)) as answer:
            headers = tuple((name.lower(), value) for name, value in answer.headers.multi_items())
            return HttpResponse(status=answer.status_code, headers=headers, body=await self._body(answer))

    async def _body(self, answer: httpx.Response) -> bytes:
        most, body = self._limits.body_bytes_most, bytearray()
        _refuse_packed(answer.headers.get("content-encoding", "identity"))
        _refuse_above(most, int(answer.headers.get("content-length", 0)))
        with trio.CancelScope() as reading:
            async for part in answer.aiter_raw():
                body += part
                if len(body) > most:
                    # Cancelled from inside, httpx's generators end in order; left in the middle, they would not.
                    reading.cancel()
        _refuse_above(most, len(body))
        return bytes(body)

    async def aclose(self) -> None:
        """Close the pool's connections."""
        await self._client.aclose()


def _refuse_above(most: int, size: int) -> None:
    if size > most:
        raise TransportError(f"an answer of more than {most} bytes is not read", sent=True)


def _refuse_packed(coding: str) -> None:
    """A few packed bytes may unpack to more than the memory; nobody who was asked for none packs."""
    if coding.strip().lower() != "identity":
        raise TransportError(f"an answer packed with {coding}, though none was asked for, is not read", sent=True)


def _reason(failed: Exception) -> str:
    """What went wrong in the words of whoever noticed it; never the URL, which may hold an access key."""
    if isinstance(failed, httpx.LocalProtocolError):
        return type(failed).__name__  # its words repeat the header that cannot be written
    noticed: BaseException | None = failed
    while noticed is not None and not str(noticed):
        noticed = noticed.__cause__ or noticed.__context__
    name = type(failed).__name__
    return name if noticed is None else f"{name}: {noticed}"
