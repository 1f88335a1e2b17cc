"""What the node's answers are made of: errors, simulated outcomes, parameters that must be what they are.

Error numbers are Solana's (rpc-custom-error, 2025).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from engine.simulators.drift.chain import COMMITMENTS, Landed
from engine.simulators.drift.errors import told
from engine.simulators.drift.program import Outcome
from engine.simulators.drift.verification import base58, key_bytes, transaction_json
from engine.venues.drift.wire import PREFLIGHT_FAILED, Commitment

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS = -32700, -32600, -32602
SIGNATURE_FAILURE = -32003
UNSUPPORTED_VERSION = -32015
NO_VERSIONS = "Transaction version (0) is not supported by the requesting client."
STATUSES_MOST = 256
VERSION = "2.3.0"
RENT_EPOCH = 2**64 - 1
Config = Mapping[str, Any]


class RpcError(Exception):
    """A call the node refuses."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def body(self) -> dict[str, Any]:
        """The reply's `error`."""
        return {"code": self.code, "message": self.message} | ({} if self.data is None else {"data": self.data})


def preflight_error(error: Any, logs: tuple[str, ...] = ()) -> RpcError:
    """How a node refuses a transaction that failed its simulation."""
    outcome = Outcome(error=error, logs=logs)
    return RpcError(PREFLIGHT_FAILED, f"Transaction simulation failed: {told(error)}", simulated(outcome))


def simulated(outcome: Outcome) -> dict[str, Any]:
    """What a simulation tells."""
    return {
        "accounts": None,
        "err": outcome.error,
        "innerInstructions": None,
        "logs": list(outcome.logs),
        "returnData": None,
        "unitsConsumed": 0,
    }


def meta_of(landed: Landed) -> dict[str, Any]:
    """The result part of getTransaction."""
    return {
        "err": landed.error,
        "status": {"Ok": None} if landed.error is None else {"Err": landed.error},
        "fee": landed.fee,
        "preBalances": [],
        "postBalances": [],
        "innerInstructions": [],
        "logMessages": list(landed.logs),
        "preTokenBalances": [],
        "postTokenBalances": [],
        "rewards": [],
        "loadedAddresses": {"readonly": [], "writable": []},
        "computeUnitsConsumed": 0,
    }


def transaction_as(raw: bytes, encoding: str) -> Any:
    """The transaction itself in the encoding asked for. Raises RpcError."""
    match encoding:
        case "json":
            return transaction_json(raw)
        case "base64":
            return [base64.b64encode(raw).decode(), "base64"]
        case "base58":
            return [base58(raw), "base58"]
    raise RpcError(INVALID_PARAMS, f"Invalid params: unknown variant `{encoding}`")


def reply_to(number: Any, *, result: Any = None, error: RpcError | None = None) -> dict[str, Any]:
    """One reply, a result or an error."""
    ending = {"result": result} if error is None else {"error": error.body()}
    return {"jsonrpc": "2.0", **ending, "id": number}


def commitment_of(config: Config) -> Commitment:
    """As asked; finalized is the node's default. Raises RpcError."""
    asked = config.get("commitment", "finalized")
    if asked not in COMMITMENTS:
        raise RpcError(INVALID_PARAMS, f"Invalid params: unknown variant `{asked}`")
    commitment: Commitment = asked
    return commitment


def key_at(values: list[Any], at: int) -> str:
    """A public key among parameters. Raises RpcError."""
    text = values[at] if at < len(values) else None
    try:
        key_bytes(str(text))
    except ValueError as error:
        raise RpcError(INVALID_PARAMS, "Invalid param: WrongSize") from error
    return str(text)


def list_in(params: list[Any], most: int) -> list[Any]:
    """The list that is the first parameter. Raises RpcError."""
    if not params or not isinstance(params[0], list):
        raise RpcError(INVALID_PARAMS, "Invalid params: invalid type, expected a sequence.")
    if len(params[0]) > most:
        raise RpcError(INVALID_PARAMS, f"Too many inputs provided; max {most}")
    return params[0]
