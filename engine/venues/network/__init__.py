"""A venue over real sockets: httpx for requests, websockets' protocol without its I/O for streams, both on trio.

    routes = Routes(requests={"": "https://api.example"}, streams={"": "wss://api.example"})
    async with transport.NetworkTransport(routes) as transport:
        adapter = make_adapter(..., transport, ...)

`transport` is not imported here: the profile needs the limits alone, and starts without httpx.

Counterparts: `engine.simulators.transport` in memory, `engine.simulators.server` at the other end of a loopback socket.
"""

from engine.venues.network.access import Access
from engine.venues.network.limits import NetworkLimits
from engine.venues.network.routes import RouteRefused, Routes, loopback_routes

__all__ = ["Access", "NetworkLimits", "RouteRefused", "Routes", "loopback_routes"]
