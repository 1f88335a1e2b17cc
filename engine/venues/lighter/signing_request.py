"""What may be signed for Lighter, as plain data, and what each signature is for. Counterpart: `signing`.

Integers are scaled as the venue wants them; each order carries its market's decimals so that whoever guards the key
can tell its notional without asking the venue; its size is capped in the integers themselves. Nothing that moves
money or changes keys can be expressed here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from engine.venues.lighter.wire import (
    BASE_AMOUNT_MOST,
    CLIENT_ORDER_INDEX_MOST,
    MARGIN_FRACTION_SCALE,
    PERP_MARKET_INDEX_MOST,
    PRICE_MOST,
)
from engine.venues.signing import Opening, Purpose, SigningRefused, SignRequest

MarketIndex = Annotated[int, msgspec.Meta(ge=0, le=PERP_MARKET_INDEX_MOST)]
QUOTE_DECIMALS = 6
"""USDC's; size and price decimals add up to it in every recorded market (orderBookDetails, 2026-05)."""
Decimals = Annotated[int, msgspec.Meta(ge=0, le=18)]
Nonce = Annotated[int, msgspec.Meta(ge=0)]


class CreateOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """A limit order; `price` is its worst price. `order_expiry` in ms, 0 for IOC."""

    market_index: MarketIndex
    client_order_index: Annotated[int, msgspec.Meta(ge=1, le=CLIENT_ORDER_INDEX_MOST)]
    base_amount: Annotated[int, msgspec.Meta(ge=1, le=BASE_AMOUNT_MOST)]
    price: Annotated[int, msgspec.Meta(ge=1, le=PRICE_MOST)]
    is_ask: bool
    time_in_force: Literal[0, 1, 2]
    reduce_only: bool
    order_expiry: Annotated[int, msgspec.Meta(ge=0)]
    size_decimals: Decimals
    price_decimals: Decimals
    nonce: Nonce

    @property
    def opening(self) -> Opening:
        """The size as it is signed, without the decimals; price times size with them."""
        usd = Decimal(self.base_amount * self.price).scaleb(-(self.size_decimals + self.price_decimals))
        return Opening(market=str(self.market_index), size=Decimal(self.base_amount), usd=usd)


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """By client order index, or by the venue's own."""

    market_index: MarketIndex
    index: Annotated[int, msgspec.Meta(ge=1)]
    nonce: Nonce


class CancelAll(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """At once, on one market."""

    market_index: MarketIndex
    nonce: Nonce


class ScheduleCancelAll(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """At `at_ms`, of the whole account: the dead man's switch."""

    at_ms: Annotated[int, msgspec.Meta(gt=0)]
    nonce: Nonce


class UpdateLeverage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Leverage of one market, cross margin."""

    market_index: MarketIndex
    leverage: Annotated[int, msgspec.Meta(ge=1)]
    nonce: Nonce

    @property
    def initial_margin_fraction(self) -> int:
        """As the venue counts it, rounded down like the official client does."""
        return MARGIN_FRACTION_SCALE // self.leverage


class AuthToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """A token for the account's questions and channels, valid until `deadline_s` (unix seconds)."""

    deadline_s: Annotated[int, msgspec.Meta(gt=0)]


Body = CreateOrder | CancelOrder | CancelAll | ScheduleCancelAll | UpdateLeverage | AuthToken


class LighterSignRequest(SignRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One transaction or token, for the network of `chain_id` alone; the account and the key are the signer's own."""

    chain_id: int
    body: Body

    @property
    def purpose(self) -> Purpose:
        """Read from what will be signed. Raises SigningRefused for values out of the venue's range."""
        try:
            body = msgspec.convert(msgspec.to_builtins(self.body), Body)
        except msgspec.ValidationError as error:
            raise SigningRefused(f"lighter: {error}") from None
        match body:
            case CreateOrder():
                _refuse_small_units(body)
                return Purpose(operation="order", opens=() if body.reduce_only else (body.opening,))
            case UpdateLeverage():
                return Purpose(operation="leverage", leverage=body.leverage)
            case ScheduleCancelAll():
                return Purpose(operation="dead_man")
            case AuthToken():
                return Purpose(operation="auth")
            case _:
                return Purpose(operation="cancel")


def _refuse_small_units(order: CreateOrder) -> None:
    """The decimals are the asker's word: with more than the quote token has, an order would count for too little."""
    if order.size_decimals + order.price_decimals > QUOTE_DECIMALS:
        raise SigningRefused(f"lighter: size and price decimals together are at most {QUOTE_DECIMALS}, as everywhere")


class LighterSigned(msgspec.Struct, frozen=True, kw_only=True):
    """A signed transaction (`tx_info` is the JSON text to send, `tx_hash` hex), or a token with the rest empty."""

    tx_type: int = 0
    tx_info: str = ""
    tx_hash: str = ""
    token: str = ""
