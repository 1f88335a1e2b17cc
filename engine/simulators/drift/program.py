"""The chain's runtime around the program: instructions in order, all of them or none, with the logs a node keeps.

A transaction is tried on a copy wherever a later part could fail after an earlier one took effect; only then is it
carried out. The copy is deterministic, so what succeeded there succeeds here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

import msgspec

from engine.simulators.drift.accounting import Accounting
from engine.simulators.drift.books import Books, User
from engine.simulators.drift.borsh import BorshError
from engine.simulators.drift.errors import ANCHOR, PROGRAM_PATH, ProgramError, instruction_error
from engine.simulators.drift.idl import Idl
from engine.simulators.drift.knobs import DriftKnobs
from engine.simulators.drift.placing import Placing
from engine.simulators.drift.records import Moment, Record
from engine.simulators.drift.units import quote_units
from engine.simulators.drift.verification import Addresses, Call, SentTransaction
from engine.simulators.exchange import Event, Exchange
from engine.venues.drift.wire import COMPUTE_BUDGET_ID, EXCHANGE_PAUSED, EXCHANGE_SETTLE_PNL_PAUSED

UNITS_OF_A_CALL = 200_000
"""What a simulated instruction pretends to have used, for every one the same."""
OWNERS = ("placePerpOrder", "placeAndTakePerpOrder", "cancelOrder", "cancelOrderByUserId", "cancelOrders")
TRADES = ("placePerpOrder", "placeAndTakePerpOrder")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a transaction ended: the node's JSON error or None, its logs, and the users it was about."""

    error: Any
    logs: tuple[str, ...]
    keys: tuple[str, ...] = ()


class Program:
    """`status` is the program's `exchange_status`; `retired` means that it knows no instruction any more."""

    def __init__(self, exchange: Exchange, books: Books, addresses: Addresses, idl: Idl, knobs: DriftKnobs) -> None:
        self._exchange, self._books, self._addresses, self._idl, self._knobs = exchange, books, addresses, idl, knobs
        self._accounting = Accounting(exchange, books, keeper_settles_funding=knobs.keeper_settles_funding)
        self._placing = Placing(exchange, books, self._accounting)
        self.status = 0
        self.retired = False

    def rehearse(self, sent: SentTransaction, moment: Moment) -> Outcome:
        """What `run` would do now, without doing it."""
        return self._copy()._run(sent, moment)

    def run(self, sent: SentTransaction, moment: Moment) -> Outcome:
        """Carry out a transaction's instructions; one that fails leaves nothing of any of them."""
        if self._may_fail_late(sent):
            tried = self.rehearse(sent, moment)
            if tried.error is not None:
                return tried
        return self._run(sent, moment)

    def keep(self, events: Sequence[Event], moment: Moment) -> Outcome | None:
        """Book what the world did, as a keeper's transaction would have logged it; None when it is nobody's."""
        told = self._accounting.absorb(events, moment)
        return self._logged("Keep", told) if told else None

    def social_loss(self, market_index: int, usd_per_base: Decimal, moment: Moment) -> Outcome:
        """Let all holders of a market bear a bankruptcy, so much per base."""
        told = self._accounting.settling.socialise(market_index, usd_per_base, moment)
        holders = [u for u in self._books.users.values() if (p := u.positions.get(market_index)) and p.base]
        outcome = self._logged("ResolvePerpBankruptcy", [told])
        return msgspec.structs.replace(outcome, keys=tuple(user.wallet.user for user in holders))

    def _may_fail_late(self, sent: SentTransaction) -> bool:
        """Several instructions, or one that is judged by what it has done."""
        calls = [call for call in sent.calls if call.program != COMPUTE_BUDGET_ID]
        return len(calls) > 1 or any(self._judged(call) for call in calls)

    def _judged(self, call: Call) -> bool:
        try:
            decoded = self._idl.instruction(call.data)
        except BorshError:
            return False
        return decoded is not None and bool(decoded[1].get("successCondition"))

    def _copy(self) -> Program:
        copy = Program(self._exchange.copy(), deepcopy(self._books), self._addresses, self._idl, self._knobs)
        copy.status, copy.retired = self.status, self.retired
        return copy

    def _run(self, sent: SentTransaction, moment: Moment) -> Outcome:
        logs, keys = list[str](), list[str]()
        for index, call in enumerate(sent.calls):
            if call.program == COMPUTE_BUDGET_ID:
                logs += [f"Program {COMPUTE_BUDGET_ID} invoke [1]", f"Program {COMPUTE_BUDGET_ID} success"]
                continue
            if call.program != self._addresses.program:
                return Outcome(error={"InstructionError": [index, "UnsupportedProgramId"]}, logs=tuple(logs))
            try:
                name, told = self._call(sent, call, moment)
            except ProgramError as failed:
                code, lines = self._failure(failed)
                return Outcome(error=instruction_error(index, code), logs=(*logs, *lines))
            done = self._logged(name, told)
            logs += done.logs
            keys += done.keys
        return Outcome(error=None, logs=tuple(logs), keys=tuple(dict.fromkeys(keys)))

    def _call(self, sent: SentTransaction, call: Call, moment: Moment) -> tuple[str, list[Record]]:
        """One instruction of the program. Raises ProgramError."""
        if self.retired:
            raise ProgramError("InstructionFallbackNotFound")
        try:
            decoded = self._idl.instruction(call.data)
        except BorshError as error:
            raise ProgramError("InstructionDidNotDeserialize") from error
        if decoded is None:
            raise ProgramError("InstructionFallbackNotFound")
        name, args = decoded
        if name not in (*OWNERS, "cancelOrdersByIds", "settlePnl"):
            raise ProgramError("InstructionFallbackNotFound", f"{name} is not simulated")
        user = self._user(sent, name, call)
        told = self._do(name, args, user, call, sent, moment)
        return name[0].upper() + name[1:], told

    def _user(self, sent: SentTransaction, name: str, call: Call) -> User:
        """The account the instruction is about, with everything Anchor checks of its accounts."""
        named = dict(zip(self._idl.accounts_of(name), call.accounts, strict=False))
        if len(named) < len(self._idl.accounts_of(name)):
            raise ProgramError("AccountNotEnoughKeys")
        user = self._books.by_key.get(named["user"])
        if named["state"] != self._addresses.state:
            raise ProgramError("ConstraintSeeds")
        if user is None:
            raise ProgramError("AccountNotInitialized")
        if named["authority"] not in sent.signers:
            raise ProgramError("AccountNotSigner")
        if named["user"] not in sent.writable:
            raise ProgramError("ConstraintMut")
        if name != "settlePnl" and named["authority"] not in (user.wallet.authority, user.delegate):
            raise ProgramError("ConstraintRaw")
        if named.get("userStats", user.wallet.stats) != user.wallet.stats:
            raise ProgramError("ConstraintRaw")
        return user

    def _do(
        self,
        name: str,
        args: Mapping[str, Any],
        user: User,
        call: Call,
        sent: SentTransaction,
        moment: Moment,
    ) -> list[Record]:
        if self.status == EXCHANGE_PAUSED:
            raise ProgramError("ExchangePaused", "Exchange paused")
        if name in TRADES:
            self._loaded(call, sent, args["params"]["marketIndex"], writable=name == "placeAndTakePerpOrder")
        match name:
            case "placePerpOrder":
                return self._placing.place(user, args["params"], moment)
            case "placeAndTakePerpOrder":
                return self._placing.place_and_take(user, args["params"], args["successCondition"], moment)
            case "cancelOrder":
                return self._placing.cancel(user, args["orderId"], moment)
            case "cancelOrderByUserId":
                return self._placing.cancel_by_user_id(user, args["userOrderId"], moment)
            case "cancelOrders":
                return self._placing.cancel_many(user, args, moment)
            case "cancelOrdersByIds":
                return self._placing.cancel_by_ids(user, args["orderIds"], moment)
        return self._settle(user, args["marketIndex"], call, sent, moment)

    def _settle(self, user: User, market_index: int, call: Call, sent: SentTransaction, moment: Moment) -> list[Record]:
        """settle_pnl; anybody may ask for it."""
        if self.status & EXCHANGE_SETTLE_PNL_PAUSED:
            raise ProgramError("ExchangePaused")
        self._loaded(call, sent, market_index, writable=True)
        held = user.positions.get(market_index)
        if held is None or held.free:
            raise ProgramError("UserHasNoPositionInMarket")
        told = self._accounting.settling.settle_pnl(user, market_index, quote_units(self._knobs.pnl_pool_usd), moment)
        if told is None:
            raise ProgramError("PnlPoolCantSettleUser")
        return told

    def _loaded(self, call: Call, sent: SentTransaction, market_index: int, *, writable: bool) -> None:
        """The remaining accounts: the market, its oracle, and the quote's spot market must be passed along."""
        if market_index not in self._addresses.markets:
            raise ProgramError("PerpMarketNotFound")
        market = self._addresses.markets[market_index]
        if market not in call.accounts:
            raise ProgramError("PerpMarketNotFound")
        if self._addresses.oracles[market_index] not in call.accounts:
            raise ProgramError("OracleNotFound")
        if self._addresses.spot_market not in call.accounts:
            raise ProgramError("SpotMarketNotFound")
        if writable and market not in sent.writable:
            raise ProgramError("MarketWrongMutability")

    # logs

    def _logged(self, name: str, told: list[Record]) -> Outcome:
        program = self._addresses.program
        lines = [f"Program {program} invoke [1]", f"Program log: Instruction: {name}"]
        lines += [self._line(record) for record in told]
        lines.append(f"Program {program} consumed {UNITS_OF_A_CALL} of 600000 compute units")
        lines.append(f"Program {program} success")
        keys = dict.fromkeys(key for record in told for key in record.keys)
        return Outcome(error=None, logs=tuple(lines), keys=tuple(keys))

    def _line(self, record: Record) -> str:
        if not record.name:
            return f"Program log: {record.line}"
        return "Program data: " + base64.b64encode(self._idl.event(record.name, record.fields)).decode()

    def _failure(self, failed: ProgramError) -> tuple[int, list[str]]:
        program = self._addresses.program
        code, text = ANCHOR.get(failed.name) or self._idl.error(failed.name)
        lines = [f"Program {program} invoke [1]", *([f"Program log: {failed.line}"] if failed.line else [])]
        lines.append(
            f"Program log: AnchorError thrown in {PROGRAM_PATH}:1. Error Code: {failed.name}. "
            f"Error Number: {code}. Error Message: {text}."
        )
        lines.append(f"Program {program} consumed {UNITS_OF_A_CALL} of 600000 compute units")
        lines.append(f"Program {program} failed: custom program error: {code:#x}")
        return code, lines
