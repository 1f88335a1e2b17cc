"""The chain under the program: slots, blockhashes, transactions on their way, and those that landed.

A slot every 400 ms of the caller's time and a block in every slot. A transaction is executed when it lands, some slots
after it was sent, if its blockhash is not too old by then; it is confirmed and finalized some slots later.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from engine.simulators.drift.knobs import DriftKnobs
from engine.simulators.drift.verification import SentTransaction, key_text
from engine.venues.drift.wire import BLOCKHASH_BLOCKS, SLOT_MS, Commitment

NS_PER_S = 1_000_000_000
SLOT_NS = SLOT_MS * 1_000_000
GENESIS_NS = 1_584_368_940 * NS_PER_S
"""Solana mainnet's first block, 2020-03-16; later slots are counted as if none had been longer."""
EMPTY_SLOTS = 22_000_000
"""Slots without a block since then, about: what the block height is behind the slot."""
REMEMBERED_SLOTS = 300
"""How long a node knows a status without its archive (Solana docs, getSignatureStatuses, 2025)."""
LANDED_MOST = 50_000
COMMITMENTS: tuple[Commitment, ...] = ("processed", "confirmed", "finalized")


class Landed(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction in a block. `error` is the node's JSON, None for success; `keys` are all accounts it names."""

    number: int
    signature: str
    slot: int
    at_s: int
    error: Any
    logs: tuple[str, ...]
    keys: tuple[str, ...]
    fee: int
    raw: bytes


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction on its way to its slot."""

    due_slot: int
    sent: SentTransaction


class Chain:
    """Time is the caller's and never goes back."""

    def __init__(self, knobs: DriftKnobs, seed: int) -> None:
        self._knobs, self._seed = knobs, seed
        self.now_ns = 0
        self._issued: dict[str, int] = {}
        self._waiting: deque[Waiting] = deque()
        self._landed: dict[str, Landed] = {}
        self._by_key: dict[str, deque[Landed]] = {}
        self._count = 0
        self._to_drop = 0

    # time

    def move(self, now_ns: int) -> None:
        """Let the time be `now_ns`, or what it was if that is later."""
        self.now_ns = max(self.now_ns, now_ns)

    @property
    def slot(self) -> int:
        """The slot being processed."""
        return self.slot_of(self.now_ns)

    def slot_of(self, at_ns: int) -> int:
        """The slot of an instant."""
        return max(0, at_ns - GENESIS_NS) // SLOT_NS

    @property
    def now_s(self) -> int:
        """The chain's clock: whole seconds UTC."""
        return self.now_ns // NS_PER_S

    def slot_at(self, commitment: Commitment) -> int:
        """The newest slot with this commitment."""
        return self.slot - self._depth(commitment)

    def height(self, slot: int) -> int:
        """Blocks up to a slot."""
        return slot - EMPTY_SLOTS

    def starts_ns(self, slot: int) -> int:
        """When a slot begins."""
        return GENESIS_NS + slot * SLOT_NS

    def _depth(self, commitment: Commitment) -> int:
        return {"processed": 0, "confirmed": self._knobs.confirmed_slots}.get(commitment, self._knobs.finalized_slots)

    # blockhashes

    def blockhash(self, commitment: Commitment) -> tuple[str, int]:
        """The hash of the newest block with this commitment, and the last height it is good for."""
        slot = self.slot_at(commitment)
        text = self.hash_of(slot)
        self._issued.setdefault(text, slot)
        while len(self._issued) > 4 * REMEMBERED_SLOTS:
            del self._issued[next(iter(self._issued))]
        return text, self.height(slot) + BLOCKHASH_BLOCKS

    def hash_of(self, slot: int) -> str:
        """A block's hash."""
        return key_text(hashlib.sha256(f"drift|{self._seed}|{slot}".encode()).digest())

    def blockhash_valid(self, blockhash: str, slot: int | None = None) -> bool:
        """Whether a transaction with it may land in `slot` (now, unless said otherwise)."""
        issued = self._issued.get(blockhash)
        at = self.slot if slot is None else slot
        return issued is not None and issued <= at <= issued + BLOCKHASH_BLOCKS

    # transactions

    def drop_next(self, count: int) -> None:
        """Let the next transactions sent get lost on their way: they never land."""
        self._to_drop += count

    def send(self, sent: SentTransaction) -> None:
        """Put a transaction on its way; one that is known already is not sent twice."""
        if sent.signature in self._landed or any(each.sent.signature == sent.signature for each in self._waiting):
            return
        if self._to_drop:
            self._to_drop -= 1
            return
        self._waiting.append(Waiting(due_slot=self.slot + self._knobs.landing_slots, sent=sent))

    @property
    def waiting(self) -> bool:
        """Whether something is on its way."""
        return bool(self._waiting)

    def due(self) -> Iterator[Waiting]:
        """What has reached its slot, oldest first; whatever is too old by then has vanished."""
        while self._waiting and self._waiting[0].due_slot <= self.slot:
            waiting = self._waiting.popleft()
            if waiting.sent.signed and self.blockhash_valid(waiting.sent.blockhash, waiting.due_slot):
                yield waiting

    def land(
        self, signature: str, raw: bytes, slot: int, error: Any, logs: Sequence[str], keys: Sequence[str], fee: int
    ) -> Landed:
        """Write a transaction into a block."""
        self._count += 1
        landed = Landed(
            number=self._count,
            signature=signature,
            slot=slot,
            at_s=self.starts_ns(slot) // NS_PER_S,
            error=error,
            logs=tuple(logs),
            keys=tuple(keys),
            fee=fee,
            raw=raw,
        )
        self._landed[signature] = landed
        for key in dict.fromkeys(keys):
            self._by_key.setdefault(key, deque(maxlen=LANDED_MOST)).append(landed)
        while len(self._landed) > LANDED_MOST:
            del self._landed[next(iter(self._landed))]
        return landed

    def known(self, signature: str) -> bool:
        """Whether a transaction has landed."""
        return signature in self._landed

    def find(self, signature: str, commitment: Commitment = "processed") -> Landed | None:
        """A transaction that landed and has at least this commitment."""
        landed = self._landed.get(signature)
        return landed if landed is not None and landed.slot <= self.slot_at(commitment) else None

    def remembers(self, landed: Landed) -> bool:
        """Whether a node knows its status without looking into its archive."""
        return landed.slot > self.slot - REMEMBERED_SLOTS

    def history(self, key: str) -> Iterator[Landed]:
        """What named an account, newest first."""
        return reversed(self._by_key.get(key, deque()))

    def commitment_of(self, landed: Landed) -> Commitment:
        """How certain a transaction is."""
        fits = [each for each in COMMITMENTS if landed.slot <= self.slot_at(each)]
        return fits[-1] if fits else "processed"
