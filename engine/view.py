"""The frozen view of the engine that pages, progress and reports read. Built from the core on demand."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import msgspec

from actors.board import Board
from actors.closing_order import score, words
from actors.commands import RaiseAlarm, SubmitOrder
from actors.domain import HOUR_NS, NS_PER_S, ZERO, Side, Venue
from actors.flat_cost import FlatCost, OpenLeg, flat_cost
from actors.messages import AccountReported, OrderRejected
from actors.pair_position.state import Leg, PairPosition
from actors.policy import Policy
from actors.reliability import Reliability, faded
from actors.risk.books import RiskState, key_of
from engine.alarms import Alarm, AlarmBook, Told
from engine.core import BOARD, Core, Decision
from engine.foreign import Foreign, positions
from engine.ledger.fold import Ledger
from engine.ledger.totals import NO_PAIR, Totals


class LegView(msgspec.Struct, frozen=True, kw_only=True):
    """One leg for people: USD figures, fees and funding positive as named.

    `entered` is the side it was to be opened on. `position` is what our books say; `at_venue` what the venue says by
    risk's count, None when the pair is closed or has not traded there. `worth_usd` is the position at the mark (else
    the mid). `slippage_usd` as the ledger has it (`engine.ledger.entry`): negative is a cost.
    """

    venue: str
    entered: Side
    position: Decimal
    at_venue: Decimal | None
    worth_usd: Decimal
    fees_usd: Decimal
    funding_received_usd: Decimal
    funding_paid_usd: Decimal
    funding_told: int
    funding_due: int
    funding_forecast_usd: Decimal
    funding_error_usd: Decimal
    slippage_usd: Decimal
    traded_usd: Decimal


class PairView(msgspec.Struct, frozen=True, kw_only=True):
    """One pair position for people.

    `net_usd` is cash: what was traded, funded and paid. `price_pnl_usd` is what prices brought, the cash alone where a
    leg is open; `slippage_usd` (negative: a cost) is no part of it, as in the ledger. `flat_cost_usd` is what being
    flat now would cost, through both books as told (`actors.flat_cost`), `flat_cost_words` what it is made of;
    `net_if_closed_usd` is the net after it.
    None, and no words, where it is not measured: without a quote, or with an old one; the net after it also where both
    books are not of one time (`actors.one_time`). `close_order` says which leg went first at its close, and by which
    measures.
    """

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
    net_if_closed_usd: Decimal | None
    flat_cost_usd: Decimal | None
    flat_cost_words: str
    expected_net_usd: Decimal
    naked_seconds: Decimal
    naked_notional_seconds: Decimal
    entered_ns: int
    entry_reason: str
    close_reason: str
    close_order: str


class VenueView(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue has proved, for people: `score` (larger is worse), decayed `orders`, mean time to the first word in
    ms (None where none was timed), shares of orders that were rejected by its fault and in doubt; all of it in `words`.
    """

    venue: str
    score: Decimal
    orders: Decimal
    ack_ms: Decimal | None
    rejected_share: Decimal
    doubted_share: Decimal
    words: str


class EngineView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole engine at one moment. `equity_start_usd` is each venue's first word on our equity in this run.

    `begun_ns` is when the run began, in whichever process; `duration_s` how long it is to last.
    """

    seq: int
    at_ns: int
    begun_ns: int
    duration_s: float
    lifecycle: str
    risk: str
    pairs: tuple[PairView, ...]
    links: dict[str, bool]
    equity_usd: dict[str, Decimal]
    equity_start_usd: dict[str, Decimal]
    exposure_usd: Decimal
    reliability: tuple[VenueView, ...]
    foreign: tuple[Foreign, ...]
    messages: int
    orders: dict[str, int]
    rejected: dict[str, int]
    alarms: tuple[Alarm, ...]
    alarms_total: int


class Tally:
    """Counts durable decisions as they pass; the sequencer's watcher. `told` hears of alarms as they come and end.

    With the core they begin from there is a ledger of them, too: `ledger` has the pairs' accounts, `totals` the cuts.
    """

    def __init__(self, told: Told | None = None, core: Core | None = None) -> None:
        self.seq = 0
        self.at_ns = self.begun_ns = 0
        self.orders: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.denied = 0
        self.faults = 0
        self.equity_start_usd: dict[str, Decimal] = {}
        self._book = AlarmBook(told)
        self.ledger: Ledger | None = None
        self.totals = Totals()
        if core is not None:
            begun = [state for state in core.states.values() if isinstance(state, PairPosition)]
            self.ledger = Ledger(core.policy, begun)

    def keep(self, alarms_most: int) -> None:
        """From now on so many alarms are kept."""
        self._book.kept_most = alarms_most

    def tell(self, told: Told) -> None:
        """From now on `told` hears of alarms; those of the past are not told again."""
        self._book.tell(told)

    @property
    def alarms(self) -> list[Alarm]:
        """Those that are kept, the oldest first."""
        return self._book.kept

    @property
    def alarms_total(self) -> int:
        """All of them, repeats too."""
        return self._book.total

    def watch(self, decision: Decision) -> None:
        """Count one decision."""
        envelope = decision.envelope
        self.seq, self.at_ns = envelope.seq, envelope.at_ns
        self._account(decision)
        self.begun_ns = self.begun_ns or envelope.at_ns
        self.denied += len(decision.denied)
        self.faults += bool(decision.fault)
        if isinstance(envelope.message, OrderRejected) and envelope.to == "risk":
            self.rejected[envelope.message.venue.value] += 1
        if isinstance(envelope.message, AccountReported) and envelope.to == BOARD:
            self.equity_start_usd.setdefault(envelope.message.venue.value, envelope.message.equity_usd)
        self._book.arrived(envelope.to, decision.place, envelope.at_ns)
        for command in decision.commands:
            if isinstance(command, SubmitOrder):
                self.orders[command.venue.value] += 1
            elif isinstance(command, RaiseAlarm):
                self.alarm(command, about=envelope.to)

    def _account(self, decision: Decision) -> None:
        """Book one decision. The ledger decides nothing: a fault in it ends the ledger, and not a run."""
        if self.ledger is None:
            return
        try:
            self.totals.add(self.ledger.take(decision).entries)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on without a ledger
            self.ledger, self.totals = None, Totals()
            what = f"{type(error).__name__}: {error}"
            text = f"the ledger failed at record {decision.envelope.seq} ({what}) and is left out of the report"
            self.alarm(RaiseAlarm(severity="warning", code="ledger_failed", text=text), about="ledger")

    def finish(self) -> None:
        """The run is over: book what the ledger kept waiting for a word that no longer comes."""
        if self.ledger is not None:
            self.totals.add(self.ledger.finished())

    @property
    def unheld_usd(self) -> Decimal:
        """What the venues paid, and charged, for positions that no pair of this run holds."""
        return sum((cut.account_usd for cut in self.totals.cut("pair") if cut.name == NO_PAIR), ZERO)

    def alarm(self, alarm: RaiseAlarm, about: str = "") -> None:
        """Keep an alarm; `about` is the actor, or the position, whose cause it is."""
        self._book.hear(alarm, about=about, seq=self.seq, at_ns=self.at_ns)


def build(core: Core, tally: Tally) -> EngineView:
    """The view of the core as it is now."""
    risk = core.states["risk"]
    assert isinstance(risk, RiskState)
    return EngineView(
        seq=tally.seq,
        at_ns=tally.at_ns,
        begun_ns=tally.begun_ns,
        duration_s=core.policy.lifecycle.duration_s,
        lifecycle=core.states["engine_lifecycle"].place,
        risk=risk.place,
        pairs=tuple(
            pair_view(state, core.board, core.policy, risk, tally.at_ns)
            for state in core.states.values()
            if isinstance(state, PairPosition)
        ),
        links=dict(core.board.links),
        equity_usd={venue: account.equity_usd for venue, account in core.board.accounts.items()},
        equity_start_usd=dict(tally.equity_start_usd),
        exposure_usd=exposure_usd(core, risk),
        reliability=tuple(_venue_view(core, risk, venue, tally.at_ns) for venue in core.policy.scanner.venues),
        foreign=positions(core),
        messages=tally.seq,
        orders=dict(tally.orders),
        rejected=dict(tally.rejected),
        alarms=tuple(tally.alarms),
        alarms_total=tally.alarms_total,
    )


def _venue_view(core: Core, risk: RiskState, venue: Venue, at_ns: int) -> VenueView:
    """One venue as risk has measured it, now."""
    settings = core.policy.reliability
    seen = faded(risk.reliability.get(venue.value, Reliability()), at_ns, settings)
    mean_s = seen.answers.mean_s
    return VenueView(
        venue=venue.value,
        score=score(seen, venue, core.policy, at_ns),
        orders=seen.doubts.count,
        ack_ms=None if mean_s is None else mean_s * 1000,
        rejected_share=seen.rejects.share,
        doubted_share=seen.doubts.share,
        words=words(seen, settings),
    )


def exposure_usd(core: Core, risk: RiskState) -> Decimal:
    """Gross exposure by risk's own count: the sum of |size| at mark (else mid, else entry) over all venues, USD."""
    total = ZERO
    for _, held in sorted(risk.positions.items()):
        market = core.board.market(held.venue, held.asset)
        mid = market.quote.mid if market.quote is not None else None
        total += abs(held.size) * (market.mark or mid or held.entry_price or ZERO)
    return total


def pair_view(state: PairPosition, board: Board, policy: Policy, risk: RiskState, at_ns: int) -> PairView:
    """One pair for people."""
    first, second = (_leg_view(state, leg, board, risk, at_ns) for leg in state.legs)
    cost = flat_cost_of(state, board, policy, at_ns)
    brings = None if cost is None else cost.brings_usd
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
        price_pnl_usd=state.price_pnl_usd - first.slippage_usd - second.slippage_usd,
        slippage_usd=first.slippage_usd + second.slippage_usd,
        estimated_usd=state.taker.estimated_usd + state.maker.estimated_usd,
        net_usd=state.net_usd,
        net_if_closed_usd=None if brings is None else state.net_usd + brings,
        flat_cost_usd=None if cost is None else cost.cost_usd,
        flat_cost_words="" if cost is None else cost.words(),
        expected_net_usd=state.expected_net_usd,
        naked_seconds=Decimal(state.naked_ns) / NS_PER_S,
        naked_notional_seconds=state.naked_notional_usd_s,
        entered_ns=state.entered_ns,
        entry_reason=state.entry_reason,
        close_reason=state.close_reason,
        close_order=state.close_order,
    )


def flat_cost_of(state: PairPosition, board: Board, policy: Policy, at_ns: int) -> FlatCost | None:
    """What being flat now would cost the pair; nothing where it is flat, None without a quote of late."""
    return flat_cost([OpenLeg(leg.venue, state.asset, leg.position) for leg in state.legs], board, policy, at_ns)


def _leg_view(state: PairPosition, leg: Leg, board: Board, risk: RiskState, at_ns: int) -> LegView:
    held = risk.positions.get(key_of(leg.venue, state.asset))
    ours = held is not None and held.holder == state.actor and not state.place.startswith("CLOSED")
    return LegView(
        venue=leg.venue.value,
        entered=state.taker_side if leg is state.taker else state.taker_side.opposite,
        position=leg.position,
        at_venue=held.size if held is not None and ours else None,
        worth_usd=_worth_usd(leg, state.asset, board),
        fees_usd=leg.fees_usd,
        funding_received_usd=leg.funding_received_usd,
        funding_paid_usd=leg.funding_paid_usd,
        funding_told=leg.funding_told,
        funding_due=_funding_due(state, leg, board, at_ns),
        funding_forecast_usd=leg.funding_forecast_usd,
        funding_error_usd=leg.funding_error_usd,
        slippage_usd=-leg.slippage_usd,
        traded_usd=leg.traded_usd,
    )


def _funding_due(state: PairPosition, leg: Leg, board: Board, at_ns: int) -> int:
    """Settlements that fell due while the leg was held, from the pair's first order to its close."""
    instrument = board.market(leg.venue, state.asset).instrument
    interval_ns = (HOUR_NS // NS_PER_S if instrument is None else instrument.funding_interval_s) * NS_PER_S
    end_ns = state.arrived_ns if state.place.startswith("CLOSED") else at_ns
    return max(0, end_ns // interval_ns - state.entered_ns // interval_ns) if leg.traded_usd else 0


def _worth_usd(leg: Leg, asset: str, board: Board) -> Decimal:
    """The position at the mark, else the mid; negative when it is short, nothing when neither was told."""
    market = board.market(leg.venue, asset)
    mid = market.quote.mid if market.quote is not None else ZERO
    return leg.position * (market.mark or mid)
