"""The program's accounts, decoded by driftpy: bytes in, plain values and the SDK's own objects out. No I/O.

Counterparts: `reader`, which fetches what `wanted` says, and `sdk_instructions`, which builds from the objects.
An account whose bytes have not changed is not decoded again, and of markets, which always change, only the fields that
are needed; their whole objects are made when an instruction is built.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.venues.drift.sdk_coder import coder_of, word_of
from engine.venues.drift.sdk_markets import MarketFields, oracle_source
from engine.venues.drift.settings import DriftProgram
from engine.venues.drift.values import (
    MarketValue,
    OpenOrder,
    OracleValue,
    PositionValue,
    Reading,
    SpotValue,
    StateValue,
    UserValue,
)
from engine.venues.drift.wire import QUOTE_SPOT_MARKET_INDEX, AccountInfo
from engine.venues.link import FrameError

if TYPE_CHECKING:
    from driftpy.types import UserAccount

USER_BYTES = 4376


class Accounts:
    """The accounts of one trader: State, quote SpotMarket, User, UserStats, PerpMarkets and their oracles."""

    def __init__(self, program: DriftProgram, account: str, sub_account: int, indexes: tuple[int, ...]) -> None:
        """Addresses are derived at once. Raises ValueError for a key that is none."""
        from driftpy import addresses
        from solders.pubkey import Pubkey

        self.program, self.sub_account = program, sub_account
        self.program_key = Pubkey.from_string(program.program_id)
        self.authority = Pubkey.from_string(account)
        self.user_key = addresses.get_user_account_public_key(self.program_key, self.authority, sub_account)
        self.stats_key = addresses.get_user_stats_account_public_key(self.program_key, self.authority)
        self.state_key = addresses.get_state_public_key(self.program_key)
        self.spot_key = addresses.get_spot_market_public_key(self.program_key, QUOTE_SPOT_MARKET_INDEX)
        self._natives: dict[str, Any] = {}
        self._markets = MarketFields(program.idl_file)
        self._coder = coder_of(program.idl_file)
        self._values: dict[str, object] = {}
        self._texts: dict[str, str] = {}
        self._market_keys: dict[int, str] = {}
        self._oracles: dict[str, Any] = {}
        for index in indexes:
            self._want_market(index)

    @property
    def user_address(self) -> str:
        """Our User account, base58."""
        return str(self.user_key)

    def market_address(self, index: int) -> str:
        """A market's account, base58."""
        return self._market_keys[index]

    def wanted(self) -> tuple[str, ...]:
        """Every account that must be read: it grows by the markets we hold and by the markets' oracles."""
        fixed = (self.user_key, self.stats_key, self.state_key, self.spot_key)
        return (*(str(key) for key in fixed), *self._market_keys.values(), *self._oracles)

    def missing(self) -> tuple[str, ...]:
        """What is wanted and has not been read yet."""
        return tuple(address for address in self.wanted() if address not in self._texts)

    def native(self, address: str) -> Any:
        """An account that has been read, as the SDK's object. Raises FrameError for what it cannot read."""
        if address not in self._natives:
            kind = self._kind(address)
            self._natives[address] = decode_native(self._coder, kind, base64.b64decode(self._texts[address]))
        return self._natives[address]

    def absorb(self, infos: Mapping[str, AccountInfo | None]) -> None:
        """Decode what has changed. Raises FrameError naming the account; nothing of it is then used."""
        for address, info in infos.items():
            if info is None:
                raise FrameError(f"account/{self._kind(address)}", f"{address} does not exist")
            if self._texts.get(address) != info.data[0]:
                self._decode(address, info)

    def reading(self, slot: int) -> Reading:
        """All values. Raises KeyError while anything is missing."""
        markets = {index: self._values[address] for index, address in self._market_keys.items()}
        user = str(self.user_key)
        fields = {
            "state": self._values[str(self.state_key)],
            "spot": self._values[str(self.spot_key)],
            "user": self._values[user],
            "markets": markets,
            "oracles": {address: self._values[address] for address in self._oracles},
        }
        fingerprint = hashlib.blake2b(self._texts[user].encode(), digest_size=16).hexdigest()
        return Reading(slot=slot, fingerprint=fingerprint, **fields)  # type: ignore[arg-type]

    # decoding

    def _kind(self, address: str) -> str:
        fixed = {
            str(self.user_key): "User",
            str(self.stats_key): "UserStats",
            str(self.state_key): "State",
            str(self.spot_key): "SpotMarket",
        }
        known = fixed.get(address)
        return known or ("oracle" if address in self._oracles else "PerpMarket")

    def _decode(self, address: str, info: AccountInfo) -> None:
        kind = self._kind(address)
        try:
            raw = base64.b64decode(info.data[0], validate=True)
        except binascii.Error as error:
            raise FrameError(f"account/{kind}", f"not base64: {error}") from error
        if kind == "oracle":
            self._values[address] = oracle_value(raw, self._oracles[address])
        elif kind == "PerpMarket":
            self._check_owner(kind, info)
            self._values[address] = self._market(address, raw)
            self._natives.pop(address, None)
        else:
            self._check_owner(kind, info)
            native = decode_native(self._coder, kind, raw)
            self._values[address] = self._read(kind, address, native)
            self._natives[address] = native
        self._texts[address] = info.data[0]

    def _check_owner(self, kind: str, info: AccountInfo) -> None:
        if info.owner != self.program.program_id:
            raise FrameError(f"account/{kind}", f"belongs to {info.owner}")

    def _read(self, kind: str, address: str, native: Any) -> object:
        match kind:
            case "User":
                user = user_value(address, native)
                for position in user.positions:
                    self._want_market(position.market_index)
                return user
            case "State":
                return state_value(native)
            case "SpotMarket":
                return spot_value(native)
            case _:
                return None

    def _market(self, address: str, raw: bytes) -> MarketValue:
        _check_discriminator(self._coder, "PerpMarket", raw)
        market, oracle_word = self._markets.read(raw)
        if self._market_keys.get(market.index) != address:
            raise FrameError("account/PerpMarket", f"{address} says it is market {market.index}")
        self._oracles[market.oracle] = oracle_source(oracle_word)
        return market

    def _want_market(self, index: int) -> None:
        from driftpy.addresses import get_perp_market_public_key

        if index not in self._market_keys:
            self._market_keys[index] = str(get_perp_market_public_key(self.program_key, index))


def decode_native(coder: Any, kind: str, raw: bytes) -> Any:
    """One account as the SDK's object. Raises FrameError for other accounts and for short ones."""
    from construct import ConstructError
    from driftpy.decode.user import decode_user

    _check_discriminator(coder, kind, raw)
    if kind == "User":
        if len(raw) != USER_BYTES:
            raise FrameError("account/User", f"has {len(raw)} bytes, not {USER_BYTES}")
        try:
            return decode_user(raw)
        except (ValueError, UnboundLocalError) as error:
            raise FrameError("account/User", f"holds an unknown word: {error}") from error
    try:
        return coder.accounts.decode(raw)
    except ConstructError as error:
        raise FrameError(f"account/{kind}", f"cannot be read: {type(error).__name__}") from error


def _check_discriminator(coder: Any, kind: str, raw: bytes) -> None:
    if raw[:8] != coder.accounts.acc_name_to_discriminator[kind]:
        raise FrameError(f"account/{kind}", "has another discriminator")


def state_value(native: Any) -> StateValue:
    """What the adapter needs of State; the first fee tier, since that of our volume is not worked out."""
    tier = native.perp_fee_structure.fee_tiers[0]
    return StateValue(
        exchange_status=native.exchange_status,
        taker_fee=(tier.fee_numerator, tier.fee_denominator),
        maker_rebate=(tier.maker_rebate_numerator, tier.maker_rebate_denominator),
    )


def spot_value(native: Any) -> SpotValue:
    """What the adapter needs of the quote SpotMarket."""
    return SpotValue(
        mint=str(native.mint),
        deposit_interest=native.cumulative_deposit_interest,
        borrow_interest=native.cumulative_borrow_interest,
    )


def oracle_value(raw: bytes, source: Any) -> OracleValue:
    """An oracle's price in 1e-6. Raises FrameError for one of an unknown kind."""
    from driftpy.accounts.oracle import decode_oracle

    try:
        found = decode_oracle(raw, source)
    except Exception as error:
        raise FrameError("account/oracle", f"{word_of(source)}: {type(error).__name__}: {error}") from error
    data = getattr(found, "data", found)
    return OracleValue(price=int(data.price), slot=int(data.slot))


def user_value(address: str, native: UserAccount) -> UserValue:
    """What the adapter needs of the User account. Positions without a size but with a balance are kept."""
    return UserValue(
        address=address,
        authority=str(native.authority),
        sub_account=native.sub_account_id,
        status=native.status,
        quote_scaled=sum(_signed_balance(row) for row in native.spot_positions if row.market_index == 0),
        positions=tuple(_position(row) for row in native.perp_positions),
        orders=tuple(_order(row) for row in native.orders if _is_open_perpetual(row)),
    )


def _signed_balance(row: Any) -> int:
    return int(row.scaled_balance) * (1 if word_of(row.balance_type) == "Deposit" else -1)


def _position(row: Any) -> PositionValue:
    return PositionValue(
        market_index=row.market_index,
        base=row.base_asset_amount,
        quote=row.quote_asset_amount,
        entry_quote=row.quote_entry_amount,
        cumulative=row.last_cumulative_funding_rate,
    )


def _is_open_perpetual(row: Any) -> bool:
    return word_of(row.status) == "Open" and word_of(row.market_type) == "Perp"


def _order(row: Any) -> OpenOrder:
    return OpenOrder(
        number=row.order_id,
        user_order_id=row.user_order_id,
        market_index=row.market_index,
        is_buy=word_of(row.direction) == "Long",
        size=row.base_asset_amount,
        filled=row.base_asset_amount_filled,
    )
