"""Lighter's signatures, made by the venue's own shared library (lighter-sdk 1.1.8) through ctypes. Holds a key.

The library asks the venue for a nonce, inside the call and without a timeout, when it is given none; so a nonce and
a key index are always given here. It sets `ExpiredAt` by its own clock, ten minutes ahead less a second: no caller
can make a transaction lapse sooner. Its Go runtime does not survive a fork: load it after.
"""

from __future__ import annotations

import ctypes
import hashlib
import platform
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.venues.lighter import wire
from engine.venues.lighter.signing_request import (
    AuthToken,
    CancelAll,
    CancelOrder,
    CreateOrder,
    LighterSigned,
    LighterSignRequest,
    ScheduleCancelAll,
    UpdateLeverage,
)
from engine.venues.signing import Purpose, SigningRefused

SECRET_BYTES = 40
LIBRARIES = {
    ("Linux", "x86_64"): "lighter-signer-linux-amd64.so",
    ("Linux", "aarch64"): "lighter-signer-linux-arm64.so",
    ("Darwin", "x86_64"): "lighter-signer-darwin-amd64.dylib",
    ("Darwin", "arm64"): "lighter-signer-darwin-arm64.dylib",
}


class _SignedTx(ctypes.Structure):
    _fields_ = (
        ("tx_type", ctypes.c_uint8),
        ("tx_info", ctypes.c_void_p),
        ("tx_hash", ctypes.c_void_p),
        ("message_to_sign", ctypes.c_void_p),
        ("error", ctypes.c_void_p),
    )


class _Text(ctypes.Structure):
    _fields_ = (("text", ctypes.c_void_p), ("error", ctypes.c_void_p))


_I, _L, _B = ctypes.c_int, ctypes.c_longlong, ctypes.c_uint8
SIGNATURES: dict[str, tuple[tuple[Any, ...], Any]] = {
    "CreateClient": ((ctypes.c_char_p, ctypes.c_char_p, _I, _I, _L), ctypes.c_void_p),
    "SignCreateOrder": ((_L, _L, _L, *(_I,) * 6, _L, _L, _I, _I, _B, _B, _B, _L, _I, _L), _SignedTx),
    "SignCancelOrder": ((_L, _L, _B, _L, _I, _L), _SignedTx),
    "SignCancelAllOrders": ((_I, _L, _L, _B, _L, _I, _L), _SignedTx),
    "SignUpdateLeverage": ((_L, _I, _I, _B, _L, _I, _L), _SignedTx),
    "CreateAuthToken": ((_L, _I, _L), _Text),
    "Free": ((ctypes.c_void_p,), None),
}
"""Argument and result types of what is called, from the library's header."""


@cache
def _library() -> ctypes.CDLL:
    """Loaded at first use; the package is located, not imported, for its import starts aiohttp and web3."""
    found = find_spec("lighter")
    name = LIBRARIES.get((platform.system(), platform.machine()))
    if found is None or not found.submodule_search_locations or name is None:
        raise SigningRefused(f"lighter: no signing library for {platform.system()} {platform.machine()}")
    library = ctypes.CDLL(str(Path(found.submodule_search_locations[0]) / "signers" / name))
    for function, (arguments, result) in SIGNATURES.items():
        declared = getattr(library, function)
        declared.argtypes, declared.restype = arguments, result
    return library


def _taken(pointer: int | None) -> str:
    """The text behind a pointer of the library's, which is given back."""
    if not pointer:
        return ""
    text = ctypes.cast(pointer, ctypes.c_char_p).value or b""
    _library().Free(pointer)
    return text.decode()


_LOADED: dict[tuple[int, int], str] = {}
"""Whose key the library holds for each account and key index: it keeps one key a place for the whole process."""


def throwaway_secret(seed: bytes) -> bytes:
    """A key for simulated venues, always the same for 32 bytes of seed.

    The library's own generator takes no seed, so the key is drawn here: any scalar below the group's order is one,
    and 40 bytes little-endian with the two highest bits cleared are below it.
    """
    assert len(seed) == 32
    drawn = hashlib.blake2b(seed, digest_size=SECRET_BYTES, person=b"lighter-api-key").digest()
    return drawn[:-1] + bytes([drawn[-1] & 0x3F])


class LighterSigner:
    """Signs for one account with one of its API keys, on one network.

    `secret` is the private key as the library gives it, 40 bytes. Raises SigningRefused for a key the library does
    not take. Two signers for the same account and key index may live in one process (runs with different throw-away
    keys do); each puts its own key back before it signs.
    """

    def __init__(self, secret: bytes, account_index: int, api_key_index: int, chain_id: int) -> None:
        assert 0 <= api_key_index < wire.API_KEY_INDEX_ALL
        assert account_index >= 0
        self.account = str(account_index)
        self.api_key_index = api_key_index
        self._account_index, self._chain_id, self._secret = account_index, chain_id, secret
        self._identity = hashlib.sha256(secret + chain_id.to_bytes(8, "big")).hexdigest()
        self._load()

    def purpose_of(self, request: LighterSignRequest, /) -> Purpose:
        """Raises SigningRefused for the other network, and for values out of the venue's range."""
        if request.chain_id != self._chain_id:
            raise SigningRefused(f"lighter: asked for network {request.chain_id}, this key is for {self._chain_id}")
        return request.purpose

    def sign(self, request: LighterSignRequest, /) -> LighterSigned:
        """Sign now, offline. Raises SigningRefused."""
        self.purpose_of(request)  # ranges are checked there; nothing outside them reaches the library
        self._load()
        match body := request.body:
            case AuthToken():
                return self._token(body)
            case CreateOrder():
                return self._order(body)
            case CancelOrder():
                return self._tx("SignCancelOrder", body.market_index, body.index, nonce=body.nonce)
            case CancelAll():
                return self._cancel_all(wire.CANCEL_ALL_NOW, 0, body.market_index, body.nonce)
            case ScheduleCancelAll():
                return self._cancel_all(wire.CANCEL_ALL_SCHEDULED, body.at_ms, wire.NIL_MARKET_INDEX, body.nonce)
            case UpdateLeverage():
                terms = (body.market_index, body.initial_margin_fraction, wire.CROSS_MARGIN)
                return self._tx("SignUpdateLeverage", *terms, nonce=body.nonce)

    def _load(self) -> None:
        if len(self._secret) != SECRET_BYTES:
            raise SigningRefused(f"lighter: a private key has {SECRET_BYTES} bytes, this one {len(self._secret)}")
        place = (self._account_index, self.api_key_index)
        if _LOADED.get(place) == self._identity:
            return
        _LOADED.pop(place, None)
        # The address stays empty: without one the library could not ask the venue even if it wanted to.
        failed = _library().CreateClient(b"", self._secret.hex().encode(), self._chain_id, place[1], place[0])
        if error := _taken(failed):
            raise SigningRefused(f"lighter: {error}")
        _LOADED[place] = self._identity

    def _order(self, body: CreateOrder) -> LighterSigned:
        trigger_price, integrator = 0, (0, 0, 0)
        self_trade_modes = (0, 0)
        return self._tx(
            "SignCreateOrder",
            body.market_index,
            body.client_order_index,
            body.base_amount,
            body.price,
            int(body.is_ask),
            wire.ORDER_TYPE_LIMIT,
            body.time_in_force,
            int(body.reduce_only),
            trigger_price,
            body.order_expiry,
            *integrator,
            *self_trade_modes,
            nonce=body.nonce,
        )

    def _cancel_all(self, time_in_force: int, at_ms: int, market_index: int, nonce: int) -> LighterSigned:
        return self._tx("SignCancelAllOrders", time_in_force, at_ms, market_index, nonce=nonce)

    def _tx(self, function: str, *terms: int, nonce: int) -> LighterSigned:
        """Call the library; the last four arguments are the same for every transaction."""
        assert nonce >= 0, "the library would ask the venue for a nonce"
        skip_nonce = 0
        call: Callable[..., _SignedTx] = getattr(_library(), function)
        result = call(*terms, skip_nonce, nonce, self.api_key_index, self._account_index)
        error = _taken(result.error)
        info, tx_hash, _ = _taken(result.tx_info), _taken(result.tx_hash), _taken(result.message_to_sign)
        if error or not info:
            raise SigningRefused(f"lighter: {error or 'the library gave nothing'}")
        return LighterSigned(tx_type=result.tx_type, tx_info=info, tx_hash=tx_hash)

    def _token(self, body: AuthToken) -> LighterSigned:
        result = _library().CreateAuthToken(body.deadline_s, self.api_key_index, self._account_index)
        error, token = _taken(result.error), _taken(result.text)
        if error or not token:
            raise SigningRefused(f"lighter: {error or 'the library gave no token'}")
        return LighterSigned(token=token)
