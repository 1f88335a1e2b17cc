"""Is this transaction what it says, and from whom? The chain's own reading of it, by its SDK; and its addresses.

Counterpart: the signer of `engine.venues.drift`. The SDK is imported when first needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

QUOTE_FEED, FIRST_FEED = 7, 100
"""Numbers of price feeds, made up: an oracle's address follows from its feed's."""
PACKET_MOST = 1232
"""Bytes of a transaction (Solana docs, "Transactions", 2025)."""


class Unreadable(Exception):
    """Bytes that are no transaction; the text is the node's."""


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where the program keeps what it knows, base58; perpetual markets and their oracles by market index."""

    program: str
    state: str
    signer: str
    spot_market: str
    spot_vault: str
    spot_oracle: str
    markets: Mapping[int, str]
    oracles: Mapping[int, str]


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """An authority and its first sub-account, base58."""

    authority: str
    user: str
    stats: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction: whom it calls, with which accounts (in order) and which bytes."""

    program: str
    accounts: tuple[str, ...]
    data: bytes


class SentTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction taken apart. `signed` says whether every signature is right."""

    signature: str
    payer: str
    signers: tuple[str, ...]
    writable: tuple[str, ...]
    keys: tuple[str, ...]
    blockhash: str
    calls: tuple[Call, ...]
    raw: bytes
    signed: bool


def read_transaction(raw: bytes, tables: Mapping[str, tuple[str, ...]]) -> SentTransaction:
    """Take a legacy or v0 transaction apart; `tables` are the address lookup tables. Raises Unreadable."""
    from solders.transaction import VersionedTransaction

    if len(raw) > PACKET_MOST:
        raise Unreadable(f"base64 encoded transaction too large: {len(raw)} bytes (max: {PACKET_MOST})")
    try:
        transaction = VersionedTransaction.from_bytes(raw)
        transaction.sanitize()
    except Exception as error:
        raise Unreadable(f"failed to deserialize VersionedTransaction: {error}") from error
    message = transaction.message
    keys, writable = _resolved(message, tables)
    signers = keys[: message.header.num_required_signatures]
    calls = [
        Call(
            program=keys[each.program_id_index],
            accounts=tuple(keys[index] for index in bytes(each.accounts) if index < len(keys)),
            data=bytes(each.data),
        )
        for each in message.instructions
    ]
    return SentTransaction(
        signature=str(transaction.signatures[0]),
        payer=keys[0],
        signers=signers,
        writable=writable,
        keys=keys,
        blockhash=str(message.recent_blockhash),
        calls=tuple(calls),
        raw=raw,
        signed=all(transaction.verify_with_results()),
    )


def _resolved(message: Any, tables: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All keys, and those that may be written: static ones, then the tables' writable, then their others."""
    static = [str(key) for key in message.account_keys]
    writable = [key for index, key in enumerate(static) if message.is_maybe_writable(index)]
    lookups = getattr(message, "address_table_lookups", ())
    loaded, others = list[str](), list[str]()
    for lookup in lookups:
        table = tables.get(str(lookup.account_key))
        if table is None:
            raise Unreadable("Transaction loads an address table account that doesn't exist")
        for indexes, into in ((lookup.writable_indexes, loaded), (lookup.readonly_indexes, others)):
            for index in bytes(indexes):
                if index >= len(table):
                    raise Unreadable("Transaction address table lookup uses an invalid index")
                into.append(table[index])
    return (*static, *loaded, *others), (*writable, *loaded)


def keeper_transaction(
    keeper: str, program: str, accounts: Sequence[str], blockhash: str, data: bytes
) -> tuple[str, bytes]:
    """Signature and bytes of somebody else's transaction about these accounts. Its signature is made up."""
    from solders.hash import Hash
    from solders.instruction import AccountMeta, Instruction
    from solders.message import MessageV0
    from solders.pubkey import Pubkey
    from solders.signature import Signature
    from solders.transaction import VersionedTransaction

    metas = [AccountMeta(Pubkey.from_string(key), is_signer=False, is_writable=True) for key in accounts]
    call = Instruction(Pubkey.from_string(program), data, metas)
    message = MessageV0.try_compile(Pubkey.from_string(keeper), [call], [], Hash.from_string(blockhash))
    signature = Signature.from_bytes(hashlib.sha512(bytes(message)).digest())
    return str(signature), bytes(VersionedTransaction.populate(message, [signature]))


def transaction_json(raw: bytes) -> dict[str, Any]:
    """A transaction as the node tells it in the encoding "json"."""
    from solders.transaction import VersionedTransaction

    transaction = VersionedTransaction.from_bytes(raw)
    return {"signatures": [str(each) for each in transaction.signatures], "message": _message(transaction.message)}


def _message(message: Any) -> dict[str, Any]:
    header = message.header
    return {
        "accountKeys": [str(key) for key in message.account_keys],
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "recentBlockhash": str(message.recent_blockhash),
        "instructions": [
            {
                "programIdIndex": each.program_id_index,
                "accounts": list(bytes(each.accounts)),
                "data": base58(bytes(each.data)),
                "stackHeight": None,
            }
            for each in message.instructions
        ],
    }


@lru_cache(maxsize=8)
def program_addresses(program: str, indexes: tuple[int, ...]) -> Addresses:
    """Every account of the program with these perpetual markets. Seeds: driftpy 0.8.89, addresses."""

    def derived(*seeds: bytes) -> str:
        return _derived(program, seeds)

    return Addresses(
        program=program,
        state=derived(b"drift_state"),
        signer=derived(b"drift_signer"),
        spot_market=derived(b"spot_market", bytes(2)),
        spot_vault=derived(b"spot_market_vault", bytes(2)),
        spot_oracle=derived(b"pyth_lazer", QUOTE_FEED.to_bytes(4, "little")),
        markets={index: derived(b"perp_market", index.to_bytes(2, "little")) for index in indexes},
        oracles={index: derived(b"pyth_lazer", (FIRST_FEED + index).to_bytes(4, "little")) for index in indexes},
    )


@lru_cache(maxsize=256)
def wallet_of(program: str, authority: str) -> Wallet:
    """The first sub-account of an authority and its statistics. Raises ValueError for no public key."""
    key = key_bytes(authority)
    return Wallet(
        authority=authority,
        user=_derived(program, (b"user", key, bytes(2))),
        stats=_derived(program, (b"user_stats", key)),
    )


def _derived(program: str, seeds: Sequence[bytes]) -> str:
    from solders.pubkey import Pubkey

    return str(Pubkey.find_program_address(list(seeds), Pubkey.from_string(program))[0])


@lru_cache(maxsize=4096)
def key_bytes(text: str) -> bytes:
    """The 32 bytes of a base58 public key. Raises ValueError."""
    from solders.pubkey import Pubkey

    return bytes(Pubkey.from_string(text))


def key_text(raw: bytes) -> str:
    """32 bytes as base58: public keys and blockhashes."""
    from solders.pubkey import Pubkey

    return str(Pubkey.from_bytes(raw))


ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(raw: bytes) -> str:
    """Any bytes as base58."""
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text
