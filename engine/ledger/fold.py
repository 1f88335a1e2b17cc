"""The fold: each record's change of a pair's books becomes entries, cause by cause, adding up to that change exactly.

Pure, and the same for live decisions and for a journal's records. What a leg's cash changed by is split into slippage
(against the mid at decision), the forced part, and a trade at mids, which realises price against average cost; so over
a closed pair all entries add up to `PairPosition.net_usd`, and over an open one to that and what its legs cost.
Counterparts: `shadow`, which keeps the books; `account`, which keeps a pair's sums.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext

import msgspec

from actors.commands import SettlePnl, SubmitOrder
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
from actors.policy import Policy
from engine.ledger.account import AFTER_CLOSE, Claim, PairAccount
from engine.ledger.entry import NOTHING, WIDE, Booking, Entry, Fill, Kind
from engine.ledger.fills import Told, Trade, fill_row
from engine.ledger.gas import gas
from engine.ledger.naked import gained_usd, standing
from engine.ledger.shadow import Change, Recorded, Shadow
from engine.ledger.unheld import Unheld

Timed = OrderFilled | PositionDeleveraged | PositionLiquidated | FundingPaid | LossSocialised | PnlSettled
"""Messages that carry the venue's own time of what they tell."""


class Ledger:
    """Takes records in their order; `accounts` are the pairs' sums, `shadow` their books."""

    def __init__(self, policy: Policy, pairs: Iterable[PairPosition] = ()) -> None:
        """`pairs` are those the run began with."""
        self.shadow = Shadow(policy, pairs)
        self.accounts: dict[str, PairAccount] = {}
        self._costs = policy.costs
        self._unheld = Unheld()

    def take(self, record: Recorded) -> Booking:
        """What one record brought."""
        change = self.shadow.take(record)
        with localcontext(WIDE):
            booking = NOTHING if change is None else self._step(record, change)
            more = (*self._unheld.take(record, taken=_has_leg(record, change)), *self._gas(record))
        message = record.envelope.message
        if isinstance(message, PnlSettled):
            more = (*more, _settlement(record, message, self._holder(message)))
        return booking if not more else msgspec.structs.replace(booking, entries=(*booking.entries, *more))

    def finished(self) -> tuple[Entry, ...]:
        """What waited for a word that can no longer come; each is returned once."""
        return self._unheld.finished()

    def _step(self, record: Recorded, change: Change) -> Booking:
        account = self.accounts.setdefault(record.envelope.to, PairAccount())
        return _Step(record, change, account).booked()

    def _gas(self, record: Recorded) -> tuple[Entry, ...]:
        """Transactions of a pair, or of whoever settles for the pair that traded there last."""
        if not record.commands:
            return ()
        pair = record.envelope.to if record.envelope.to in self.shadow.pairs else ""
        settled = next((command for command in record.commands if isinstance(command, SettlePnl)), None)
        if settled is not None:
            pair = self._holder(settled)
        found = tuple(gas(record, pair, self._costs))
        for entry in found if pair else ():
            self.accounts.setdefault(pair, PairAccount()).add(entry)
        return found

    def unclaimed(self) -> tuple[Fill, ...]:
        """Fills that were claimed and never told, at the mid of their decision; each is returned once."""
        found = []
        with localcontext(WIDE):
            for account in self.accounts.values():
                for claim in account.claims.values():
                    account.paid[claim.leg], realised = account.paid[claim.leg].trade(claim.moved, claim.cash_usd)
                    found.append(
                        msgspec.structs.replace(
                            claim.row, size=abs(claim.moved), moved=claim.moved, realised_usd=realised
                        )
                    )
                account.claims.clear()
        return tuple(found)

    def _holder(self, message: PnlSettled | SettlePnl) -> str:
        """The pair that traded the market last, whose profit it mostly is."""
        holders = (
            pair.actor
            for pair in reversed(self.shadow.pairs.values())
            if pair.asset == message.asset and any(leg.venue is message.venue and leg.traded_usd for leg in pair.legs)
        )
        return next(holders, "")


def _has_leg(record: Recorded, change: Change | None) -> bool:
    """Whether the record was taken in by a pair that trades on the venue its message is of."""
    venue = getattr(record.envelope.message, "venue", None)
    return change is not None and any(leg.venue is venue for leg in change.after.legs)


def _settlement(record: Recorded, message: PnlSettled, pair: str) -> Entry:
    return Entry(
        at_ns=message.venue_at_ns,
        seq=record.envelope.seq,
        pair=pair,
        venue=message.venue,
        asset=message.asset,
        kind=Kind.SETTLEMENT,
        amount_usd=ZERO,
        moved_usd=message.amount_usd,
    )


class _Step:
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
            self._account.note_liquidity(message, instrument)
        self._enter(leg, Kind.FEE, amount, liquidity=liquidity, tier=tier)

    def _funding(self, leg: Leg, amount: Decimal) -> None:
        rate = self._message.rate_per_hour if isinstance(self._message, FundingPaid) else None
        self._enter(leg, Kind.FUNDING, amount, rate_per_hour=rate, purpose=self._lateness())

    def _lateness(self) -> str:
        """Whether the money is of a time when the pair had closed: a record told late is the pair's own, one of a
        later hour is of a position that somebody else has there."""
        before, message = self._change.before, self._message
        late = before.place.startswith("CLOSED") and isinstance(message, FundingPaid | LossSocialised)
        return AFTER_CLOSE if late and message.venue_at_ns > before.arrived_ns else ""

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
