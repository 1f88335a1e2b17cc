"""The node's JSON-RPC: questions about accounts, blocks and transactions, and the way in for new ones.

Users' accounts, histories and transactions keep to the commitment asked for; markets and oracles are told as they
are now, under the slot of that commitment.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec

from engine.simulators.drift.accounts import Accounts
from engine.simulators.drift.chain import Chain, Landed
from engine.simulators.drift.replies import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    NO_VERSIONS,
    PARSE_ERROR,
    RENT_EPOCH,
    SIGNATURE_FAILURE,
    STATUSES_MOST,
    UNSUPPORTED_VERSION,
    VERSION,
    Config,
    RpcError,
    commitment_of,
    key_at,
    list_in,
    meta_of,
    preflight_error,
    reply_to,
    simulated,
    transaction_as,
)
from engine.simulators.drift.sending import Sending
from engine.simulators.drift.verification import SentTransaction, Unreadable
from engine.venues.drift.wire import (
    ACCOUNTS_A_READ_MOST,
    METHOD_NOT_FOUND,
    MIN_CONTEXT_SLOT_NOT_REACHED,
    SIGNATURES_A_READ_MOST,
    Commitment,
)


class Rpc:
    """Answers one body: a call, or a batch of them."""

    def __init__(self, chain: Chain, accounts: Accounts, sending: Sending) -> None:
        self._chain, self._accounts, self._sending = chain, accounts, sending
        self._methods: dict[str, Callable[[list[Any], Config], Any]] = {
            "getAccountInfo": self._account_info,
            "getMultipleAccounts": self._multiple_accounts,
            "getBalance": self._balance,
            "getLatestBlockhash": self._latest_blockhash,
            "isBlockhashValid": self._is_blockhash_valid,
            "getSlot": lambda _params, config: self._chain.slot_at(commitment_of(config)),
            "getBlockHeight": lambda _params, config: self._chain.height(self._chain.slot_at(commitment_of(config))),
            "getVersion": lambda _params, _config: {"solana-core": VERSION, "feature-set": 0},
            "getHealth": lambda _params, _config: "ok",
            "getSignatureStatuses": self._statuses,
            "getSignaturesForAddress": self._signatures,
            "getTransaction": self._transaction,
            "sendTransaction": self._send,
            "simulateTransaction": self._simulate,
        }

    def answer(self, body: bytes) -> Any:
        """The reply, or the replies of a batch; errors are replies too."""
        try:
            asked = msgspec.json.decode(body)
        except msgspec.DecodeError:
            return reply_to(None, error=RpcError(PARSE_ERROR, "Parse error"))
        if isinstance(asked, list):
            return [self._one(each) for each in asked]
        return self._one(asked)

    def refuse(self, body: bytes, error: RpcError) -> Any:
        """Refuse every call of a body, unexecuted."""
        asked = msgspec.json.decode(body)
        if isinstance(asked, list):
            return [reply_to(each.get("id"), error=error) for each in asked]
        return reply_to(asked.get("id"), error=error)

    def _one(self, asked: Any) -> dict[str, Any]:
        if not isinstance(asked, dict) or asked.get("jsonrpc") != "2.0" or not isinstance(asked.get("method"), str):
            return reply_to(None, error=RpcError(INVALID_REQUEST, "Invalid request"))
        try:
            return reply_to(asked.get("id"), result=self._result(asked))
        except RpcError as error:
            return reply_to(asked.get("id"), error=error)

    def _result(self, asked: dict[str, Any]) -> Any:
        method, params = self._methods.get(asked["method"]), asked.get("params") or []
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        if not isinstance(params, list):
            raise RpcError(INVALID_PARAMS, "Invalid params: expected an array")
        config = params[-1] if params and isinstance(params[-1], dict) else {}
        least = config.get("minContextSlot")
        newest = self._chain.slot_at(commitment_of(config))
        if isinstance(least, int) and least > newest:
            data = {"contextSlot": newest}
            raise RpcError(MIN_CONTEXT_SLOT_NOT_REACHED, "Minimum context slot has not been reached", data)
        return method([each for each in params if each is not config], config)

    # accounts

    def _in_context(self, value: Any, commitment: Commitment = "processed") -> dict[str, Any]:
        return {"context": {"apiVersion": VERSION, "slot": self._chain.slot_at(commitment)}, "value": value}

    def _account_info(self, params: list[Any], config: Config) -> Any:
        return self._in_context(self._account(key_at(params, 0), config), commitment_of(config))

    def _multiple_accounts(self, params: list[Any], config: Config) -> Any:
        keys = list_in(params, ACCOUNTS_A_READ_MOST)
        rows = [self._account(key_at(keys, at), config) for at in range(len(keys))]
        return self._in_context(rows, commitment_of(config))

    def _account(self, key: str, config: Config) -> Any:
        found = self._accounts.read(key, commitment_of(config))
        if found is None:
            return None
        data, owner = found
        part = config.get("dataSlice")
        shown = data if part is None else data[part["offset"] : part["offset"] + part["length"]]
        return {
            "data": [base64.b64encode(shown).decode(), "base64"],
            "executable": False,
            "lamports": self._sending.lamports(key),
            "owner": owner,
            "rentEpoch": RENT_EPOCH,
            "space": len(data),
        }

    def _balance(self, params: list[Any], _config: Config) -> Any:
        key = key_at(params, 0)
        exists = self._accounts.read(key, "processed") is not None
        return self._in_context(self._sending.lamports(key) if exists else 0)

    # blocks

    def _latest_blockhash(self, _params: list[Any], config: Config) -> Any:
        commitment = commitment_of(config)
        blockhash, last = self._chain.blockhash(commitment)
        return self._in_context({"blockhash": blockhash, "lastValidBlockHeight": last}, commitment)

    def _is_blockhash_valid(self, params: list[Any], _config: Config) -> Any:
        return self._in_context(self._chain.blockhash_valid(key_at(params, 0)))

    # what landed

    def _statuses(self, params: list[Any], config: Config) -> Any:
        archive = bool(config.get("searchTransactionHistory"))
        rows = []
        for signature in list_in(params, STATUSES_MOST):
            landed = self._chain.find(str(signature))
            seen = landed is not None and (archive or self._chain.remembers(landed))
            rows.append(self._status(landed) if landed is not None and seen else None)
        return self._in_context(rows)

    def _status(self, landed: Landed) -> dict[str, Any]:
        certain = self._chain.commitment_of(landed)
        return {
            "slot": landed.slot,
            "confirmations": None if certain == "finalized" else self._chain.slot - landed.slot,
            "err": landed.error,
            "status": {"Ok": None} if landed.error is None else {"Err": landed.error},
            "confirmationStatus": certain,
        }

    def _signatures(self, params: list[Any], config: Config) -> Any:
        """Newest first; `before` and `until` are exclusive."""
        key, limit = key_at(params, 0), config.get("limit", SIGNATURES_A_READ_MOST)
        if not isinstance(limit, int) or not 0 < limit <= SIGNATURES_A_READ_MOST:
            raise RpcError(INVALID_PARAMS, f"Invalid limit; max {SIGNATURES_A_READ_MOST}")
        before, until = self._number(config, "before"), self._number(config, "until")
        newest = self._chain.slot_at(commitment_of(config))
        rows: list[dict[str, Any]] = []
        for landed in self._chain.history(key):
            if until is not None and landed.number <= until:
                break
            if landed.slot <= newest and (before is None or landed.number < before):
                rows.append(self._row(landed))
            if len(rows) == limit:
                break
        return rows

    def _number(self, config: Config, name: str) -> int | None:
        """The place of a transaction named as a bound; an unknown `before` has nothing older, as at the node."""
        signature = config.get(name)
        if signature is None:
            return None
        landed = self._chain.find(str(signature))
        return 0 if landed is None else landed.number

    def _row(self, landed: Landed) -> dict[str, Any]:
        return {
            "signature": landed.signature,
            "slot": landed.slot,
            "err": landed.error,
            "memo": None,
            "blockTime": landed.at_s,
            "confirmationStatus": self._chain.commitment_of(landed),
        }

    def _transaction(self, params: list[Any], config: Config) -> Any:
        if not params or not isinstance(params[0], str):
            raise RpcError(INVALID_PARAMS, "Invalid param: WrongSize")
        landed = self._chain.find(params[0], commitment_of(config))
        if landed is None:
            return None
        if "maxSupportedTransactionVersion" not in config:
            raise RpcError(UNSUPPORTED_VERSION, NO_VERSIONS)
        return {
            "slot": landed.slot,
            "blockTime": landed.at_s,
            "version": 0,
            "meta": meta_of(landed),
            "transaction": transaction_as(landed.raw, config.get("encoding", "json")),
        }

    # new transactions

    def _send(self, params: list[Any], config: Config) -> str:
        sent = self._read(params, config)
        if config.get("skipPreflight"):
            self._sending.forward(sent)
            return sent.signature
        if not sent.signed:
            raise RpcError(SIGNATURE_FAILURE, "Transaction signature verification failure")
        outcome = self._sending.simulate(sent)
        if outcome.error is not None:
            raise preflight_error(outcome.error, outcome.logs)
        self._sending.forward(sent)
        return sent.signature

    def _simulate(self, params: list[Any], config: Config) -> Any:
        sent = self._read(params, config)
        if config.get("sigVerify") and not sent.signed:
            raise RpcError(SIGNATURE_FAILURE, "Transaction signature verification failure")
        outcome = self._sending.simulate(sent, any_blockhash=bool(config.get("replaceRecentBlockhash")))
        return self._in_context(simulated(outcome))

    def _read(self, params: list[Any], config: Config) -> SentTransaction:
        """The transaction in the first parameter. Raises RpcError for bytes that are none."""
        encoding = config.get("encoding", "base58")
        if encoding != "base64":
            raise RpcError(INVALID_PARAMS, f"unsupported encoding: {encoding}. Supported encodings: base58, base64")
        try:
            raw = base64.b64decode(params[0], validate=True)
            return self._sending.read(raw)
        except (IndexError, TypeError, ValueError, binascii.Error) as error:
            raise RpcError(INVALID_PARAMS, f"invalid base64 encoding: {error}") from error
        except Unreadable as error:
            raise RpcError(INVALID_PARAMS, str(error)) from error
