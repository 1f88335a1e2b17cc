"""A transaction's way through the node and the chain: checked, simulated, forwarded, and carried out when it lands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.simulators.drift.accounts import Accounts
from engine.simulators.drift.chain import Chain
from engine.simulators.drift.program import Outcome, Program
from engine.simulators.drift.records import KEEPER, Moment
from engine.simulators.drift.verification import Addresses, SentTransaction, keeper_transaction, read_transaction
from engine.venues.drift.wire import COMPUTE_BUDGET_ID

FEE_LAMPORTS = 5000
"""Per signature (Solana docs, "Transaction fees", 2025); priority fees are not taken."""
START_LAMPORTS = 10_000_000_000
RENT_LAMPORTS = 10_000_000


class Sending:
    """The one who gives transactions to the program."""

    def __init__(self, chain: Chain, program: Program, accounts: Accounts, addresses: Addresses) -> None:
        self._chain, self._program, self._accounts, self._addresses = chain, program, accounts, addresses
        self._tables = {table: accounts.table() for table in accounts.tables}
        self._spent: dict[str, int] = {}
        self._kept = 0

    def lamports(self, key: str) -> int:
        """What an account holds of the chain's own money: payers pay fees, others their rent."""
        if not self._accounts.pays(key):
            return RENT_LAMPORTS
        return START_LAMPORTS - self._spent.get(key, 0)

    def read(self, raw: bytes) -> SentTransaction:
        """Take a transaction apart. Raises Unreadable."""
        return read_transaction(raw, self._tables)

    def simulate(self, sent: SentTransaction, *, any_blockhash: bool = False) -> Outcome:
        """What would happen if it landed now."""
        error = self._refusal(sent, any_blockhash=any_blockhash)
        if error is not None:
            return Outcome(error=error, logs=())
        return self._program.rehearse(sent, Moment(at_ns=self._chain.now_ns, slot=self._chain.slot))

    def forward(self, sent: SentTransaction) -> None:
        """Send it on to the leaders, whatever will become of it."""
        self._chain.send(sent)

    def land_due(self) -> list[str]:
        """Carry out what has reached its slot; returns the keys of the accounts it was about."""
        touched: list[str] = []
        for waiting in self._chain.due():
            sent, slot = waiting.sent, waiting.due_slot
            if self._chain.known(sent.signature) or self._payer_refusal(sent) is not None:
                continue
            outcome = self._program.run(sent, Moment(at_ns=self._chain.starts_ns(slot), slot=slot))
            fee = FEE_LAMPORTS * len(sent.signers)
            self._spent[sent.payer] = self._spent.get(sent.payer, 0) + fee
            keys = (*sent.keys, *outcome.keys)
            self._chain.land(sent.signature, sent.raw, slot, outcome.error, outcome.logs, keys, fee)
            self._changed((sent.payer, *keys), slot)
            touched += keys
        return touched

    def keeper_moment(self) -> Moment:
        """When somebody else's transaction runs: now."""
        return Moment(at_ns=self._chain.now_ns, slot=self._chain.slot, by_keeper=True)

    def land_keeper(self, outcome: Outcome) -> None:
        """Write somebody else's transaction into the block of now."""
        self._kept += 1
        slot, program = self._chain.slot, self._addresses.program
        accounts = (self._addresses.state, *outcome.keys)
        note = f"keep {self._kept}".encode()
        signature, raw = keeper_transaction(KEEPER, program, accounts, self._chain.hash_of(slot), note)
        keys = (KEEPER, program, *accounts)
        self._chain.land(signature, raw, slot, outcome.error, outcome.logs, keys, FEE_LAMPORTS)
        self._changed(keys, slot)

    def _changed(self, keys: Sequence[str], slot: int) -> None:
        for key in dict.fromkeys(keys):
            self._accounts.changed(key, slot)

    def _refusal(self, sent: SentTransaction, *, any_blockhash: bool) -> Any:
        if not any_blockhash and not self._chain.blockhash_valid(sent.blockhash):
            return "BlockhashNotFound"
        if self._chain.known(sent.signature):
            return "AlreadyProcessed"
        programs = (COMPUTE_BUDGET_ID, self._addresses.program)
        if any(call.program not in programs for call in sent.calls):
            return "ProgramAccountNotFound"
        return self._payer_refusal(sent)

    def _payer_refusal(self, sent: SentTransaction) -> str | None:
        if not self._accounts.pays(sent.payer):
            return "AccountNotFound"
        fee = FEE_LAMPORTS * len(sent.signers)
        return "InsufficientFundsForFee" if self.lamports(sent.payer) < fee else None
