"""Finding out what a sandbox is: its clock and its account, told at a door that no real venue has."""

from __future__ import annotations

import msgspec

from engine.errors import UserError
from engine.venues.transport import HttpRequest, Transport, TransportError

CLOCK_PATH = "/sandbox/clock"
ANSWER_S = 5.0
"""Real time within which a simulated venue says what it is."""


class SandboxMissing(UserError):
    """Nothing that is a simulated venue answers at an address; the text says how to start one."""


class SandboxClock(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulated venue says of itself. `speed` is how much faster than real time it lives."""

    venue: str
    network: str
    account: str
    now_ns: int
    speed: float


async def read_clock(transport: Transport, url: str, speed: float = 1.0) -> SandboxClock:
    """Ask a simulated venue; raises SandboxMissing for whatever else is there. `speed` is that of trio's clock."""
    try:
        ask = HttpRequest(method="GET", path=CLOCK_PATH, timeout_s=ANSWER_S * speed)
        answer = await transport.request(ask)
        if answer.status != 200:
            raise SandboxMissing(f"{url} answers HTTP {answer.status} at {CLOCK_PATH}: it is no simulated venue")
        return msgspec.json.decode(answer.body, type=SandboxClock)
    except (TransportError, msgspec.MsgspecError) as error:
        remedy = "start the simulated venues first: perp2perp simulate --config config/sandbox.toml"
        raise SandboxMissing(f"{url}: no simulated venue answers ({error}); {remedy}") from error
