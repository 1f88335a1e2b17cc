"""The fold: each record's change of a pair's books becomes entries, cause by cause, adding up to that change exactly.

Pure, and the same for live decisions and for a journal's records. Over a closed pair all entries but gas add up to
`PairPosition.net_usd`, and over an open one to that and what its legs cost; what no pair holds stands beside them.
Counterparts: `shadow`, which keeps the books; `booking`, which splits a change by cause; `account`, which keeps a
pair's sums; `unheld` and `gas`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import localcontext

import msgspec

from actors.commands import SettlePnl
from actors.domain import ZERO
from actors.messages import PnlSettled
from actors.pair_position.state import PairPosition
from actors.policy import Policy
from engine.ledger.account import PairAccount
from engine.ledger.booking import Step
from engine.ledger.entry import NOTHING, WIDE, Booking, Entry, Fill, Kind
from engine.ledger.gas import gas
from engine.ledger.shadow import Change, Recorded, Shadow
from engine.ledger.unheld import Unheld


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
        return Step(record, change, account).booked()

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
