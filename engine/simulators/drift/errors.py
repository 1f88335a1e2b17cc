"""What can go wrong with an instruction, in the words of the runtime, of Anchor and of the program."""

from __future__ import annotations

from typing import Any

from engine.simulators.exchange import RejectReason

PROGRAM_PATH = "programs/drift/src/instructions/user.rs"

ANCHOR: dict[str, tuple[int, str]] = {
    "InstructionFallbackNotFound": (101, "Fallback functions are not supported"),
    "InstructionDidNotDeserialize": (102, "The program could not deserialize the given instruction"),
    "ConstraintMut": (2000, "A mut constraint was violated"),
    "ConstraintRaw": (2003, "A raw constraint was violated"),
    "ConstraintSeeds": (2006, "A seeds constraint was violated"),
    "AccountNotEnoughKeys": (3005, "Not enough account keys given to the instruction"),
    "AccountNotSigner": (3010, "The given account did not sign"),
    "AccountNotInitialized": (3012, "The program expected this account to be already initialized"),
}
"""Anchor's own errors (anchor-lang 0.29, error.rs)."""

REFUSED: dict[RejectReason, str] = {
    RejectReason.UNKNOWN_ACCOUNT: "UserNotFound",
    RejectReason.UNKNOWN_ASSET: "PerpMarketNotFound",
    RejectReason.MARKET_HALTED: "MarketFillOrderPaused",
    RejectReason.NO_PRICE_YET: "InvalidOracle",
    RejectReason.EXPIRED: "InvalidOrderMaxTs",
    RejectReason.ZERO_SIZE: "OrderAmountTooSmall",
    RejectReason.LOT: "InvalidOrderNotStepSizeMultiple",
    RejectReason.BAD_PRICE: "InvalidOrderLimitPrice",
    RejectReason.TICK: "InvalidOrderLimitPrice",
    RejectReason.PRICE_TOO_FAR: "OrderBreachesOraclePriceLimits",
    RejectReason.DUPLICATE_CLIENT_ORDER_ID: "UserOrderIdAlreadyInUse",
    RejectReason.MARKET_REDUCE_ONLY_MODE: "ReduceOnlyOrderIncreasedRisk",
    RejectReason.REDUCE_ONLY_WOULD_INCREASE: "ReduceOnlyOrderIncreasedRisk",
    RejectReason.MIN_NOTIONAL: "InvalidOrderMinOrderSize",
    RejectReason.TOO_MANY_OPEN_ORDERS: "MaxNumberOfOrders",
    RejectReason.POST_ONLY_WOULD_CROSS: "PlacePostOnlyLimitFailure",
    RejectReason.MARGIN: "InsufficientCollateral",
    RejectReason.IOC_NO_LIQUIDITY: "RevertFill",
}
"""The program's name of an exchange's refusal; the last is for faults alone, the program itself lets such an order
through and cancels it."""


class ProgramError(Exception):
    """An instruction failed: `name` is one of the program's errors or of Anchor's."""

    def __init__(self, name: str, line: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.line = line


def instruction_error(index: int, code: int) -> dict[str, Any]:
    """How a node tells a program's error: which instruction, which number."""
    return {"InstructionError": [index, {"Custom": code}]}


def told(error: Any) -> str:
    """The node's sentence for a transaction's error (solana-transaction-error, Display)."""
    match error:
        case {"InstructionError": [int(index), {"Custom": int(code)}]}:
            return f"Error processing Instruction {index}: custom program error: {code:#x}"
        case {"InstructionError": [int(index), str(name)]}:
            return f"Error processing Instruction {index}: {name}"
        case "BlockhashNotFound":
            return "Blockhash not found"
        case "AlreadyProcessed":
            return "This transaction has already been processed"
        case "AccountNotFound":
            return "Attempt to debit an account but found no record of a prior credit."
        case "InsufficientFundsForFee":
            return "Insufficient funds for fee"
        case "ProgramAccountNotFound":
            return "Attempt to load a program that does not exist"
    return str(error)
