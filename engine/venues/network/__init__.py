"""A venue over real sockets: httpx for requests, websockets' protocol without its I/O for streams, both on trio.

    routes = Routes(requests={"": "https://api.example"}, streams={"": "wss://api.example"})
    async with NetworkTransport(routes) as transport:
        adapter = make_adapter(..., transport, ...)

Counterparts: `engine.simulators.transport` in memory, `engine.simulators.server` at the other end of a loopback socket.
"""

from engine.venues.network.access import Access
from engine.venues.network.limits import NetworkLimits
from engine.venues.network.routes import RouteRefused, Routes, loopback_routes
from engine.venues.network.transport import NetworkTransport

__all__ = ["Access", "NetworkLimits", "NetworkTransport", "RouteRefused", "Routes", "loopback_routes"]
