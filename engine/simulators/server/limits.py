"""What a loopback server bears before it says no."""

from __future__ import annotations

import msgspec


class ServerLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of one server; seconds are the server's, which `at_speed` makes those of its clients."""

    connections_most: int = 512
    """Further ones are reset."""
    request_bytes_most: int = 1 << 20
    head_bytes_most: int = 64 << 10
    frame_bytes_most: int = 1 << 20
    idle_s: float = 75.0
    """Between two requests of a connection, and for the whole of one request to arrive."""
    answer_most_s: float = 60.0
    """How long a connection stays open whose answer never comes."""
    write_s: float = 10.0
    """A client that does not read for so long is cut."""
    close_s: float = 2.0
    """How long the client's half of a closing handshake is waited for."""

    def at_speed(self, speed: float) -> ServerLimits:
        """The same bounds in real time, for a server whose clock runs `speed` times as fast."""
        return msgspec.structs.replace(
            self,
            idle_s=self.idle_s * speed,
            answer_most_s=self.answer_most_s * speed,
            write_s=self.write_s * speed,
            close_s=self.close_s * speed,
        )
