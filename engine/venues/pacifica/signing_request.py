"""What may be signed for Pacifica, as plain data, and what each signature is for. Counterpart: `signing`.

message = compact JSON, keys sorted at every depth, of {timestamp, expiry_window, type, data: payload};
the body sent is {account, agent_wallet?, signature, timestamp, expiry_window, **payload}: `type` and `data`
are not sent, `account` and `agent_wallet` are not signed (docs "API / Signing", 2025-11; official Python
examples, 2025-10-27).

A payload is read strictly: a key that this engine does not write is refused, for some of them pay third parties
(`builder_code`) or leave further orders behind (`take_profit`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from engine.venues.pacifica.codec import CANCEL_ALL, CANCEL_ORDER, CREATE_ORDER, UPDATE_LEVERAGE
from engine.venues.signing import Opening, Purpose, SigningRefused, SignRequest

Amount = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]+(\.[0-9]+)?\Z", max_length=40)]


class PacificaSignRequest(SignRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One operation as of `timestamp_ms`; the venue takes it for `expiry_window_ms` from then.

    `payload` is exactly what will be sent: no None, numbers as strings.
    """

    operation: str
    payload: dict[str, Any]
    timestamp_ms: int
    expiry_window_ms: int

    @property
    def purpose(self) -> Purpose:
        """Read from operation and payload. Raises SigningRefused for every other kind (withdrawals, agents ...)."""
        kind = ALLOWED.get(self.operation)
        if kind is None:
            raise SigningRefused(f"pacifica: {self.operation} is not allowed")
        try:
            payload = msgspec.convert(self.payload, kind)
        except msgspec.ValidationError as error:
            raise SigningRefused(f"pacifica: a {self.operation} that is not allowed: {error}") from None
        return payload.purpose


class PacificaSigned(msgspec.Struct, frozen=True, kw_only=True):
    """The signature of a request, base58; `agent_wallet` is the signing key where it is not the account's own."""

    signature: str
    agent_wallet: str | None = None


def canonical_message(operation: str, payload: Mapping[str, object], timestamp_ms: int, window_ms: int) -> bytes:
    """The bytes that are signed."""
    message = {"timestamp": timestamp_ms, "expiry_window": window_ms, "type": operation, "data": payload}
    return json.dumps(message, sort_keys=True, separators=(",", ":")).encode()


def signed_body(account: str, request: PacificaSignRequest, signed: PacificaSigned) -> dict[str, object]:
    """What is sent."""
    head = {"account": account}
    if signed.agent_wallet is not None:
        head["agent_wallet"] = signed.agent_wallet
    return {
        **head,
        "signature": signed.signature,
        "timestamp": request.timestamp_ms,
        "expiry_window": request.expiry_window_ms,
        **request.payload,
    }


class _Payload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    symbol: str

    @property
    def purpose(self) -> Purpose:
        return Purpose(operation="cancel")


class _CreateOrder(_Payload, frozen=True, kw_only=True):
    price: Amount
    amount: Amount
    reduce_only: bool
    side: Literal["bid", "ask"]
    tif: Literal["GTC", "IOC", "ALO"]
    client_order_id: str

    @property
    def purpose(self) -> Purpose:
        size = Decimal(self.amount)
        opening = Opening(market=self.symbol, size=size, usd=Decimal(self.price) * size)
        return Purpose(operation="order", opens=() if self.reduce_only else (opening,))


class _CancelOrder(_Payload, frozen=True, kw_only=True):
    client_order_id: str


class _CancelAll(_Payload, frozen=True, kw_only=True):
    all_symbols: bool
    exclude_reduce_only: bool


class _UpdateLeverage(_Payload, frozen=True, kw_only=True):
    leverage: Annotated[int, msgspec.Meta(ge=1)]

    @property
    def purpose(self) -> Purpose:
        return Purpose(operation="leverage", leverage=self.leverage)


ALLOWED: dict[str, type[_Payload]] = {
    CREATE_ORDER: _CreateOrder,
    CANCEL_ORDER: _CancelOrder,
    CANCEL_ALL: _CancelAll,
    UPDATE_LEVERAGE: _UpdateLeverage,
}
