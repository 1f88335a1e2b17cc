"""Open connections, what each has subscribed to, and the frames that wait to be taken."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.simulators.face import Push

IDLE_NS = 60_000_000_000
"""The venue closes a connection to which it has sent nothing for 60 s (HL docs, "Timeouts and heartbeats")."""

Topic = tuple[str, str]
"""Subscription type, and the coin or the user (lower case) it is about."""


class Streams:
    """Frames go out once a topic and connection, encoded once a topic."""

    def __init__(self) -> None:
        self._outbox: list[Push] = []
        self._last_sent_ns: dict[int, int] = {}
        self._listeners: dict[Topic, dict[int, None]] = {}
        self._opened = 0

    def open(self, now_ns: int) -> int:
        """A new connection's number; numbers are never used again."""
        self._opened += 1
        self._last_sent_ns[self._opened] = now_ns
        return self._opened

    def close(self, connection: int) -> None:
        """Forget a connection and its subscriptions."""
        self._last_sent_ns.pop(connection, None)
        for listeners in self._listeners.values():
            listeners.pop(connection, None)

    def subscribe(self, connection: int, topic: Topic) -> bool:
        """False when it was subscribed already."""
        listeners = self._listeners.setdefault(topic, {})
        fresh = connection not in listeners
        listeners[connection] = None
        return fresh

    def unsubscribe(self, connection: int, topic: Topic) -> None:
        """End a subscription, if there is one."""
        self._listeners.get(topic, {}).pop(connection, None)

    def wanted(self, topic: Topic) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners.get(topic))

    def topics(self, kind: str) -> list[str]:
        """The coins or users somebody listens to, of one subscription type."""
        return [about for (each, about), listeners in self._listeners.items() if each == kind and listeners]

    def publish(self, now_ns: int, topic: Topic, channel: str, data: Any) -> None:
        """One frame for every listener."""
        frame = msgspec.json.encode({"channel": channel, "data": data})
        for connection in self._listeners.get(topic, ()):
            self._push(now_ns, connection, channel, frame)

    def send(self, now_ns: int, connection: int, channel: str, data: Any = msgspec.UNSET) -> None:
        """One frame for one connection."""
        body = {"channel": channel} if data is msgspec.UNSET else {"channel": channel, "data": data}
        self._push(now_ns, connection, channel, msgspec.json.encode(body))

    def drop(self, connection: int, reason: str) -> None:
        """Close from the venue's side."""
        self.close(connection)
        self._outbox.append(Push(connection=connection, close=reason))

    def drop_idle(self, now_ns: int) -> None:
        """Close what has heard nothing for a minute."""
        idle = [each for each, sent_ns in self._last_sent_ns.items() if now_ns - sent_ns > IDLE_NS]
        for connection in idle:
            self.drop(connection, "idle for 60 s")

    def take(self) -> list[Push]:
        """Everything that waits, in order."""
        waiting, self._outbox = self._outbox, []
        return waiting

    def _push(self, now_ns: int, connection: int, channel: str, frame: bytes) -> None:
        self._last_sent_ns[connection] = now_ns
        self._outbox.append(Push(connection=connection, frame=frame, channel=channel))
