"""Signed transactions, one at a time in the order they were prepared, each with the nonce that is next. The only
sender of the adapter.

A place in the order is taken when a command is prepared; nonce and signature only when its turn has come. So nothing
is ever signed with a stale nonce, and nothing has to be signed again. Over REST, not the stream: there the answer
belongs to its request, while an error frame of the stream names none (docs "WebSocket reference", 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from actors.domain import RejectReason
from engine.venues.adapter import NowNs
from engine.venues.budget import Budget
from engine.venues.lighter.client import MINUTE_S, Client, LighterSigning, when_affordable
from engine.venues.lighter.codec import encode_transaction
from engine.venues.lighter.nonces import Gate, Nonces
from engine.venues.lighter.refusals import Accepted, Answer, Refused, Unclear, answer_to
from engine.venues.lighter.settings import LighterSettings
from engine.venues.lighter.signing_request import Body, LighterSigned, LighterSignRequest
from engine.venues.lighter.wire import ErrorCode
from engine.venues.link import FrameError
from engine.venues.signing import SigningRefused
from engine.venues.transport import TransportError

Make = Callable[[int], Body]
"""What to sign, given the nonce."""
Leaving = Callable[[int, LighterSigned], None]
"""Told the nonce and the signed transaction just before it leaves."""


class NeverSent(msgspec.Struct, frozen=True, kw_only=True):
    """Proven: the venue cannot have seen it."""

    reason: RejectReason
    detail: str


Outcome = Answer | NeverSent


class Sending:
    """One API key. `nonces` is what is known of its count."""

    def __init__(self, settings: LighterSettings, client: Client, signing: LighterSigning, now_ns: NowNs) -> None:
        self._settings, self._client, self._signing, self._now_ns = settings, client, signing, now_ns
        self._budget = Budget(limit=settings.tx_per_minute, window_s=MINUTE_S, reserve=settings.tx_reserve)
        self._gate = Gate()
        self.nonces = Nonces()

    def afford(self) -> bool:
        """Pay for a transaction that opens something, now; False when only the reserve is left."""
        return self._budget.spend(1, self._now_ns(), urgent=False)

    def left_fraction(self) -> float:
        """Of the transactions of a minute. A premium account's volume quota is not in it: not verified."""
        return self._budget.left_fraction(self._now_ns())

    def ticket(self) -> int:
        """A place in the order, to be used by one `send`."""
        return self._gate.ticket()

    async def send(
        self,
        ticket: int,
        make: Make,
        *,
        paid: bool = False,
        deadline_ns: int | None = None,
        only_nonce: int | None = None,
        leaving: Leaving | None = None,
    ) -> Outcome:
        """Wait for the ticket's turn, sign and send. `paid`: the rate limit was charged by `afford`.

        Nothing leaves after `deadline_ns`, nor with another nonce than `only_nonce` where one is given.
        """
        try:
            if not await self._gate.reach(ticket, self._settings.turn_most_s):
                return _never(RejectReason.OTHER, "other transactions of the key did not come to an end in time")
            if not paid:
                await when_affordable(self._budget, self._now_ns, urgent=True)
            return await self._in_turn(make, deadline_ns, only_nonce, leaving)
        finally:
            self._gate.leave(ticket)

    def forsake(self, ticket: int) -> None:
        """Give up a place that will not be used."""
        self._gate.leave(ticket)

    async def send_anew(self, make: Make, ticket: int | None = None) -> Outcome:
        """Send something that may safely come twice (a cancel, a leverage); a refused nonce is tried once more."""
        outcome = await self.send(self.ticket() if ticket is None else ticket, make)
        if isinstance(outcome, Refused) and outcome.code == ErrorCode.INVALID_NONCE:
            return await self.send(self.ticket(), make)
        return outcome

    async def _in_turn(
        self, make: Make, deadline_ns: int | None, only_nonce: int | None, leaving: Leaving | None
    ) -> Outcome:
        try:
            next_nonce = await self._known_nonce()
        except (TransportError, FrameError) as failed:
            return _never(RejectReason.OTHER, f"the next nonce is not known: {failed}")
        if only_nonce is not None and next_nonce != only_nonce:
            return _never(RejectReason.NONCE, f"nonce {only_nonce} is used up, the next is {next_nonce}")
        request = LighterSignRequest(chain_id=self._settings.chain_id, body=make(next_nonce))
        try:
            signed = await self._signing.sign(request)
        except SigningRefused as refused:
            return _never(RejectReason.SIGNATURE, str(refused))
        if deadline_ns is not None and self._now_ns() >= deadline_ns:
            return _never(RejectReason.EXPIRED, "it has expired")
        if self.nonces.next != next_nonce:
            return _never(RejectReason.NONCE, "the count of nonces was doubted while it was signed")
        return await self._leave(signed, leaving)

    async def _known_nonce(self) -> int:
        if self.nonces.next is None:
            self.nonces.learn(await self._client.next_nonce())
        known = self.nonces.next
        assert known is not None
        return known

    async def _leave(self, signed: LighterSigned, leaving: Leaving | None) -> Outcome:
        nonce = self.nonces.take()
        if leaving is not None:
            leaving(nonce, signed)
        try:
            answer = answer_to(await self._client.post(encode_transaction(signed)))
        except TransportError as failed:
            if failed.sent:
                self.nonces.unclear(signed.tx_hash)
                return Unclear(detail=failed.reason)
            self.nonces.unused()
            return _never(RejectReason.OTHER, failed.reason)
        except BaseException:  # cut off, or a defect of ours: the transaction must not stay under way for ever
            self.nonces.unclear(signed.tx_hash)
            raise
        return self._settle(answer, signed)

    def _settle(self, answer: Answer, signed: LighterSigned) -> Answer:
        match answer:
            case Accepted():
                self.nonces.accepted(signed.tx_hash)
            case Refused():
                self.nonces.unused()
                if answer.code == ErrorCode.INVALID_NONCE:
                    self.nonces.doubt()
                if answer.reason is RejectReason.RATE_LIMITED:
                    pause_s = self._settings.rate_pause_s if answer.wait_s is None else answer.wait_s
                    self._budget.refused(self._now_ns(), pause_s)
            case Unclear():
                self.nonces.unclear(signed.tx_hash)
        return answer


def _never(reason: RejectReason, detail: str) -> NeverSent:
    return NeverSent(reason=reason, detail=f"never sent: {detail}")
