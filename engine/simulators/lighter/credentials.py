"""Who may do what: accounts, their API keys, the nonce of each key, and auth tokens.

The signatures themselves are Schnorr over a curve that no library here verifies: their form is checked, and the
account, the key, the nonce and the times they name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from engine.simulators.lighter.refusals import INVALID_PARAM, Refused
from engine.venues.lighter.wire import AUTH_TOKEN_MOST_S, ErrorCode
from engine.venues.lighter.wire_orders import TxInfo

SIGNATURE_BYTES = 80
NONCE_MOST = 2**47 - 1
SKIP_NONCE = "4"
"""The attribute of a transaction that may leave nonces out (lighter-sdk 1.1.8)."""
TOKEN = re.compile(r"(\d{1,12}):(\d{1,15}):(\d{1,3}):[0-9a-fA-F]{160}")
READ_ONLY_TOKEN = re.compile(r"ro:(\d{1,15}):(?:single|all):(\d{1,12}):[0-9a-fA-F]+")
NO_AUTH = "auth query param and Authorization header are empty"
"""Recorded answer to GET trades without a token."""


class LighterAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One account: its L1 address, the public key (hex, 40 bytes) of each API key index, and a deposit to open it with.

    A key whose public half is not known may be given as an empty text.
    """

    l1_address: str = "0x" + "0" * 40
    keys: Mapping[int, str]
    deposit_usd: Decimal | None = None


class Credentials:
    """Nonces begin at 0 for every key."""

    def __init__(self, accounts: Mapping[int, LighterAccount]) -> None:
        self.accounts = dict(accounts)
        self._nonces = {(index, key): 0 for index, account in accounts.items() for key in account.keys}

    def account(self, index: int) -> LighterAccount:
        """Raises `Refused` for an account that is not there."""
        if index not in self.accounts:
            raise Refused(21100)
        return self.accounts[index]

    def next_nonce(self, account_index: int, key: int) -> int:
        """What the key's next transaction must carry. Raises `Refused`."""
        self.account(account_index)
        if (account_index, key) not in self._nonces:
            raise Refused(ErrorCode.API_KEY_NOT_FOUND)
        return self._nonces[account_index, key]

    def judge(self, asked: Sequence[TxInfo]) -> None:
        """Key, form of the signature and nonce of transactions of one account and key. Raises `Refused`.

        Nothing is used up by it.
        """
        first = asked[0]
        expected = self.next_nonce(first.account_index, first.api_key_index)
        for place, each in enumerate(asked):
            if not _signed(each.sig):
                raise Refused(ErrorCode.INVALID_SIGNATURE)
            if not _follows(each, expected):
                raise Refused(ErrorCode.NONCE_NOT_INCREASING if place else ErrorCode.INVALID_NONCE)
            expected = each.nonce + 1

    def use(self, asked: TxInfo) -> None:
        """The transaction was accepted: its nonce is gone, whatever becomes of it."""
        self._nonces[asked.account_index, asked.api_key_index] = asked.nonce + 1

    def check_token(self, token: str, account_index: int, now_s: int) -> None:
        """A token of this account, not expired and not valid later than now. Raises `Refused`.

        A token for more than 8 hours becomes valid when 8 hours are left of it (apidocs "API keys", 2026-07).
        """
        if not token:
            raise Refused(INVALID_PARAM, f" : {NO_AUTH}")
        found = TOKEN.fullmatch(token)
        owner, expiry = (int(found[2]), int(found[1])) if found else _read_only(token)
        known = owner in self.accounts and (not found or int(found[3]) in self.accounts[owner].keys)
        begins = expiry - AUTH_TOKEN_MOST_S if found else 0
        if not known or owner != account_index or not begins <= now_s < expiry:
            raise Refused(INVALID_PARAM, " : invalid auth token")


def _follows(asked: TxInfo, expected: int) -> bool:
    """Exactly the next nonce; with the attribute that skips, any above."""
    if (asked.l2_tx_attributes or {}).get(SKIP_NONCE):
        return expected <= asked.nonce <= NONCE_MOST
    return asked.nonce == expected


def _read_only(token: str) -> tuple[int, int]:
    found = READ_ONLY_TOKEN.fullmatch(token)
    if found is None:
        raise Refused(INVALID_PARAM, " : invalid auth token")
    return int(found[1]), int(found[2])


def _signed(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == SIGNATURE_BYTES
    except binascii.Error:
        return False
