"""Small runs for the ledger's tests: a pair that enters, is held and closes by hand-made words of two venues."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from actors.commands import SubmitOrder
from actors.domain import DoneReason, Liquidity, Side
from actors.expectation import Expectation
from actors.messages import (
    AnyMessage,
    EntryAsked,
    FundingPaid,
    LossSocialised,
    OrderDone,
    OrderFilled,
    PositionDeleveraged,
)
from engine.ledger.account import PairAccount
from engine.ledger.entry import Booking, Entry, Fill, Kind
from engine.ledger.fold import Ledger
from tests.engine.recorded import MAKER, PAIR, POLICY, START_NS, TAKER, SmallRun, start_states

D = Decimal
EXPECTATION = Expectation(
    horizon_h=D(10),
    notional_usd=D(30_000),
    capital_usd=D(20_000),
    rate_per_hour=D("0.0001"),
    rate_error_per_hour=D("0.00002"),
    funding_usd=D(30),
    entry_fees_usd=D(2),
    exit_fees_usd=D(3),
    entry_slippage_usd=D(1),
    exit_slippage_usd=D(1),
    basis_usd=D("0.5"),
    gas_usd=D("0.25"),
)


class Booked(SmallRun):
    """A small run with its ledger beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(POLICY, [state for state in start_states() if state.actor == PAIR])  # type: ignore[misc]
        self.bookings: list[Booking] = []

    def tell(self, to: str, message: AnyMessage, after_ms: int = 10) -> Any:
        decisions = super().tell(to, message, after_ms)
        self.bookings.extend(self.ledger.take(decision) for decision in decisions)
        return decisions

    @property
    def entries(self) -> list[Entry]:
        """All entries so far."""
        return [entry for booking in self.bookings for entry in booking.entries]

    @property
    def fills(self) -> list[Fill]:
        """All fills so far."""
        return [fill for booking in self.bookings for fill in booking.fills]

    @property
    def account(self) -> PairAccount:
        """The pair's."""
        return self.ledger.accounts[PAIR]

    def amounts(self, kind: Kind) -> list[Decimal]:
        """Amounts of one kind, in order."""
        return [entry.amount_usd for entry in self.entries if entry.kind is kind]

    def sent(self) -> SubmitOrder:
        """The order that left last."""
        return [c for d in self.decisions for c in d.commands if isinstance(c, SubmitOrder)][-1]

    def ask(self, expectation: Expectation | None = None) -> SubmitOrder:
        """The scanner's wish, and the order that follows."""
        net = D(25) if expectation is None else expectation.net_usd
        asked = EntryAsked(
            taker_side=Side.SELL, size=D("0.5"), expected_net_usd=net, reason="funding", expectation=expectation
        )
        self.tell(PAIR, asked)
        return self.sent()

    def filled(self, order: SubmitOrder, price: str, *, size: str = "", fee: str = "1", **more: Any) -> None:
        """A fill of it, told to the pair."""
        fill = OrderFilled(
            venue=order.venue,
            asset="BTC",
            order_id=order.order_id,
            fill_id=f"{order.order_id[:6]}-{len(self.decisions)}",
            side=order.side,
            price=D(price),
            size=D(size) if size else order.size,
            fee_usd=D(fee),
            liquidity=Liquidity.TAKER,
            venue_at_ns=self.at_ns,
        )
        self.tell(PAIR, msgspec.structs.replace(fill, **more))

    def claimed(self, order: SubmitOrder) -> None:
        """The venue says it is filled, without a price."""
        self.tell(
            PAIR,
            OrderDone(venue=order.venue, order_id=order.order_id, filled=order.size, reason=DoneReason.FILLED),
        )

    def paid(self, amount: str, payment_id: str = "p1", venue_at_ns: int = START_NS) -> None:
        """A funding record at the taker's venue."""
        self.tell(
            PAIR,
            FundingPaid(
                venue=TAKER,
                asset="BTC",
                payment_id=payment_id,
                amount_usd=D(amount),
                rate_per_hour=D("0.0001"),
                size=D("-0.5"),
                venue_at_ns=venue_at_ns,
            ),
        )

    def socialised(self, amount: str) -> None:
        """Other people's loss, charged as funding."""
        self.paid(f"-{amount}", "haircut")
        self.tell(
            PAIR,
            LossSocialised(
                venue=TAKER, asset="BTC", loss_id="l1", amount_usd=D(amount), size=D("-0.5"), venue_at_ns=self.at_ns
            ),
        )

    def deleveraged(self, price: str, size: str) -> None:
        """ADL buys part of the short leg back."""
        self.tell(
            PAIR,
            PositionDeleveraged(
                venue=TAKER,
                asset="BTC",
                fill_id="adl-1",
                side=Side.BUY,
                price=D(price),
                size=D(size),
                fee_usd=D("0.5"),
                venue_at_ns=self.at_ns + 1,
            ),
        )


def entered(expectation: Expectation | None = None, *, taker: str = "59990", maker: str = "60010") -> Booked:
    """A pair whose two legs are filled: short 0.5 at the taker's venue, long 0.5 at the maker's; mids 60000.5."""
    run = Booked()
    run.open_venues()
    run.filled(run.ask(expectation), taker)
    run.filled(run.sent(), maker, fee="0.4", liquidity=Liquidity.MAKER)
    return run


def hedged(expectation: Expectation | None = None) -> Booked:
    """The same, verified at both venues."""
    run = entered(expectation)
    run.position(TAKER, "-0.5")
    run.position(MAKER, "0.5")
    return run
