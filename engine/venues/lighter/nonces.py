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
"""So many transactions of unclear outcome are remembered for one nonce."""
UNCLAIMED_MOST_S = 1.0
"""A holder that has not come for its turn by then was cut off before it could: its place must not block the key."""


class Nonces:
    """The next nonce, or the knowledge that it is not known. One transaction at a time: `take`, then one outcome."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._under_way: int | None = None
        self._doubted = False
        self._taken: dict[int, str] = {}
        self._unclear: dict[int, tuple[str, ...]] = {}
        self.began = False
        """Whether the venue has accepted a transaction of ours: none of an earlier process can come any more."""

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
        self.seen(nonce, tx_hash)
        self.began = True
        self._next = None if self._doubted else nonce + 1

    def unused(self) -> None:
        """Proven: never sent, or refused at the API."""
        nonce = self._end()
        self._next = None if self._doubted else nonce

    def unclear(self, tx_hash: str) -> None:
        """It may have been used, by the transaction of this hash."""
        nonce = self._end()
        self._unclear[nonce] = (*self._unclear.pop(nonce, ()), tx_hash)[-RIVALS_MOST:]
        while len(self._unclear) > TAKEN_MOST:
            del self._unclear[next(iter(self._unclear))]

    def doubt(self) -> None:
        """Something else says that our count may be wrong."""
        self._next, self._doubted = None, True

    def seen(self, nonce: int, tx_hash: str) -> None:
        """The venue has a transaction with this nonce."""
        self._taken.pop(nonce, None)
        self._taken[nonce] = tx_hash
        while len(self._taken) > TAKEN_MOST:
            del self._taken[next(iter(self._taken))]

    def void(self, nonce: int, tx_hash: str) -> bool:
        """Whether another transaction took this nonce, so that the one of this hash can never run."""
        return self._taken.get(nonce, tx_hash) != tx_hash

    def rivals(self, nonce: int, tx_hash: str) -> tuple[str, ...]:
        """Other transactions that may have taken the nonce of the one of this hash."""
        return tuple(rival for rival in self._unclear.get(nonce, ()) if rival != tx_hash)

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
