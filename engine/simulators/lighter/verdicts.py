"""An accepted transaction and what became of it, as GET tx and the channel `account_tx` tell it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from engine.simulators.exchange import CancelRejected, Events, LeverageRejected, OrderRejected, RejectReason
from engine.simulators.lighter.orders import Record
from engine.simulators.lighter.refusals import REJECTED, Refused
from engine.simulators.lighter.transactions import Asked
from engine.simulators.lighter.words import Row, height, ms, us
from engine.venues.lighter.wire import ErrorCode
from engine.venues.lighter.wire_orders import TxStatus

FIRST_SEQUENCE = 1_000_000
FAILED: TxStatus = 0
PENDING: TxStatus = 1
EXECUTED: TxStatus = 2


@dataclass(slots=True, kw_only=True, eq=False)
class Transaction:
    """One accepted transaction. `event_info` and `executed_ns` are set when the sequencer has spoken."""

    hash: str
    tx_type: int
    info: str
    asked: Asked
    sequence_index: int
    queued_ns: int
    due_ns: int
    status: TxStatus = PENDING
    event_info: str = "{}"
    executed_ns: int = 0
    record: Record | None = None

    def judge(self, now_ns: int, events: Events) -> None:
        """The sequencer has executed it, or refused to."""
        code = _failure(events)
        self.executed_ns = now_ns
        self.status = EXECUTED if code is None else FAILED
        self.event_info = _event_info(self, code)


def _failure(events: Events) -> int | None:
    """The application error of a transaction the sequencer refused. An IOC that met nothing was executed."""
    for event in events:
        match event:
            case OrderRejected() if event.reason is not RejectReason.IOC_NO_LIQUIDITY:
                return REJECTED.get(event.reason, int(ErrorCode.INTERNAL))
            case CancelRejected():
                return int(ErrorCode.INACTIVE_CANCEL)
            case LeverageRejected():
                return int(ErrorCode.BELOW_INITIAL_MARGIN)
            case _:
                continue
    return None


def _event_info(transaction: Transaction, code: int | None) -> str:
    """`ae` is the application error; `a`, `i`, `u` are account, order and client order (docs, "Transaction JSON")."""
    error = "" if code is None else msgspec.json.encode(Refused(code).body).decode()
    told: Row = {"a": transaction.asked.account_index, "ae": error}
    if transaction.record is not None:
        told |= {"i": transaction.record.order_index, "u": transaction.record.asked.client_order_index}
    return msgspec.json.encode(told).decode()


def transaction_row(transaction: Transaction, l1_address: str) -> Row:
    """The transaction as GET tx and `account_tx` tell it."""
    return {
        "hash": transaction.hash,
        "type": transaction.tx_type,
        "info": transaction.info,
        "event_info": transaction.event_info,
        "status": transaction.status,
        "transaction_index": transaction.sequence_index - FIRST_SEQUENCE,
        "l1_address": l1_address,
        "account_index": transaction.asked.account_index,
        "nonce": transaction.asked.nonce,
        "expire_at": transaction.asked.expired_at,
        "block_height": height(transaction.executed_ns or transaction.queued_ns),
        "queued_at": ms(transaction.queued_ns),
        "executed_at": ms(transaction.executed_ns),
        "sequence_index": transaction.sequence_index,
        "parent_hash": "",
        "api_key_index": transaction.asked.api_key_index,
        "transaction_time": us(transaction.executed_ns or transaction.queued_ns),
    }
