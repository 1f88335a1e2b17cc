"""A small Drift for dialogues: a still market, an exchange, the face, and the in-memory transport."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import trio

from actors.commands import CancelOrder, QueryOrder, QueryPosition, SubmitOrder
from actors.domain import Side, TimeInForce, Venue
from actors.messages import AccountReported, MarketSampled, PositionReported, QuoteUpdated
from engine.simulators.drift import DRIFT_FEES, DRIFT_RULES, DriftFace, DriftKnobs, drift_instrument
from engine.simulators.exchange import Exchange
from engine.simulators.faults import DropResponse, Fault, FaultPlan, FaultRule, Traffic
from engine.simulators.market import DepthLevel, MarketPoint
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.drift.adapter import DriftAdapter
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.signing import DriftSigner
from engine.venues.signing import SignHere

START_NS = 1_790_000_000_000_000_000 // 3_600_000_000_000 * 3_600_000_000_000
SIGNER = DriftSigner(bytes(range(32)))
OTHER = DriftSigner(bytes(range(64, 96)))
D = Decimal
MIDS = {"SOL-PERP": D(100), "BTC-PERP": D(60_000)}
INDEXES = {"SOL-PERP": 0, "BTC-PERP": 1}


def pushed(message) -> bool:
    queried = isinstance(message, PositionReported) and message.queried
    return isinstance(message, QuoteUpdated | MarketSampled | AccountReported | PositionReported) and not queried


def words(messages) -> list[str]:
    return [type(message).__name__ for message in messages]


def transactions(world: World) -> int:
    """How many of our transactions the chain has taken."""
    return sum(1 for landed in world.face.chain._landed.values() if landed.raw)


class StillMarket:
    """The same point for ever, until a test moves a mid."""

    assets = ("SOL-PERP", "BTC-PERP")
    start_ns = 0
    end_ns = None

    def __init__(self) -> None:
        self.mids = dict(MIDS)
        self.depth = (DepthLevel(bps=D(0), size=D(10)), DepthLevel(bps=D(10), size=D(50)))
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
            premium=D("0.0001"),
            open_interest=D(1000),
            taker_buy_per_s=D(0),
            taker_sell_per_s=self.taker_sell_per_s,
        )

    def gaps(self) -> tuple:
        return ()

    def provenance(self) -> tuple:
        return ()


def on_call(method: str, fault: Fault, **when) -> FaultRule:
    """What happens to calls of this method (to all, with "")."""
    return FaultRule(
        name=f"{method} {type(fault).__name__}",
        traffic=Traffic.HTTP,
        match="/rpc",
        contains=f'"{method}' if method else "",
        fault=fault,
        **when,
    )


def lost_answer() -> FaultRule:
    """The first transaction is taken, and the node's answer lost."""
    return on_call("sendTransaction", DropResponse(), nth=(1,))


class World:
    """Everything one dialogue needs; `said` is what the adapter reported."""

    def __init__(
        self,
        *faults: FaultRule,
        fault_seed: int = 0,
        step_s: float = 0.2,
        knobs: DriftKnobs | None = None,
        assets=("SOL", "BTC"),
        max_leverage: int = 20,
        **settings,
    ) -> None:
        self.market = StillMarket()
        self.exchange = Exchange(
            rules=DRIFT_RULES,
            instruments=(
                drift_instrument("SOL-PERP", tick="0.0001", lot="0.01", max_leverage=max_leverage),
                drift_instrument("BTC-PERP", tick="0.1", lot="0.0001", max_leverage=max_leverage),
            ),
            fees=DRIFT_FEES,
        )
        accounts = {SIGNER.account: D(10_000), OTHER.account: D(10_000)}
        self.face = DriftFace(self.exchange, self.market, accounts, knobs=knobs)
        pace = Pace(quiet_step_s=step_s, busy_step_s=0.1, latency_least_s=0, latency_most_s=0)
        plan = FaultPlan(rules=faults)
        self.transport = SimulatedVenue(self.face, self.now_ns, pace, random.Random(5), plan, fault_seed)
        self.signing = SignHere(SIGNER)
        self.said: list = []
        options = {"account": SIGNER.account, "assets": assets, "market_indexes": INDEXES} | settings
        self.settings = DriftSettings(**options)
        self.adapter = self.make_adapter()
        self.orders = 0

    def make_adapter(self) -> DriftAdapter:
        return DriftAdapter(
            self.settings, self.signing, self.transport, self.said.append, self.now_ns, random.Random(7)
        )

    def now_ns(self) -> int:
        return START_NS + round(trio.current_time() * 1e9)

    def order(self, side=Side.BUY, size="1", price="101", tif=TimeInForce.IOC, **changes) -> SubmitOrder:
        self.orders += 1
        fields = {
            "order_id": f"{self.orders:032x}",
            "venue": Venue.DRIFT,
            "asset": "SOL",
            "side": side,
            "size": D(size),
            "limit_price": D(price),
            "time_in_force": tif,
            "reduce_only": False,
            "purpose": "test",
            "expires_at_ns": self.now_ns() + 20_000_000_000,
            "decision_mid": D(100),
        }
        return SubmitOrder(**(fields | changes))

    async def perform(self, command) -> list:
        """Deliver one command; returns what was reported meanwhile, apart from pushes of markets and account."""
        before = len(self.said)
        await self.adapter.prepare(command)()
        return [message for message in self.said[before:] if not pushed(message)]

    def cancel(self, order: SubmitOrder) -> CancelOrder:
        return CancelOrder(venue=Venue.DRIFT, asset=order.asset, order_id=order.order_id)

    def query(self, order: SubmitOrder) -> QueryOrder:
        return QueryOrder(venue=Venue.DRIFT, asset=order.asset, order_id=order.order_id)

    async def position(self, asset: str = "SOL") -> Decimal:
        """What the venue says that we hold."""
        (told,) = await self.perform(QueryPosition(venue=Venue.DRIFT, asset=asset))
        return told.size

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
