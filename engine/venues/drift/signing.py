"""Drift's signature: Ed25519 over a Solana message. The only room that holds a key.

What is signed is the message alone, and its purpose is read from the message itself: whoever asks cannot call a
withdrawal an order. Counterparts: `signing_message` reads, `sending` asks.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from engine.venues.drift.settings import DriftProgram
from engine.venues.signing import Purpose, SigningRefused, SignRequest

if TYPE_CHECKING:
    from engine.venues.drift.signing_message import MessageRead

FEE_MOST_LAMPORTS = 1_000_000
"""0.001 SOL for one transaction; what the operator allows is in `TransactionLimits`."""


class DriftSignRequest(SignRequest, frozen=True, kw_only=True):
    """One unsigned MessageV0 (base64) for one User account: that of an authority in a program."""

    message: str
    account: str
    program: DriftProgram = DriftProgram()
    sub_account: int = 0

    @property
    def purpose(self) -> Purpose:
        """From the instructions in the message. Raises SigningRefused for whatever is not an order, a cancel or a
        settlement of our own, and for a message that cannot be read."""
        return self.read().purpose

    def read(self) -> MessageRead:
        """The message, taken apart. Raises SigningRefused."""
        from engine.venues.drift.signing_message import read_message

        return read_message(self.message, self.program, self.account, self.sub_account)


class DriftSigned(msgspec.Struct, frozen=True, kw_only=True):
    """The transaction as `sendTransaction` takes it (base64), and its signature (base58), by which it is found."""

    transaction: str
    signature: str


class DriftSigner:
    """Signs for `account` with its own key, or as the delegate that its User account names (`account` given).

    A delegate may trade and not withdraw (IDL 2.142, User.delegate). `secret` is the 32-byte Ed25519 seed. A request
    for another program or User account, with a dearer fee or another payer is refused.
    """

    def __init__(
        self,
        secret: bytes,
        program: DriftProgram | None = None,
        *,
        account: str | None = None,
        sub_account: int = 0,
        fee_most_lamports: int = FEE_MOST_LAMPORTS,
    ) -> None:
        """Raises ValueError for a secret of another length."""
        import base58
        from nacl.signing import SigningKey

        if len(secret) != 32:
            raise ValueError(f"a seed has 32 bytes, this one {len(secret)}")
        self._key = SigningKey(secret)
        self._program = program or DriftProgram()
        self._sub_account, self._fee_most = sub_account, fee_most_lamports
        self.public_key = base58.b58encode(bytes(self._key.verify_key)).decode()
        self.account = account or self.public_key

    def sign(self, request: DriftSignRequest) -> DriftSigned:
        """Sign now. Raises SigningRefused."""
        import base58

        self._check(request)
        raw = base64.b64decode(request.message)
        signature = self._key.sign(raw).signature
        # One signature, counted in compact form, before the message: a whole transaction.
        transaction = b"\x01" + signature + raw
        return DriftSigned(
            transaction=base64.b64encode(transaction).decode(), signature=base58.b58encode(signature).decode()
        )

    def _check(self, request: DriftSignRequest) -> None:
        if (request.program, request.account, request.sub_account) != (self._program, self.account, self._sub_account):
            raise SigningRefused("the request is for another program, account or sub-account")
        read = request.read()
        if read.payer != self.public_key:
            raise SigningRefused(f"the message is to be paid and signed by {read.payer}")
        if read.fee_most_lamports > self._fee_most:
            raise SigningRefused(f"the fee may reach {read.fee_most_lamports} lamports, allowed are {self._fee_most}")
