"""A small run for tests of the journal, replay and audit: one pair is asked to enter, fills, hedges, and goes on.

Drives the core directly, in the sequencer's manner: what actors tell each other is delivered in order.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from pathlib import Path

from actors.actor import ActorState
from actors.commands import AnyCommand, SpawnPair, SubmitOrder, Tell
from actors.domain import NS_PER_S, Instrument, Liquidity, Side, TimeInForce, Venue
from actors.messages import (
    AccountReported,
    AnyMessage,
    EmergencyAsked,
    EngineStarted,
    EntryAsked,
    Envelope,
    InstrumentListed,
    LinkUp,
    OrderAccepted,
    OrderFilled,
    PositionReported,
    QuoteUpdated,
)
from actors.policy import Policy
from actors.roles import initial_states, spawn_pair
from engine.core import BOARD, Core, Decision
from engine.journal.record import Header
from engine.journal.revision import new_header
from engine.journal.writer import JournalWriter

PAIR = "pair_position/BTC-1"
TAKER, MAKER = Venue.HYPERLIQUID, Venue.PACIFICA
START_NS = 1_700_000_000 * NS_PER_S
POLICY = Policy()


def start_states() -> tuple[ActorState, ...]:
    """The states every run starts with, and one idle pair."""
    pair = SpawnPair(actor=PAIR, asset="BTC", taker_venue=TAKER, maker_venue=MAKER, first_to_close=MAKER)
    return (*initial_states(POLICY), spawn_pair(pair))


def header() -> Header:
    """The header of the small run."""
    return new_header(POLICY, start_states(), seed=7, mode="test")


class SmallRun:
    """A core and what it decided, in order."""

    def __init__(self) -> None:
        self.core = Core(POLICY, start_states())
        self.decisions: list[Decision] = []
        self.at_ns = START_NS

    def tell(self, to: str, message: AnyMessage, after_ms: int = 10) -> list[Decision]:
        """Deliver a message and all that follows from it at that moment."""
        self.at_ns += after_ms * 1_000_000
        queue: deque[tuple[str, int, AnyMessage]] = deque([(to, 0, message)])
        first = len(self.decisions)
        while queue:
            addressee, cause, told = queue.popleft()
            seq = len(self.decisions) + 1
            envelope = Envelope(seq=seq, at_ns=self.at_ns, to=addressee, cause=cause, message=told)
            decision = self.core.step(envelope)
            self.decisions.append(decision)
            queue.extend((addressee, seq, denied) for denied in decision.denied)
            queue.extend((c.to, seq, c.message) for c in decision.commands if isinstance(c, Tell) and c.to != "pairs")
        return self.decisions[first:]

    def quote(self, venue: Venue, bid: str) -> None:
        """A new best price."""
        price = Decimal(bid)
        self.tell(
            BOARD,
            QuoteUpdated(
                venue=venue,
                asset="BTC",
                bid=price,
                bid_size=Decimal("3.5"),
                ask=price + 1,
                ask_size=Decimal("2.25"),
                venue_at_ns=self.at_ns,
            ),
        )

    def open_venues(self) -> None:
        """Links, instruments, accounts and first quotes of both venues; lifecycle and scanner begin."""
        self.tell("engine_lifecycle", EngineStarted(mode="test"))
        self.tell("funding_scanner", EngineStarted(mode="test"))
        for venue in (TAKER, MAKER):
            self.tell(BOARD, InstrumentListed(instrument=instrument(venue)))
            for to in (BOARD, f"venue_link/{venue.value}"):
                self.tell(to, LinkUp(venue=venue))
            money = Decimal(100_000)
            account = AccountReported(
                venue=venue, equity_usd=money, available_usd=money, maintenance_usd=Decimal(0), venue_at_ns=self.at_ns
            )
            self.tell(BOARD, account)
            self.quote(venue, "60000")

    def ask_entry(self, size: str = "0.5") -> str:
        """The scanner's wish; returns the id of the taker order that was sent (or denied)."""
        asked = EntryAsked(
            taker_side=Side.SELL, size=Decimal(size), expected_net_usd=Decimal(25), reason="funding differs"
        )
        decision = self.tell(PAIR, asked)[0]
        orders = [command.order_id for command in decision.commands if isinstance(command, SubmitOrder)]
        return orders[0] if orders else decision.denied[0].order_id

    def fill(self, order_id: str) -> None:
        """The order is accepted and filled whole, told to risk and to the pair."""
        order = next(
            command
            for decision in self.decisions
            for command in decision.commands
            if isinstance(command, SubmitOrder) and command.order_id == order_id
        )
        accepted = OrderAccepted(venue=order.venue, order_id=order_id, venue_order_id="77")
        filled = OrderFilled(
            venue=order.venue,
            asset="BTC",
            order_id=order_id,
            fill_id=f"fill-{order_id[:6]}",
            side=order.side,
            price=order.limit_price,
            size=order.size,
            fee_usd=Decimal("1.25"),
            liquidity=Liquidity.TAKER,
            venue_at_ns=self.at_ns,
        )
        for message in (accepted, filled):
            for to in ("risk", PAIR):
                self.tell(to, message)

    def position(self, venue: Venue, size: str) -> None:
        """The venue's answer to a question about our position."""
        self.tell(
            PAIR,
            PositionReported(venue=venue, asset="BTC", size=Decimal(size), venue_at_ns=self.at_ns, queried=True),
        )


def hedged_run(quotes: int = 20) -> SmallRun:
    """A run whose pair got hedged, with market data before and after."""
    run = SmallRun()
    run.open_venues()
    run.fill(run.ask_entry())
    run.fill(last_order(run))
    run.position(TAKER, "-0.5")
    run.position(MAKER, "0.5")
    for number in range(quotes):
        run.quote((TAKER, MAKER)[number % 2], str(60_000 + number))
    return run


def last_order(run: SmallRun) -> str:
    """The id of the order sent last."""
    return [
        command.order_id
        for decision in run.decisions
        for command in decision.commands
        if isinstance(command, SubmitOrder)
    ][-1]


CHAIN_ORDER = "5a" * 16


def chain() -> list[Decision]:
    """Three made-up decisions, each told by the one before; the last sends an order."""
    message = EmergencyAsked(reason="test")
    order = SubmitOrder(
        order_id=CHAIN_ORDER,
        venue=TAKER,
        asset="BTC",
        side=Side.BUY,
        size=Decimal(1),
        limit_price=Decimal(60_000),
        time_in_force=TimeInForce.IOC,
        reduce_only=True,
        purpose="emergency",
        expires_at_ns=START_NS,
        decision_mid=Decimal(60_000),
    )
    steps: tuple[tuple[str, AnyCommand], ...] = (
        ("engine_lifecycle", Tell(to="risk", message=message)),
        ("risk", Tell(to=PAIR, message=message)),
        (PAIR, order),
    )
    return [
        Decision(
            envelope=Envelope(seq=seq, at_ns=START_NS, to=to, cause=seq - 1, message=message),
            row="R1",
            source="A",
            place="B",
            commands=(command,),
            digest="",
        )
        for seq, (to, command) in enumerate(steps, start=1)
    ]


def record(directory: Path, decisions: list[Decision], *, reason: str | None = "done", batch: int = 7) -> Path:
    """Write a journal of these decisions, committed in batches; without a reason it is cut off after the last."""
    writer = JournalWriter(directory, header(), head_every_s=0.0)
    for decision in decisions:
        writer.append(decision)
        if decision.envelope.seq % batch == 0:
            writer.commit()
    writer.commit()
    if reason is None:
        writer.abandon()
    else:
        writer.close(reason)
    return writer.path


def instrument(venue: Venue) -> Instrument:
    """BTC on a venue."""
    return Instrument(
        venue=venue,
        asset="BTC",
        symbol="BTC",
        lot=Decimal("0.001"),
        price_decimals=1,
        min_notional_usd=Decimal(10),
        max_leverage=40,
        taker_fee=Decimal("0.00045"),
        maker_fee=Decimal("0.00015"),
        maintenance_fraction=Decimal("0.0125"),
    )
