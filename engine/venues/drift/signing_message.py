"""What a Solana message would do, read before it is signed: only orders, cancels and settlements of our own pass.

Everything is taken from the bytes that will be signed; what cannot be read, or is not listed here, is refused.
"""

from __future__ import annotations

import base64
import binascii
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from engine.venues.drift.sdk_coder import checked_coder, word_of
from engine.venues.drift.settings import DriftProgram
from engine.venues.drift.wire import (
    BASE_DECIMALS,
    BIT_IOC,
    CANCEL_ORDER,
    CANCEL_ORDER_BY_USER_ID,
    CANCEL_ORDERS,
    COMPUTE_BUDGET_ID,
    PLACE_AND_TAKE_PERP_ORDER,
    PLACE_PERP_ORDER,
    PRICE_DECIMALS,
    SETTLE_PNL,
)
from engine.venues.signing import Opening, Operation, Purpose, SigningRefused

if TYPE_CHECKING:
    from anchorpy.coder.coder import Coder
    from solders.message import MessageV0

ALLOWED: dict[str, Operation] = {
    PLACE_PERP_ORDER: "order",
    PLACE_AND_TAKE_PERP_ORDER: "order",
    CANCEL_ORDER: "cancel",
    CANCEL_ORDER_BY_USER_ID: "cancel",
    CANCEL_ORDERS: "cancel",
    SETTLE_PNL: "settle",
}
LAMPORTS_A_SIGNATURE = 5_000
"""Solana's base fee (documentation, "Transaction fees", 2026)."""
UNITS_MOST = 1_400_000
SET_UNIT_LIMIT, SET_UNIT_PRICE = 2, 3
USER_POSITION = 1
"""Every allowed instruction names State first and the User account second (IDL 2.142)."""


class MessageRead(msgspec.Struct, frozen=True, kw_only=True):
    """One message: who pays, what it may cost, and what it is for."""

    payer: str
    fee_most_lamports: int
    purpose: Purpose


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One of our program's instructions: its name, its arguments, and the accounts it names."""

    name: str
    data: object
    accounts: tuple[str, ...]


def read_message(text: str, program: DriftProgram, account: str, sub_account: int) -> MessageRead:
    """Take a message apart; every instruction must be for this User account of `account`, the authority.

    Raises SigningRefused naming what is not allowed or cannot be read.
    """
    message = _message(text)
    keys = tuple(str(key) for key in message.account_keys)
    payer, price, limit = keys[0], 0, UNITS_MOST
    steps: list[Step] = []
    for compiled in message.instructions:
        target = keys[compiled.program_id_index]
        data = bytes(compiled.data)
        if target == COMPUTE_BUDGET_ID:
            limit, price = _budget(data, limit, price)
        elif target == program.program_id:
            accounts = tuple(keys[index] for index in bytes(compiled.accounts))
            steps.append(_step(data, accounts, program))
        else:
            raise SigningRefused(f"an instruction of {target} is not allowed")
    _check_user(steps, account, program, sub_account)
    fee = LAMPORTS_A_SIGNATURE + -(-limit * price // 1_000_000)
    return MessageRead(payer=payer, fee_most_lamports=fee, purpose=_purpose(steps))


def _message(text: str) -> MessageV0:
    from solders.message import MessageV0, from_bytes_versioned, to_bytes_versioned

    try:
        raw = base64.b64decode(text, validate=True)
        message = from_bytes_versioned(raw)
        same = to_bytes_versioned(message) == raw
    except (binascii.Error, ValueError) as error:
        raise SigningRefused(f"the message cannot be read: {error}") from error
    if not isinstance(message, MessageV0) or not same:
        raise SigningRefused("the message is not a plain MessageV0")
    if message.address_table_lookups:
        raise SigningRefused("the message names accounts by lookup tables, which cannot be checked here")
    if message.header.num_required_signatures != 1:
        raise SigningRefused("the message needs other signatures than ours")
    return message


def _budget(data: bytes, limit: int, price: int) -> tuple[int, int]:
    if len(data) == 5 and data[0] == SET_UNIT_LIMIT:
        return struct.unpack("<I", data[1:])[0], price
    if len(data) == 9 and data[0] == SET_UNIT_PRICE:
        return limit, struct.unpack("<Q", data[1:])[0]
    raise SigningRefused("a compute budget instruction is not one of limit and price")


def _step(data: bytes, accounts: tuple[str, ...], program: DriftProgram) -> Step:
    from construct import ConstructError

    try:
        parsed: Any = _coder(program).instruction.parse(data)
    except (KeyError, ConstructError) as error:
        raise SigningRefused("an instruction of the program cannot be read") from error
    if parsed.name not in ALLOWED:
        raise SigningRefused(f"the instruction {parsed.name} is not allowed")
    return Step(name=parsed.name, data=parsed.data, accounts=accounts)


def _coder(program: DriftProgram) -> Coder:
    try:
        return checked_coder(program)
    except (OSError, ValueError) as error:
        raise SigningRefused(f"the program's IDL cannot be used: {error}") from error


def _check_user(steps: list[Step], account: str, program: DriftProgram, sub_account: int) -> None:
    from driftpy.addresses import get_user_account_public_key
    from solders.pubkey import Pubkey

    key = get_user_account_public_key(Pubkey.from_string(program.program_id), Pubkey.from_string(account), sub_account)
    for step in steps:
        if len(step.accounts) <= USER_POSITION or step.accounts[USER_POSITION] != str(key):
            raise SigningRefused(f"the instruction {step.name} is for another User account")


def _purpose(steps: list[Step]) -> Purpose:
    """An order among them makes the whole an order; what it may open is the sum of all of them."""
    operations = [ALLOWED[step.name] for step in steps]
    opens = tuple(found for step in steps if ALLOWED[step.name] == "order" for found in _openings(step))
    ranked: tuple[Operation, ...] = ("order", "settle", "cancel")
    whole = next((operation for operation in ranked if operation in operations), None)
    if whole is None:
        raise SigningRefused("the message holds no instruction of the program")
    return Purpose(operation=whole, opens=opens)


def _openings(step: Step) -> tuple[Opening, ...]:
    """What a plain limit order opens, nothing when it only reduces. Raises SigningRefused for any other order."""
    params: Any = getattr(step.data, "params")  # noqa: B009 - the field is known to the IDL alone
    plain = (
        word_of(params.order_type) == "Limit"
        and word_of(params.market_type) == "Perp"
        and params.price > 0
        and params.bit_flags in (0, BIT_IOC)
        and params.trigger_price is None
        and not params.oracle_price_offset
        and params.auction_duration is None
        and params.auction_start_price is None
        and params.auction_end_price is None
    )
    if not plain:
        raise SigningRefused("an order is not a plain limit order in a perpetual")
    if params.reduce_only:
        return ()
    usd = Decimal(params.base_asset_amount * params.price).scaleb(-BASE_DECIMALS - PRICE_DECIMALS)
    return (Opening(market=str(params.market_index), size=Decimal(params.base_asset_amount), usd=usd),)
