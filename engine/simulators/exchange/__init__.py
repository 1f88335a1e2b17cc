"""A pure perpetual exchange: matching, margin, funding, liquidation, ADL. One `Exchange` is one venue.

The server side of every simulated venue (`simulators/<venue>`) is a face over this package: it parses the
venue's wire into these calls and writes the returned events as the venue's frames. Nothing here knows a wire,
a clock, a socket or a random source; two instances fed the same calls agree bit for bit.

    exchange = Exchange(rules=..., instruments=(...,), fees=FeeSchedule(taker=..., maker=...), seed=7)
    exchange.open_account("0xabc", Decimal(10_000))
    exchange.set_point(now_ns, market.sample("hyperliquid", "BTC", now_ns))
    events = exchange.place(now_ns, "0xabc", NewOrder(asset="BTC", ...))

Events: `OrderAccepted | OrderRejected`, then `OrderFilled`..., then `OrderDone`; `FundingSettled`,
`FundingPaid`; `AccountLiquidated`; `MarketModeChanged`; `LeverageSet | LeverageRejected`; `CancelRejected`.
Questions are answered by frozen views (`views`), refusals by closed vocabularies (`terms`).
"""

from engine.simulators.exchange.events import (
    AccountLiquidated,
    CancelRejected,
    Event,
    Events,
    FundingPaid,
    FundingSettled,
    LeverageRejected,
    LeverageSet,
    MarketModeChanged,
    OrderAccepted,
    OrderDone,
    OrderFilled,
    OrderRejected,
)
from engine.simulators.exchange.exchange import Exchange
from engine.simulators.exchange.instrument import FeeSchedule, InstrumentSpec
from engine.simulators.exchange.order import NewOrder
from engine.simulators.exchange.rules import CrowdSpec, ExchangeRules, FundingRule
from engine.simulators.exchange.terms import (
    CancelRejectReason,
    DoneReason,
    FillCause,
    LeverageRejectReason,
    LiquidationMethod,
    MarketMode,
    OrderStatus,
    PriceBase,
    RateSource,
    RejectReason,
    TimeInForce,
)
from engine.simulators.exchange.views import (
    AccountView,
    BookLevel,
    BookView,
    FundingView,
    LedgerView,
    MarketView,
    OrderView,
    PositionView,
)

__all__ = [
    "AccountLiquidated",
    "AccountView",
    "BookLevel",
    "BookView",
    "CancelRejectReason",
    "CancelRejected",
    "CrowdSpec",
    "DoneReason",
    "Event",
    "Events",
    "Exchange",
    "ExchangeRules",
    "FeeSchedule",
    "FillCause",
    "FundingPaid",
    "FundingRule",
    "FundingSettled",
    "FundingView",
    "InstrumentSpec",
    "LedgerView",
    "LeverageRejectReason",
    "LeverageRejected",
    "LeverageSet",
    "LiquidationMethod",
    "MarketMode",
    "MarketModeChanged",
    "MarketView",
    "NewOrder",
    "OrderAccepted",
    "OrderDone",
    "OrderFilled",
    "OrderRejected",
    "OrderStatus",
    "OrderView",
    "PositionView",
    "PriceBase",
    "RateSource",
    "RejectReason",
    "TimeInForce",
]
