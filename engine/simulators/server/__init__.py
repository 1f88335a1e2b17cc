"""Simulated venues on loopback ports: a `SimulatedVenue` behind real HTTP/1.1 and WebSocket connections.

Counterpart of `engine.venues.network`, and of every venue's own SDK client. `listener` accepts and restarts, `session`
speaks HTTP, `websocket` the stream, `control` the door for people and tests under `/sandbox/`; `serve` runs several
venues side by side.
"""

from engine.simulators.server.control import Control
from engine.simulators.server.limits import ServerLimits
from engine.simulators.server.listener import LoopbackServer
from engine.simulators.server.serve import Address, PortTaken, Stall, serve

__all__ = ["Address", "Control", "LoopbackServer", "PortTaken", "ServerLimits", "Stall", "serve"]
