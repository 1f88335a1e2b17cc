"""What may be signed for Hyperliquid, as plain data, and what each signature is for. Counterpart: `signing`.

The order of keys in an action is part of what is signed (msgpack; SDK `action_hash`), so a request keeps it, also
as JSON. An action is read strictly: a key that this engine does not write is refused, for some of them pay third
parties (`builder`) or act for other accounts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from engine.venues.hyperliquid.wire_orders import Signature
from engine.venues.signing import Opening, Purpose, SigningRefused, SignRequest

Amount = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]+(\.[0-9]+)?\Z", max_length=40)]


class HyperliquidSignRequest(SignRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One action with its nonce; the venue refuses it after `expires_after_ms`.

    `is_mainnet` is part of what is signed: a signature for the one network is void on the other (SDK
    `construct_phantom_agent`).
    """

    action: dict[str, Any]
    nonce: int
    is_mainnet: bool
    expires_after_ms: int | None = None

    @property
    def purpose(self) -> Purpose:
        """Read from the action. Raises SigningRefused for every other kind (withdrawals, transfers, agents ...)."""
        try:
            action = msgspec.convert(self.action, Allowed)
        except msgspec.ValidationError as error:
            raise SigningRefused(f"hyperliquid: an action that is not allowed: {error}") from None
        match action:
            case _Order():
                return Purpose(operation="order", opens=tuple(_opening(line) for line in action.orders if not line.r))
            case _UpdateLeverage():
                return Purpose(operation="leverage", leverage=action.leverage)
            case _ScheduleCancel():
                return Purpose(operation="dead_man")
            case _:
                return Purpose(operation="cancel")


class HyperliquidSigned(msgspec.Struct, frozen=True, kw_only=True):
    """The signature of a request."""

    signature: Signature


class _Strict(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    pass


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Limit(_Part, frozen=True, kw_only=True):
    tif: Literal["Alo", "Ioc", "Gtc"]


class _Terms(_Part, frozen=True, kw_only=True):
    """Limit orders alone; a trigger waits at the venue for a price of its own."""

    limit: _Limit


PerpetualId = Annotated[int, msgspec.Meta(ge=0, lt=10_000)]
"""Spot pairs begin at 10000 and builders' markets at 100000 (HL docs, "Asset IDs", 2025-11): neither is traded, and a
"reduce-only" spot order would open."""


class _Line(_Part, frozen=True, kw_only=True):
    a: PerpetualId
    b: bool
    p: Amount
    s: Amount
    r: bool
    t: _Terms
    c: str | None = None


class _Cancel(_Part, frozen=True, kw_only=True):
    a: PerpetualId
    o: int


class _CancelByCloid(_Part, frozen=True, kw_only=True):
    asset: PerpetualId
    cloid: str


class _Order(_Strict, frozen=True, kw_only=True, tag="order"):
    orders: tuple[_Line, ...]
    grouping: Literal["na"]


class _Cancels(_Strict, frozen=True, kw_only=True, tag="cancel"):
    cancels: tuple[_Cancel, ...]


class _CancelsByCloid(_Strict, frozen=True, kw_only=True, tag="cancelByCloid"):
    cancels: tuple[_CancelByCloid, ...]


class _UpdateLeverage(_Strict, frozen=True, kw_only=True, tag="updateLeverage"):
    asset: PerpetualId
    isCross: bool  # noqa: N815 - the venue's spelling
    leverage: Annotated[int, msgspec.Meta(ge=1)]


class _ScheduleCancel(_Strict, frozen=True, kw_only=True, tag="scheduleCancel"):
    time: int | None = None


class _Noop(_Strict, frozen=True, kw_only=True, tag="noop"):
    """Uses up a nonce, so that an earlier action with the same one becomes void."""


Allowed = _Order | _Cancels | _CancelsByCloid | _UpdateLeverage | _ScheduleCancel | _Noop


def _opening(line: _Line) -> Opening:
    size = Decimal(line.s)
    return Opening(market=str(line.a), size=size, usd=Decimal(line.p) * size)
