"""The frozen view of the engine that pages, progress and reports read. Built from the core on demand."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec

from actors.commands import RaiseAlarm, SubmitOrder
from actors.domain import NS_PER_S
from actors.messages import OrderRejected
from actors.pair_position.state import PairPosition
from actors.risk.books import RiskState
from engine.core import Core, Decision

ALARMS_KEPT = 200


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm, with the record that raised it and how often it came since (repeats are counted, not kept)."""

    seq: int
    at_ns: int
    severity: str
    code: str
    text: str


class LegView(msgspec.Struct, frozen=True, kw_only=True):
    """One leg for people: USD figures, fees and funding positive as named."""

    venue: str
    position: Decimal
    fees_usd: Decimal
    funding_received_usd: Decimal
    funding_paid_usd: Decimal
    slippage_usd: Decimal
    traded_usd: Decimal


class PairView(msgspec.Struct, frozen=True, kw_only=True):
    """One pair position for people."""

    pair: str
    asset: str
    state: str
    legs: tuple[LegView, LegView]
    transitions: int
    orders: int
    rejected: int
    denied: int
    funding_usd: Decimal
    fees_usd: Decimal
    price_pnl_usd: Decimal
    slippage_usd: Decimal
    estimated_usd: Decimal
    net_usd: Decimal
    expected_net_usd: Decimal
    naked_seconds: Decimal
    naked_notional_seconds: Decimal
    entered_ns: int
    entry_reason: str
    close_reason: str


class EngineView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole engine at one moment."""

    seq: int
    at_ns: int
    lifecycle: str
    risk: str
    pairs: tuple[PairView, ...]
    links: dict[str, bool]
    equity_usd: dict[str, Decimal]
    exposure_usd: Decimal
    messages: int
    orders: dict[str, int]
    rejected: dict[str, int]
    alarms: tuple[Alarm, ...]
    alarms_total: int


class Tally:
    """Counts durable decisions as they pass; the sequencer's watcher."""

    def __init__(self) -> None:
        self.seq = 0
        self.at_ns = 0
        self.orders: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.denied = 0
        self.faults = 0
        self.alarms: list[Alarm] = []
        self.alarms_total = 0
        self._orders_seen: dict[str, None] = {}

    def watch(self, decision: Decision) -> None:
        """Count one decision."""
        envelope = decision.envelope
        self.seq, self.at_ns = envelope.seq, envelope.at_ns
        self.denied += len(decision.denied)
        self.faults += bool(decision.fault)
        if isinstance(envelope.message, OrderRejected) and envelope.to == "risk":
            self.rejected[envelope.message.venue.value] += 1
        for command in decision.commands:
            if isinstance(command, SubmitOrder):
                self.orders[command.venue.value] += 1
            elif isinstance(command, RaiseAlarm):
                self.alarm(command)

    def alarm(self, alarm: RaiseAlarm) -> None:
        """Keep an alarm; the same code and text is kept once and counted.

        When there are too many, the oldest of a code that has others goes: the last word, and every kind, stays.
        """
        self.alarms_total += 1
        known = any(kept.code == alarm.code and kept.text == alarm.text for kept in self.alarms)
        if not known:
            if len(self.alarms) >= ALARMS_KEPT:
                codes = [kept.code for kept in self.alarms]
                del self.alarms[next((n for n, code in enumerate(codes) if codes.count(code) > 1), 0)]
            self.alarms.append(
                Alarm(seq=self.seq, at_ns=self.at_ns, severity=alarm.severity, code=alarm.code, text=alarm.text)
            )


def build(core: Core, tally: Tally) -> EngineView:
    """The view of the core as it is now."""
    risk = core.states["risk"]
    assert isinstance(risk, RiskState)
    return EngineView(
        seq=tally.seq,
        at_ns=tally.at_ns,
        lifecycle=core.states["engine_lifecycle"].place,
        risk=risk.place,
        pairs=tuple(pair_view(state) for state in core.states.values() if isinstance(state, PairPosition)),
        links=dict(core.board.links),
        equity_usd={venue: account.equity_usd for venue, account in core.board.accounts.items()},
        exposure_usd=exposure_usd(core, risk),
        messages=tally.seq,
        orders=dict(tally.orders),
        rejected=dict(tally.rejected),
        alarms=tuple(tally.alarms),
        alarms_total=tally.alarms_total,
    )


def exposure_usd(core: Core, risk: RiskState) -> Decimal:
    """Gross exposure by risk's own count: the sum of |size| at mark (else mid, else entry) over all venues, USD."""
    total = Decimal(0)
    for _, held in sorted(risk.positions.items()):
        market = core.board.market(held.venue, held.asset)
        mid = market.quote.mid if market.quote is not None else None
        total += abs(held.size) * (market.mark or mid or held.entry_price or Decimal(0))
    return total


def pair_view(state: PairPosition) -> PairView:
    """One pair for people."""
    first, second = (
        LegView(
            venue=leg.venue.value,
            position=leg.position,
            fees_usd=leg.fees_usd,
            funding_received_usd=leg.funding_received_usd,
            funding_paid_usd=leg.funding_paid_usd,
            slippage_usd=leg.slippage_usd,
            traded_usd=leg.traded_usd,
        )
        for leg in state.legs
    )
    return PairView(
        pair=state.actor,
        asset=state.asset,
        state=state.place,
        legs=(first, second),
        transitions=state.transitions,
        orders=state.orders_sent,
        rejected=state.orders_rejected,
        denied=state.orders_denied,
        funding_usd=state.funding_usd,
        fees_usd=state.fees_usd,
        price_pnl_usd=state.price_pnl_usd,
        slippage_usd=first.slippage_usd + second.slippage_usd,
        estimated_usd=state.taker.estimated_usd + state.maker.estimated_usd,
        net_usd=state.net_usd,
        expected_net_usd=state.expected_net_usd,
        naked_seconds=Decimal(state.naked_ns) / NS_PER_S,
        naked_notional_seconds=state.naked_notional_usd_s,
        entered_ns=state.entered_ns,
        entry_reason=state.entry_reason,
        close_reason=state.close_reason,
    )
