"""Connections to `/stream`: what each listens to, and the frames that wait to be pushed. Knows nothing of trading.

Channels are named with colons in frames (`order_book:1`) and with slashes by clients (`order_book/1`); here with
colons.
"""

from __future__ import annotations

import msgspec

from engine.simulators.face import Push
from engine.simulators.lighter.knobs import FaceKnobs, Quota
from engine.simulators.lighter.refusals import Refused
from engine.simulators.lighter.words import NS_PER_S, Row

MOST_SUBSCRIPTIONS = 500


class _Connection:
    """One client's stream."""

    def __init__(self, now_ns: int, knobs: FaceKnobs) -> None:
        self.opened_ns = self.heard_ns = self.pinged_ns = now_ns
        self.quota = Quota(knobs.messages_per_minute)
        self.channels: dict[str, None] = {}


class Streams:
    """Numbers are never used twice. Frames to one connection keep their order."""

    def __init__(self, knobs: FaceKnobs) -> None:
        self._knobs = knobs
        self._count = 0
        self._open: dict[int, _Connection] = {}
        self._listeners: dict[str, dict[int, None]] = {}
        self._outbox: list[Push] = []

    def open(self, now_ns: int) -> int:
        """A new connection."""
        self._count += 1
        self._open[self._count] = _Connection(now_ns, self._knobs)
        return self._count

    def is_open(self, connection: int) -> bool:
        """Whether it is neither closed nor forgotten."""
        return connection in self._open

    def forget(self, connection: int) -> None:
        """The client has gone."""
        gone = self._open.pop(connection, None)
        for channel in gone.channels if gone else ():
            self._listeners[channel].pop(connection, None)

    def heard(self, connection: int, now_ns: int) -> None:
        """The client said something."""
        self._open[connection].heard_ns = now_ns

    def count(self, connection: int, now_ns: int) -> None:
        """The client said something that counts. Raises `Refused`."""
        self._open[connection].quota.spend(now_ns, code=30009)

    def subscribe(self, connection: int, channel: str, *, again: bool = False) -> None:
        """From now on frames of this channel go there. Raises `Refused` if they already do, unless `again`."""
        channels = self._open[connection].channels
        if channel in channels and not again:
            raise Refused(30003, f": {channel}")
        if len(channels) >= MOST_SUBSCRIPTIONS:
            raise Refused(23001)
        channels[channel] = None
        self._listeners.setdefault(channel, {})[connection] = None

    def unsubscribe(self, connection: int, channel: str) -> None:
        """No longer. Raises `Refused` if they do not."""
        if channel not in self._open[connection].channels:
            raise Refused(30002, f": {channel}")
        del self._open[connection].channels[channel]
        self._listeners[channel].pop(connection, None)

    def wanted(self, channel: str) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners.get(channel))

    def publish(self, channel: str, fields: Row) -> None:
        """One `update/` frame to everybody who listens to the channel."""
        listeners = self._listeners.get(channel)
        if listeners:
            kind = channel.partition(":")[0]
            frame = msgspec.json.encode({"channel": channel, **fields, "type": f"update/{kind}"})
            for connection in listeners:
                self._outbox.append(Push(connection=connection, frame=frame, channel=kind))

    def send(self, connection: int, channel: str, fields: object) -> None:
        """One frame to one connection."""
        self._outbox.append(Push(connection=connection, frame=msgspec.json.encode(fields), channel=channel))

    def tend(self, now_ns: int) -> None:
        """Ping the quiet, close the silent (2 minutes) and the old (24 hours; apidocs "WebSocket", 2026-07)."""
        for number, connection in list(self._open.items()):
            if now_ns - connection.heard_ns > self._knobs.idle_most_s * NS_PER_S:
                self.close(number, f"no frame for {self._knobs.idle_most_s} s")
            elif now_ns - connection.opened_ns > self._knobs.age_most_s * NS_PER_S:
                self.close(number, f"open for {self._knobs.age_most_s} s")
            elif now_ns - max(connection.heard_ns, connection.pinged_ns) >= self._knobs.ping_every_s * NS_PER_S:
                connection.pinged_ns = now_ns
                self.send(number, "ping", {"type": "ping"})

    def close(self, connection: int, reason: str) -> None:
        """End a connection."""
        self._outbox.append(Push(connection=connection, close=reason))
        self.forget(connection)

    def take(self) -> list[Push]:
        """Hand over what waits."""
        outbox, self._outbox = self._outbox, []
        return outbox
