"""A small Drift for dialogues: a still market, an exchange, the face, and the in-memory transport."""

from __future__ import annotations

import random
from decimal import Decimal

from actors.commands import CancelOrder, QueryOrder, QueryPosition, SubmitOrder
from actors.domain import Venue
from engine.simulators.drift import DRIFT_FEES, DRIFT_RULES, DriftFace, DriftKnobs, drift_instrument
from engine.simulators.exchange import Exchange
from engine.simulators.faults import DropResponse, Fault, FaultPlan, FaultRule, Traffic
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.drift.adapter import DriftAdapter
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.signing import DriftSigner
from engine.venues.signing import SignHere
from tests.engine.venues.dialogue import Dialogue, StillMarket, terms

SIGNER = DriftSigner(bytes(range(32)))
OTHER = DriftSigner(bytes(range(64, 96)))
D = Decimal
MIDS = {"SOL-PERP": D(100), "BTC-PERP": D(60_000)}
INDEXES = {"SOL-PERP": 0, "BTC-PERP": 1}


def transactions(world: World) -> int:
    """How many of our transactions the chain has taken."""
    return sum(1 for landed in world.face.chain._landed.values() if landed.raw)


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


class World(Dialogue):
    """Everything one dialogue needs; `said` is what the adapter reported."""

    usual = terms(Venue.DRIFT, "SOL", size="1", price="101", mid="100")
    lifetime_s = 20

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
        super().__init__()
        self.market = StillMarket(MIDS, depth=(10, 50), premium=D("0.0001"))
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
        options = {"account": SIGNER.account, "assets": assets, "market_indexes": INDEXES} | settings
        self.settings = DriftSettings(**options)
        self.adapter = self.make_adapter()

    def make_adapter(self) -> DriftAdapter:
        return DriftAdapter(
            self.settings, self.signing, self.transport, self.said.append, self.now_ns, random.Random(7)
        )

    def cancel(self, order: SubmitOrder) -> CancelOrder:
        return CancelOrder(venue=Venue.DRIFT, asset=order.asset, order_id=order.order_id)

    def query(self, order: SubmitOrder) -> QueryOrder:
        return QueryOrder(venue=Venue.DRIFT, asset=order.asset, order_id=order.order_id)

    async def position(self, asset: str = "SOL") -> Decimal:
        """What the venue says that we hold."""
        (told,) = await self.perform(QueryPosition(venue=Venue.DRIFT, asset=asset))
        return told.size
