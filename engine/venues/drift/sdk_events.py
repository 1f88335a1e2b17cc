"""What a transaction did, read from its logs by driftpy's coder: text in, plain values out. No I/O.

Only lines that our program itself wrote count: another program of the same transaction could print the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Any

from engine.venues.drift.sdk_coder import coder_of, word_of
from engine.venues.drift.settings import DriftProgram
from engine.venues.drift.values import AnyEvent, FundingSettled, OrderActed, OrderPlaced, OrderSide, PnlMoved, Unread

DATA = "Program data: "
TRUNCATED = "Log truncated"
_INVOKED = re.compile(r"Program (\w+) invoke \[\d+\]")
_ENDED = re.compile(r"Program \w+ (success|failed.*)")


def events_of(logs: Sequence[str], program: DriftProgram) -> tuple[AnyEvent, ...]:
    """The events of a transaction that the adapter uses, in their order; `Unread` for what is lost of them."""
    found: list[AnyEvent] = []
    for line in _written_by(logs, program.program_id):
        if line.startswith(TRUNCATED):
            found.append(Unread(why="the node truncated the logs"))
            break
        if line.startswith(DATA):
            event = _event(line[len(DATA) :], program)
            found += [] if event is None else [event]
    return tuple(found)


def _written_by(logs: Sequence[str], program_id: str) -> Iterator[str]:
    """The lines written while our program was the innermost, and the mark of a truncated log."""
    stack: list[str] = []
    for line in logs:
        invoked = _INVOKED.match(line)
        if invoked:
            stack.append(invoked[1])
        elif _ENDED.fullmatch(line) and stack:
            stack.pop()
        elif line.startswith(TRUNCATED) or (stack and stack[-1] == program_id):
            yield line


def _event(text: str, program: DriftProgram) -> AnyEvent | None:
    from construct import ConstructError

    try:
        native = coder_of(program.idl_file).events.parse(base64.b64decode(text, validate=True))
    except (binascii.Error, ConstructError) as error:
        return Unread(why=f"an event cannot be read: {type(error).__name__}")
    return None if native is None else _value(native.name, native.data)


def _value(name: str, data: Any) -> AnyEvent | None:
    match name:
        case "OrderRecord":
            return _placed(data)
        case "OrderActionRecord":
            return _acted(data) if word_of(data.market_type) == "Perp" else None
        case "FundingPaymentRecord":
            return _settled(data)
        case "SettlePnlRecord":
            return PnlMoved(ts=data.ts, user=str(data.user), market_index=data.market_index, pnl=data.pnl)
        case _:
            return None


def _placed(data: Any) -> OrderPlaced | None:
    if word_of(data.order.market_type) != "Perp":
        return None
    return OrderPlaced(
        user=str(data.user),
        number=data.order.order_id,
        user_order_id=data.order.user_order_id,
        market_index=data.order.market_index,
        is_buy=word_of(data.order.direction) == "Long",
        size=data.order.base_asset_amount,
        price=data.order.price,
        reduce_only=data.order.reduce_only,
        max_ts=data.order.max_ts,
    )


def _acted(data: Any) -> OrderActed:
    return OrderActed(
        ts=data.ts,
        action=word_of(data.action),  # type: ignore[arg-type]
        explanation=word_of(data.action_explanation),
        market_index=data.market_index,
        taker=_side("taker", data),
        maker=_side("maker", data),
        fill_id=data.fill_record_id or 0,
        base=data.base_asset_amount_filled or 0,
        quote=data.quote_asset_amount_filled or 0,
    )


def _side(role: str, data: Any) -> OrderSide | None:
    """One side of the record, None when it names nobody (the vAMM) or no order."""
    user, number = getattr(data, role), getattr(data, f"{role}_order_id")
    direction = getattr(data, f"{role}_order_direction")
    if user is None or number is None or direction is None:
        return None
    return OrderSide(
        user=str(user),
        number=number,
        is_buy=word_of(direction) == "Long",
        size=getattr(data, f"{role}_order_base_asset_amount") or 0,
        filled=getattr(data, f"{role}_order_cumulative_base_asset_amount_filled") or 0,
        fee=getattr(data, f"{role}_fee") or 0,
    )


def _settled(data: Any) -> FundingSettled:
    return FundingSettled(
        ts=data.ts,
        user=str(data.user),
        market_index=data.market_index,
        payment=data.funding_payment,
        base=data.base_asset_amount,
        cumulative_from=data.user_last_cumulative_funding,
        cumulative_long=data.amm_cumulative_funding_long,
        cumulative_short=data.amm_cumulative_funding_short,
    )
