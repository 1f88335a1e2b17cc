"""A small Hyperliquid for dialogues: a still market, an exchange, its face, and the in-memory transport."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import trio

from actors.commands import SubmitOrder
from actors.domain import Side, TimeInForce, Venue, client_order_id
from actors.messages import AccountReported, MarketSampled, QuoteUpdated
from engine.simulators.exchange import Exchange, InstrumentSpec
from engine.simulators.faults import FaultPlan, FaultRule, Traffic
from engine.simulators.hyperliquid import (
    HYPERLIQUID_FEES,
    HYPERLIQUID_RULES,
    FaceKnobs,
    HyperliquidFace,
    hyperliquid_instrument,
)
from engine.simulators.transport import Pace, SimulatedVenue
from engine.venues.hyperliquid.adapter import HyperliquidAdapter
from engine.venues.hyperliquid.settings import HyperliquidSettings
from engine.venues.hyperliquid.signing import HyperliquidSigner
from engine.venues.signing import SignHere
from tests.engine.venues.dialogue import START_NS, StillMarket

D = Decimal
KEY = "0x" + "11" * 32
ACCOUNT = "0x" + "ab" * 20
MIDS = {"BTC": D(60_000), "SOL": D(100), "PEPE": D("0.00001")}
PUSHED = (QuoteUpdated, MarketSampled, AccountReported)


def make_exchange(*more: InstrumentSpec) -> Exchange:
    exchange = Exchange(
        rules=HYPERLIQUID_RULES,
        instruments=(
            hyperliquid_instrument("BTC", size_decimals=5, max_leverage=40),
            hyperliquid_instrument("SOL", size_decimals=2, max_leverage=20),
            *more,
        ),
        fees=HYPERLIQUID_FEES,
    )
    exchange.open_account(ACCOUNT, D(100_000))
    return exchange


_origin_s = trio.lowlevel.RunVar("origin_s")


def now_ns() -> int:
    """START_NS when first asked, for the virtual clock begins anywhere."""
    try:
        origin_s = _origin_s.get()
    except LookupError:
        _origin_s.set(origin_s := trio.current_time())
    return START_NS + round((trio.current_time() - origin_s) * 1e9)


class World:
    """Everything one dialogue needs; `said` is what the adapter reported."""

    def __init__(
        self,
        *faults: FaultRule,
        signing=None,
        knobs: FaceKnobs | None = None,
        valid_until_ms: int | None = None,
        instruments: tuple[InstrumentSpec, ...] = (),
        **settings,
    ) -> None:
        self.market = StillMarket(MIDS)
        self.exchange = make_exchange(*instruments)
        signer = HyperliquidSigner(KEY, is_mainnet=False, account=ACCOUNT)
        ends = {} if valid_until_ms is None else {signer.address: valid_until_ms}
        agents = {signer.address: ACCOUNT}
        self.face = HyperliquidFace(self.exchange, self.market, agents, knobs=knobs, valid_until_ms=ends)
        pace = Pace(latency_least_s=0.01, latency_most_s=0.01)
        rng = random.Random(7)
        self.venue = SimulatedVenue(self.face, now_ns, pace, rng, FaultPlan(rules=faults))
        self.said: list = []
        wishes = {"account": ACCOUNT, "assets": ("BTC", "SOL"), **settings}
        self.adapter = HyperliquidAdapter(
            HyperliquidSettings(**wishes), signing or SignHere(signer), self.venue, self.said.append, now_ns, rng
        )

    @asynccontextmanager
    async def live(self) -> AsyncIterator[World]:
        """The venue runs, the adapter's link is up."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.venue.run)
            await nursery.start(self.adapter.listen)
            yield self
            nursery.cancel_scope.cancel()

    async def do(self, command) -> list:
        """Perform one command and wait a little; what was said meanwhile, markets and accounts aside."""
        from_here = len(self.said)
        await self.adapter.prepare(command)()
        await trio.sleep(0.1)
        return self.heard(from_here)

    def heard(self, from_here: int = 0) -> list:
        """What was said about orders, fills, positions and payments since then."""
        return [m for m in self.said[from_here:] if not isinstance(m, PUSHED)]

    async def happen(self, events) -> list:
        """Let something happen at the venue that nobody here asked for."""
        from_here = len(self.said)
        self.face.publish(now_ns(), events)
        self.venue._flush()
        await trio.sleep(0.1)
        return self.heard(from_here)


def order(number: int, **changes) -> SubmitOrder:
    """Buy 0.1 BTC, IOC up to 60 012, unless said otherwise."""
    terms = {
        "order_id": client_order_id("test", "pair", number),
        "venue": Venue.HYPERLIQUID,
        "asset": "BTC",
        "side": Side.BUY,
        "size": D("0.1"),
        "limit_price": D(60_012),
        "time_in_force": TimeInForce.IOC,
        "reduce_only": False,
        "purpose": "test",
        "expires_at_ns": now_ns() + 10_000_000_000,
        "decision_mid": D(60_000),
        **changes,
    }
    return SubmitOrder(**terms)


def on_http(name: str, fault, path: str = "/exchange", **conditions) -> FaultRule:
    return FaultRule(name=name, traffic=Traffic.HTTP, fault=fault, match=path, **conditions)


def of(kind: type, messages: list) -> list:
    """Only the messages of one kind."""
    return [message for message in messages if isinstance(message, kind)]
