"""What is true on the chain about our account: accounts at one slot, and the transactions that changed them.

Counterparts: `sdk_accounts` decodes, `ledger` folds. Raises as `Rpc` does.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from actors.messages import VenueMessage
from engine.venues.drift.codec import RpcRefused
from engine.venues.drift.ledger import Landing, Ledger
from engine.venues.drift.rpc import Rpc
from engine.venues.drift.sdk_accounts import Accounts
from engine.venues.drift.sdk_events import events_of
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.values import Reading
from engine.venues.drift.wire import ACCOUNTS_A_READ_MOST, SignatureRow, Transaction
from engine.venues.link import FrameError
from engine.venues.transport import TransportError

ROUNDS_MOST = 4
"""User, then the markets it names, then their oracles; one more for a market that came meanwhile."""


class Stale(TransportError):
    """The node is behind what we know already; nothing is wrong but the reading."""


class Reader:
    """Reads for one User account. `reading` is the newest one."""

    def __init__(self, settings: DriftSettings, rpc: Rpc, accounts: Accounts, ledger: Ledger) -> None:
        self.reading: Reading | None = None
        self.begun = False
        """Whether the history has a beginning: before that nothing of it may be told."""
        self._settings, self._rpc, self._accounts, self._ledger = settings, rpc, accounts, ledger
        self._slot_least = 0
        self._newest = ""
        self._since_s: int | None = None
        self._reading, self._history = trio.Lock(), trio.Lock()
        self._tries_left = 0
        self._begun = 0
        self._outcome: Reading | TransportError | FrameError | None = None

    # accounts

    def landed(self, slot: int) -> None:
        """A transaction of ours landed in this slot: older readings are not used."""
        self._slot_least = max(self._slot_least, slot)

    async def read(self) -> Reading:
        """All accounts, true at one slot, never older than what is known. Raises Stale besides.

        A question is answered by the first reading begun after it, whatever comes of that: questions that come while
        one is under way share the next one, for at a slow node they would wait for each other's, each longer.
        """
        asked = self._begun
        async with self._reading:
            if self._begun == asked or self._outcome is None:
                self._begun, self._outcome = self._begun + 1, None
                self._outcome = await self._attempt()
            if isinstance(self._outcome, Reading):
                return self._outcome
            raise self._outcome

    async def _attempt(self) -> Reading | TransportError | FrameError:
        try:
            return await self._read_whole()
        except (TransportError, FrameError) as failed:
            return failed

    async def _read_whole(self) -> Reading:
        for _ in range(ROUNDS_MOST):
            slot = await self._read_accounts(self._accounts.wanted())
            if not self._accounts.missing():
                return self._keep(self._accounts.reading(slot))
        raise FrameError("account", f"still missing {', '.join(self._accounts.missing())}")

    async def _read_accounts(self, addresses: tuple[str, ...]) -> int:
        if len(addresses) > ACCOUNTS_A_READ_MOST:
            raise FrameError("account", f"{len(addresses)} accounts do not fit into one reading")
        try:
            reply = await self._rpc.accounts(addresses, self._slot_least)
        except RpcRefused as refused:
            raise Stale(f"the node refuses: {refused}", sent=True) from refused
        slot = reply.context.slot
        if slot < max(self._slot_least, self.reading.slot if self.reading else 0):
            raise Stale(f"the node is at slot {slot}, behind what is known", sent=True)
        self._accounts.absorb(dict(zip(addresses, reply.value, strict=True)))
        return slot

    def _keep(self, reading: Reading) -> Reading:
        if self.reading is not None and reading.fingerprint != self.reading.fingerprint:
            self._tries_left = self._settings.history_tries
        self.reading = reading
        return reading

    # history

    def recall(self, since_s: int) -> None:
        """An earlier process of the run heard until then (s UTC): the history begins there."""
        self._since_s = since_s

    async def begin(self) -> None:
        """Find the newest transaction from before the beginning: what came up to then is not told.

        The history begins now, or where an earlier process left off; the first reading may be ahead of it then.
        """
        if self._since_s is None:
            rows = await self._signatures(before="", limit=1)
            self._newest = rows[0].signature if rows else ""
        else:
            self._newest = await self._last_before(self._since_s)
            self._tries_left = self._settings.history_tries
        self.begun = True

    async def _last_before(self, since_s: int) -> str:
        """The newest transaction of an earlier block time; "" when there is none. Without a time it counts as later."""
        limit, before = self._settings.history_page_rows, ""
        for _ in range(self._settings.history_pages_most):
            rows = await self._signatures(before=before, limit=limit)
            earlier = (row for row in rows if row.blockTime is not None and row.blockTime < since_s)
            found = next(earlier, None)
            if found is not None or len(rows) < limit:
                return "" if found is None else found.signature
            before = rows[-1].signature
        most = limit * self._settings.history_pages_most
        raise FrameError("rpc/getSignaturesForAddress", f"more than {most} transactions since the engine was cut off")

    def changed(self) -> bool:
        """Whether the User account changed lately: the history may not show all of it yet, so it is read some times."""
        return self._tries_left > 0

    async def catch_up(self, tell: Callable[[VenueMessage], None]) -> bool:
        """Tell what the transactions since the last time did, oldest first, each as soon as it is read.

        Those not served yet wait for the next time, and the answer is False. Nothing is kept back while another one is
        read: what is folded counts as told, and the next answer may never come.
        """
        async with self._history:
            rows = await self._rows()
            self._tries_left = max(0, self._tries_left - 1)
            for row in reversed(rows):
                if not self._ledger.has_folded(row.signature):
                    landing = await self._landing(row)
                    if landing is None:
                        return False
                    for message in self._ledger.fold(landing):
                        tell(message)
                self.landed(row.slot)
                self._newest = row.signature
        return True

    async def _rows(self) -> list[SignatureRow]:
        """Rows newer than the newest known, newest first."""
        found: list[SignatureRow] = []
        for _ in range(self._settings.history_pages_most):
            limit = self._settings.history_page_rows
            rows = await self._signatures(before=found[-1].signature if found else "", limit=limit)
            found += rows
            if len(rows) < limit:
                return found
        raise FrameError("rpc/getSignaturesForAddress", f"more than {len(found)} transactions since the last time")

    async def _signatures(self, *, before: str, limit: int) -> list[SignatureRow]:
        address = self._accounts.user_address
        try:
            return await self._rpc.signatures(address, until=self._newest, before=before, limit=limit)
        except RpcRefused as refused:
            raise TransportError(f"the node refuses: {refused}", sent=True) from refused

    async def _landing(self, row: SignatureRow) -> Landing | None:
        if row.err is not None:
            return Landing(signature=row.signature, err=row.err, events=())
        return await self.landing(row.signature)

    async def landing(self, signature: str) -> Landing | None:
        """A landed transaction with its events; None while the node does not serve it."""
        try:
            found = await self._rpc.transaction(signature)
        except RpcRefused as refused:
            raise TransportError(f"the node refuses: {refused}", sent=True) from refused
        return None if found is None else self._read_landing(signature, found)

    def _read_landing(self, signature: str, found: Transaction) -> Landing:
        logs = found.meta.logMessages
        if found.meta.err is None and logs is None:
            raise FrameError("rpc/getTransaction", f"{signature} has no logs")
        events = events_of(logs or (), self._settings.program)
        return Landing(signature=signature, err=found.meta.err, events=events)
