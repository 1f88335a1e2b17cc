"""A small Pacifica for dialogues: a still market, an exchange, the face, and the in-memory transport."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from msgspec.structs import replace

from actors.domain import Venue
from engine.simulators.exchange import Exchange, InstrumentSpec
from engine.simulators.faults import Disconnect, DropFrame, DropResponse, Fault, FaultPlan, FaultRule, Traffic
from engine.simulators.pacifica import PACIFICA_FEES, PACIFICA_RULES, FaceKnobs, PacificaFace, pacifica_instrument
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.pacifica.adapter import PacificaAdapter
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.pacifica.signing import PacificaSigner
from engine.venues.pacifica.signing_request import PacificaSigned, PacificaSignRequest, signed_body
from engine.venues.signing import SignHere
from engine.venues.transport import HttpRequest, HttpResponse, Stream
from tests.engine.venues.dialogue import START_NS, Dialogue, StillMarket, terms

SIGNER = PacificaSigner(bytes(range(32)))
OTHER = PacificaSigner(bytes(range(64, 96)))
D = Decimal
MIDS = {"BTC": D(60_000), "SOL": D(100), "BONK": D("0.00002")}
API_KEY = "AbCdEfGh_2mT8x"


def lost_answer() -> FaultRule:
    """The first order is executed and its answer lost."""
    return FaultRule(name="lost answer", traffic=Traffic.HTTP, match="*/orders/create", nth=(1,), fault=DropResponse())


def answered(number: int, fault: Fault) -> FaultRule:
    """The order of this number meets this fault."""
    return FaultRule(name=f"order {number}", traffic=Traffic.HTTP, match="*/orders/create", nth=(number,), fault=fault)


def muted(*channels: str, to_s: float | None = None) -> tuple[FaultRule, ...]:
    """The frames of these channels are lost."""
    return tuple(
        FaultRule(name=f"no {channel}", traffic=Traffic.FRAME, match=channel, to_s=to_s, fault=DropFrame())
        for channel in channels
    )


def cut(at_s: float) -> FaultRule:
    """The first quote after this instant finds the stream cut."""
    return FaultRule(name="cut", traffic=Traffic.FRAME, match="bbo", from_s=at_s, at_most=1, fault=Disconnect())


def signed(signer: PacificaSigner, operation: str, payload: dict, *, timestamp_ms: int, expiry_window_ms: int) -> dict:
    """The body of any operation, also of those that the signer would refuse."""
    agent = None if signer.public_key == signer.account else signer.public_key
    signature = signer._signature(operation, payload, timestamp_ms, expiry_window_ms)
    times = {"timestamp_ms": timestamp_ms, "expiry_window_ms": expiry_window_ms}
    request = PacificaSignRequest(operation=operation, payload=payload, **times)
    return signed_body(signer.account, request, PacificaSigned(signature=signature, agent_wallet=agent))


class Keyed:
    """A transport that shows an API key with every request and handshake, as one built with a key does."""

    def __init__(self, venue: SimulatedVenue, api_key: str) -> None:
        self._venue, self._api_key = venue, api_key

    async def request(self, request: HttpRequest) -> HttpResponse:
        headers = (*request.headers, ("PF-API-KEY", self._api_key))
        return await self._venue.request(replace(request, headers=headers))

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Stream]:
        async with self._venue.stream(path) as stream:
            self._venue.face.introduce(stream.connection, self._api_key)
            yield stream


class World(Dialogue):
    """Everything one dialogue needs; `said` is what the adapter reported."""

    usual = terms(Venue.PACIFICA, "BTC", size="0.1", price="60100", mid="60000")

    def __init__(
        self,
        *faults: FaultRule,
        step_s: float = 0.05,
        busy_s: float = 0.05,
        fault_seed: int = 0,
        signing=None,
        knobs: FaceKnobs | None = None,
        agents: dict[str, tuple[str, ...]] | None = None,
        instruments: tuple[InstrumentSpec, ...] = (),
        **settings,
    ) -> None:
        super().__init__()
        self.signing = signing or SignHere(SIGNER)
        self.market = StillMarket(MIDS)
        self.exchange = Exchange(
            rules=PACIFICA_RULES,
            instruments=(
                pacifica_instrument("BTC", tick="1", lot="0.00001", max_leverage=50),
                pacifica_instrument("SOL", tick="0.01", lot="0.01", max_leverage=20),
                *instruments,
            ),
            fees=PACIFICA_FEES,
        )
        accounts = {SIGNER.account: D(100_000), OTHER.account: D(100_000)}
        more = {"knobs": knobs, "agents": agents, "api_keys": {API_KEY: SIGNER.account}}
        self.face = PacificaFace(self.exchange, self.market, accounts, **more)
        pace = Pace(quiet_step_s=step_s, busy_step_s=busy_s, latency_least_s=0, latency_most_s=0)
        plan = FaultPlan(rules=faults)
        self.transport = SimulatedVenue(self.face, self.now_ns, pace, random.Random(5), plan, fault_seed)
        self.settings = PacificaSettings(**({"account": SIGNER.account, "assets": ("BTC", "SOL")} | settings))
        self.adapter = self.make_adapter()
        self.start_ns = START_NS

    def make_adapter(self) -> PacificaAdapter:
        transport = Keyed(self.transport, API_KEY) if self.settings.identified else self.transport
        ends = (transport, self.said.append, self.now_ns, random.Random(7))
        return PacificaAdapter(self.settings, self.signing, *ends)
