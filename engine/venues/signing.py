"""What an adapter asks to be signed, and the two places where that happens.

A `Signer` holds a key and signs at once: in a process of its own for real keys, in this one for throw-away keys
of simulated venues. An adapter knows only `Signing`, which is awaited inside a delivery: whatever fixes the order
of requests (nonces, client ids) is taken when the command is prepared.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Generic, Literal, Protocol, TypeVar

import msgspec

ZERO = Decimal(0)
Operation = Literal["order", "cancel", "leverage", "auth", "settle", "dead_man"]
"""What may be signed at all: nothing that moves money out of the account or gives rights away."""


class SigningRefused(Exception):
    """Nothing was signed: over a cap, an operation that is not allowed, or no answer in time. Provably not sent."""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What one order may open, in the words and units of the bytes that are signed.

    `market` is the venue's symbol, or its number in digits; `size` counts as the venue does (Lighter and Drift in
    integers), and `usd` is the size at the limit price.
    """

    market: str
    size: Decimal
    usd: Decimal


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """What a signature is for. `opens` holds each order that may open; none for whatever only reduces.

    `leverage` is what operation "leverage" sets; whoever cannot read it from the request gives more than is allowed.
    """

    operation: Operation
    opens: tuple[Opening, ...] = ()
    leverage: int | None = None

    @property
    def opens_usd(self) -> Decimal:
        """The notional it may open, at the limit prices."""
        return sum((each.usd for each in self.opens), ZERO)


class SignRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the venues' requests: plain data, from which the bytes to sign are built by the signer itself."""


Asked_contra = TypeVar("Asked_contra", bound=SignRequest, contravariant=True)
Signed_co = TypeVar("Signed_co", bound=msgspec.Struct, covariant=True)
Asked = TypeVar("Asked", bound=SignRequest)
Signed = TypeVar("Signed", bound=msgspec.Struct)


class Signer(Protocol[Asked_contra, Signed_co]):
    """Holds one key. `account` is the account it signs for, as the venue spells it."""

    account: str

    def purpose_of(self, request: Asked_contra, /) -> Purpose:
        """What it is for, read from what will be signed. Raises SigningRefused for what this key does not sign."""

    def sign(self, request: Asked_contra, /) -> Signed_co:
        """Sign now. Raises SigningRefused."""


class Signing(Protocol[Asked_contra, Signed_co]):
    """Where an adapter gets its signatures."""

    account: str

    async def sign(self, request: Asked_contra, /) -> Signed_co:
        """Raises SigningRefused; the request has then provably not been signed, and nothing may be sent."""


class SignHere(Generic[Asked, Signed]):
    """Signs in this process, without a pause: for throw-away keys and repeatable runs."""

    def __init__(self, signer: Signer[Asked, Signed]) -> None:
        self._signer = signer
        self.account = signer.account

    async def sign(self, request: Asked, /) -> Signed:
        """Sign at once."""
        return self._signer.sign(request)
