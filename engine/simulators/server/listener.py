"""One simulated venue's port: accepts connections, bounds them, and is away while the venue restarts."""

from __future__ import annotations

import trio

from engine.simulators.server import sockets
from engine.simulators.server.control import Control
from engine.simulators.server.limits import ServerLimits
from engine.simulators.server.session import Session
from engine.simulators.server.sockets import Closed, Cut
from engine.simulators.server.websocket import WebSocket
from engine.simulators.transport import SimulatedVenue

HOST = "127.0.0.1"


class LoopbackServer:
    """Serves one venue on 127.0.0.1. The venue's own `run` must be running too: it moves its world."""

    def __init__(
        self, venue: SimulatedVenue, door: Control, *, port: int = 0, limits: ServerLimits | None = None
    ) -> None:
        """`port` 0 takes a free one. Raises OSError, from `run`, when the port is taken."""
        self._venue, self._door, self._port = venue, door, port
        self._limits = limits or ServerLimits()
        self._open = 0
        self._listening = trio.CancelScope()
        self._up_at_s = 0.0

    @property
    def address(self) -> str:
        """Host and port, once it listens."""
        return f"{HOST}:{self._port}"

    async def run(self, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve for ever; starts with the address."""
        self._venue.restarted = self._restart
        announced = False
        while True:
            (listener,) = await trio.open_tcp_listeners(self._port, host=HOST)
            self._port = listener.socket.getsockname()[1]
            if not announced:
                announced = True
                task_status.started(self.address)
            with trio.CancelScope() as self._listening:
                await trio.serve_listeners(self._serve, [listener])
            await trio.sleep_until(self._up_at_s)

    def _restart(self, down_s: float) -> None:
        self._up_at_s = trio.current_time() + down_s
        self._listening.cancel()

    async def _serve(self, stream: trio.SocketStream) -> None:
        """One connection to its end: in order when both sides are done, else by a reset."""
        self._open += 1
        try:
            if self._open <= self._limits.connections_most:
                await self._speak(stream)
                stream.socket.close()
        except Closed:
            stream.socket.close()
        except Cut:
            pass
        finally:
            self._open -= 1
            if stream.socket.fileno() >= 0:
                sockets.reset(stream)

    async def _speak(self, stream: trio.SocketStream) -> None:
        upgrade = await Session(stream, self._venue, self._door, self._limits).run()
        if upgrade is not None:
            await WebSocket(stream, self._limits).run(self._venue, upgrade)
