"""The shapes of what Drift's two servers say: a Solana JSON-RPC node and the DLOB server. No logic.

Counterparts: `codec` here, `engine.simulators.drift` on the other side. Shared by both, so it also says what passes:

POST /rpc, one JSON-RPC 2.0 object a request. The adapter uses exactly these methods, always with base64 accounts,
`commitment` from the settings and, where a read must not be older than one of our transactions, `minContextSlot`:
getMultipleAccounts (User, UserStats, State, quote SpotMarket, PerpMarkets, their oracles), getLatestBlockhash,
sendTransaction (base64; preflight on unless configured otherwise, maxRetries left to the node), getSignatureStatuses
(searchTransactionHistory true), getBlockHeight, getTransaction (encoding json, maxSupportedTransactionVersion 0),
getSignaturesForAddress (of the User account; newest first, `until` exclusive, `before` exclusive, limit <= 1000).

A transaction is dead, provably, once the block height is beyond the lastValidBlockHeight of its blockhash and its
signature has no status; before that a transaction without a status is in doubt. A failed preflight (error -32002,
data {err, logs}) is not forwarded by the node. Errors of the program are {"InstructionError": [n, {"Custom": code}]}.

What happened is read from `meta.logMessages`: after "Program <id> invoke [1]" each "Program data: <base64>" is one
Anchor event of the program's IDL (8 bytes of discriminator, then borsh):
- OrderActionRecord with action Place, then OrderRecord, when an order is placed (`order.order_id` is the program's
  number, `order.user_order_id` ours); then OrderActionRecords: Fill for each fill (our User account is `taker` or
  `maker`, with that side's order id, fee and cumulative amounts), Cancel or Expire when it ends unfilled. A filled
  order has no further record: its cumulative amount equals its size. A post-only order is told in the maker's
  fields, any other in the taker's, also in Place, Cancel and Expire records. `fill_record_id` counts a market's fills;
- a place_and_take leaves no order behind: what is not filled is told by a Cancel record of the same transaction;
- FundingPaymentRecord whenever an instruction touches a position whose funding was not settled up to now
  (`funding_payment` in 1e-6 quote, positive = received);
- a liquidation is a Fill with the explanation Liquidation (we are the taker of an order nobody placed) and a
  LiquidationRecord of type LiquidatePerp. Drift has no ADL; a simulated one is told like a liquidation.
Placing an order whose `max_ts` has passed succeeds without a record. Cancelling what is not open succeeds without a
record too, or fails with OrderNotOpen (6062): cancel_order_by_user_id takes the first slot that ever had this number.
The program checks post-only against the vAMM alone, and a place_and_take reaches only the vAMM and those makers whose
accounts are passed; none are passed here.

GET /dlob/l2 ? marketName=SOL-PERP & depth=n & includeVamm=true: one `Book`.
WS /dlob/ws: {"type":"subscribe","marketType":"perp","channel":"orderbook","market":"SOL-PERP"}; book frames are
{"channel":"orderbook_perp_0","data":"<a Book as a JSON string>"}; also {"message":…}, {"error":…} and
{"channel":"heartbeat"} every 5 s. Prices and sizes are integer strings (1e6, 1e9); `ts` is milliseconds UTC.
Other types of frames are ignored; a subscription, also a repeated one, is answered by a message and the last book.
Sources: drift-labs/dlob-server src/wsConnectionManager.ts, drift-labs/protocol-v2 controller/orders.rs, driftpy 0.8.89
(all read 2026-11-22); Solana's JSON-RPC documentation.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

import msgspec

RPC_PATH = "/rpc"
DLOB_L2_PATH = "/dlob/l2"
DLOB_STREAM_PATH = "/dlob/ws"

PROGRAM_ID = "dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH"
COMPUTE_BUDGET_ID = "ComputeBudget111111111111111111111111111111"
USDC_MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
QUOTE_SPOT_MARKET_INDEX = 0

PRICE_DECIMALS = 6
BASE_DECIMALS = 9
QUOTE_DECIMALS = 6
FUNDING_RATE_DECIMALS = 9
SPOT_BALANCE_DECIMALS = 9
SPOT_INTEREST_DECIMALS = 10
MARGIN_RATIO_UNIT = 10_000
FEE_ADJUSTMENT_UNIT = 100

OPEN_ORDERS_MOST = 32
POSITIONS_MOST = 8
ACCOUNTS_A_READ_MOST = 100
SIGNATURES_A_READ_MOST = 1000
SLOT_MS = 400
BLOCKHASH_BLOCKS = 150

PLACE_PERP_ORDER = "place_perp_order"
PLACE_AND_TAKE_PERP_ORDER = "place_and_take_perp_order"
CANCEL_ORDER = "cancel_order"
CANCEL_ORDER_BY_USER_ID = "cancel_order_by_user_id"
CANCEL_ORDERS = "cancel_orders"
SETTLE_PNL = "settle_pnl"
BIT_IOC = 1
"""`OrderParams.bit_flags`."""

PREFLIGHT_FAILED = -32002
NODE_UNHEALTHY = -32005
METHOD_NOT_FOUND = -32601
MIN_CONTEXT_SLOT_NOT_REACHED = -32016

EXCHANGE_DEPOSIT_PAUSED = 1
EXCHANGE_WITHDRAW_PAUSED = 2
EXCHANGE_AMM_PAUSED = 4
EXCHANGE_FILL_PAUSED = 8
EXCHANGE_LIQUIDATION_PAUSED = 16
EXCHANGE_FUNDING_PAUSED = 32
EXCHANGE_SETTLE_PNL_PAUSED = 64
EXCHANGE_PAUSED = 255
"""`State.exchange_status` bits; all of them = the program is paused."""
MARKET_FUNDING_PAUSED = 1
MARKET_AMM_FILL_PAUSED = 2
MARKET_FILL_PAUSED = 4
"""`PerpMarket.paused_operations` bits."""
USER_BEING_LIQUIDATED = 1
USER_BANKRUPT = 2
USER_REDUCE_ONLY = 4
"""`User.status` bits."""

Commitment = Literal["processed", "confirmed", "finalized"]
IntegerText = Annotated[str, msgspec.Meta(pattern=r"^-?\d+$")]
JsonValue = None | bool | int | float | str | list[object] | dict[str, object]

T = TypeVar("T")


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything the servers send; fields they add are ignored."""


# --- JSON-RPC ---------------------------------------------------------------------------------------------


class RpcRequest(Wire, frozen=True, kw_only=True):
    """One call."""

    jsonrpc: Literal["2.0"] = "2.0"
    id: int
    method: str
    params: tuple[object, ...] = ()


class RpcErrorData(Wire, frozen=True, kw_only=True):
    """What a failed preflight adds: the transaction's error and the simulated logs."""

    err: JsonValue = None
    logs: tuple[str, ...] | None = None


class RpcErrorBody(Wire, frozen=True, kw_only=True):
    """`data` is an `RpcErrorData` for a failed preflight, anything else for other errors."""

    code: int
    message: str
    data: JsonValue = None


class RpcReply(Wire, Generic[T], frozen=True, kw_only=True):
    """Either `result` or `error`; the id is null when the node could not read the request."""

    jsonrpc: Literal["2.0"]
    id: int | None
    result: T | None = None
    error: RpcErrorBody | None = None


class Context(Wire, frozen=True, kw_only=True):
    """The slot an answer is true for."""

    slot: int


class AccountInfo(Wire, frozen=True, kw_only=True):
    """One account; `data` is (text, "base64")."""

    data: tuple[str, Literal["base64"]]
    owner: str
    lamports: int


class MultipleAccounts(Wire, frozen=True, kw_only=True):
    """getMultipleAccounts: in the order asked, null for an account that does not exist."""

    context: Context
    value: tuple[AccountInfo | None, ...]


class LatestBlockhash(Wire, frozen=True, kw_only=True):
    """A blockhash and the last block height at which a transaction with it can land."""

    blockhash: str
    lastValidBlockHeight: int


class LatestBlockhashReply(Wire, frozen=True, kw_only=True):
    """getLatestBlockhash."""

    context: Context
    value: LatestBlockhash


class SignatureStatus(Wire, frozen=True, kw_only=True):
    """How far a transaction got; `err` null = it succeeded."""

    slot: int
    err: JsonValue = None
    confirmationStatus: Commitment | None = None


class SignatureStatuses(Wire, frozen=True, kw_only=True):
    """getSignatureStatuses: in the order asked, null for a signature nobody has seen."""

    context: Context
    value: tuple[SignatureStatus | None, ...]


class TransactionMeta(Wire, frozen=True, kw_only=True):
    """The result of a transaction; `fee` in lamports."""

    err: JsonValue = None
    logMessages: tuple[str, ...] | None = None
    fee: int = 0


class Transaction(Wire, frozen=True, kw_only=True):
    """getTransaction (null when the node does not have it yet). `blockTime` in seconds UTC."""

    slot: int
    meta: TransactionMeta
    blockTime: int | None = None


class SignatureRow(Wire, frozen=True, kw_only=True):
    """One row of getSignaturesForAddress."""

    signature: str
    slot: int
    err: JsonValue = None
    blockTime: int | None = None


# --- DLOB -------------------------------------------------------------------------------------------------


class Level(Wire, frozen=True, kw_only=True):
    """One price level: 1e6 and 1e9 integer strings."""

    price: IntegerText
    size: IntegerText


class Book(Wire, frozen=True, kw_only=True):
    """GET /l2, and the inner payload of a book frame: best levels first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    marketName: str
    marketType: Literal["perp", "spot"]
    marketIndex: int
    ts: int
    slot: int
    markPrice: IntegerText | None = None
    oracle: int | None = None


class Subscribe(Wire, frozen=True, kw_only=True):
    """What a client says to get a market's book; `grouping` (1 = none) makes the channel end in `_grouped_1`."""

    type: Literal["subscribe", "unsubscribe"] = "subscribe"
    marketType: Literal["perp"] = "perp"
    channel: Literal["orderbook"] = "orderbook"
    market: str


class StreamFrame(Wire, frozen=True, kw_only=True):
    """One frame of the stream; exactly one of the fields says what it is. `data` is JSON inside JSON."""

    channel: str | None = None
    data: str | None = None
    message: str | None = None
    error: str | None = None
