"""One transaction's way: blockhash, signature, send, and then after it until it has landed or is provably dead.

Nothing is sent twice: the node passes the same signed bytes on until their blockhash expires. The signature is known
before sending, so a lost answer is resolved by asking for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import msgspec
import trio

from actors.domain import NS_PER_S
from engine.venues.adapter import NowNs
from engine.venues.drift.codec import RpcRefused
from engine.venues.drift.ledger import Landing
from engine.venues.drift.reader import Reader
from engine.venues.drift.refusals import ALREADY_PROCESSED, BLOCKHASH_NOT_FOUND
from engine.venues.drift.rpc import Rpc
from engine.venues.drift.sdk_instructions import Instructions
from engine.venues.drift.settings import DriftSettings
from engine.venues.drift.signing import DriftSigned, DriftSignRequest
from engine.venues.drift.values import AnyInstruction
from engine.venues.drift.wire import PREFLIGHT_FAILED, Commitment, JsonValue, LatestBlockhash, SignatureStatus
from engine.venues.link import FrameError
from engine.venues.signing import Signing, SigningRefused
from engine.venues.transport import TransportError

INVALID_PARAMS = -32602
SIGNATURE_REFUSED = -32003
UNIQUE = 1_000
"""So many transactions differ from each other although they say the same within one blockhash."""

_RANKS: dict[Commitment, int] = {"processed": 0, "confirmed": 1, "finalized": 2}


class Landed(msgspec.Struct, frozen=True, kw_only=True):
    """It is in the chain at our commitment; it may have failed there."""

    landing: Landing


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The node simulated it, saw it fail and did not send it."""

    err: JsonValue


class NeverSent(msgspec.Struct, frozen=True, kw_only=True):
    """Provably nothing left us, or nothing that a node took."""

    why: str


class Dead(msgspec.Struct, frozen=True, kw_only=True):
    """Its blockhash has expired and no one has seen it: it can never land."""

    signature: str


class InDoubt(msgspec.Struct, frozen=True, kw_only=True):
    """It may land, or has landed and cannot be read yet. `unseen`: the node has answered, and has not seen it."""

    why: str
    unseen: bool = False


Fate = Landed | Refused | NeverSent | Dead | InDoubt
OnSigned = Callable[[str, int], None]
"""Is told the signature and the last block height at which it can land, before anything is sent."""


class Sender:
    """Sends for one trader."""

    def __init__(
        self,
        settings: DriftSettings,
        rpc: Rpc,
        reader: Reader,
        instructions: Instructions,
        signing: Signing[DriftSignRequest, DriftSigned],
        now_ns: NowNs,
    ) -> None:
        self._settings, self._rpc, self._reader = settings, rpc, reader
        self._instructions, self._signing, self._now_ns = instructions, signing, now_ns
        self._blockhash: LatestBlockhash | None = None
        self._blockhash_at_ns = 0
        self._number = 0

    def next_number(self) -> int:
        """Makes a transaction its own; taken in the order the commands came."""
        self._number += 1
        return self._number

    async def deliver(
        self, instruction: AnyInstruction, number: int, on_signed: OnSigned, doubted: Callable[[str], None]
    ) -> Fate:
        """Send and follow. `doubted` is called once when there is no trace after the patience."""
        try:
            signed, height = await self._signed(instruction, number)
        except (SigningRefused, TransportError, FrameError, RpcRefused, ValueError) as failed:
            return NeverSent(why=f"{failed}")
        on_signed(signed.signature, height)
        fate = await self._send(signed)
        return await self.follow(signed.signature, height, doubted) if fate is None else fate

    async def follow(self, signature: str, height: int, doubted: Callable[[str], None]) -> Fate:
        """Ask until the transaction has landed or is dead; InDoubt when it cannot be told for too long."""
        limits = self._settings.transactions
        began_s, told = trio.current_time(), False
        while True:
            waited_s = trio.current_time() - began_s
            fate = await self.trace(signature, height, deadly=waited_s >= limits.death_check_after_s)
            if not isinstance(fate, InDoubt) or waited_s >= limits.follow_most_s:
                return fate
            if waited_s >= limits.patience_s and not told:
                told = True
                doubted(f"transaction {signature}: {fate.why}")
            await trio.sleep(limits.doubt_poll_s if told else limits.confirm_poll_s)

    async def trace(self, signature: str, height: int, *, deadly: bool = True) -> Fate:
        """Ask once. The height is read before the status: what has no status after its last height never gets one."""
        try:
            passed = deadly and await self._rpc.block_height() > height
            status = (await self._rpc.statuses(signature)).value[0]
            if status is None:
                return Dead(signature=signature) if passed else InDoubt(why="no one has seen it yet", unseen=True)
            return await self._landed(signature, status)
        except (TransportError, FrameError, RpcRefused) as failed:
            return InDoubt(why=str(failed))

    async def _landed(self, signature: str, status: SignatureStatus) -> Fate:
        reached = status.confirmationStatus or "processed"
        if _RANKS[reached] < _RANKS[self._settings.commitment]:
            return InDoubt(why=f"it is {reached}, not yet {self._settings.commitment}")
        self._reader.landed(status.slot)
        if status.err is not None:
            return Landed(landing=Landing(signature=signature, err=status.err, events=()))
        landing = await self._reader.landing(signature)
        return InDoubt(why="it has landed, and is not served yet") if landing is None else Landed(landing=landing)

    # sending

    async def _signed(self, instruction: AnyInstruction, number: int) -> tuple[DriftSigned, int]:
        limits, blockhash = self._settings.transactions, await self._fresh_blockhash()
        message = self._instructions.message(
            instruction,
            blockhash.blockhash,
            units=limits.compute_units + number % UNIQUE,
            unit_price=limits.priority_micro_lamports,
        )
        request = DriftSignRequest(
            message=message,
            account=self._settings.account,
            sub_account=self._settings.sub_account,
        )
        return await self._signing.sign(request), blockhash.lastValidBlockHeight

    async def _fresh_blockhash(self) -> LatestBlockhash:
        age_ns = self._now_ns() - self._blockhash_at_ns
        if self._blockhash is None or age_ns > self._settings.transactions.blockhash_age_most_s * NS_PER_S:
            self._blockhash = (await self._rpc.blockhash()).value
            self._blockhash_at_ns = self._now_ns()
        return self._blockhash

    async def _send(self, signed: DriftSigned) -> Fate | None:
        """None when the transaction may be on its way, whatever was answered."""
        try:
            await self._rpc.send(signed.transaction)
        except TransportError as failed:
            return None if failed.sent else NeverSent(why=failed.reason)
        except FrameError:
            return None
        except RpcRefused as refused:
            return self._refusal(refused)
        return None

    def _refusal(self, refused: RpcRefused) -> Fate | None:
        if refused.code in (INVALID_PARAMS, SIGNATURE_REFUSED):
            return NeverSent(why=str(refused))
        if refused.code != PREFLIGHT_FAILED or refused.err in (None, ALREADY_PROCESSED):
            return None
        if refused.err == BLOCKHASH_NOT_FOUND:
            self._blockhash = None
            return NeverSent(why="the node does not know the blockhash")
        return Refused(err=refused.err)


def describe(fate: Refused | NeverSent | Dead | InDoubt) -> str:
    """A fate in words, for a detail."""
    match fate:
        case Refused():
            return f"the node's simulation failed: {fate.err}"
        case NeverSent():
            return f"never sent: {fate.why}"
        case Dead():
            return f"transaction {fate.signature} never landed and its blockhash has expired"
        case InDoubt():
            return fate.why
        case _:
            assert_never(fate)
