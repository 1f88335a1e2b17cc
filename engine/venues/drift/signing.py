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
    """One unsigned MessageV0 (base64) for one User account: that of an authority in the signer's own program.

    It names neither a program nor a file: both are the signer's, and the message says whose instructions it holds.
    """

    message: str
    account: str
    sub_account: int = 0


class DriftSigned(msgspec.Struct, frozen=True, kw_only=True):
    """The transaction as `sendTransaction` takes it (base64), and its signature (base58), by which it is found."""

    transaction: str
    signature: str


class DriftSigner:
    """Signs for `account` with its own key, or as the delegate that its User account names (`account` given).

    A delegate may trade and not withdraw (IDL 2.142, User.delegate). `secret` is the 32-byte Ed25519 seed. Whatever is
    for another program than `program` or another User account, with a dearer fee or another payer, is refused; the
    program's IDL is read when it is first needed, and must have the digest that `program` says.
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

    def purpose_of(self, request: DriftSignRequest, /) -> Purpose:
        """From the instructions in the message. Raises SigningRefused for whatever is not an order, a cancel or a
        settlement of our own, and for a message that cannot be read."""
        if (request.account, request.sub_account) != (self.account, self._sub_account):
            raise SigningRefused("the request is for another account or sub-account")
        read = self.read(request)
        if read.payer != self.public_key:
            raise SigningRefused(f"the message is to be paid and signed by {read.payer}")
        if read.fee_most_lamports > self._fee_most:
            raise SigningRefused(f"the fee may reach {read.fee_most_lamports} lamports, allowed are {self._fee_most}")
        return read.purpose

    def read(self, request: DriftSignRequest) -> MessageRead:
        """The message, taken apart by this signer's own program. Raises SigningRefused."""
        from engine.venues.drift.signing_message import read_message

        return read_message(request.message, self._program, self.account, self._sub_account)

    def sign(self, request: DriftSignRequest, /) -> DriftSigned:
        """Sign now. Raises SigningRefused as `purpose_of`."""
        import base58

        self.purpose_of(request)
        raw = base64.b64decode(request.message)
        signature = self._key.sign(raw).signature
        # One signature, counted in compact form, before the message: a whole transaction.
        transaction = b"\x01" + signature + raw
        return DriftSigned(
            transaction=base64.b64encode(transaction).decode(), signature=base58.b58encode(signature).decode()
        )
