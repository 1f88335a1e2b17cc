"""A TCP connection to a stream's host, with TLS where the URL asks for it."""

from __future__ import annotations

import ssl

import trio
from websockets.uri import WebSocketURI

from engine.venues.network.limits import NetworkLimits
from engine.venues.transport import TransportError


async def connect(uri: WebSocketURI, limits: NetworkLimits, context: ssl.SSLContext) -> trio.abc.Stream:
    """An open connection; raises TransportError, with nothing sent."""
    try:
        with trio.fail_after(limits.connect_s):
            tcp = await trio.open_tcp_stream(uri.host, uri.port)
    except (OSError, trio.TooSlowError) as failed:
        raise TransportError(f"no connection to {uri.host}:{uri.port}: {_words(failed)}", sent=False) from failed
    return await _encrypted(tcp, uri, limits, context) if uri.secure else tcp


async def _encrypted(
    tcp: trio.SocketStream, uri: WebSocketURI, limits: NetworkLimits, context: ssl.SSLContext
) -> trio.abc.Stream:
    # https_compatible: a venue that goes without a closing alert has merely gone.
    stream = trio.SSLStream(tcp, context, server_hostname=uri.host, https_compatible=True)
    try:
        with trio.fail_after(limits.connect_s):
            await stream.do_handshake()
    except BaseException as failed:
        tcp.socket.close()
        if not isinstance(failed, trio.BrokenResourceError | ssl.SSLError | ssl.CertificateError | trio.TooSlowError):
            raise
        words = _words(failed.__cause__ or failed)
        raise TransportError(f"no TLS with {uri.host}:{uri.port}: {words}", sent=False) from failed
    return stream


def _words(failed: BaseException) -> str:
    return "timed out" if isinstance(failed, trio.TooSlowError) else str(failed) or type(failed).__name__
