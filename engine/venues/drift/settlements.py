"""A settlement on its way: what its transaction comes to, in messages. Counterparts: `sending`, `ledger`.

The program moves an account's unsettled profit in one market from the market's pool to the deposit, or its loss out of
it (settle_pnl; driftpy 0.8.89, drift_client.get_settle_pnl_ix, IDL 2.142). What it moved is told by the ledger from the
transaction's SettlePnlRecord, whoever had it settled. That a delegate may settle a profit is not verified.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import trio

from actors.commands import SettlePnl
from actors.domain import ZERO, Venue
from actors.messages import PnlSettled, PnlSettlementRejected, PnlSettlementUnresolved
from engine.venues.adapter import NowNs, Report
from engine.venues.drift import values
from engine.venues.drift.ledger import Landing, Ledger
from engine.venues.drift.refusals import reason_of
from engine.venues.drift.rpc import LIMITED, Rpc
from engine.venues.drift.sending import Dead, InDoubt, Landed, NeverSent, Refused, Sender, describe


class Settlements:
    """Performs `SettlePnl`. It gives way to orders: none is sent in the part of the rate kept for what reduces."""

    def __init__(
        self, sender: Sender, rpc: Rpc, ledger: Ledger, report: Report, now_ns: NowNs, wake: Callable[[], None]
    ) -> None:
        """`wake` has the accounts read: they show what became of it, whatever is heard."""
        self._sender, self._rpc, self._ledger = sender, rpc, ledger
        self._report, self._now_ns, self._wake = report, now_ns, wake

    async def settle(self, command: SettlePnl, index: int | None, number: int) -> None:
        """Ask once for one market; followed until it has landed or is dead. What the history has told is no doubt."""
        if index is None or not self._rpc.affords(urgent=False):
            await trio.lowlevel.checkpoint()
            why = LIMITED if index is not None else f"{command.asset} is no market of ours"
            self._refused(command, f"never sent: {why}")
            return
        signatures: list[str] = []

        def doubted(detail: str) -> None:
            if not any(self._ledger.has_folded(signature) for signature in signatures):
                self._doubt(command, detail)

        fate = await self._sender.deliver(
            values.SettlePnl(market_index=index), number, lambda signature, _: signatures.append(signature), doubted
        )
        if isinstance(fate, InDoubt):
            doubted(fate.why)
        else:
            self._tell_fate(command, fate)
        self._wake()

    def _tell_fate(self, command: SettlePnl, fate: Landed | Refused | NeverSent | Dead) -> None:
        match fate:
            case Landed():
                self._landed(command, fate.landing)
            case Refused():
                self._refused(command, f"the node's simulation failed: {reason_of(fate.err)[1]}")
            case NeverSent() | Dead():
                self._refused(command, describe(fate))
            case _:
                assert_never(fate)

    def _landed(self, command: SettlePnl, landing: Landing) -> None:
        """The record is told by the ledger, once; without one nothing was left to be moved."""
        for message in self._ledger.fold(landing):
            self._report(message)
        if landing.err is not None:
            self._refused(command, f"the transaction failed: {reason_of(landing.err)[1]}")
        elif any(isinstance(event, values.Unread) for event in landing.events):
            self._doubt(command, "it has landed, and its logs do not say what it did")
        elif not any(isinstance(event, values.PnlMoved) for event in landing.events):
            nothing = PnlSettled(venue=Venue.DRIFT, asset=command.asset, amount_usd=ZERO, venue_at_ns=self._now_ns())
            self._report(nothing)

    def _refused(self, command: SettlePnl, detail: str) -> None:
        self._report(PnlSettlementRejected(venue=Venue.DRIFT, asset=command.asset, detail=detail))

    def _doubt(self, command: SettlePnl, detail: str) -> None:
        self._report(PnlSettlementUnresolved(venue=Venue.DRIFT, asset=command.asset, detail=detail))
