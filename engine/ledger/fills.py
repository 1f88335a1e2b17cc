"""The rows of fills: what moved a leg, told by a venue or inferred, with what it realised by average cost.

Counterparts: `fold`, which asks for a row wherever a leg changed; `engine.exports`, which writes them.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain import ZERO, Side
from actors.messages import AnyMessage, OrderDone, OrderFilled, PositionDeleveraged, PositionLiquidated
from actors.pair_position.state import Leg
from engine.ledger.account import PairAccount
from engine.ledger.entry import Fill
from engine.ledger.shadow import Change, Recorded

Told = OrderFilled | PositionDeleveraged | PositionLiquidated

PRICE_DECIMALS = 12
"""Where a price is a ratio."""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """What changed of a leg: base units and cash in USD, estimates included; `adopted`: the venue's size was taken."""

    moved: Decimal
    cash_usd: Decimal
    adopted: bool = False


def fill_row(record: Recorded, change: Change, account: PairAccount, leg: Leg, trade: Trade) -> Fill | None:
    """The row of a change of a leg; None where nothing was filled and nothing moved."""
    message = record.envelope.message
    if isinstance(message, Told) and not trade.adopted:
        return _told(message, _row(record, change, account, leg, trade))
    if not trade.moved:
        return None
    return _row(record, change, account, leg, trade)


def _row(record: Recorded, change: Change, account: PairAccount, leg: Leg, trade: Trade) -> Fill:
    """The row as far as our own books know it."""
    message = record.envelope.message
    instrument = change.context.board.market(leg.venue, change.after.asset).instrument
    order, row = account.sent.get(_order_id(message), (None, record.row))
    return Fill(
        at_ns=record.envelope.at_ns,
        told_ns=record.envelope.at_ns,
        seq=record.envelope.seq,
        kind="adopted" if trade.adopted else "claimed",
        pair=change.after.actor,
        venue=leg.venue,
        asset=change.after.asset,
        symbol="" if instrument is None else instrument.symbol,
        side=Side.BUY if trade.moved > 0 else Side.SELL,
        size=abs(trade.moved),
        price=round(abs(trade.cash_usd / trade.moved), PRICE_DECIMALS) if trade.moved else ZERO,
        fee_usd=ZERO,
        fee_currency="USDC" if instrument is None else instrument.settle_token,
        liquidity="",
        order_id="" if order is None else order.order_id,
        fill_id="",
        purpose="" if order is None else order.purpose,
        row=row,
        moved=trade.moved,
        position=leg.position,
        realised_usd=ZERO,
        estimated=True,
    )


def _told(message: Told, inferred: Fill) -> Fill:
    """The row with the venue's own words in it."""
    return msgspec.structs.replace(
        inferred,
        at_ns=message.venue_at_ns,
        kind=_kind(message),
        side=message.side,
        size=message.size,
        price=message.price,
        fee_usd=message.fee_usd,
        liquidity=message.liquidity.value if isinstance(message, OrderFilled) else "",
        fill_id=message.fill_id,
        estimated=False,
    )


def _kind(message: Told) -> str:
    match message:
        case OrderFilled():
            return "fill"
        case PositionDeleveraged():
            return "adl"
        case PositionLiquidated():
            return "liquidation"


def _order_id(message: AnyMessage) -> str:
    return message.order_id if isinstance(message, OrderFilled | OrderDone) else ""
