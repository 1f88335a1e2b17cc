"""One record told to a pair, on its way into the ledger: what its books changed by becomes entries and fills, by cause.

What a leg's cash changed by is split into slippage (against the mid at decision), the forced part, and a trade at mids,
which realises price against average cost. Pure. Counterparts: `fold`, which asks for each record; `account`, which
keeps the pair's sums.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.commands import SubmitOrder
from actors.domain import ZERO, Instrument, Liquidity
from actors.messages import (
    AnyMessage,
    EntryAsked,
    FundingPaid,
    LossSocialised,
    OrderDone,
    OrderFilled,
    PnlSettled,
    PositionDeleveraged,
    PositionLiquidated,
)
from actors.pair_position.books import reference_price
from actors.pair_position.state import LEGS, Leg, LegName, PairPosition
from engine.ledger.account import AFTER_CLOSE, Claim, PairAccount
from engine.ledger.entry import Booking, Entry, Fill, Kind
from engine.ledger.fills import Told, Trade, fill_row
from engine.ledger.naked import gained_usd, standing
from engine.ledger.shadow import Change, Recorded

Timed = OrderFilled | PositionDeleveraged | PositionLiquidated | FundingPaid | LossSocialised | PnlSettled
"""Messages that carry the venue's own time of what they tell."""


class Step:
    """One record told to a pair, on its way into the ledger."""

    def __init__(self, record: Recorded, change: Change, account: PairAccount) -> None:
        self._record, self._change, self._account = record, change, account
        self._message = record.envelope.message
        self._entries: list[Entry] = []
        self._fills: list[Fill] = []

    def booked(self) -> Booking:
        """All of it, told to the pair's account too."""
        self._note_intents()
        self._naked()
        for name in LEGS:
            self._leg(name, self._change.before, self._change.heard)
            self._leg(name, self._change.heard, self._change.after, adopted=True)
            self._account.reached[name] = max(self._account.reached[name], abs(self._change.after.leg(name).position))
        self._account.standing = standing(self._change.after, self._change.context)
        for entry in self._entries:
            self._account.add(entry)
        return Booking(tuple(self._entries), tuple(self._fills))

    def _note_intents(self) -> None:
        """Remember what was expected, and which row sent each order."""
        message, account = self._message, self._account
        if isinstance(message, EntryAsked) and self._change.before.place == "IDLE.ready":
            account.expectation, account.asked = message.expectation, message.size
        for command in self._record.commands:
            if isinstance(command, SubmitOrder):
                account.sent[command.order_id] = (command, self._record.row)

    def _naked(self) -> None:
        """What the price did to a naked leg since the last message, taken out of its price result."""
        before = self._account.standing
        if before is None:
            return
        gained = gained_usd(before, self._change.before, self._change.context)
        if gained:
            leg = self._change.before.leg(before.leg)
            self._note(leg, Kind.NAKED, gained, size=before.net)
            self._note(leg, Kind.PRICE, -gained)

    # --- one leg ------------------------------------------------------------------------------------------------

    def _leg(self, name: LegName, old: PairPosition, new: PairPosition, *, adopted: bool = False) -> None:
        before, after = old.leg(name), new.leg(name)
        if before is after:
            return
        self._traded(name, before, after, adopted=adopted)
        fee = before.fees_usd - after.fees_usd
        if fee:
            self._fee(after, fee)
        funding = after.funding_received_usd - after.funding_paid_usd
        funding -= before.funding_received_usd - before.funding_paid_usd
        if funding:
            self._funding(after, funding)
        haircut = before.haircut_usd - after.haircut_usd
        if haircut:
            self._enter(after, Kind.HAIRCUT, haircut, purpose=self._lateness())

    def _traded(self, name: LegName, before: Leg, after: Leg, *, adopted: bool) -> None:
        """Cash and estimate together are what the trade brought; slippage and force are told apart from its mids."""
        estimated = after.estimated_usd - before.estimated_usd
        cash = after.cash_usd - before.cash_usd + estimated
        moved = after.position - before.position
        if not cash and not moved and after.traded_usd == before.traded_usd:
            return
        if isinstance(self._message, OrderFilled) and after.traded_usd != before.traded_usd:
            # Also where the fee was nothing: what was expected of this fill was more than that.
            share = self._change.context.policy.costs.maker_share
            self._account.note_liquidity(self._message, self._instrument(after), share)
        slippage = before.slippage_usd - after.slippage_usd
        forced = self._forced_usd(name, moved)
        mids = self._account.mids[name]
        self._account.mids[name], realised = mids.trade(moved, cash - slippage - forced)
        self._enter(after, Kind.SLIPPAGE, slippage)
        self._enter(after, Kind.FORCED, forced)
        self._enter(after, Kind.PRICE if moved else Kind.ESTIMATED, realised, estimated_usd=estimated)
        self._filled(name, after, Trade(moved=moved, cash_usd=cash, adopted=adopted))

    def _filled(self, name: LegName, leg: Leg, trade: Trade) -> None:
        """The row of a fill, at fill prices; a claim waits until its fills are told."""
        message = self._message
        if isinstance(message, OrderDone) and not trade.adopted:
            row = fill_row(self._record, self._change, self._account, leg, trade)
            if row is not None:
                claim = Claim(leg=name, row=row, moved=trade.moved, cash_usd=trade.cash_usd)
                self._account.claim(message.order_id, claim)
            return
        if isinstance(message, OrderFilled) and not trade.adopted:
            moved, cash = self._account.told(message.order_id, message.size - abs(trade.moved))
            trade = Trade(moved=trade.moved + moved, cash_usd=trade.cash_usd + cash)
        row = fill_row(self._record, self._change, self._account, leg, trade)
        self._account.paid[name], realised = self._account.paid[name].trade(trade.moved, trade.cash_usd)
        if row is not None:
            self._fills.append(msgspec.structs.replace(row, realised_usd=realised))

    def _forced_usd(self, name: LegName, moved: Decimal) -> Decimal:
        """What a forced fill cost against the mid of its moment; nothing where no price is known."""
        message = self._message
        if not isinstance(message, PositionDeleveraged | PositionLiquidated):
            return ZERO
        price = reference_price(self._change.before, self._change.context, name)
        size = abs(moved) or message.size
        return message.side.sign * (price - message.price) * size if price else ZERO

    def _fee(self, leg: Leg, amount: Decimal) -> None:
        """A fee, and the tier the instrument listed then."""
        message, instrument = self._message, self._instrument(leg)
        liquidity, tier = "forced", None
        if isinstance(message, OrderFilled):
            liquidity = message.liquidity.value
            maker = message.liquidity is Liquidity.MAKER
            tier = None if instrument is None else instrument.maker_fee if maker else instrument.taker_fee
        self._enter(leg, Kind.FEE, amount, liquidity=liquidity, tier=tier)

    def _funding(self, leg: Leg, amount: Decimal) -> None:
        rate = self._message.rate_per_hour if isinstance(self._message, FundingPaid) else None
        self._enter(leg, Kind.FUNDING, amount, rate_per_hour=rate, purpose=self._lateness())

    def _lateness(self) -> str:
        """Whether the money is of a time when the pair had closed: a record told late is the pair's own, one of a
        later hour is of a position that somebody else has there."""
        before, message = self._change.before, self._message
        if not isinstance(message, FundingPaid | LossSocialised) or not before.place.startswith("CLOSED"):
            return ""
        return AFTER_CLOSE if message.venue_at_ns > before.arrived_ns else ""

    # --- what is written ----------------------------------------------------------------------------------------

    def _enter(self, leg: Leg, kind: Kind, amount: Decimal, **more: object) -> None:
        if not amount and not more.get("estimated_usd"):
            return
        message = self._message
        entry = Entry(
            at_ns=message.venue_at_ns if isinstance(message, Timed) else self._record.envelope.at_ns,
            seq=self._record.envelope.seq,
            pair=self._change.after.actor,
            venue=leg.venue,
            asset=self._change.after.asset,
            kind=kind,
            amount_usd=amount,
            purpose=self._purpose(),
            order_id=getattr(message, "order_id", ""),
            reference=_reference(message),
            size=message.size if isinstance(message, Told | FundingPaid) else None,
            price=message.price if isinstance(message, Told) else None,
        )
        self._entries.append(msgspec.structs.replace(entry, **more))

    def _note(self, leg: Leg, kind: Kind, amount: Decimal, **more: object) -> None:
        """What the price did by now: at our own time, and nothing of the message by which we noticed, which may tell of
        an hour ago."""
        entry = Entry(
            at_ns=self._record.envelope.at_ns,
            seq=self._record.envelope.seq,
            pair=self._change.after.actor,
            venue=leg.venue,
            asset=self._change.after.asset,
            kind=kind,
            amount_usd=amount,
        )
        self._entries.append(msgspec.structs.replace(entry, **more))

    def _purpose(self) -> str:
        order, _ = self._account.sent.get(getattr(self._message, "order_id", ""), (None, ""))
        return "" if order is None else order.purpose

    def _instrument(self, leg: Leg) -> Instrument | None:
        return self._change.context.board.market(leg.venue, self._change.after.asset).instrument


def _reference(message: AnyMessage) -> str:
    """The venue's id of a fill, payment or loss."""
    match message:
        case OrderFilled() | PositionDeleveraged() | PositionLiquidated():
            return message.fill_id
        case FundingPaid():
            return message.payment_id
        case LossSocialised():
            return message.loss_id
        case _:
            return ""
