"""The program's accounts as a node serves them: bytes made of the books and the exchange, when somebody reads them.

Written by `idl`, read by the venue's SDK and by our adapter: whatever they need is set, the rest is zero.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from engine.simulators.drift.books import Books, Position, User
from engine.simulators.drift.chain import Chain
from engine.simulators.drift.idl import Idl
from engine.simulators.drift.knobs import DriftKnobs
from engine.simulators.drift.markets import BALANCE_OF_DEPOSIT, Markets
from engine.simulators.drift.program import Program
from engine.simulators.drift.records import order_fields
from engine.simulators.drift.units import whole
from engine.simulators.drift.verification import Addresses, key_bytes
from engine.simulators.exchange import Exchange
from engine.venues.drift.wire import Commitment

FEE_UNIT = 1_000_000
TABLE_OWNER = "AddressLookupTab1e1111111111111111111111111"
SYSTEM_OWNER = "11111111111111111111111111111111"


class Accounts:
    """Reads of accounts by their address. Of users' accounts the last versions are kept, one a slot at most, so that
    each commitment shows its own; markets and oracles are told as they are now, whatever was asked for."""

    def __init__(
        self,
        exchange: Exchange,
        books: Books,
        chain: Chain,
        program: Program,
        addresses: Addresses,
        idl: Idl,
        knobs: DriftKnobs,
    ) -> None:
        self._exchange, self._books, self._chain, self._program = exchange, books, chain, program
        self._addresses, self._idl, self._knobs = addresses, idl, knobs
        markets = Markets(exchange, books, chain, addresses, idl, knobs)
        self._payers = {*books.users, *(user.delegate for user in books.users.values() if user.delegate)}
        self._writers: dict[str, Callable[[], bytes]] = {
            addresses.state: self._state,
            addresses.spot_market: markets.spot_market,
            addresses.spot_oracle: markets.spot_oracle,
        }
        for index, book in books.markets.items():
            self._writers[addresses.markets[index]] = lambda book=book: markets.market(book)  # type: ignore[misc]
            self._writers[addresses.oracles[index]] = lambda book=book: markets.oracle(book)  # type: ignore[misc]
        self._versions: dict[str, deque[tuple[int, bytes]]] = {}
        for user in books.users.values():
            self._writers[user.wallet.user] = lambda user=user: self._user(user)  # type: ignore[misc]
            self._writers[user.wallet.stats] = lambda user=user: self._stats(user)  # type: ignore[misc]
            self.changed(user.wallet.user, 0)

    def read(self, address: str, commitment: Commitment) -> tuple[bytes, str] | None:
        """Data and owner; None for an account that does not exist."""
        writer = self._writers.get(address)
        if writer is not None:
            return self._version(address, commitment) or writer(), self._addresses.program
        if address in self._knobs.lookup_tables:
            return self._table(), TABLE_OWNER
        return (b"", SYSTEM_OWNER) if self.pays(address) else None

    def _version(self, address: str, commitment: Commitment) -> bytes | None:
        """What a user's account was in the newest slot of this commitment; None for accounts of nobody."""
        newest = self._chain.slot_at(commitment)
        fitting = [data for slot, data in self._versions.get(address, ()) if slot <= newest]
        return fitting[-1] if fitting else None

    def changed(self, user_key: str, slot: int) -> None:
        """Keep what a user's accounts have become in this slot."""
        user = self._books.by_key.get(user_key)
        if user is not None:
            self._keep(user.wallet.user, slot)
            self._keep(user.wallet.stats, slot)

    def _keep(self, address: str, slot: int) -> None:
        versions = self._versions.setdefault(address, deque())
        if versions and versions[-1][0] == slot:
            versions.pop()
        versions.append((slot, self._writers[address]()))
        certain = self._chain.slot_at("finalized")
        while len(versions) > 1 and versions[1][0] <= certain:
            versions.popleft()

    def pays(self, address: str) -> bool:
        """Whether this is a wallet that can pay fees: an authority's or a delegate's."""
        return address in self._payers

    @property
    def tables(self) -> tuple[str, ...]:
        """The addresses of the lookup tables."""
        return self._knobs.lookup_tables

    def table(self) -> tuple[str, ...]:
        """What the lookup tables hold, in order."""
        addresses = self._addresses
        fixed = (addresses.state, addresses.spot_market, addresses.spot_oracle, addresses.spot_vault)
        return (*fixed, *addresses.markets.values(), *addresses.oracles.values())

    def _table(self) -> bytes:
        """A lookup table: 56 bytes of head (never deactivated, extended in slot 0), then the keys."""
        head = (1).to_bytes(4, "little") + (2**64 - 1).to_bytes(8, "little") + bytes(44)
        return head + b"".join(key_bytes(key) for key in self.table())

    # the program

    def _state(self) -> bytes:
        markets = max(self._books.markets, default=-1) + 1
        fields = {
            "signer": key_bytes(self._addresses.signer),
            "perpFeeStructure": {"feeTiers": [self._fee_tier()] * 10},
            "numberOfAuthorities": len(self._books.users),
            "numberOfSubAccounts": len(self._books.users),
            "numberOfMarkets": markets,
            "numberOfSpotMarkets": 1,
            "minPerpAuctionDuration": 10,
            "exchangeStatus": self._program.status,
            "liquidationMarginBufferRatio": 200,
        }
        return self._idl.account("State", fields)

    def _fee_tier(self) -> dict[str, int]:
        fees = self._exchange.fees
        return {
            "feeNumerator": whole(fees.taker, FEE_UNIT),
            "feeDenominator": FEE_UNIT,
            "makerRebateNumerator": max(0, whole(-fees.maker, FEE_UNIT)),
            "makerRebateDenominator": FEE_UNIT,
            "referrerRewardDenominator": 1,
            "refereeFeeDenominator": 1,
        }

    # users

    def _user(self, user: User) -> bytes:
        open_orders = len(user.open_orders())
        fields = {
            "authority": key_bytes(user.wallet.authority),
            "delegate": key_bytes(user.delegate) if user.delegate else bytes(32),
            "name": b"Main Account".ljust(32),
            "spotPositions": [_deposit(user.deposit)],
            "perpPositions": [_position(held) for held in user.positions.values() if not held.free],
            "orders": [{} if order is None else order_fields(order) for order in user.orders],
            "totalDeposits": max(0, user.deposit - user.settled_pnl),
            "settledPerpPnl": user.settled_pnl,
            "cumulativePerpFunding": user.funding,
            "lastActiveSlot": user.last_active_slot,
            "nextOrderId": user.next_order_id,
            "nextLiquidationId": user.next_liquidation_id,
            "subAccountId": 0,
            "openOrders": open_orders,
            "hasOpenOrder": open_orders > 0,
        }
        return self._idl.account("User", fields)

    def _stats(self, user: User) -> bytes:
        fields = {
            "authority": key_bytes(user.wallet.authority),
            "fees": {"totalFeePaid": user.fees_paid, "totalFeeRebate": user.rebates},
            "makerVolume30d": user.maker_volume,
            "takerVolume30d": user.taker_volume,
            "numberOfSubAccounts": 1,
            "numberOfSubAccountsCreated": 1,
        }
        return self._idl.account("UserStats", fields)


def _deposit(amount: int) -> dict[str, Any]:
    return {
        "scaledBalance": abs(amount) * BALANCE_OF_DEPOSIT,
        "cumulativeDeposits": amount,
        "marketIndex": 0,
        "balanceType": "Deposit" if amount >= 0 else "Borrow",
    }


def _position(held: Position) -> dict[str, Any]:
    return {
        "lastCumulativeFundingRate": held.last_cumulative,
        "baseAssetAmount": held.base,
        "quoteAssetAmount": held.quote,
        "quoteBreakEvenAmount": held.break_even,
        "quoteEntryAmount": held.entry,
        "openBids": held.open_bids,
        "openAsks": held.open_asks,
        "settledPnl": held.settled_pnl,
        "marketIndex": held.market_index,
        "openOrders": held.open_orders,
    }
