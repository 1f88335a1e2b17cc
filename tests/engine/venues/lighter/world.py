"""A small Lighter for dialogues: a still market, an exchange, the face, and the in-memory transport."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import trio

from actors.commands import SubmitOrder
from actors.domain import Side, TimeInForce, Venue
from actors.messages import AccountReported, MarketSampled, PositionReported, QuoteUpdated
from engine.simulators.exchange import Exchange
from engine.simulators.faults import Disconnect, DropFrame, DropResponse, Fault, FaultPlan, FaultRule, Traffic
from engine.simulators.lighter import (
    LIGHTER_FEES,
    LIGHTER_RULES,
    FaceKnobs,
    LighterAccount,
    LighterFace,
    lighter_instrument,
)
from engine.simulators.market import DepthLevel, MarketPoint
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.lighter.adapter import LighterAdapter
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.signing import LighterSigner, throwaway_secret
from engine.venues.lighter.wire import CHAIN_ID_TESTNET
from engine.venues.signing import SignHere

START_NS = 1_790_000_000_000_000_000 // 3_600_000_000_000 * 3_600_000_000_000
ACCOUNT, KEY = 4711, 5
SIGNER = LighterSigner(throwaway_secret(bytes(range(1, 33))), ACCOUNT, KEY, CHAIN_ID_TESTNET)
OTHER = 4712
D = Decimal
MIDS = {"BTC": D(60_000), "SOL": D(100), "BONK": D("0.00002")}


def _pushed(message) -> bool:
    queried = isinstance(message, PositionReported) and message.queried
    return isinstance(message, QuoteUpdated | MarketSampled | AccountReported | PositionReported) and not queried


class StillMarket:
    """The same point for ever, until a test moves a mid."""

    assets = ("BTC", "SOL", "BONK")
    start_ns = 0
    end_ns = None

    def __init__(self) -> None:
        self.mids = dict(MIDS)
        self.depth = (DepthLevel(bps=D(0), size=D(1)), DepthLevel(bps=D(10), size=D(5)))

    def sample(self, venue: str, asset: str, at_ns: int) -> MarketPoint:
        mid = self.mids[asset]
        scale = D(10_000_000) if asset == "BONK" else D(1)
        return MarketPoint(
            at_ns=at_ns,
            venue=venue,
            asset=asset,
            mid=mid,
            oracle=mid,
            spread_bps=D(4),
            depth=tuple(DepthLevel(bps=level.bps, size=level.size * scale) for level in self.depth),
            premium=D(0),
            open_interest=D(1000) * scale,
            taker_buy_per_s=D(0),
            taker_sell_per_s=D(0),
        )

    def gaps(self) -> tuple:
        return ()

    def provenance(self) -> tuple:
        return ()


def sent(number: int, fault: Fault) -> FaultRule:
    """The transaction of this number meets this fault; the first are the leverage of the markets."""
    return FaultRule(name=f"tx {number}", traffic=Traffic.HTTP, match="*/sendTx", nth=(number,), fault=fault)


def lost_answer(number: int) -> FaultRule:
    """The transaction is executed and its answer lost."""
    return sent(number, DropResponse())


def muted(*channels: str, to_s: float | None = None) -> tuple[FaultRule, ...]:
    """The frames of these channels are lost."""
    return tuple(
        FaultRule(name=f"no {channel}", traffic=Traffic.FRAME, match=channel, to_s=to_s, fault=DropFrame())
        for channel in channels
    )


def cut(at_s: float) -> FaultRule:
    """The first frame after this instant finds the stream cut."""
    return FaultRule(name="cut", traffic=Traffic.FRAME, match="*", from_s=at_s, at_most=1, fault=Disconnect())


class World:
    """Everything one dialogue needs; `said` is what the adapter reported."""

    def __init__(
        self,
        *faults: FaultRule,
        step_s: float = 0.05,
        busy_step_s: float = 0.05,
        fault_seed: int = 0,
        knobs=None,
        assets=("BTC", "SOL"),
        **settings,
    ) -> None:
        self.market = StillMarket()
        self.exchange = Exchange(
            rules=LIGHTER_RULES,
            instruments=(
                lighter_instrument("BTC", tick="0.1", lot="0.00001", max_leverage=50),
                lighter_instrument("SOL", tick="0.001", lot="0.001", max_leverage=25),
                lighter_instrument("BONK", tick="0.000000001", lot="1000", max_leverage=10),
            ),
            fees=LIGHTER_FEES,
        )
        accounts = {
            ACCOUNT: LighterAccount(keys={KEY: ""}, deposit_usd=D(100_000)),
            OTHER: LighterAccount(keys={KEY: ""}, deposit_usd=D(100_000)),
        }
        self.face = LighterFace(
            self.exchange, self.market, accounts, chain_id=CHAIN_ID_TESTNET, knobs=knobs or FaceKnobs()
        )
        pace = Pace(quiet_step_s=step_s, busy_step_s=busy_step_s, latency_least_s=0, latency_most_s=0)
        plan = FaultPlan(rules=faults)
        self.transport = SimulatedVenue(self.face, self.now_ns, pace, random.Random(5), plan, fault_seed)
        self.said: list = []
        self.settings = LighterSettings(
            account=str(ACCOUNT), api_key_index=KEY, chain_id=CHAIN_ID_TESTNET, assets=assets, **settings
        )
        self.signing = SignHere(SIGNER)
        self.adapter = self.make_adapter()
        self.orders = 0

    def make_adapter(self) -> LighterAdapter:
        return LighterAdapter(
            self.settings, self.signing, self.transport, self.said.append, self.now_ns, random.Random(7)
        )

    def now_ns(self) -> int:
        return START_NS + round(trio.current_time() * 1e9)

    def order(self, side=Side.BUY, size="0.1", price="60100", tif=TimeInForce.IOC, **changes) -> SubmitOrder:
        self.orders += 1
        fields = {
            "order_id": f"{self.orders:032x}",
            "venue": Venue.LIGHTER,
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
