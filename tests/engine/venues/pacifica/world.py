"""A small Pacifica for dialogues: a still market, an exchange, the face, and the in-memory transport."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import trio
from msgspec.structs import replace

from actors.commands import SubmitOrder
from actors.domain import Side, TimeInForce, Venue
from actors.messages import AccountReported, MarketSampled, PositionReported, QuoteUpdated
from engine.simulators.exchange import Exchange, InstrumentSpec
from engine.simulators.faults import Disconnect, DropFrame, DropResponse, Fault, FaultPlan, FaultRule, Traffic
from engine.simulators.market import DepthLevel, MarketPoint
from engine.simulators.pacifica import PACIFICA_FEES, PACIFICA_RULES, FaceKnobs, PacificaFace, pacifica_instrument
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.pacifica.adapter import PacificaAdapter
from engine.venues.pacifica.settings import PacificaSettings
from engine.venues.pacifica.signing import PacificaSigner
from engine.venues.pacifica.signing_request import PacificaSigned, PacificaSignRequest, signed_body
from engine.venues.signing import SignHere
from engine.venues.transport import HttpRequest, HttpResponse, Stream

START_NS = 1_790_000_000_000_000_000 // 3_600_000_000_000 * 3_600_000_000_000
SIGNER = PacificaSigner(bytes(range(32)))
OTHER = PacificaSigner(bytes(range(64, 96)))
D = Decimal
MIDS = {"BTC": D(60_000), "SOL": D(100), "BONK": D("0.00002")}
API_KEY = "AbCdEfGh_2mT8x"


def _pushed(message) -> bool:
    queried = isinstance(message, PositionReported) and message.queried
    return isinstance(message, QuoteUpdated | MarketSampled | AccountReported | PositionReported) and not queried


class StillMarket:
    """The same point for ever, until a test moves a mid."""

    assets = ("BTC", "SOL")
    start_ns = 0
    end_ns = None

    def __init__(self) -> None:
        self.mids = dict(MIDS)
        self.depth = (DepthLevel(bps=D(0), size=D(1)), DepthLevel(bps=D(10), size=D(5)))
        self.taker_sell_per_s = D(0)

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint:
        mid = self.mids[asset]
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=mid,
            oracle=mid,
            spread_bps=D(4),
            depth=self.depth,
            premium=D(0),
            open_interest=D(1000),
            taker_buy_per_s=D(0),
            taker_sell_per_s=self.taker_sell_per_s,
        )

    def gaps(self) -> tuple:
        return ()

    def provenance(self) -> tuple:
        return ()


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


class World:
    """Everything one dialogue needs; `said` is what the adapter reported."""

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
        self.signing = signing or SignHere(SIGNER)
        self.market = StillMarket()
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
        self.said: list = []
        self.settings = PacificaSettings(**({"account": SIGNER.account, "assets": ("BTC", "SOL")} | settings))
        self.adapter = self.make_adapter()
        self.orders = 0
        self.start_ns = START_NS

    def make_adapter(self) -> PacificaAdapter:
        transport = Keyed(self.transport, API_KEY) if self.settings.identified else self.transport
        ends = (transport, self.said.append, self.now_ns, random.Random(7))
        return PacificaAdapter(self.settings, self.signing, *ends)

    def now_ns(self) -> int:
        return START_NS + round(trio.current_time() * 1e9)

    def order(self, side=Side.BUY, size="0.1", price="60100", tif=TimeInForce.IOC, **changes) -> SubmitOrder:
        self.orders += 1
        fields = {
            "order_id": f"{self.orders:032x}",
            "venue": Venue.PACIFICA,
            "asset": "BTC",
            "side": side,
            "size": D(size),
            "limit_price": D(price),
            "time_in_force": tif,
            "reduce_only": False,
            "purpose": "test",
            "expires_at_ns": self.now_ns() + 5_000_000_000,
            "decision_mid": D(60_000),
        }
        return SubmitOrder(**(fields | changes))

    async def perform(self, command) -> list:
        """Deliver one command; returns what was reported meanwhile, apart from pushes of markets and account."""
        before = len(self.said)
        await self.adapter.prepare(command)()
        return [message for message in self.said[before:] if not _pushed(message)]

    async def after(self, seconds: float) -> list:
        """Let the world run; returns what was reported meanwhile."""
        before = len(self.said)
        await trio.sleep(seconds)
        return self.said[before:]

    def of(self, *kinds) -> list:
        return [message for message in self.said if isinstance(message, kinds)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[World]:
        async with trio.open_nursery() as nursery:
            await nursery.start(self.transport.run)
            await nursery.start(self.adapter.listen)
            yield self
            nursery.cancel_scope.cancel()
