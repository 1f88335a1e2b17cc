"""The server side of a venue's wire, without sockets: what the in-memory transport and the loopback server call.

A face owns one pure `Exchange` and speaks one venue's REST and WebSocket dialect around it. It has no clock and
no tasks: every call carries the time, and frames to push wait in an outbox until the caller takes them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol, runtime_checkable

import msgspec

from engine.simulators.exchange import Events, Exchange
from engine.venues.transport import HttpRequest, HttpResponse

Lever = Callable[[Exchange, int], Events]
"""A misfortune: pulls one of the exchange's levers at a time (ns) and returns what it caused."""


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A frame for one connection. An empty `frame` with `close` set ends the connection for that reason.

    `channel` is the venue's channel name, by which fault rules match.
    """

    connection: int
    frame: bytes = b""
    channel: str = ""
    close: str = ""


class Face(Protocol):
    """One simulated venue, seen from its wire."""

    venue: str

    @property
    def exchange(self) -> Exchange:
        """The exchange behind the wire: what is true at this venue."""

    def publish(self, now_ns: int, events: Events) -> None:
        """Tell those who listen what a lever pulled on the exchange has caused."""

    def http(self, now_ns: int, request: HttpRequest) -> HttpResponse:
        """Answer one request, changing the exchange as it asks; pushes it causes go to the outbox."""

    def connect(self, now_ns: int, path: str) -> int:
        """Open a stream; returns its connection number."""

    def receive(self, now_ns: int, connection: int, frame: bytes) -> None:
        """Take one frame from a client (subscribe, ping, post)."""

    def disconnect(self, connection: int) -> None:
        """Forget a stream and its subscriptions."""

    def advance(self, now_ns: int) -> None:
        """Let the venue's world move to `now_ns`: market, resting orders, hourly funding, liquidations, pushes."""

    def refusal(self, now_ns: int, request: HttpRequest, reason: str) -> HttpResponse:
        """The venue's own refusal of `request` for `reason` (a `RejectReason` value or free text), unexecuted."""

    def cap_next_fill(self, fraction: Decimal) -> None:
        """Let the next IOC fill at most this fraction of its size."""

    def take_outbox(self) -> list[Push]:
        """Hand over all waiting pushes, in order."""

    @property
    def busy(self) -> bool:
        """True while an order rests or a delayed order waits, so that time must move in small steps."""


@runtime_checkable
class KeyedFace(Protocol):
    """A face that also goes by who a stream's client is: a key in its handshake says so."""

    key_header: str
    """Name of the handshake's header, lower case."""

    def introduce(self, connection: int, api_key: str) -> None:
        """The handshake of a connection that has just been opened carried this key."""
