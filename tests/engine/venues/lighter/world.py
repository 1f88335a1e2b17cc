"""A small Lighter for dialogues: a still market, an exchange, the face, and the in-memory transport."""

from __future__ import annotations

import random
from decimal import Decimal

from actors.domain import Venue
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
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.lighter.adapter import LighterAdapter
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.signing import LighterSigner, throwaway_secret
from engine.venues.lighter.wire import CHAIN_ID_TESTNET
from engine.venues.signing import SignHere
from tests.engine.venues.dialogue import Dialogue, StillMarket, terms

ACCOUNT, KEY = 4711, 5
SIGNER = LighterSigner(throwaway_secret(bytes(range(1, 33))), ACCOUNT, KEY, CHAIN_ID_TESTNET)
OTHER = 4712
D = Decimal
MIDS = {"BTC": D(60_000), "SOL": D(100), "BONK": D("0.00002")}


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


class World(Dialogue):
    """Everything one dialogue needs; `said` is what the adapter reported."""

    usual = terms(Venue.LIGHTER, "BTC", size="0.1", price="60100", mid="60000")

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
        super().__init__()
        self.market = StillMarket(MIDS, scales={"BONK": D(10_000_000)})
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
        self.settings = LighterSettings(
            account=str(ACCOUNT), api_key_index=KEY, chain_id=CHAIN_ID_TESTNET, assets=assets, **settings
        )
        self.signing = SignHere(SIGNER)
        self.adapter = self.make_adapter()

    def make_adapter(self) -> LighterAdapter:
        return LighterAdapter(
            self.settings, self.signing, self.transport, self.said.append, self.now_ns, random.Random(7)
        )
