"""Instructions and unsigned messages, built by driftpy from accounts we have read ourselves. No I/O, no key.

driftpy's client wants a connection, a wallet and an account subscriber: it gets no connection, the public key alone,
and a subscriber that looks into `sdk_accounts`. Nothing of it that awaits is ever called (its confirmation sleeps by
asyncio, its lookup tables are gathered by asyncio), and no lookup tables are used.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, assert_never

from engine.venues.drift.sdk_accounts import Accounts
from engine.venues.drift.sdk_coder import idl_of
from engine.venues.drift.values import AnyInstruction, CancelMarket, CancelSlot, PlaceOrder, SettlePnl
from engine.venues.drift.wire import BIT_IOC, PROGRAM_ID

if TYPE_CHECKING:
    from driftpy.drift_client import DriftClient
    from driftpy.types import OrderParams
    from solders.instruction import Instruction
    from solders.pubkey import Pubkey


class InMemory:
    """driftpy's account subscription over `Accounts`: duck-typed configuration and both subscribers in one."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def get_drift_client_subscriber(self, *_: object) -> InMemory:
        """The client's subscriber."""
        return self

    def get_user_client_subscriber(self, *_: object) -> InMemory:
        """The user's subscriber."""
        return self

    def get_user_account_and_slot(self) -> Any:
        """Our User account; its slot does not matter, since every account was read at one slot."""
        return self._held(str(self._accounts.user_key))

    def get_perp_market_and_slot(self, market_index: int) -> Any:
        """A perpetual market we trade or hold."""
        return self._held(self._accounts.market_address(market_index))

    def get_spot_market_and_slot(self, market_index: int) -> Any:
        """The quote market; none else is held here."""
        return self._held(str(self._accounts.spot_key)) if market_index == 0 else None

    def _held(self, address: str) -> Any:
        from driftpy.accounts.types import DataAndSlot

        return DataAndSlot(0, self._accounts.native(address))


class PublicWallet:
    """What driftpy calls a wallet, without the secret: it never signs here."""

    def __init__(self, public_key: Pubkey) -> None:
        self.public_key = public_key
        self.payer = None


class Instructions:
    """Builds messages for one trader. Needs the accounts to have been read once."""

    def __init__(self, accounts: Accounts, signer_key: str) -> None:
        """`signer_key` signs and pays: the authority itself or its delegate (base58)."""
        from solders.pubkey import Pubkey

        self._accounts = accounts
        self._payer = Pubkey.from_string(signer_key)
        self._client = _client(accounts, self._payer)

    def message(self, instruction: AnyInstruction, blockhash: str, *, units: int, unit_price: int) -> str:
        """The unsigned MessageV0 (base64): compute budget, then the instruction. Raises ValueError."""
        from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
        from solders.hash import Hash
        from solders.message import MessageV0, to_bytes_versioned

        if self._accounts.missing():
            raise ValueError("the accounts have not been read yet")
        budget = [set_compute_unit_limit(units), set_compute_unit_price(unit_price)]
        message = MessageV0.try_compile(
            self._payer, [*budget, self._built(instruction)], [], Hash.from_string(blockhash)
        )
        return base64.b64encode(to_bytes_versioned(message)).decode()

    def _built(self, instruction: AnyInstruction) -> Instruction:
        from driftpy.types import MarketType

        client: Any = self._client
        built: Instruction
        match instruction:
            case PlaceOrder():
                place: Callable[[OrderParams], Instruction] = (
                    client.get_place_and_take_perp_order_ix if instruction.ioc else client.get_place_perp_order_ix
                )
                return place(order_params(instruction))
            case CancelSlot():
                built = client.get_cancel_order_by_user_id_ix(instruction.user_order_id)
            case CancelMarket():
                built = client.get_cancel_orders_ix(MarketType.Perp(), instruction.market_index, None)
            case SettlePnl():
                user_key = self._accounts.user_key
                user = self._accounts.native(str(user_key))
                built = client.get_settle_pnl_ix(user_key, user, instruction.market_index)
            case _:
                assert_never(instruction)
        return built


def order_params(order: PlaceOrder) -> OrderParams:
    """A limit order in driftpy's words: IOC by its bit, post-only by MustPostOnly."""
    from driftpy.types import MarketType, OrderParams, OrderType, PositionDirection, PostOnlyParams

    return OrderParams(
        order_type=OrderType.Limit(),
        market_type=MarketType.Perp(),
        direction=PositionDirection.Long() if order.is_buy else PositionDirection.Short(),
        user_order_id=order.user_order_id,
        base_asset_amount=order.size,
        price=order.price,
        market_index=order.market_index,
        reduce_only=order.reduce_only,
        post_only=PostOnlyParams.MustPostOnly() if order.post_only else PostOnlyParams.NONE(),
        bit_flags=BIT_IOC if order.ioc else 0,
        max_ts=order.max_ts,
    )


def _client(accounts: Accounts, payer: Pubkey) -> DriftClient:
    from anchorpy import Program
    from driftpy.drift_client import DriftClient
    from driftpy.drift_user import DriftUser

    memory: Any = InMemory(accounts)
    wallet: Any = PublicWallet(payer)
    nowhere: Any = None
    client = DriftClient(
        nowhere,
        wallet,
        authority=accounts.authority,
        account_subscription=memory,
        active_sub_account_id=accounts.sub_account,
    )
    program = accounts.program
    if program.program_id != PROGRAM_ID or program.idl_file:
        client.program_id = accounts.program_key
        client.program = Program(idl_of(program.idl_file), accounts.program_key, client.program.provider)
    client.users[accounts.sub_account] = DriftUser(client, accounts.user_key, memory)
    return client
