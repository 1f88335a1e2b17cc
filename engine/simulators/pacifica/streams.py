"""Connections, what each is subscribed to, and the frames that wait to be pushed. Knows nothing of trading."""

from __future__ import annotations

import msgspec

from engine.simulators.face import Push

Topic = tuple[str, str]
"""A channel and its key: a symbol, an account, or nothing."""
NS_PER_S = 1_000_000_000


class Streams:
    """Numbers are never used twice. Frames to one connection keep their order."""

    def __init__(self, idle_most_s: int, age_most_s: int) -> None:
        self._idle_most_ns, self._age_most_ns = idle_most_s * NS_PER_S, age_most_s * NS_PER_S
        self._count = 0
        self._opened: dict[int, int] = {}
        self._active: dict[int, int] = {}
        self._topics: dict[Topic, dict[int, None]] = {}
        self._keys: dict[int, str] = {}
        self._outbox: list[Push] = []

    def open(self, now_ns: int) -> int:
        """A new connection."""
        self._count += 1
        self._opened[self._count] = self._active[self._count] = now_ns
        return self._count

    def is_open(self, connection: int) -> bool:
        """Whether it is neither closed nor forgotten."""
        return connection in self._opened

    def forget(self, connection: int) -> None:
        """The client has gone."""
        self._opened.pop(connection, None)
        self._active.pop(connection, None)
        self._keys.pop(connection, None)
        for listeners in self._topics.values():
            listeners.pop(connection, None)

    def introduce(self, connection: int, account: str) -> None:
        """The client opened it with an API key of this account."""
        self._keys[connection] = account

    def account_of_key(self, connection: int) -> str:
        """Whose API key opened it; empty without one."""
        return self._keys.get(connection, "")

    def heard(self, connection: int, now_ns: int) -> None:
        """The client said something."""
        self._active[connection] = now_ns

    def subscribe(self, connection: int, topic: Topic) -> None:
        """From now on frames of this topic go to this connection."""
        self._topics.setdefault(topic, {})[connection] = None

    def unsubscribe(self, connection: int, topic: Topic) -> None:
        """No longer."""
        self._topics.get(topic, {}).pop(connection, None)

    def wanted(self, topic: Topic) -> bool:
        """Whether anybody listens."""
        return bool(self._topics.get(topic))

    def publish(self, topic: Topic, data: object, now_ns: int) -> None:
        """One frame to everybody who listens to the topic."""
        listeners = self._topics.get(topic)
        if listeners:
            frame = msgspec.json.encode({"channel": topic[0], "data": data})
            for connection in listeners:
                self._push(connection, frame, topic[0], now_ns)

    def send(self, connection: int, channel: str, frame: object, now_ns: int) -> None:
        """One frame to one connection."""
        self._push(connection, msgspec.json.encode(frame), channel, now_ns)

    def close_stale(self, now_ns: int) -> None:
        """Idle and old connections are closed (docs "Websocket", 2025-11: 60 s without a message, 24 h of
        life).
        """
        for connection, opened_ns in list(self._opened.items()):
            if now_ns - self._active[connection] > self._idle_most_ns:
                self._close(connection, "idle for 60 s")
            elif now_ns - opened_ns > self._age_most_ns:
                self._close(connection, "open for 24 h")

    def take(self) -> list[Push]:
        """Hand over what waits."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def _push(self, connection: int, frame: bytes, channel: str, now_ns: int) -> None:
        self._active[connection] = now_ns
        self._outbox.append(Push(connection=connection, frame=frame, channel=channel))

    def reject(self, connection: int, reason: str) -> None:
        """Close a connection that should not have been opened."""
        self._close(connection, reason)

    def _close(self, connection: int, reason: str) -> None:
        self._outbox.append(Push(connection=connection, close=reason))
        self.forget(connection)
