"""What is known of one API key's nonces, and the order in which its transactions leave. No I/O but waiting.

Docs "API keys" and "Trading", 2026-07: each transaction carries exactly one more than the last; a refusal at the API
uses none up; what the sequencer rejects does, but for some that never ran (past `ExpiredAt`). So one transaction is
under way at a time, and after anything unclear the venue is asked before the next one is signed.
"""

from __future__ import annotations

from collections import deque

import trio

TAKEN_MOST = 1_000
RIVALS_MOST = 3
"""So many transactions that left are remembered for one nonce."""
UNCLAIMED_MOST_S = 1.0
"""A holder that has not come for its turn by then was cut off before it could: its place must not block the key."""


class Nonces:
    """The next nonce, or the knowledge that it is not known. One transaction at a time: `take`, then one outcome."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._under_way: int | None = None
        self._doubted = False
        self._executed: dict[int, str] = {}
        self._left: dict[int, tuple[str, ...]] = {}
        self.first: int | None = None
        """The nonce of the first transaction that left: what an earlier process left behind has none above it."""

    @property
    def next(self) -> int | None:
        """What the next transaction must carry; None when the venue must be asked first."""
        return None if self._under_way is not None else self._next

    def learn(self, next_nonce: int) -> None:
        """The venue was asked while nothing was under way."""
        assert self._under_way is None
        assert next_nonce >= 0
        self._next, self._doubted = next_nonce, False

    def take(self) -> int:
        """The nonce of the transaction that leaves now. Until its outcome is said, nothing is known."""
        nonce = self.next
        assert nonce is not None, "asked for a nonce nobody knows"
        self._under_way, self._next = nonce, None
        return nonce

    def accepted(self, tx_hash: str) -> None:
        """The venue queued the transaction with this nonce."""
        nonce = self._end()
        self._leave(nonce, tx_hash)
        self._next = None if self._doubted else nonce + 1

    def unused(self) -> None:
        """Proven: never sent, or refused at the API."""
        nonce = self._end()
        self._next = None if self._doubted else nonce

    def unclear(self, tx_hash: str) -> None:
        """It may have been used, by the transaction of this hash."""
        self._leave(self._end(), tx_hash)

    def doubt(self) -> None:
        """Something else says that our count may be wrong."""
        self._next, self._doubted = None, True

    def executed(self, nonce: int, tx_hash: str) -> None:
        """The venue has executed a transaction of our key: its nonce, and all below it, are used up."""
        self._executed.pop(nonce, None)
        self._executed[nonce] = tx_hash
        while len(self._executed) > TAKEN_MOST:
            del self._executed[next(iter(self._executed))]

    @property
    def began(self) -> bool:
        """Whether the venue has executed one since our first left: none of an earlier process can come any more."""
        return self.first is not None and any(nonce >= self.first for nonce in self._executed)

    def void(self, nonce: int, tx_hash: str) -> bool:
        """Whether another transaction was executed with this nonce, so that the one of this hash never is.

        One that is only queued proves nothing: what lapses in the queue uses no nonce up.
        """
        return self._executed.get(nonce, tx_hash) != tx_hash

    def rivals(self, nonce: int, tx_hash: str) -> tuple[str, ...]:
        """Others of ours that left with the nonce of the transaction of this hash: queued, or of unclear outcome."""
        return tuple(rival for rival in self._left.get(nonce, ()) if rival != tx_hash)

    def _leave(self, nonce: int, tx_hash: str) -> None:
        self.first = nonce if self.first is None else self.first
        self._left[nonce] = (*self._left.pop(nonce, ()), tx_hash)[-RIVALS_MOST:]
        while len(self._left) > TAKEN_MOST:
            del self._left[next(iter(self._left))]

    def _end(self) -> int:
        assert self._under_way is not None, "no transaction is under way"
        nonce, self._under_way = self._under_way, None
        return nonce


class Gate:
    """Lets ticket holders through one at a time, in the order of their tickets. Every ticket must be left.

    A ticket whose holder never comes (its task ended before it began) loses its place; one that comes late after all
    stands at the end.
    """

    def __init__(self) -> None:
        self._queue: deque[int] = deque()
        self._waiting: dict[int, trio.Event] = {}
        self._claimed: dict[int, None] = {}
        self._issued = 0

    def ticket(self) -> int:
        """A place in the order; at once."""
        self._issued += 1
        self._queue.append(self._issued)
        return self._issued

    async def reach(self, ticket: int, most_s: float) -> bool:
        """Wait for the ticket's turn; False when it has not come in time. The ticket must be left either way."""
        self._claimed[ticket] = None
        if ticket not in self._queue:
            self._queue.append(ticket)
        await trio.lowlevel.checkpoint()
        with trio.move_on_after(most_s):
            while self._queue[0] != ticket:
                called = self._waiting[ticket] = trio.Event()
                with trio.move_on_after(UNCLAIMED_MOST_S):
                    await called.wait()
                if not called.is_set() and self._queue[0] not in self._claimed:
                    self.leave(self._queue[0])
        return self._queue[0] == ticket

    def leave(self, ticket: int) -> None:
        """Give the place up, used or not."""
        if ticket in self._queue:
            self._queue.remove(ticket)
        self._waiting.pop(ticket, None)
        self._claimed.pop(ticket, None)
        if self._queue and self._queue[0] in self._waiting:
            self._waiting[self._queue[0]].set()
