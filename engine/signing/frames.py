"""What goes over the socket between engine and signing process: JSON, each text with its length before it. Pure.

The engine speaks first (`Start`); the answer is `Hello`, or `Failed` and the end. Then `Ask` and `Granted` or
`Refused`, by id, in order. Requests and signatures stay JSON inside: only the venue's own types read them.
"""

from __future__ import annotations

import msgspec

from actors.domain import Venue
from engine.keys.key_file import Network
from engine.signing.law import Caps

PROTOCOL = 2
FRAME_MOST = 65_536
_HEAD_BYTES = 4


class FrameTooLong(Exception):
    """A frame longer than FRAME_MOST: nothing either side would write."""


class _Frame(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"
):
    pass


class Start(_Frame, frozen=True, kw_only=True, tag="start"):
    """Where the key is, and what the process may sign with it. Paths are absolute."""

    protocol: int = PROTOCOL
    key_path: str
    password_path: str | None = None
    caps: Caps


class Hello(_Frame, frozen=True, kw_only=True, tag="hello"):
    """Ready. `address` is the key's public one."""

    venue: Venue
    network: Network
    account: str
    address: str


class Failed(_Frame, frozen=True, kw_only=True, tag="failed"):
    """Not ready, and why."""

    reason: str


class Ask(_Frame, frozen=True, kw_only=True, tag="ask"):
    """Sign this, a venue's `SignRequest`."""

    id: int
    request: msgspec.Raw


class Granted(_Frame, frozen=True, kw_only=True, tag="granted"):
    """The venue's signature. What it opens is counted and on disk."""

    id: int
    signed: msgspec.Raw


class Refused(_Frame, frozen=True, kw_only=True, tag="refused"):
    """Nothing was signed, and why; `refusals` is how many this process has refused so far."""

    id: int
    reason: str
    refusals: int


Answer = Granted | Refused

_ENCODER = msgspec.json.Encoder()


def framed(message: _Frame) -> bytes:
    """One frame. Raises FrameTooLong."""
    text = _ENCODER.encode(message)
    if len(text) > FRAME_MOST:
        raise FrameTooLong(f"a frame of {len(text)} bytes; at most {FRAME_MOST}")
    return len(text).to_bytes(_HEAD_BYTES, "big") + text


class FrameBuffer:
    """Cuts a stream of bytes into the texts it carries."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The texts that are complete by now. Raises FrameTooLong."""
        self._bytes += data
        found: list[bytes] = []
        while (text := self._next()) is not None:
            found.append(text)
        return found

    def _next(self) -> bytes | None:
        if len(self._bytes) < _HEAD_BYTES:
            return None
        end = _HEAD_BYTES + int.from_bytes(self._bytes[:_HEAD_BYTES], "big")
        if end - _HEAD_BYTES > FRAME_MOST:
            raise FrameTooLong(f"a frame of {end - _HEAD_BYTES} bytes; at most {FRAME_MOST}")
        if len(self._bytes) < end:
            return None
        text = bytes(self._bytes[_HEAD_BYTES:end])
        del self._bytes[:end]
        return text
