"""Small worlds for the tests of the simulated exchange: one or two assets, round numbers, points made by hand."""

from decimal import Decimal
from typing import Any

from engine.simulators.exchange import (
    CrowdSpec,
    Event,
    Exchange,
    ExchangeRules,
    FeeSchedule,
    InstrumentSpec,
    NewOrder,
    TimeInForce,
)
from engine.simulators.market import DepthLevel, MarketPoint

D = Decimal
NS_PER_S = 1_000_000_000
HOUR_NS = 3600 * NS_PER_S
T0 = 1_767_225_600 * NS_PER_S
"""2026-01-01T00:00:00Z, a whole hour."""

BTC = InstrumentSpec(
    asset="BTC",
    lot=D("0.00001"),
    tick=None,
    significant_figures=5,
    max_decimals=1,
    min_notional_usd=D(10),
    max_leverage=20,
    maintenance_fraction=D("0.025"),
    impact_notional_usd=D(20_000),
)
SOL = InstrumentSpec(
    asset="SOL",
    lot=D("0.01"),
    tick=D("0.01"),
    significant_figures=None,
    max_decimals=2,
    min_notional_usd=D(10),
    max_leverage=10,
    maintenance_fraction=D("0.05"),
    impact_notional_usd=D(6_000),
)
FEES = FeeSchedule(taker=D("0.0004"), maker=D("0.0001"))


def exchange(*, crowd: CrowdSpec | None = None, fees: FeeSchedule = FEES, seed: int = 1, **rules: Any) -> Exchange:
    """An exchange with BTC and SOL, alice and bob with 100 000 USD each, no prices yet."""
    venue = Exchange(
        rules=ExchangeRules(venue="hyperliquid", **rules), instruments=(BTC, SOL), fees=fees, seed=seed, crowd=crowd
    )
    for name in ("alice", "bob"):
        venue.open_account(name, D(100_000))
    return venue


def point(
    mid: str | int = 50_000,
    *,
    at_ns: int = T0,
    asset: str = "BTC",
    oracle: str | int | None = None,
    spread_bps: str = "4",
    depth: tuple[tuple[str, str], ...] = (("0", "1"), ("10", "2"), ("50", "10")),
    buys: str = "0",
    sells: str = "0",
    forming: str | None = None,
    settled: str | None = None,
) -> MarketPoint:
    """BTC at 50 000: bids 49 990 x 1, 49 940 x 2, 49 740 x 10; asks mirrored at 50 010, 50 060, 50 260."""
    return MarketPoint(
        at_ns=at_ns,
        venue="hyperliquid",
        asset=asset,
        mid=D(mid),
        oracle=D(mid if oracle is None else oracle),
        spread_bps=D(spread_bps),
        depth=tuple(DepthLevel(bps=D(bps), size=D(size)) for bps, size in depth),
        premium=D(0),
        open_interest=D(1000),
        taker_buy_per_s=D(buys),
        taker_sell_per_s=D(sells),
        forming_rate=None if forming is None else D(forming),
        settled_rate=None if settled is None else D(settled),
    )


def order(side: str, size: str, price: str | None = None, **more: Any) -> NewOrder:
    """A GTC order, unless said otherwise; without a price an IOC market order within 5 % of mark."""
    fields: dict[str, Any] = {"asset": "BTC", "time_in_force": TimeInForce.GTC}
    if price is None:
        fields |= {"time_in_force": TimeInForce.IOC, "max_slippage": D("0.05")}
    limit = None if price is None else D(price)
    return NewOrder(is_buy=side == "buy", size=D(size), price=limit, **(fields | more))


def open_venue(**options: Any) -> Exchange:
    """`exchange` with BTC priced at 50 000."""
    venue = exchange(**options)
    venue.set_point(T0, point())
    return venue


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [type(event).__name__ for event in events]


def conserved(venue: Exchange) -> bool:
    ledger = venue.ledger()
    return ledger.value_usd == ledger.deposits_usd and not any(ledger.net_size.values())
