"""Named bounds of a venue's sockets. How long an answer may take is said by each request (`timeout_s`)."""

from __future__ import annotations

import msgspec


class NetworkLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds, bytes and connections of one transport."""

    connect_s: float = 5.0
    """Name look-up and TCP; TLS is given the same again."""
    handshake_s: float = 5.0
    """A stream's opening handshake, from the request to its answer."""
    write_s: float = 5.0
    """A frame, or a piece of a request, that the other side does not take."""
    close_s: float = 1.0
    """For leaving in order; after that the socket is dropped."""
    keepalive_s: float = 20.0
    """An idle connection is not used again after this: below what venues close after, so that a request does not
    meet a connection that is just being closed, and stays unresolved for nothing."""
    connections_most: int = 16
    body_bytes_most: int = 32 << 20
    frame_bytes_most: int = 8 << 20

    def at_speed(self, speed: float) -> NetworkLimits:
        """The same bounds in real time, for an engine whose clock runs `speed` times as fast."""
        return msgspec.structs.replace(
            self,
            connect_s=self.connect_s * speed,
            handshake_s=self.handshake_s * speed,
            write_s=self.write_s * speed,
            close_s=self.close_s * speed,
            keepalive_s=self.keepalive_s * speed,
        )
