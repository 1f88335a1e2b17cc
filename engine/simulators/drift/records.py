"""The program's log records as plain data in the IDL's spelling; `verification_idl` turns them into bytes.

A post-only order is told in the maker's fields and any other in the taker's (protocol-v2, controller/orders.rs,
get_taker_and_maker_for_order_record); in a fill, each side is what it was in the trade.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from engine.simulators.drift.books import MarketBook, OpenOrder, Position, User
from engine.simulators.drift.verification import key_bytes, key_text

KEEPER = key_text(hashlib.sha256(b"drift|keeper").digest())
"""Whoever fills, expires and liquidates: no real account."""
STRANGER = key_text(hashlib.sha256(b"drift|stranger").digest())
"""The other side of a fill of a resting order, when it is none of ours."""

NS_PER_S = 1_000_000_000

Explanation = Literal[
    "None",
    "InsufficientFreeCollateral",
    "OrderExpired",
    "Liquidation",
    "OrderFilledWithAMM",
    "OrderFilledWithMatch",
    "RiskingIncreasingOrder",
    "ReduceOnlyOrderIncreasedPosition",
]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When the program runs, in which slot, and whether a keeper runs it."""

    at_ns: int
    slot: int
    by_keeper: bool = False

    @property
    def at_s(self) -> int:
        """The program's clock."""
        return self.at_ns // NS_PER_S


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the program, or with an empty name a plain line of its log; `keys` are the users it is about."""

    name: str
    fields: Mapping[str, Any] = msgspec.field(default_factory=dict)
    keys: tuple[str, ...] = ()
    line: str = ""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side of an order action: whose order, and how far it is. `fee` 1e-6, negative = a rebate."""

    user: str
    order_id: int
    is_buy: bool
    base: int
    filled: int
    quote_filled: int
    fee: int = 0


def direction(*, is_buy: bool) -> str:
    """The program's word for a side."""
    return "Long" if is_buy else "Short"


def side_of(user: User, order: OpenOrder, fee: int = 0) -> Side:
    """An order as it stands."""
    return Side(
        user=user.wallet.user,
        order_id=order.order_id,
        is_buy=order.is_buy,
        base=order.base,
        filled=order.filled,
        quote_filled=order.quote_filled,
        fee=fee,
    )


def order_action(
    at_s: int,
    action: Literal["Place", "Cancel", "Fill", "Expire"],
    explanation: Explanation,
    market: MarketBook,
    oracle_price: int,
    *,
    taker: Side | None = None,
    maker: Side | None = None,
    base: int | None = None,
    quote: int | None = None,
    fill_id: int | None = None,
    by_keeper: bool = False,
) -> Record:
    """One OrderActionRecord. `base` and `quote` are this fill's; fees are told for fills only."""
    is_fill = action == "Fill"
    fields: dict[str, Any] = {
        "ts": at_s,
        "action": action,
        "actionExplanation": explanation,
        "marketIndex": market.index,
        "marketType": "Perp",
        "filler": key_bytes(KEEPER) if by_keeper else None,
        "fillerReward": 0 if by_keeper else None,
        "fillRecordId": fill_id,
        "baseAssetAmountFilled": base,
        "quoteAssetAmountFilled": quote,
        "oraclePrice": oracle_price,
    }
    keys = []
    for name, side in (("taker", taker), ("maker", maker)):
        if side is not None:
            keys.append(side.user)
            fields |= _side_fields(name, side) | ({f"{name}Fee": side.fee} if is_fill else {})
    return Record(name="OrderActionRecord", fields=fields, keys=tuple(keys))


def _side_fields(name: str, side: Side) -> dict[str, Any]:
    return {
        name: key_bytes(side.user),
        f"{name}OrderId": side.order_id,
        f"{name}OrderDirection": direction(is_buy=side.is_buy),
        f"{name}OrderBaseAssetAmount": side.base,
        f"{name}OrderCumulativeBaseAssetAmountFilled": side.filled,
        f"{name}OrderCumulativeQuoteAssetAmountFilled": side.quote_filled,
    }


def order_change(
    at_s: int,
    action: Literal["Place", "Cancel", "Expire"],
    explanation: Explanation,
    market: MarketBook,
    oracle_price: int,
    user: User,
    order: OpenOrder,
    *,
    by_keeper: bool = False,
) -> Record:
    """An order came or went without a trade."""
    side = side_of(user, order)
    taker, maker = (None, side) if order.post_only else (side, None)
    return order_action(at_s, action, explanation, market, oracle_price, taker=taker, maker=maker, by_keeper=by_keeper)


def order_record(at_s: int, user: User, order: OpenOrder) -> Record:
    """The order as it was placed."""
    fields = {"ts": at_s, "user": key_bytes(user.wallet.user), "order": order_fields(order)}
    return Record(name="OrderRecord", fields=fields, keys=(user.wallet.user,))


def order_fields(order: OpenOrder) -> dict[str, Any]:
    """An order as accounts and records hold it."""
    return {
        "slot": order.slot,
        "price": order.price,
        "baseAssetAmount": order.base,
        "baseAssetAmountFilled": order.filled,
        "quoteAssetAmountFilled": order.quote_filled,
        "maxTs": order.max_ts,
        "orderId": order.order_id,
        "marketIndex": order.market_index,
        "status": "Open",
        "orderType": "Limit",
        "marketType": "Perp",
        "userOrderId": order.user_order_id,
        "existingPositionDirection": direction(is_buy=order.was_long),
        "direction": direction(is_buy=order.is_buy),
        "reduceOnly": order.reduce_only,
        "postOnly": order.post_only,
        "immediateOrCancel": order.ioc,
        "postedSlotTail": order.slot % 256,
    }


def funding_payment(at_s: int, user: User, market: MarketBook, position: Position, payment: int) -> Record:
    """Funding settled for one position; to be made before the position is told of it."""
    fields = {
        "ts": at_s,
        "userAuthority": key_bytes(user.wallet.authority),
        "user": key_bytes(user.wallet.user),
        "marketIndex": market.index,
        "fundingPayment": payment,
        "baseAssetAmount": position.base,
        "userLastCumulativeFunding": position.last_cumulative,
        "ammCumulativeFundingLong": market.cumulative_long,
        "ammCumulativeFundingShort": market.cumulative_short,
    }
    return Record(name="FundingPaymentRecord", fields=fields, keys=(user.wallet.user,))


def funding_rate(at_s: int, market: MarketBook, rate: int, oracle: int, mark: int) -> Record:
    """One hour's rate."""
    fields = {
        "ts": at_s,
        "recordId": market.next_funding_id - 1,
        "marketIndex": market.index,
        "fundingRate": rate,
        "fundingRateLong": rate,
        "fundingRateShort": rate,
        "cumulativeFundingRateLong": market.cumulative_long,
        "cumulativeFundingRateShort": market.cumulative_short,
        "oraclePriceTwap": oracle,
        "markPriceTwap": mark,
    }
    return Record(name="FundingRateRecord", fields=fields)


class Distress(msgspec.Struct, frozen=True, kw_only=True):
    """What a liquidation knew of the account, 1e-6 USD."""

    margin_required: int
    collateral: int
    liquidation_id: int
    bankrupt: bool
    canceled: tuple[int, ...] = ()


def liquidation(
    at_s: int,
    user: User,
    market: MarketBook,
    oracle: int,
    distress: Distress,
    base: int,
    quote: int,
    side: Side,
    fill_id: int,
) -> Record:
    """A position taken from a user: signed `base`, `quote` as it changed the position."""
    fields = {
        "ts": at_s,
        "liquidationType": "LiquidatePerp",
        "user": key_bytes(user.wallet.user),
        "liquidator": key_bytes(KEEPER),
        "marginRequirement": distress.margin_required,
        "totalCollateral": distress.collateral,
        "liquidationId": distress.liquidation_id,
        "bankrupt": distress.bankrupt,
        "canceledOrderIds": distress.canceled,
        "liquidatePerp": {
            "marketIndex": market.index,
            "oraclePrice": oracle,
            "baseAssetAmount": base,
            "quoteAssetAmount": quote,
            "fillRecordId": fill_id,
            "userOrderId": side.order_id,
            "ifFee": max(0, side.fee),
        },
    }
    return Record(name="LiquidationRecord", fields=fields, keys=(user.wallet.user,))


def bankruptcy(at_s: int, user_key: str, market: MarketBook, loss: int, rate: int) -> Record:
    """A loss that all holders of a market bear: the cumulative rates moved by `rate` against both sides."""
    fields = {
        "ts": at_s,
        "liquidationType": "PerpBankruptcy",
        "user": key_bytes(user_key),
        "liquidator": key_bytes(KEEPER),
        "bankrupt": True,
        "perpBankruptcy": {"marketIndex": market.index, "pnl": -loss, "cumulativeFundingRateDelta": rate},
    }
    return Record(name="LiquidationRecord", fields=fields)


def pnl_settled(at_s: int, user: User, market: MarketBook, position: Position, pnl: int, oracle: int) -> Record:
    """Profit moved into the deposit, or loss out of it; to be made afterwards."""
    fields = {
        "ts": at_s,
        "user": key_bytes(user.wallet.user),
        "marketIndex": market.index,
        "pnl": pnl,
        "baseAssetAmount": position.base,
        "quoteAssetAmountAfter": position.quote,
        "quoteEntryAmount": position.entry,
        "settlePrice": oracle,
        "explanation": "None",
    }
    return Record(name="SettlePnlRecord", fields=fields, keys=(user.wallet.user,))


def said(line: str) -> Record:
    """A line the program logs in plain words."""
    return Record(name="", line=line)
